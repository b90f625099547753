//! What the cluster knows about itself: brokers, topics, partitions, configurations and feature
//! levels, as the records of `__cluster_metadata` make them up, and what the controller decides.
//!
//! Not the job of this crate: the quorum that orders the records, the answers to Metadata and
//! DescribeCluster, or what a configuration key means ([`controller::ConfigRules`] is given).
//!
//! Invariants:
//! - Only replaying records changes replicated state, live, after a restart and on a standby.
//! - A record that contradicts the state is an error that names both, never a panic.
//! - A record of a type that is not known is kept as it came and is written to snapshots again.
//! - Given the same records, requests, time and chance, the result is the same.

#![forbid(unsafe_code)]

pub mod controller;
pub mod features;
pub mod image;
mod record;

pub use record::VersionedRecord;
