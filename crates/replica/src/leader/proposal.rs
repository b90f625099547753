//! Proposals to change the in-sync replicas, and the controller's answers (KIP-497).
//!
//! Not the job of this module: batching proposals into requests, and finding the controller.
//!
//! Invariants:
//! - A proposal ends with success, with an answer that says it was not carried out, or with a newer
//!   assignment. All other refusals leave it open: it may have been carried out.

use std::collections::BTreeSet;

use protocol::ErrorCode;
use protocol::ids::{BrokerEpoch, BrokerId, LeaderEpoch, PartitionEpoch};

use super::isr::{IsrState, Pending};
use super::{Leader, is_eligible};
use crate::partition::Standing;
use crate::{AlterPartition, Context, Effect, ProposalId};

/// How long to wait before a proposal is sent again, or another one made after a refusal.
const RETRY_MS: u64 = 50;

/// A partition in a successful answer to AlterPartition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterPartitionAnswer {
    /// The leader epoch.
    pub leader_epoch: LeaderEpoch,
    /// The partition epoch.
    pub partition_epoch: PartitionEpoch,
    /// The in-sync replicas.
    pub isr: BTreeSet<BrokerId>,
}

impl Leader {
    /// Takes the controller's answer to the proposal.
    pub(crate) fn on_alter_partition_answer(
        &mut self,
        context: &Context<'_>,
        standing: &mut Standing,
        proposal: ProposalId,
        answer: Result<AlterPartitionAnswer, ErrorCode>,
        effects: &mut Vec<Effect>,
    ) {
        let now_ms = context.now.monotonic_ms;
        let Some(pending) = &mut self.isr.pending else {
            return;
        };
        // An answer that comes while the next attempt is waited for is as good as the next one's.
        if pending.request.proposal != proposal {
            return;
        }
        match answer {
            Ok(answer) => {
                let is_ours = answer.leader_epoch == standing.leader_epoch
                    && answer.partition_epoch >= standing.partition_epoch
                    && answer.isr.contains(&standing.local);
                if is_ours {
                    standing.partition_epoch = answer.partition_epoch;
                    self.isr = IsrState::committed(answer.isr);
                    self.settle(context, standing, effects);
                }
            }
            // The controller says that our partition epoch is right and nothing was changed.
            Err(ErrorCode::INELIGIBLE_REPLICA | ErrorCode::OPERATION_NOT_ATTEMPTED) => {
                self.isr.pending = None;
                self.isr.quiet_until_ms = now_ms + RETRY_MS;
                self.settle(context, standing, effects);
            }
            // Our knowledge is behind; the metadata that tells more is on its way.
            Err(
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
                | ErrorCode::UNKNOWN_TOPIC_ID
                | ErrorCode::FENCED_LEADER_EPOCH
                | ErrorCode::INVALID_UPDATE_VERSION
                | ErrorCode::INVALID_REQUEST
                | ErrorCode::NEW_LEADER_ELECTED,
            ) => pending.retry_at_ms = None,
            // No answer of an active controller that knows us: ask again.
            Err(_) => pending.retry_at_ms = Some(now_ms + RETRY_MS),
        }
    }

    /// Proposes to take in a follower that has caught up, if it may join.
    pub(super) fn propose_expand(
        &mut self,
        context: &Context<'_>,
        standing: &Standing,
        broker: BrokerId,
        effects: &mut Vec<Effect>,
    ) {
        let may_propose = self.isr.may_propose(context.now.monotonic_ms);
        let is_new = !self.isr.committed.contains(&broker);
        let Some(follower) = self.followers.get(&broker) else {
            return;
        };
        // From the epoch's start on, because records below it may be committed although the high
        // watermark does not show it yet.
        let least = standing.high_watermark.max(self.epoch_start);
        let has_enough = follower.log_end_offset.is_some_and(|end| end >= least);
        if may_propose && is_new && has_enough && is_eligible(context, broker, follower) {
            let mut isr = self.isr.committed.clone();
            isr.insert(broker);
            self.propose(context, standing, &isr, effects);
        }
    }

    /// Proposes to leave out the followers that have not caught up for too long.
    pub(super) fn propose_shrink(
        &mut self,
        context: &Context<'_>,
        standing: &Standing,
        effects: &mut Vec<Effect>,
    ) {
        let now_ms = context.now.monotonic_ms;
        if !self.isr.may_propose(now_ms) {
            return;
        }
        let log_end = context.log.log_end_offset();
        let mut isr = self.isr.committed.clone();
        isr.retain(|broker| {
            let follower = self.followers.get(broker);
            let is_caught_up = follower.is_some_and(|follower| {
                follower.is_caught_up(log_end, now_ms, context.replica_lag_time_max_ms)
            });
            *broker == standing.local || is_caught_up
        });
        if isr.len() < self.isr.committed.len() {
            self.propose(context, standing, &isr, effects);
        }
    }

    /// Sends the open proposal again if its time has come.
    pub(super) fn retry_proposal(&mut self, context: &Context<'_>, effects: &mut Vec<Effect>) {
        if let Some(pending) = &mut self.isr.pending
            && pending
                .retry_at_ms
                .is_some_and(|at| at <= context.now.monotonic_ms)
        {
            pending.retry_at_ms = None;
            effects.push(Effect::AlterPartition(pending.request.clone()));
        }
    }

    fn propose(
        &mut self,
        context: &Context<'_>,
        standing: &Standing,
        isr: &BTreeSet<BrokerId>,
        effects: &mut Vec<Effect>,
    ) {
        let with_epoch = isr.iter().map(|broker| {
            let epoch = if *broker == standing.local {
                context.local_broker_epoch
            } else {
                let follower = self.followers.get(broker);
                let epoch = follower.and_then(|follower| follower.broker_epoch);
                // One that has not fetched from us: if it restarts, the controller takes it out of
                // the set itself, and our partition epoch is refused.
                epoch.unwrap_or(BrokerEpoch::NONE)
            };
            (*broker, epoch)
        });
        let request = AlterPartition {
            proposal: ProposalId(self.next_proposal),
            leader_epoch: standing.leader_epoch,
            partition_epoch: standing.partition_epoch,
            isr: with_epoch.collect(),
        };
        self.next_proposal += 1;
        effects.push(Effect::AlterPartition(request.clone()));
        self.isr.pending = Some(Pending {
            request,
            retry_at_ms: None,
        });
    }
}
