//! One session: its epoch and its partitions, in the order of their turns.
//!
//! Invariant: whoever got records goes behind those that did not, so that no partition starves
//! where an answer cannot hold all.

use super::partition::{AnsweredPartition, CachedPartition, PartitionKey, RequestedPartition};
use protocol::ErrorCode;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A session. What is outside of the lock never changes.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: i32,
    pub(super) is_replica: bool,
    pub(super) uses_topic_ids: bool,
    state: Mutex<SessionState>,
}

/// What changes in a session.
#[derive(Debug)]
pub(super) struct SessionState {
    /// The epoch that the next request must have.
    pub(super) epoch: i32,
    turns: BTreeMap<PartitionKey, u64>,
    partitions: BTreeMap<u64, CachedPartition>,
    next_turn: u64,
}

impl Session {
    pub(super) const fn new(
        id: i32,
        is_replica: bool,
        uses_topic_ids: bool,
        state: SessionState,
    ) -> Self {
        Self {
            id,
            is_replica,
            uses_topic_ids,
            state: Mutex::new(state),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, SessionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionState {
    /// The state after the answer to the request that began the session.
    pub(super) fn new(
        epoch: i32,
        partitions: &[RequestedPartition],
        answered: &[AnsweredPartition],
    ) -> Self {
        let mut state = Self {
            epoch,
            turns: BTreeMap::new(),
            partitions: BTreeMap::new(),
            next_turn: 0,
        };
        for (requested, answered) in partitions.iter().zip(answered) {
            let mut partition = CachedPartition::new(requested.clone());
            partition.note(answered);
            state.push(partition);
        }
        state
    }

    /// Takes in what a request names.
    pub(super) fn update(&mut self, named: &[RequestedPartition], forgotten: &[PartitionKey]) {
        for requested in named {
            let turn = self.turns.get(&requested.key);
            match turn.and_then(|turn| self.partitions.get_mut(turn)) {
                Some(partition) => partition.requested.request = requested.request,
                None => self.push(CachedPartition::new(requested.clone())),
            }
        }
        for key in forgotten {
            self.take(key);
        }
    }

    /// Notes what a topic of the session is called.
    pub(super) fn note_name(&mut self, key: &PartitionKey, name: &Arc<str>) {
        let turn = self.turns.get(key);
        if let Some(partition) = turn.and_then(|turn| self.partitions.get_mut(turn)) {
            partition.requested.known_name = Some(Arc::clone(name));
        }
    }

    /// Takes in what the request that led to `epoch` is answered, and returns the places of what
    /// has to be told.
    pub(super) fn finish(
        &mut self,
        epoch: i32,
        partitions: &[RequestedPartition],
        answered: &[AnsweredPartition],
    ) -> Result<Vec<usize>, ErrorCode> {
        if self.epoch != epoch {
            return Err(ErrorCode::INVALID_FETCH_SESSION_EPOCH);
        }
        let mut told = Vec::new();
        for (place, (requested, answered)) in partitions.iter().zip(answered).enumerate() {
            let Some(turn) = self.turns.get_mut(&requested.key) else {
                continue;
            };
            let Some(partition) = self.partitions.get_mut(turn) else {
                continue;
            };
            if partition.note(answered) {
                told.push(place);
            }
            // Who got records comes after those who did not.
            if answered.has_records
                && let Some(partition) = self.partitions.remove(turn)
            {
                *turn = self.next_turn;
                self.next_turn += 1;
                self.partitions.insert(*turn, partition);
            }
        }
        Ok(told)
    }

    /// All partitions, the one whose turn it is first.
    pub(super) fn partitions(&self) -> Vec<RequestedPartition> {
        let partitions = self.partitions.values();
        partitions.map(|each| each.requested.clone()).collect()
    }

    pub(super) fn partition_count(&self) -> usize {
        self.partitions.len()
    }

    fn push(&mut self, partition: CachedPartition) {
        let turn = self.next_turn;
        self.next_turn += 1;
        self.turns.insert(partition.requested.key.clone(), turn);
        self.partitions.insert(turn, partition);
    }

    fn take(&mut self, key: &PartitionKey) -> Option<CachedPartition> {
        let turn = self.turns.remove(key)?;
        self.partitions.remove(&turn)
    }
}
