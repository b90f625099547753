//! How long the consumer had no partitions.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use client::krafka::consumer::{ConsumerRebalanceListener, TopicPartition};

use crate::surroundings;

/// The partitions there are, and for how long there were none.
#[derive(Debug)]
pub(super) struct Rebalances(Mutex<State>);

#[derive(Debug)]
struct State {
    assigned: HashSet<TopicPartition>,
    /// Since when there are none.
    start_ms: i64,
    total_ms: i64,
    since_report_ms: i64,
}

impl Rebalances {
    pub(super) fn new(now_ms: i64) -> Self {
        Self(Mutex::new(State {
            assigned: HashSet::new(),
            start_ms: now_ms,
            total_ms: 0,
            since_report_ms: 0,
        }))
    }

    pub(super) fn total_ms(&self) -> i64 {
        self.state().total_ms
    }

    /// The time since this was asked last.
    pub(super) fn take_since_report_ms(&self) -> i64 {
        std::mem::take(&mut self.state().since_report_ms)
    }

    fn assign(&self, partitions: &[TopicPartition], now_ms: i64) {
        let mut state = self.state();
        if state.assigned.is_empty() {
            let elapsed_ms = now_ms - state.start_ms;
            state.total_ms += elapsed_ms;
            state.since_report_ms += elapsed_ms;
        }
        state.assigned.extend(partitions.iter().cloned());
    }

    fn revoke(&self, partitions: &[TopicPartition], now_ms: i64) {
        let mut state = self.state();
        for partition in partitions {
            state.assigned.remove(partition);
        }
        if state.assigned.is_empty() {
            state.start_ms = now_ms;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConsumerRebalanceListener for Rebalances {
    async fn on_partitions_assigned(&self, partitions: &[TopicPartition]) {
        self.assign(partitions, surroundings::wall_ms());
    }

    async fn on_partitions_revoked(&self, partitions: &[TopicPartition]) {
        self.revoke(partitions, surroundings::wall_ms());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_without_partitions_is_counted() {
        let partition = [TopicPartition::new("t", 0)];
        let rebalances = Rebalances::new(100);
        rebalances.assign(&partition, 150);
        assert_eq!(rebalances.take_since_report_ms(), 50);
        rebalances.assign(&[TopicPartition::new("t", 1)], 500);
        rebalances.revoke(&partition, 600);
        rebalances.revoke(&[TopicPartition::new("t", 1)], 700);
        rebalances.assign(&partition, 720);
        assert_eq!(rebalances.take_since_report_ms(), 20);
        assert_eq!(rebalances.total_ms(), 70);
    }
}
