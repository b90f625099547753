//! A broker that leads the partition.
//!
//! Not the job of this module: becoming something else, and whose epochs are stale: that is
//! [`crate::Partition`]'s.
//!
//! Invariants:
//! - The high watermark moves to the lowest log end of the maximal in-sync replicas and of those
//!   that are caught up and may join; it does not move while fewer than `min.insync.replicas` are
//!   in sync (KIP-966), and never back.
//! - Every event ends with `settle`, so no waiter is left behind that could go.

mod acks;
mod follower_fetch;
mod isr;
mod proposal;
mod remote_replica;

use std::collections::{BTreeMap, BTreeSet};

use protocol::ErrorCode;
use protocol::ids::{BrokerEpoch, BrokerId, LeaderEpoch, Offset};

use crate::partition::Standing;
use crate::waiters::{Purpose, Reached, Waiters, Watched};
use crate::{Context, Effect, Isolation, PartitionAssignment, ReadBounds, WaiterId, Waiting, Wake};

pub use acks::{AckCondition, Acks, Admission};
pub use follower_fetch::FollowerFetch;
pub use proposal::AlterPartitionAnswer;

use isr::IsrState;
use remote_replica::RemoteReplica;

/// The state that only a leader has. All of it is soft: lost with leadership.
#[derive(Debug)]
pub(crate) struct Leader {
    /// The first epoch of this unbroken leadership.
    since: LeaderEpoch,
    /// The log end when the current epoch began.
    epoch_start: Offset,
    /// The other replicas.
    followers: BTreeMap<BrokerId, RemoteReplica>,
    isr: IsrState,
    /// Records below are on disk, as far as the shell has told.
    synced: Offset,
    waiters: Waiters,
    next_proposal: u64,
}

impl Leader {
    /// Begins to lead. Ids of waiters and proposals go on from `next_id`.
    pub(crate) fn new(
        context: &Context<'_>,
        standing: &Standing,
        assignment: &PartitionAssignment,
        next_id: u64,
    ) -> Self {
        let mut leader = Self {
            since: assignment.leader_epoch,
            epoch_start: context.log.log_end_offset(),
            followers: BTreeMap::new(),
            isr: IsrState::committed(BTreeSet::new()),
            synced: Offset::ZERO,
            waiters: Waiters::starting_at(next_id),
            next_proposal: next_id,
        };
        leader.assign_replicas(standing.local, &assignment.replicas);
        leader
    }

    /// Begins a leader epoch, the first one or a further one without a break.
    pub(crate) fn begin_epoch(
        &mut self,
        context: &Context<'_>,
        standing: &mut Standing,
        assignment: &PartitionAssignment,
        effects: &mut Vec<Effect>,
    ) {
        self.epoch_start = context.log.log_end_offset();
        effects.push(Effect::AssignEpochStart {
            epoch: assignment.leader_epoch,
            start: self.epoch_start,
        });
        self.assign_replicas(standing.local, &assignment.replicas);
        self.isr = IsrState::committed(assignment.isr.clone());
        for (broker, follower) in &mut self.followers {
            let is_in_sync = assignment.isr.contains(broker);
            follower.begin_epoch(context.now.monotonic_ms, self.epoch_start, is_in_sync);
        }
        // Those who fetch did so under the epoch before; they must be told (KIP-320).
        for id in self.waiters.take_fetches() {
            effects.push(Effect::Wake(id, Wake::Satisfied));
        }
        self.settle(context, standing, effects);
    }

    /// Takes the assignment and in-sync replicas of a newer partition epoch.
    pub(crate) fn on_newer_assignment(
        &mut self,
        context: &Context<'_>,
        standing: &mut Standing,
        assignment: &PartitionAssignment,
        effects: &mut Vec<Effect>,
    ) {
        self.assign_replicas(standing.local, &assignment.replicas);
        self.isr = IsrState::committed(assignment.isr.clone());
        self.settle(context, standing, effects);
    }

    /// Takes what an AlterPartition answer of the same partition epoch did not tell: the replicas,
    /// which the controller changes along when a reassignment completes. A proposal that is based
    /// on this epoch stays open.
    pub(crate) fn on_same_assignment(
        &mut self,
        context: &Context<'_>,
        standing: &mut Standing,
        assignment: &PartitionAssignment,
        effects: &mut Vec<Effect>,
    ) {
        self.assign_replicas(standing.local, &assignment.replicas);
        self.isr.committed.clone_from(&assignment.isr);
        self.settle(context, standing, effects);
    }

    /// Does what is due by now.
    pub(crate) fn on_deadline(
        &mut self,
        context: &Context<'_>,
        standing: &mut Standing,
        effects: &mut Vec<Effect>,
    ) {
        for id in self.waiters.take_expired(context.now.monotonic_ms) {
            effects.push(Effect::Wake(id, Wake::Expired));
        }
        self.retry_proposal(context, effects);
        self.propose_shrink(context, standing, effects);
        self.settle(context, standing, effects);
    }

    /// Notes that records below `offset` are on disk.
    pub(crate) fn on_synced(&mut self, offset: Offset, effects: &mut Vec<Effect>) {
        self.synced = self.synced.max(offset);
        while let Some((reached, _)) = self.waiters.take_reached(Watched::Synced, self.synced) {
            effects.push(Effect::Wake(reached.id, Wake::Satisfied));
        }
    }

    /// Fails everybody who waits, because the broker does not lead any more. Returns the number for
    /// the next leadership to count on from.
    pub(crate) fn end(mut self, error: ErrorCode, effects: &mut Vec<Effect>) -> u64 {
        for id in self.waiters.take_all() {
            effects.push(Effect::Wake(id, Wake::Failed(error)));
        }
        self.next_proposal.max(self.waiters.next_id())
    }

    /// Waits for the bound of `isolation` to pass `seen`; none stands for the log end, a replica's
    /// bound.
    pub(crate) fn await_bytes(
        &mut self,
        context: &Context<'_>,
        standing: &Standing,
        isolation: Option<Isolation>,
        seen: Offset,
        deadline_ms: u64,
    ) -> Waiting {
        let watched = match isolation {
            None => Watched::LogEnd,
            Some(Isolation::ReadUncommitted) => Watched::HighWatermark,
            Some(Isolation::ReadCommitted) => Watched::LastStableOffset,
        };
        let bound = readable_end(context, standing, isolation);
        self.await_offset(watched, bound, seen.next(), Purpose::Fetch, deadline_ms)
    }

    /// Waits for every live replica to have deleted the records below `offset`.
    pub(crate) fn await_low_watermark(
        &mut self,
        context: &Context<'_>,
        offset: Offset,
        deadline_ms: u64,
    ) -> Waiting {
        let low = self.low_watermark(context);
        let purpose = Purpose::DeleteRecords;
        self.await_offset(Watched::LowWatermark, low, offset, purpose, deadline_ms)
    }

    pub(crate) fn cancel(&mut self, id: WaiterId) -> bool {
        self.waiters.remove(id)
    }

    /// Moves the high watermark as far as it goes, and wakes who waited for what is reached now.
    pub(crate) fn settle(
        &mut self,
        context: &Context<'_>,
        standing: &mut Standing,
        effects: &mut Vec<Effect>,
    ) {
        assert!(
            self.isr.committed.contains(&standing.local),
            "the leader is in sync with itself"
        );
        let log_end = context.log.log_end_offset();
        let committed = self.committed_offset(context);
        let moved = committed.max(context.log.log_start_offset());
        if moved > standing.high_watermark {
            standing.high_watermark = moved;
            effects.push(Effect::HighWatermarkMoved(moved));
        }
        assert!(
            standing.high_watermark <= log_end,
            "the high watermark {} is inside the log, which ends at {log_end}",
            standing.high_watermark
        );
        let bounds = bounds(context, standing);
        self.wake(
            context,
            Watched::LowWatermark,
            self.low_watermark(context),
            effects,
        );
        self.wake(
            context,
            Watched::HighWatermark,
            bounds.high_watermark,
            effects,
        );
        self.wake(
            context,
            Watched::LastStableOffset,
            bounds.last_stable_offset,
            effects,
        );
        self.wake(context, Watched::LogEnd, log_end, effects);
    }

    /// The lowest log start offset of all live replicas.
    pub(crate) fn low_watermark(&self, context: &Context<'_>) -> Offset {
        let mut low = context.log.log_start_offset();
        for (broker, follower) in &self.followers {
            let state = context.brokers.state_of(*broker);
            if state.is_some_and(|state| state.is_alive()) {
                // One that has not fetched yet may still have everything.
                low = low.min(follower.log_start_offset.unwrap_or(Offset(-1)));
            }
        }
        low
    }

    /// When [`Leader::on_deadline`] has to be called at the latest.
    pub(crate) fn next_deadline_ms(&self, context: &Context<'_>) -> Option<u64> {
        let now_ms = context.now.monotonic_ms;
        let retry = self
            .isr
            .pending
            .as_ref()
            .and_then(|pending| pending.retry_at_ms);
        let log_end = context.log.log_end_offset();
        let lags = self.followers.iter().filter_map(|(broker, follower)| {
            let lag = follower.falls_behind_ms(log_end, context.replica_lag_time_max_ms)?;
            let is_to_shrink = self.isr.pending.is_none() && self.isr.committed.contains(broker);
            if is_to_shrink {
                return Some(lag.max(self.isr.quiet_until_ms));
            }
            // It may hold back the high watermark until then.
            (lag > now_ms).then_some(lag)
        });
        let others = [self.waiters.next_deadline_ms(), retry];
        lags.chain(others.into_iter().flatten()).min()
    }

    /// Whether the high watermark has reached the start of the epoch: before that, it may be lower
    /// than what the leader before has shown to clients (KIP-207).
    pub(crate) fn knows_latest_offset(&self, standing: &Standing) -> bool {
        standing.high_watermark >= self.epoch_start
    }

    pub(crate) const fn committed_isr(&self) -> &BTreeSet<BrokerId> {
        &self.isr.committed
    }

    fn assign_replicas(&mut self, local: BrokerId, replicas: &BTreeSet<BrokerId>) {
        self.followers.retain(|broker, _| replicas.contains(broker));
        for broker in replicas.iter().filter(|broker| **broker != local) {
            self.followers.entry(*broker).or_default();
        }
    }

    fn await_offset(
        &mut self,
        watched: Watched,
        current: Offset,
        awaited: Offset,
        purpose: Purpose,
        deadline_ms: u64,
    ) -> Waiting {
        if current >= awaited {
            return Waiting::Ready;
        }
        Waiting::Until(self.waiters.add(watched, awaited, purpose, deadline_ms))
    }

    fn wake(
        &mut self,
        context: &Context<'_>,
        watched: Watched,
        offset: Offset,
        effects: &mut Vec<Effect>,
    ) {
        while let Some((reached, deadline_ms)) = self.waiters.take_reached(watched, offset) {
            if let Some(wake) = self.satisfy(context, reached, deadline_ms) {
                effects.push(Effect::Wake(reached.id, wake));
            }
        }
    }

    /// How a waiter is woken whose offset is reached; none if it goes on waiting for the disk.
    fn satisfy(
        &mut self,
        context: &Context<'_>,
        reached: Reached,
        deadline_ms: u64,
    ) -> Option<Wake> {
        let Purpose::Ack { then_synced } = reached.purpose else {
            return Some(Wake::Satisfied);
        };
        if self.isr.maximal_count() < self.min_insync_replicas(context) {
            return Some(Wake::Failed(ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND));
        }
        if then_synced && self.synced < reached.offset {
            self.waiters.wait_on(reached, Watched::Synced, deadline_ms);
            return None;
        }
        Some(Wake::Satisfied)
    }

    /// The offset below which every replica that counts has everything.
    fn committed_offset(&self, context: &Context<'_>) -> Offset {
        if self.isr.committed.len() < self.min_insync_replicas(context) {
            return Offset::ZERO;
        }
        let log_end = context.log.log_end_offset();
        let counted = self.followers.iter().filter(|(broker, follower)| {
            self.isr.may_contain(**broker) || self.is_about_to_join(context, **broker, follower)
        });
        let ends = counted.map(|(_, follower)| follower.log_end_offset.unwrap_or(Offset::ZERO));
        ends.fold(log_end, Offset::min)
    }

    /// Whether to wait for a replica that is not in sync yet, because it will be at its next fetch,
    /// and then must not lack what was committed in between.
    fn is_about_to_join(
        &self,
        context: &Context<'_>,
        broker: BrokerId,
        follower: &RemoteReplica,
    ) -> bool {
        let log_end = context.log.log_end_offset();
        let (now_ms, lag_max_ms) = (context.now.monotonic_ms, context.replica_lag_time_max_ms);
        follower.is_caught_up(log_end, now_ms, lag_max_ms) && is_eligible(context, broker, follower)
    }

    fn min_insync_replicas(&self, context: &Context<'_>) -> usize {
        context.min_insync_replicas.min(self.followers.len() + 1)
    }
}

/// The offsets that an answer to a fetch carries.
pub(crate) fn bounds(context: &Context<'_>, standing: &Standing) -> ReadBounds {
    let high_watermark = standing.high_watermark;
    let last_stable_offset = context.log.last_stable_offset(high_watermark);
    ReadBounds {
        log_start_offset: context.log.log_start_offset(),
        last_stable_offset: last_stable_offset.min(high_watermark),
        high_watermark,
    }
}

/// Up to where one may read; without isolation a replica reads, up to the log end.
pub(crate) fn readable_end(
    context: &Context<'_>,
    standing: &Standing,
    isolation: Option<Isolation>,
) -> Offset {
    match isolation {
        Some(isolation) => bounds(context, standing).end(isolation),
        None => context.log.log_end_offset(),
    }
}

/// Whether the controller would let the replica into the in-sync set (KIP-841, KIP-903): it is
/// neither fenced nor shutting down, and fetched in the incarnation that is registered.
fn is_eligible(context: &Context<'_>, broker: BrokerId, follower: &RemoteReplica) -> bool {
    let Some(state) = context.brokers.state_of(broker) else {
        return false;
    };
    let is_same_incarnation = follower
        .broker_epoch
        .is_some_and(|epoch| epoch == BrokerEpoch::NONE || epoch == state.epoch);
    state.is_alive() && !state.is_in_controlled_shutdown && is_same_incarnation
}
