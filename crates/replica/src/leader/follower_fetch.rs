//! A follower's fetch: it says how far the follower has got, and asks for what comes next.

use protocol::ErrorCode;
use protocol::ids::{BrokerEpoch, BrokerId, LeaderEpoch, Offset};

use super::remote_replica::{Fetched, RemoteReplica};
use super::{Leader, bounds};
use crate::partition::Standing;
use crate::read::{check_epoch, divergence};
use crate::{Context, Effect, Read};

/// A replica's fetch of this partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowerFetch {
    /// Who fetches.
    pub replica: BrokerId,
    /// [`BrokerEpoch::NONE`] if the follower does not send it.
    pub broker_epoch: BrokerEpoch,
    /// The leader epoch the follower fetches in. Not optional: a follower of another epoch may hold
    /// other records at the same offsets (KIP-320).
    pub current_leader_epoch: LeaderEpoch,
    /// The follower's log end offset.
    pub fetch_offset: Offset,
    /// The epoch of the follower's last record; none if its log is empty.
    pub last_fetched_epoch: Option<LeaderEpoch>,
    /// The follower's log start offset.
    pub log_start_offset: Offset,
}

impl Leader {
    pub(crate) fn on_follower_fetch(
        &mut self,
        context: &Context<'_>,
        standing: &mut Standing,
        fetch: &FollowerFetch,
        effects: &mut Vec<Effect>,
    ) -> Result<Read, ErrorCode> {
        let known = self.check_follower(context, standing, fetch)?;
        let parts_at = divergence(context.log, fetch.fetch_offset, fetch.last_fetched_epoch)?;
        if let Some(end) = parts_at {
            // Its log end is not one of our log, so it says nothing about what it has.
            let bounds = bounds(context, standing);
            return Ok(Read::Diverging { end, bounds });
        }
        let leader_end = context.log.log_end_offset();
        let mut follower = known;
        follower.record(Fetched {
            at_ms: context.now.monotonic_ms,
            broker_epoch: fetch.broker_epoch,
            fetch_offset: fetch.fetch_offset,
            log_start_offset: fetch.log_start_offset,
            leader_end,
        });
        self.followers.insert(fetch.replica, follower);
        self.propose_expand(context, standing, fetch.replica, effects);
        self.settle(context, standing, effects);
        let bounds = bounds(context, standing);
        Ok(Read::Records {
            end_offset: leader_end,
            bounds,
        })
    }

    fn check_follower(
        &self,
        context: &Context<'_>,
        standing: &Standing,
        fetch: &FollowerFetch,
    ) -> Result<RemoteReplica, ErrorCode> {
        check_epoch(standing.leader_epoch, Some(fetch.current_leader_epoch))?;
        let follower = self.followers.get(&fetch.replica);
        // The follower may have heard of a reassignment before this leader has.
        let follower = *follower.ok_or(ErrorCode::UNKNOWN_LEADER_EPOCH)?;
        let registered = context.brokers.state_of(fetch.replica);
        let newest = registered
            .map(|state| state.epoch)
            .max(follower.broker_epoch);
        let is_stale = fetch.broker_epoch != BrokerEpoch::NONE
            && newest.is_some_and(|newest| fetch.broker_epoch < newest);
        if is_stale {
            return Err(ErrorCode::NOT_LEADER_OR_FOLLOWER);
        }
        Ok(follower)
    }
}
