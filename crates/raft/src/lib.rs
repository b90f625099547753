//! The state machine of the metadata quorum (KIP-595, 630, 853): who leads in which epoch, which
//! replicas vote, what is committed, when a snapshot is due and what it makes superfluous.
//!
//! Not the job of this crate: files, clocks and what metadata records mean. Whoever drives it gives
//! inputs to [`Raft::handle`] and carries out the effects in the order they are given.
//!
//! Invariants:
//! - An epoch is entered only after the election state that says so is durable.
//! - The epoch never goes back, and no epoch has two leaders.
//! - The high watermark never goes back and never exceeds what is durable.
//!
//! So far a quorum has one voter, which is this node; [`SoleVoterError`] says what is missing.

#![forbid(unsafe_code)]

mod batch;
mod election_state;
mod machine;
mod role;
mod snapshot;
mod snapshot_id;
mod snapshot_rules;
mod start_of_epoch;
mod voter_history;
mod voters;

pub use batch::{
    BatchContent, ControlRecord, LogBatch, ReadBatchError, build_data_batch, read_batches,
};
pub use election_state::ElectionState;
pub use machine::{Effect, Input, Raft, Replica, SoleVoterError};
pub use role::{Candidate, Leader, Role, Unattached};
pub use snapshot::{Snapshot, SnapshotBuilder, SnapshotError, SnapshotStart};
pub use snapshot_id::{OffsetAndEpoch, SnapshotFileKind, SnapshotFileName};
pub use snapshot_rules::{RetainedSnapshot, SnapshotRetention, SnapshotSchedule, first_to_keep};
pub use voter_history::VoterHistory;
pub use voters::{Endpoint, KraftVersion, KraftVersionRange, ReplicaKey, Voter, VoterSet};

/// The largest batch of the metadata log, in bytes, as Kafka has it.
pub const BATCH_BYTES_MAX: usize = 8 << 20;
