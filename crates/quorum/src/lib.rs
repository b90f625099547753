//! The metadata quorum of a node: its log `__cluster_metadata-0`, snapshots and election state, in
//! Kafka's files, driven by the state machine of the crate `raft`.
//!
//! Not the job of this crate: what metadata records mean, timers (callers give the time and call),
//! claiming the log directory, and so far other voters than this node.
//!
//! Invariants:
//! - What [`Quorum::commit`] has returned for is durable, and listeners get nothing before that.
//! - A leader writes to the log only after the election state of its epoch is durable.
//! - A snapshot has its final name only when its whole content is durable.
//! - Nothing of the log is removed that the oldest snapshot kept does not contain.

#![forbid(unsafe_code)]

mod bootstrap;
mod description;
mod format;
mod listener;
mod metadata_log;
mod open;
mod quorum;
mod quorum_state;
mod snapshot_files;

pub use bootstrap::{BOOTSTRAP_FILE, read_bootstrap};
pub use description::{QuorumDescription, ReplicaDescription};
pub use format::{FormatError, FormatOptions, Formatted, InitialVoters, format};
pub use listener::{Committed, Listener};
pub use metadata_log::{METADATA_DIRECTORY, MetadataLogConfig, ReadLogError};
pub use open::{OpenError, QuorumOptions};
pub use quorum::{Quorum, QuorumError};
pub use quorum_state::{MalformedQuorumState, QuorumState};
pub use snapshot_files::SnapshotFileError;
