//! One partition's replication on one broker: who leads, which replicas are in sync, how far
//! records are committed, and what waits for that.
//!
//! A [`Partition`] is a plain struct. It is told what happened (an assignment, an append, a fetch,
//! an answer of the controller, a deadline) and returns what is to be done as [`Effect`]s, in
//! order. The log is the shell's: the partition looks at it through [`LogView`] and asks for
//! changes.
//!
//! Not the job of this crate: the log, the network, reading clocks, counting bytes, quotas, and
//! choosing leaders and eligible replicas: those are the controller's.
//!
//! The shell keeps two promises:
//! - Calls for one partition come one after the other, and the effects that concern its log are
//!   carried out before the next call.
//! - After each call it arms one timer for [`Partition::next_deadline_ms`]. There is no tick.
//!
//! Invariants:
//! - The log start offset ≤ the high watermark ≤ the log end offset, as long as the log is not
//!   being truncated fully.
//! - The high watermark of a leader never goes back; a follower's only when its log is truncated
//!   below it, and then the effect says so.
//! - A leader is in its in-sync replicas, and they are replicas of the partition.
//! - A record counts as committed when every replica of the maximal in-sync set has it: those that
//!   the controller knows, and those that it may have learnt of from a proposal without answer.
//!
//! Departures from Kafka, each stricter: a follower's fetch without leader epoch is refused, as is
//! one of a broker epoch lower than the last one seen; a leader that is elected again forgets how
//! far its followers had got, because they may have truncated for a leader in between that it has
//! not heard of (Kafka keeps that, and may then acknowledge what one in-sync replica lacks); a
//! follower keeps its high watermark when a new leader does not know it yet; an assignment of the
//! partition epoch that is already known does not end a proposal under way.

#![forbid(unsafe_code)]

mod assignment;
mod context;
mod effect;
mod follower;
mod leader;
mod partition;
mod read;
mod waiters;

pub use assignment::{InvalidAssignment, PartitionAssignment};
pub use context::{BrokerState, Brokers, Context, EpochEnd, LogView};
pub use effect::{AlterPartition, Effect, ProposalId};
pub use follower::{LeaderAnswer, LeaderData, LeaderOffsets, NextFetch};
pub use leader::{AckCondition, Acks, Admission, AlterPartitionAnswer, FollowerFetch};
pub use partition::{Handled, OfflineReason, Partition};
pub use read::{ClientRead, Isolation, Read, ReadBounds};
pub use waiters::{WaiterId, Waiting, Wake};
