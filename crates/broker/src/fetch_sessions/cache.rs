//! The slots for sessions, and which session gives its slot up for another.
//!
//! A new session takes a free slot, or else that of a session that was not used for two minutes,
//! or else that of the least valuable session if it is worth more: replicas' sessions are worth
//! more than consumers', larger ones more than smaller ones. A session's first two minutes only a
//! replica can end, and only a consumer's.

use super::session::Session;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How long a session is left alone after its last use, and after its creation.
pub(super) const EVICTION_MS: u64 = 120_000;

/// All sessions there are.
#[derive(Debug)]
pub(super) struct SessionCache {
    slots: usize,
    entries: BTreeMap<i32, Entry>,
    by_last_use: BTreeSet<(u64, i32)>,
    evictable_by_all: BTreeSet<Worth>,
    evictable_by_replicas: BTreeSet<Worth>,
    counts: SessionCounts,
}

/// What is counted of the sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SessionCounts {
    /// Sessions there are.
    pub sessions: usize,
    /// Partitions in all of them.
    pub partitions: usize,
    /// Sessions that were made to go, since the start.
    pub evictions: u64,
}

#[derive(Debug)]
struct Entry {
    session: Arc<Session>,
    created_ms: u64,
    used_ms: u64,
    partition_count: usize,
}

/// How valuable a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Worth {
    is_replica: bool,
    partition_count: usize,
    id: i32,
}

impl SessionCache {
    pub(super) fn new(slots: usize) -> Self {
        Self {
            slots,
            entries: BTreeMap::new(),
            by_last_use: BTreeSet::new(),
            evictable_by_all: BTreeSet::new(),
            evictable_by_replicas: BTreeSet::new(),
            counts: SessionCounts::default(),
        }
    }

    /// Whether there is a slot for a new session, after another one has gone for it if need be.
    pub(super) fn make_room(
        &mut self,
        is_replica: bool,
        partition_count: usize,
        now_ms: u64,
    ) -> bool {
        if self.entries.len() < self.slots {
            return true;
        }
        let worth = Worth {
            is_replica,
            partition_count,
            id: 0,
        };
        let Some(evicted) = self.evictable(worth, now_ms) else {
            return false;
        };
        self.remove(evicted);
        self.counts.evictions += 1;
        true
    }

    pub(super) fn insert(&mut self, session: Session, partition_count: usize, now_ms: u64) {
        let id = session.id;
        let entry = Entry {
            session: Arc::new(session),
            created_ms: now_ms,
            used_ms: now_ms,
            partition_count,
        };
        self.add(id, entry, now_ms);
    }

    /// Notes that a session was used, and how large it is now. One that has gone stays away.
    pub(super) fn touch(&mut self, id: i32, partition_count: usize, now_ms: u64) {
        if let Some(mut entry) = self.take(id) {
            entry.used_ms = now_ms;
            entry.partition_count = partition_count;
            self.add(id, entry, now_ms);
        }
    }

    pub(super) fn remove(&mut self, id: i32) {
        self.take(id);
    }

    pub(super) fn find(&self, id: i32) -> Option<Arc<Session>> {
        self.entries
            .get(&id)
            .map(|entry| Arc::clone(&entry.session))
    }

    pub(super) fn contains(&self, id: i32) -> bool {
        self.entries.contains_key(&id)
    }

    pub(super) fn counts(&self) -> SessionCounts {
        SessionCounts {
            sessions: self.entries.len(),
            ..self.counts
        }
    }

    fn add(&mut self, id: i32, entry: Entry, now_ms: u64) {
        let worth = entry.worth();
        let is_settled = now_ms.saturating_sub(entry.created_ms) > EVICTION_MS;
        if is_settled {
            self.evictable_by_all.insert(worth);
        }
        if is_settled || !worth.is_replica {
            self.evictable_by_replicas.insert(worth);
        }
        self.by_last_use.insert((entry.used_ms, id));
        self.counts.partitions += entry.partition_count;
        self.entries.insert(id, entry);
    }

    fn take(&mut self, id: i32) -> Option<Entry> {
        let entry = self.entries.remove(&id)?;
        self.by_last_use.remove(&(entry.used_ms, id));
        self.evictable_by_all.remove(&entry.worth());
        self.evictable_by_replicas.remove(&entry.worth());
        self.counts.partitions -= entry.partition_count;
        Some(entry)
    }

    /// The session that goes for one of this worth.
    fn evictable(&self, worth: Worth, now_ms: u64) -> Option<i32> {
        let &(used_ms, longest_unused) = self.by_last_use.first()?;
        if now_ms.saturating_sub(used_ms) > EVICTION_MS {
            return Some(longest_unused);
        }
        let evictable = if worth.is_replica {
            &self.evictable_by_replicas
        } else {
            &self.evictable_by_all
        };
        evictable
            .first()
            .filter(|least| **least <= worth)
            .map(|least| least.id)
    }
}

impl Entry {
    fn worth(&self) -> Worth {
        Worth {
            is_replica: self.session.is_replica,
            partition_count: self.partition_count,
            id: self.session.id,
        }
    }
}
