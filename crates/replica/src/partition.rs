//! The partition: which role this broker has in it, and the transitions between roles.
//!
//! ```text
//!              we lead                    another leads, or nobody
//!   Offline ────────────▶ Leader ◀───────────────────────▶ Follower ◀──── Offline
//!   any ──── log dir failed, deleted, or not a replica any more ────▶ Offline
//! ```
//!
//! Not the job of this module: what a role does; see `leader` and `follower`.
//!
//! Invariants:
//! - Neither leader epoch nor partition epoch goes back.
//! - All that waits belongs to a leader. It fails when leadership ends.

use std::collections::BTreeSet;

use protocol::ErrorCode;
use protocol::ids::{BrokerId, LeaderEpoch, Offset, PartitionEpoch};

use crate::follower::Follower;
use crate::leader::{self, Leader};
use crate::read::{check_epoch, divergence};
use crate::{
    AckCondition, Acks, Admission, AlterPartitionAnswer, ClientRead, Context, Effect, EpochEnd,
    FollowerFetch, InvalidAssignment, Isolation, LeaderAnswer, LeaderOffsets, LogView, NextFetch,
    PartitionAssignment, ProposalId, Read, WaiterId, Waiting,
};

/// One partition on this broker.
#[derive(Debug)]
pub struct Partition {
    standing: Standing,
    role: Role,
    /// Waiters and proposals of the next leadership are numbered from here.
    next_id: u64,
}

/// What every role has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) local: BrokerId,
    pub(crate) leader_epoch: LeaderEpoch,
    pub(crate) partition_epoch: PartitionEpoch,
    /// Written to a checkpoint now and then; records below it are committed.
    pub(crate) high_watermark: Offset,
}

#[derive(Debug)]
enum Role {
    Leader(Leader),
    Follower(Follower),
    Offline(OfflineReason),
}

/// Why a broker takes no part in a partition that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfflineReason {
    /// No assignment has come yet.
    NotAssigned,
    /// Its log directory failed.
    LogDirectoryFailed,
    /// The topic was deleted, or the replica was taken away.
    Deleted,
}

/// An answer to a request, and what is to be done besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled<T> {
    /// What to answer.
    pub answer: Result<T, ErrorCode>,
    /// What to do besides.
    pub effects: Vec<Effect>,
}

impl Partition {
    /// A partition without a role. `high_watermark` comes from the checkpoint; it may be too low.
    pub fn new(local: BrokerId, high_watermark: Offset) -> Self {
        Self {
            standing: Standing {
                local,
                leader_epoch: LeaderEpoch::NONE,
                partition_epoch: PartitionEpoch(-1),
                high_watermark,
            },
            role: Role::Offline(OfflineReason::NotAssigned),
            next_id: 0,
        }
    }

    /// Takes what the metadata says of the partition. An assignment that is older than what is
    /// known changes nothing, and neither does one that is known.
    pub fn apply(
        &mut self,
        context: &Context<'_>,
        assignment: &PartitionAssignment,
    ) -> Result<Vec<Effect>, InvalidAssignment> {
        assignment.check()?;
        let standing = self.standing;
        let mut effects = Vec::new();
        let is_stale = assignment.partition_epoch < standing.partition_epoch
            || assignment.leader_epoch < standing.leader_epoch;
        if is_stale {
            return Ok(effects);
        }
        if !assignment.replicas.contains(&standing.local) {
            self.note_epochs(assignment);
            return Ok(self.take_offline(OfflineReason::Deleted));
        }
        let is_new_epoch = assignment.leader_epoch > standing.leader_epoch
            || matches!(self.role, Role::Offline(_));
        let is_newer = assignment.partition_epoch > standing.partition_epoch;
        self.note_epochs(assignment);
        if is_new_epoch {
            self.standing.bound_by(context.log);
            self.begin_epoch(context, assignment, &mut effects);
        } else if let Role::Leader(leader) = &mut self.role {
            let standing = &mut self.standing;
            if is_newer {
                leader.on_newer_assignment(context, standing, assignment, &mut effects);
            } else {
                leader.on_same_assignment(context, standing, assignment, &mut effects);
            }
        }
        Ok(effects)
    }

    /// Gives up the role; everybody who waits is told.
    pub fn take_offline(&mut self, reason: OfflineReason) -> Vec<Effect> {
        let mut effects = Vec::new();
        match std::mem::replace(&mut self.role, Role::Offline(reason)) {
            Role::Leader(leader) => self.next_id = leader.end(reason.error(), &mut effects),
            Role::Follower(_) => effects.push(Effect::StopFetching),
            Role::Offline(_) => {}
        }
        effects
    }

    /// Something moved that the partition only looks at: the log grew by a leader's append, its
    /// start moved up, a transaction ended, or brokers came, went or were fenced.
    pub fn on_moved(&mut self, context: &Context<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Role::Leader(leader) = &mut self.role {
            leader.settle(context, &mut self.standing, &mut effects);
        }
        effects
    }

    /// Records below `offset` are on this broker's disk.
    pub fn on_synced(&mut self, offset: Offset) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Role::Leader(leader) = &mut self.role {
            leader.on_synced(offset, &mut effects);
        }
        effects
    }

    /// Does what is due: expires waiters, leaves slow followers out, asks the controller again.
    pub fn on_deadline(&mut self, context: &Context<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Role::Leader(leader) = &mut self.role {
            leader.on_deadline(context, &mut self.standing, &mut effects);
        }
        effects
    }

    /// Answers a follower's fetch, and notes how far the follower has got.
    pub fn on_follower_fetch(
        &mut self,
        context: &Context<'_>,
        fetch: &FollowerFetch,
    ) -> Handled<Read> {
        let mut effects = Vec::new();
        let answer = self
            .check_request(Some(fetch.current_leader_epoch))
            .and_then(|()| match &mut self.role {
                Role::Leader(leader) => {
                    leader.on_follower_fetch(context, &mut self.standing, fetch, &mut effects)
                }
                _ => Err(ErrorCode::NOT_LEADER_OR_FOLLOWER),
            });
        Handled { answer, effects }
    }

    /// Takes the controller's answer to an [`Effect::AlterPartition`]; a request that was lost
    /// counts as [`ErrorCode::NETWORK_EXCEPTION`].
    pub fn on_alter_partition_answer(
        &mut self,
        context: &Context<'_>,
        proposal: ProposalId,
        answer: Result<AlterPartitionAnswer, ErrorCode>,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Role::Leader(leader) = &mut self.role {
            let standing = &mut self.standing;
            leader.on_alter_partition_answer(context, standing, proposal, answer, &mut effects);
        }
        effects
    }

    /// Waits until an append may be acknowledged. Only after [`Partition::on_moved`] for the
    /// append.
    pub fn await_ack(
        &mut self,
        context: &Context<'_>,
        admission: Admission,
        condition: AckCondition,
    ) -> Result<Waiting, ErrorCode> {
        let standing = self.standing;
        self.leader_mut()?
            .await_ack(context, &standing, admission, condition)
    }

    /// Waits for records behind `seen`, the bound up to which the reader has looked; the bound is
    /// the log end for a replica (no isolation). `deadline_ms` is on the monotonic clock.
    pub fn await_bytes(
        &mut self,
        context: &Context<'_>,
        isolation: Option<Isolation>,
        seen: Offset,
        deadline_ms: u64,
    ) -> Result<Waiting, ErrorCode> {
        let standing = self.standing;
        let leader = self.leader_mut()?;
        Ok(leader.await_bytes(context, &standing, isolation, seen, deadline_ms))
    }

    /// Waits until every live replica has deleted the records below `offset`.
    pub fn await_low_watermark(
        &mut self,
        context: &Context<'_>,
        offset: Offset,
        deadline_ms: u64,
    ) -> Result<Waiting, ErrorCode> {
        let leader = self.leader_mut()?;
        Ok(leader.await_low_watermark(context, offset, deadline_ms))
    }

    /// Forgets a waiter that nobody needs any more, and returns whether it was there.
    pub fn cancel(&mut self, id: WaiterId) -> bool {
        self.leader_mut().is_ok_and(|leader| leader.cancel(id))
    }

    /// Takes the leader's answer to a fetch.
    pub fn on_leader_answer(
        &mut self,
        context: &Context<'_>,
        answer: &LeaderAnswer,
    ) -> Vec<Effect> {
        self.as_follower(|follower, standing, effects| {
            follower.on_leader_answer(context, standing, answer, effects);
        })
    }

    /// The records of the last answer are in the log.
    pub fn on_fetched_appended(&mut self, context: &Context<'_>) -> Vec<Effect> {
        self.as_follower(|follower, standing, effects| {
            follower.on_fetched_appended(context, standing, effects);
        })
    }

    /// The records of the last answer were refused by the log, because they are corrupt.
    pub fn on_append_refused(&mut self) -> Vec<Effect> {
        self.as_follower(|follower, _, effects| follower.on_append_refused(effects))
    }

    /// The log is truncated as the last effect asked.
    pub fn on_truncated(&mut self, context: &Context<'_>) -> Vec<Effect> {
        self.as_follower(|follower, standing, _| follower.on_truncated(context, standing))
    }

    /// Takes the leader's answer to [`Effect::AskLeaderOffsets`].
    pub fn on_leader_offsets(
        &mut self,
        context: &Context<'_>,
        answer: Result<LeaderOffsets, ErrorCode>,
    ) -> Vec<Effect> {
        self.as_follower(|follower, standing, effects| {
            follower.on_leader_offsets(context, standing, answer, effects);
        })
    }

    /// Whether a producer may append, and in which epoch.
    pub fn admit(&self, context: &Context<'_>, acks: Acks) -> Result<Admission, ErrorCode> {
        self.leader()?.admit(context, &self.standing, acks)
    }

    /// Up to where a consumer may read, or where its log parts from this one.
    pub fn read(&self, context: &Context<'_>, read: &ClientRead) -> Result<Read, ErrorCode> {
        self.check_request(read.current_leader_epoch)?;
        self.leader()?;
        let bounds = leader::bounds(context, &self.standing);
        let parts_at = divergence(context.log, read.fetch_offset, read.last_fetched_epoch)?;
        if let Some(end) = parts_at {
            return Ok(Read::Diverging { end, bounds });
        }
        let end_offset = bounds.end(read.isolation);
        Ok(Read::Records { end_offset, bounds })
    }

    /// The log start offset, as ListOffsets answers it for the earliest record.
    pub fn earliest_offset(
        &self,
        context: &Context<'_>,
        current_leader_epoch: Option<LeaderEpoch>,
    ) -> Result<Offset, ErrorCode> {
        self.check_request(current_leader_epoch)?;
        self.leader()?;
        Ok(context.log.log_start_offset())
    }

    /// The latest offset, as ListOffsets answers it (KIP-207); without isolation a replica asks,
    /// and gets the log end.
    pub fn latest_offset(
        &self,
        context: &Context<'_>,
        current_leader_epoch: Option<LeaderEpoch>,
        isolation: Option<Isolation>,
    ) -> Result<Offset, ErrorCode> {
        self.check_request(current_leader_epoch)?;
        let knows = self.leader()?.knows_latest_offset(&self.standing);
        if isolation.is_some() && !knows {
            return Err(ErrorCode::OFFSET_NOT_AVAILABLE);
        }
        Ok(leader::readable_end(context, &self.standing, isolation))
    }

    /// Whether a look-up by timestamp that came to `found` may be answered (none: nothing found). A
    /// record that is not readable yet counts as not found, once the epoch's start is committed.
    pub fn offset_for_timestamp(
        &self,
        context: &Context<'_>,
        current_leader_epoch: Option<LeaderEpoch>,
        isolation: Option<Isolation>,
        found: Option<Offset>,
    ) -> Result<Option<Offset>, ErrorCode> {
        self.check_request(current_leader_epoch)?;
        let knows = self.leader()?.knows_latest_offset(&self.standing);
        let readable_end = leader::readable_end(context, &self.standing, isolation);
        match found.filter(|found| *found < readable_end) {
            None if isolation.is_some() && !knows => Err(ErrorCode::OFFSET_NOT_AVAILABLE),
            found => Ok(found),
        }
    }

    /// Where an epoch ended, as OffsetForLeaderEpoch answers it; none is Kafka's undefined answer.
    pub fn end_offset_of(
        &self,
        context: &Context<'_>,
        current_leader_epoch: Option<LeaderEpoch>,
        epoch: LeaderEpoch,
    ) -> Result<Option<EpochEnd>, ErrorCode> {
        self.check_request(current_leader_epoch)?;
        self.leader()?;
        Ok(context.log.end_offset_of(epoch))
    }

    /// Below which offset DeleteRecords may delete; none asks for the high watermark.
    pub fn delete_records_target(&self, offset: Option<Offset>) -> Result<Offset, ErrorCode> {
        self.leader()?;
        let high_watermark = self.standing.high_watermark;
        let target = offset.unwrap_or(high_watermark);
        (Offset::ZERO..=high_watermark)
            .contains(&target)
            .then_some(target)
            .ok_or(ErrorCode::OFFSET_OUT_OF_RANGE)
    }

    /// The lowest log start offset of all live replicas.
    pub fn low_watermark(&self, context: &Context<'_>) -> Result<Offset, ErrorCode> {
        Ok(self.leader()?.low_watermark(context))
    }

    /// What to fetch from the leader; none if this broker does not follow, or has to do something
    /// else first.
    pub fn next_fetch(&self, context: &Context<'_>) -> Option<NextFetch> {
        match &self.role {
            Role::Follower(follower) => follower.next_fetch(context, &self.standing),
            Role::Leader(_) | Role::Offline(_) => None,
        }
    }

    /// When [`Partition::on_deadline`] has to be called, on the monotonic clock.
    pub fn next_deadline_ms(&self, context: &Context<'_>) -> Option<u64> {
        self.leader().ok()?.next_deadline_ms(context)
    }

    /// For the checkpoint, and for whoever reads committed records on this broker.
    pub const fn high_watermark(&self) -> Offset {
        self.standing.high_watermark
    }

    /// The leader epoch.
    pub const fn leader_epoch(&self) -> LeaderEpoch {
        self.standing.leader_epoch
    }

    /// The partition epoch.
    pub const fn partition_epoch(&self) -> PartitionEpoch {
        self.standing.partition_epoch
    }

    /// Whether this broker leads, as far as it knows.
    pub const fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// The committed in-sync replicas, which only the leader keeps.
    pub fn isr(&self) -> Option<&BTreeSet<BrokerId>> {
        self.leader().ok().map(Leader::committed_isr)
    }

    fn note_epochs(&mut self, assignment: &PartitionAssignment) {
        self.standing.leader_epoch = assignment.leader_epoch;
        self.standing.partition_epoch = assignment.partition_epoch;
    }

    /// The role of a new leader epoch.
    fn begin_epoch(
        &mut self,
        context: &Context<'_>,
        assignment: &PartitionAssignment,
        effects: &mut Vec<Effect>,
    ) {
        let standing = &mut self.standing;
        let before = std::mem::replace(&mut self.role, Role::Offline(OfflineReason::NotAssigned));
        if assignment.leader == Some(standing.local) {
            let mut leader = match before {
                Role::Leader(leader) => leader,
                Role::Follower(_) | Role::Offline(_) => {
                    if matches!(before, Role::Follower(_)) {
                        effects.push(Effect::StopFetching);
                    }
                    Leader::new(context, standing, assignment, self.next_id)
                }
            };
            leader.begin_epoch(context, standing, assignment, effects);
            self.role = Role::Leader(leader);
            return;
        }
        if let Role::Leader(leader) = before {
            self.next_id = leader.end(ErrorCode::NOT_LEADER_OR_FOLLOWER, effects);
        }
        self.role = Role::Follower(Follower::new(context, standing, assignment, effects));
    }

    fn as_follower(
        &mut self,
        act: impl FnOnce(&mut Follower, &mut Standing, &mut Vec<Effect>),
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Role::Follower(follower) = &mut self.role {
            act(follower, &mut self.standing, &mut effects);
        }
        effects
    }

    fn leader_mut(&mut self) -> Result<&mut Leader, ErrorCode> {
        match &mut self.role {
            Role::Leader(leader) => Ok(leader),
            Role::Follower(_) => Err(ErrorCode::NOT_LEADER_OR_FOLLOWER),
            Role::Offline(reason) => Err(reason.error()),
        }
    }

    fn leader(&self) -> Result<&Leader, ErrorCode> {
        match &self.role {
            Role::Leader(leader) => Ok(leader),
            Role::Follower(_) => Err(ErrorCode::NOT_LEADER_OR_FOLLOWER),
            Role::Offline(reason) => Err(reason.error()),
        }
    }

    /// A partition that is offline says why before it compares epochs.
    fn check_request(&self, current_leader_epoch: Option<LeaderEpoch>) -> Result<(), ErrorCode> {
        if let Role::Offline(reason) = &self.role {
            return Err(reason.error());
        }
        check_epoch(self.standing.leader_epoch, current_leader_epoch)
    }
}

impl OfflineReason {
    const fn error(self) -> ErrorCode {
        match self {
            Self::NotAssigned => ErrorCode::NOT_LEADER_OR_FOLLOWER,
            Self::LogDirectoryFailed => ErrorCode::KAFKA_STORAGE_ERROR,
            Self::Deleted => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        }
    }
}

impl Standing {
    /// Keeps the high watermark inside the log: a checkpoint may be older than the log's start, or
    /// newer than what a crash left.
    pub(crate) fn bound_by(&mut self, log: &dyn LogView) {
        let inside = self.high_watermark.min(log.log_end_offset());
        self.high_watermark = inside.max(log.log_start_offset());
    }
}
