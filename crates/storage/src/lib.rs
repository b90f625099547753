//! The log of a partition in Apache Kafka's files, byte for byte, over a [`disk::Disk`].
//!
//! Not the job of this crate: replication (high watermark, in-sync replicas), requests, sockets,
//! and when background work is due: callers give the time and call.
//!
//! Invariants:
//! - One writer a partition; readers never wait for it.
//! - What is derivable (indexes, snapshots) is never believed over the records.
//! - A failed sync is final: the log directory goes offline, nothing is retried on it.

#![forbid(unsafe_code)]

pub mod checkpoint;
pub mod cleaner;
pub mod config;
pub mod directories;
pub mod directory_health;
pub mod disk;
pub mod leader_epochs;
pub mod log;
pub mod names;
pub mod producer_state;
mod segment;
pub mod transaction_index;
