//! Deadlines of groups, each under a key that can be moved or cancelled.
//!
//! Not the job of this module: what happens when one is due. Invariant: both maps hold the same
//! entries. Every operation costs the logarithm of the count, so that the heartbeats of a group
//! with many members do not cost more the more there are.

use std::collections::BTreeMap;

use crate::names::{GroupId, MemberId};

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// A member, or one that got its id and has not joined yet, was not heard of in time.
    Session(GroupId, MemberId),
    /// The members had their time to join.
    Rebalance(GroupId),
    /// The members had their time to ask for their assignment.
    Sync(GroupId),
    /// Committed offsets are looked through for expired ones.
    OffsetRetention,
}

#[derive(Debug, Default)]
pub(crate) struct Timers {
    by_deadline: BTreeMap<(u64, u64), Timer>,
    by_timer: BTreeMap<Timer, (u64, u64)>,
    /// Tells timers of one moment apart, in the order in which they were set.
    next_sequence: u64,
}

impl Timers {
    /// Sets or moves a timer.
    pub(crate) fn schedule(&mut self, timer: Timer, deadline_ms: u64) {
        self.cancel(&timer);
        let at = (deadline_ms, self.next_sequence);
        self.next_sequence += 1;
        self.by_deadline.insert(at, timer.clone());
        self.by_timer.insert(timer, at);
    }

    pub(crate) fn cancel(&mut self, timer: &Timer) {
        if let Some(at) = self.by_timer.remove(timer) {
            self.by_deadline.remove(&at);
        }
    }

    /// Takes the first timer that is due.
    pub(crate) fn pop_due(&mut self, now_ms: u64) -> Option<Timer> {
        let entry = self.by_deadline.first_entry()?;
        if entry.key().0 > now_ms {
            return None;
        }
        let timer = entry.remove();
        self.by_timer.remove(&timer);
        Some(timer)
    }

    pub(crate) fn clear(&mut self) {
        self.by_deadline.clear();
        self.by_timer.clear();
    }

    pub(crate) fn next_deadline_ms(&self) -> Option<u64> {
        self.by_deadline
            .keys()
            .next()
            .map(|(deadline, _)| *deadline)
    }
}
