//! The group coordinator: classic groups (KIP-62, 345, 394, 814) and committed offsets, one state
//! machine for each partition of `__consumer_offsets`.
//!
//! Not the job of this crate: the log (records leave as bytes and come back through `replay`),
//! connections, authorisation, resolving topic names and ids, clocks and chance. The groups of
//! KIP-848 and share and streams groups are not run here: their records are kept and passed over.
//!
//! Invariants:
//! - Replicated state changes through [`ReplicatedState::replay`] only, live as at load.
//! - A response that rests on records leaves when they are committed; readers see committed
//!   offsets.
//! - Each waiter gets exactly one response: success, error, or NOT_COORDINATOR at unload.
//! - The same calls with the same arguments give the same effects.

#![forbid(unsafe_code)]

mod append;
mod config;
mod coordinator;
mod group;
mod names;
mod offsets;
mod partition;
mod record;
mod replicated;
mod response;
mod timers;

pub use append::{Append, AppendId};
pub use config::GroupConfig;
pub use coordinator::Coordinator;
pub use group::counts::GroupCounts;
pub use group::state::GroupState;
pub use names::{GroupId, MemberId, TopicName};
pub use offsets::delete::DeletedTopic;
pub use partition::partition_for;
pub use record::Record;
pub use replicated::offsets::{CommittedOffset, OffsetKey, TransactionResult};
pub use replicated::{ReplayError, ReplicatedState};
pub use response::{Caller, Completed, Effects, Response, WaiterId};
