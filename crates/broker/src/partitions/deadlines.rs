//! The deadlines of all partitions: one task sleeps until the earliest.
//!
//! Not the job of this module: what is due. A partition is scheduled at most once; when its turn
//! has come it is asked again, so that a deadline that has moved back costs nothing until then.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use storage::directories::TopicIdPartition;
use tokio::sync::Notify;

use super::Partitions;
use super::surroundings::Surroundings;

/// When which partition is to be looked at.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// On the monotonic clock.
    scheduled: Mutex<BTreeSet<(u64, TopicIdPartition)>>,
    /// Told when the first deadline has become an earlier one.
    sooner: Notify,
}

impl Deadlines {
    /// Schedules a partition at `deadline_ms` instead of at `before_ms`.
    pub(super) fn schedule(&self, id: TopicIdPartition, before_ms: Option<u64>, deadline_ms: u64) {
        let mut scheduled = self.lock();
        if let Some(before_ms) = before_ms {
            scheduled.remove(&(before_ms, id));
        }
        scheduled.insert((deadline_ms, id));
        let is_first = scheduled.first() == Some(&(deadline_ms, id));
        drop(scheduled);
        if is_first {
            self.sooner.notify_one();
        }
    }

    /// Takes out who is scheduled no later than `now_ms`, and says when the next one is.
    fn take_due(&self, now_ms: u64) -> (Vec<TopicIdPartition>, Option<u64>) {
        let mut scheduled = self.lock();
        let mut due = Vec::new();
        while let Some(&(deadline_ms, id)) = scheduled.first() {
            if deadline_ms > now_ms {
                return (due, Some(deadline_ms));
            }
            scheduled.pop_first();
            due.push(id);
        }
        (due, None)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<(u64, TopicIdPartition)>> {
        self.scheduled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has the partitions do what is due, for as long as there are partitions.
pub(super) async fn drive(surroundings: Arc<Surroundings>, partitions: Weak<Partitions>) {
    let environment = &surroundings.parts.environment;
    loop {
        let now_ms = environment.clock.now().monotonic_ms;
        let (due, next_ms) = surroundings.deadlines.take_due(now_ms);
        let has_due = !due.is_empty();
        for id in due {
            let Some(partitions) = partitions.upgrade() else {
                return;
            };
            if let Some(partition) = partitions.online(id) {
                partition.on_deadline();
            }
        }
        if has_due {
            // The round has taken time, and may have scheduled more.
            continue;
        }
        let next = next_ms.and_then(|next_ms| environment.clock.instant_at(next_ms));
        let Some(next) = next else {
            surroundings.deadlines.sooner.notified().await;
            continue;
        };
        let sleep = environment.timers.sleep_until(next);
        tokio::select! {
            biased;
            () = surroundings.deadlines.sooner.notified() => {}
            () = sleep => {}
        }
    }
}
