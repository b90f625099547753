//! What waits on a leader's partition, by the offset that has to be reached.
//!
//! Not the job of this module: what the offsets mean, and arming timers. A fetch that wants more
//! bytes than there are waits for the next move of its bound; bytes are counted by the shell, over
//! all partitions of the fetch.
//!
//! Invariants:
//! - A waiter is woken once: satisfied, failed, expired, or taken away by who put it there.
//! - A move wakes exactly those it satisfies, lower offsets first, then in order of arrival. Every
//!   operation costs the logarithm of the number of waiters, for each one woken.

use std::collections::{BTreeMap, BTreeSet};

use protocol::ErrorCode;
use protocol::ids::Offset;

/// Names a waiter of one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WaiterId(pub u64);

/// Why a waiter was woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// An acknowledgement may leave; a fetch may read again; records are deleted everywhere.
    Satisfied,
    /// Its deadline passed: an acknowledgement times out, a fetch answers with what there is.
    Expired,
    /// It cannot be satisfied any more.
    Failed(ErrorCode),
}

/// What became of a wish to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// There is nothing to wait for.
    Ready,
    /// An [`crate::Effect::Wake`] will come.
    Until(WaiterId),
}

/// An offset that moves up while a broker leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Watched {
    LowWatermark,
    HighWatermark,
    LastStableOffset,
    LogEnd,
    /// The offset below which records are on disk.
    Synced,
}

/// What the waiter does when its offset is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Acknowledge a produce request; `then_synced` asks to wait on for the disk.
    Ack {
        then_synced: bool,
    },
    Fetch,
    DeleteRecords,
}

/// A waiter whose offset was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) id: WaiterId,
    pub(crate) watched: Watched,
    pub(crate) offset: Offset,
    pub(crate) purpose: Purpose,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    watched: Watched,
    offset: Offset,
    purpose: Purpose,
    deadline_ms: u64,
}

/// All waiters of one partition.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    next_id: u64,
    entries: BTreeMap<WaiterId, Entry>,
    thresholds: BTreeSet<(Watched, Offset, WaiterId)>,
    deadlines: BTreeSet<(u64, WaiterId)>,
}

impl Waiters {
    /// Numbers go on from `next_id`, so that no id of an earlier leadership comes again.
    pub(crate) fn starting_at(next_id: u64) -> Self {
        Self {
            next_id,
            ..Self::default()
        }
    }

    /// Waits until `watched` is at least `offset`, or `deadline_ms` on the monotonic clock.
    pub(crate) fn add(
        &mut self,
        watched: Watched,
        offset: Offset,
        purpose: Purpose,
        deadline_ms: u64,
    ) -> WaiterId {
        let id = WaiterId(self.next_id);
        self.next_id += 1;
        let entry = Entry {
            watched,
            offset,
            purpose,
            deadline_ms,
        };
        self.insert(id, entry);
        id
    }

    /// Lets a waiter that was just taken out wait for another offset under its old id.
    pub(crate) fn wait_on(&mut self, reached: Reached, watched: Watched, deadline_ms: u64) {
        let entry = Entry {
            watched,
            offset: reached.offset,
            purpose: reached.purpose,
            deadline_ms,
        };
        self.insert(reached.id, entry);
    }

    /// Takes out the first waiter that is satisfied now that `watched` is at `offset`.
    pub(crate) fn take_reached(
        &mut self,
        watched: Watched,
        offset: Offset,
    ) -> Option<(Reached, u64)> {
        let first = (watched, Offset(i64::MIN), WaiterId(0));
        let &(_, threshold, id) = self.thresholds.range(first..).next()?;
        let entry = *self.entries.get(&id)?;
        if entry.watched != watched || threshold > offset {
            return None;
        }
        self.remove(id);
        let reached = Reached {
            id,
            watched,
            offset: threshold,
            purpose: entry.purpose,
        };
        Some((reached, entry.deadline_ms))
    }

    /// Takes out the waiters whose deadline is not after `now_ms`, earliest first.
    pub(crate) fn take_expired(&mut self, now_ms: u64) -> Vec<WaiterId> {
        let mut expired = Vec::new();
        while let Some(&(deadline_ms, id)) = self.deadlines.first()
            && deadline_ms <= now_ms
        {
            self.remove(id);
            expired.push(id);
        }
        expired
    }

    /// Takes out the waiters that are there for reads, in order of arrival.
    pub(crate) fn take_fetches(&mut self) -> Vec<WaiterId> {
        let fetches = self.entries.iter();
        let fetches = fetches.filter(|(_, entry)| entry.purpose == Purpose::Fetch);
        let fetches: Vec<WaiterId> = fetches.map(|(id, _)| *id).collect();
        for id in &fetches {
            self.remove(*id);
        }
        fetches
    }

    /// Takes out everybody, in order of arrival.
    pub(crate) fn take_all(&mut self) -> Vec<WaiterId> {
        let all = std::mem::take(&mut self.entries).into_keys().collect();
        self.thresholds.clear();
        self.deadlines.clear();
        all
    }

    /// Takes out one waiter, and returns whether it was there.
    pub(crate) fn remove(&mut self, id: WaiterId) -> bool {
        let Some(entry) = self.entries.remove(&id) else {
            return false;
        };
        self.thresholds.remove(&(entry.watched, entry.offset, id));
        self.deadlines.remove(&(entry.deadline_ms, id));
        true
    }

    /// The number the next waiter gets.
    pub(crate) fn next_id(&self) -> u64 {
        self.next_id
    }

    /// The earliest deadline.
    pub(crate) fn next_deadline_ms(&self) -> Option<u64> {
        self.deadlines.first().map(|(deadline_ms, _)| *deadline_ms)
    }

    fn insert(&mut self, id: WaiterId, entry: Entry) {
        self.entries.insert(id, entry);
        self.thresholds.insert((entry.watched, entry.offset, id));
        self.deadlines.insert((entry.deadline_ms, id));
    }
}

#[cfg(test)]
mod tests;
