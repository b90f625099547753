//! Who is being created or deleted: several partitions at a time, but nothing is done twice or to
//! one partition at the same time.
//!
//! Not the job of this module: what exists already; that is the table's.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::TopicIdPartition;
use crate::names::TopicPartition;

/// The names and identities of the partitions that are being created or deleted.
#[derive(Debug, Default)]
pub(super) struct Reservations {
    held: Mutex<Held>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Held {
    names: BTreeSet<TopicPartition>,
    ids: BTreeSet<TopicIdPartition>,
}

/// Nobody else creates or deletes this partition while it is held.
#[derive(Debug)]
pub(super) struct Reservation<'a> {
    reservations: &'a Reservations,
    name: TopicPartition,
    id: Option<TopicIdPartition>,
}

impl Reservations {
    /// Waits until nobody creates or deletes a partition of this name or this identity, if it has
    /// one.
    pub(super) async fn reserve(
        &self,
        name: &TopicPartition,
        id: Option<TopicIdPartition>,
    ) -> Reservation<'_> {
        loop {
            let changed = self.changed.notified();
            if self.try_reserve(name, id) {
                return Reservation {
                    reservations: self,
                    name: name.clone(),
                    id,
                };
            }
            changed.await;
        }
    }

    fn try_reserve(&self, name: &TopicPartition, id: Option<TopicIdPartition>) -> bool {
        let mut held = self.lock();
        let has_id = id.is_some_and(|id| held.ids.contains(&id));
        let is_free = !held.names.contains(name) && !has_id;
        if is_free {
            held.names.insert(name.clone());
            held.ids.extend(id);
        }
        is_free
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        let mut held = self.reservations.lock();
        held.names.remove(&self.name);
        if let Some(id) = &self.id {
            held.ids.remove(id);
        }
        drop(held);
        self.reservations.changed.notify_waiters();
    }
}
