//! What a leader knows of one follower, from the follower's fetches alone.

use protocol::ids::{BrokerEpoch, Offset};

/// A follower as its leader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct RemoteReplica {
    /// None until the first fetch.
    pub(super) log_start_offset: Option<Offset>,
    /// None until the first fetch. Everything below is in the follower's log.
    pub(super) log_end_offset: Option<Offset>,
    /// The epoch of the last fetch; none until the first.
    pub(super) broker_epoch: Option<BrokerEpoch>,
    /// When the follower last had everything the leader had at that time; none if it never did.
    last_caught_up_ms: Option<u64>,
    last_fetch_ms: u64,
    /// The leader's log end at the last fetch.
    leader_end_at_last_fetch: Option<Offset>,
}

/// The positions in a follower's fetch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fetched {
    pub(super) at_ms: u64,
    pub(super) broker_epoch: BrokerEpoch,
    pub(super) fetch_offset: Offset,
    pub(super) log_start_offset: Offset,
    pub(super) leader_end: Offset,
}

impl RemoteReplica {
    /// Begins a leader epoch: nothing counts that was fetched in an earlier one, because another
    /// leader may have led in between without our hearing of it, and the follower may have
    /// truncated for that one. A replica in sync has from now on its full time to catch up; one
    /// that is not must fetch before it holds anything back.
    pub(super) fn begin_epoch(&mut self, now_ms: u64, leader_end: Offset, is_in_sync: bool) {
        *self = Self {
            broker_epoch: self.broker_epoch,
            last_caught_up_ms: is_in_sync.then_some(now_ms),
            last_fetch_ms: now_ms,
            leader_end_at_last_fetch: Some(leader_end),
            ..Self::default()
        };
    }

    pub(super) fn record(&mut self, fetched: Fetched) {
        let caught_up_ms = if fetched.fetch_offset >= fetched.leader_end {
            Some(fetched.at_ms)
        } else if self
            .leader_end_at_last_fetch
            .is_some_and(|end| self.log_end_offset.is_some() && fetched.fetch_offset >= end)
        {
            // It has by now all that there was when it fetched the time before.
            Some(self.last_fetch_ms)
        } else {
            None
        };
        self.last_caught_up_ms = self.last_caught_up_ms.max(caught_up_ms);
        self.leader_end_at_last_fetch = self.leader_end_at_last_fetch.max(Some(fetched.leader_end));
        self.last_fetch_ms = fetched.at_ms;
        self.log_start_offset = Some(fetched.log_start_offset);
        self.log_end_offset = Some(fetched.fetch_offset);
        self.broker_epoch = Some(fetched.broker_epoch);
    }

    /// Whether the follower has all of the leader's log, or had not too long ago.
    pub(super) fn is_caught_up(&self, leader_end: Offset, now_ms: u64, lag_max_ms: u64) -> bool {
        self.log_end_offset == Some(leader_end)
            || self
                .last_caught_up_ms
                .is_some_and(|then| now_ms.saturating_sub(then) <= lag_max_ms)
    }

    /// From when on it does not count as caught up if nothing happens; none if it has everything.
    pub(super) fn falls_behind_ms(&self, leader_end: Offset, lag_max_ms: u64) -> Option<u64> {
        if self.log_end_offset == Some(leader_end) {
            return None;
        }
        let then = self.last_caught_up_ms?;
        Some(then.saturating_add(lag_max_ms).saturating_add(1))
    }
}
