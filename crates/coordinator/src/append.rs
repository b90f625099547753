//! Records that were handed out and are not committed yet, and what happens when they are.
//!
//! Not the job of this module: writing. Invariants: appends are committed in the order in which
//! they were handed out, and when one fails, all behind it fail with it, because they were made
//! seeing its records.

use std::collections::{BTreeMap, VecDeque};

use protocol::ids::LeaderEpoch;

use crate::names::{GroupId, MemberId};
use crate::record::Record;
use crate::replicated::ReplicatedState;
use crate::response::{Response, Waiter, WaiterId};

/// Names an append. It carries the leader epoch, so that records of an earlier leadership, which
/// may have been truncated, are never taken for committed in a later one (KAFKA-20634).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AppendId {
    /// The leader epoch that the coordinator was loaded for.
    pub leader_epoch: LeaderEpoch,
    /// Counts the appends of that epoch.
    pub sequence: u64,
}

/// Records to be written as one batch, in the order of the appends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// To be named when the records are committed or failed.
    pub id: AppendId,
    /// The records, never empty.
    pub records: Vec<Record>,
}

/// An append under way.
#[derive(Debug)]
pub(crate) struct PendingAppend {
    pub(crate) id: AppendId,
    /// The replicated state with these records.
    pub(crate) view: ReplicatedState,
    pub(crate) then: Continuation,
    /// Responses that leave when the records are committed.
    pub(crate) parked: Vec<(Waiter, Response)>,
    /// The groups whose existence may have to be put right when the append fails.
    pub(crate) groups: Vec<GroupId>,
}

/// What soft state has to do when records are committed or failed.
#[derive(Debug)]
pub(crate) enum Continuation {
    Nothing,
    /// The first join made the group known; its waiter fails with the record.
    NewGroup {
        group: GroupId,
        waiter: WaiterId,
    },
    /// The leader's assignment becomes the group's.
    Assignment {
        group: GroupId,
        generation: i32,
        assignments: BTreeMap<MemberId, Vec<u8>>,
    },
    /// A static member came back under a new id and keeps its assignment (KIP-345).
    StaticMember(StaticReplacement),
}

/// What is needed to answer a static member that came back, or to undo it.
#[derive(Debug)]
pub(crate) struct StaticReplacement {
    pub(crate) group: GroupId,
    pub(crate) generation: i32,
    pub(crate) old_id: MemberId,
    pub(crate) new_id: MemberId,
    /// The leader before the replacement, which the versions before KIP-814 are told so that a
    /// leader that came back does not assign anew.
    pub(crate) old_leader: Option<MemberId>,
    pub(crate) waiter: WaiterId,
}

/// The appends under way, oldest first.
pub(crate) type PendingAppends = VecDeque<PendingAppend>;
