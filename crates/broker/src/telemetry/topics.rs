//! What goes in and out of topics: Kafka's `BrokerTopicMetrics`, for each topic and for all.
//!
//! Invariant: the metrics of a topic are there as long as somebody holds its handle, and those of
//! all topics never go back.

use super::exposition::{Exposition, Family};
use super::families;
use super::sharded::Sharded;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Hands out the metrics of topics.
#[derive(Default)]
pub struct Topics {
    shared: Arc<Shared>,
}

/// The metrics of one topic, for all of its partitions on this node.
pub struct TopicMetrics {
    name: Arc<str>,
    counters: Sharded<Counters>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    all: Sharded<Counters>,
    by_name: Mutex<BTreeMap<Arc<str>, Weak<TopicMetrics>>>,
}

#[derive(Debug, Default)]
struct Counters {
    messages_in: AtomicU64,
    bytes_in: AtomicU64,
    bytes_out: AtomicU64,
    bytes_rejected: AtomicU64,
    produce_requests: AtomicU64,
    failed_produce_requests: AtomicU64,
    fetch_requests: AtomicU64,
    failed_fetch_requests: AtomicU64,
}

type Part = fn(&Counters) -> &AtomicU64;

static PARTS: [(&Family, Part); 8] = [
    (&families::MESSAGES_IN, |counters| &counters.messages_in),
    (&families::BYTES_IN, |counters| &counters.bytes_in),
    (&families::BYTES_OUT, |counters| &counters.bytes_out),
    (&families::BYTES_REJECTED, |counters| {
        &counters.bytes_rejected
    }),
    (&families::PRODUCE_REQUESTS, |counters| {
        &counters.produce_requests
    }),
    (&families::FAILED_PRODUCE_REQUESTS, |counters| {
        &counters.failed_produce_requests
    }),
    (&families::FETCH_REQUESTS, |counters| {
        &counters.fetch_requests
    }),
    (&families::FAILED_FETCH_REQUESTS, |counters| {
        &counters.failed_fetch_requests
    }),
];

impl Topics {
    /// The handle for a topic, to be kept as long as the node has partitions of it.
    pub fn handle(&self, topic: &str) -> Arc<TopicMetrics> {
        let mut by_name = self.shared.lock();
        if let Some(metrics) = by_name.get(topic).and_then(Weak::upgrade) {
            return metrics;
        }
        let metrics = Arc::new(TopicMetrics {
            name: topic.into(),
            counters: Sharded::default(),
            shared: Arc::clone(&self.shared),
        });
        by_name.insert(Arc::clone(&metrics.name), Arc::downgrade(&metrics));
        metrics
    }

    pub(super) fn collect(&self, exposition: &mut Exposition) {
        collect_counters(&self.shared.all, &[], exposition);
        // The last handle of a topic, when dropped, takes the lock; so none is dropped under it.
        let topics: Vec<_> = {
            let by_name = self.shared.lock();
            by_name.values().filter_map(Weak::upgrade).collect()
        };
        for topic in topics {
            let labels = [("topic", &*topic.name)];
            collect_counters(&topic.counters, &labels, exposition);
        }
    }
}

impl TopicMetrics {
    /// A producer asks for an append to a partition.
    pub fn produce_requested(&self) {
        self.add(|counters| &counters.produce_requests, 1);
    }

    /// That append was refused or failed.
    pub fn produce_failed(&self) {
        self.add(|counters| &counters.failed_produce_requests, 1);
    }

    /// As many bytes of batches were refused for their size.
    pub fn bytes_rejected(&self, bytes: u64) {
        self.add(|counters| &counters.bytes_rejected, bytes);
    }

    /// Batches of a producer were appended.
    pub fn appended(&self, records: u64, bytes: u64) {
        self.add(|counters| &counters.messages_in, records);
        self.add(|counters| &counters.bytes_in, bytes);
    }

    /// A fetch reads a partition.
    pub fn fetch_requested(&self) {
        self.add(|counters| &counters.fetch_requests, 1);
    }

    /// That partition could not be read.
    pub fn fetch_failed(&self) {
        self.add(|counters| &counters.failed_fetch_requests, 1);
    }

    /// As many bytes of batches go to a consumer.
    pub fn sent(&self, bytes: u64) {
        self.add(|counters| &counters.bytes_out, bytes);
    }

    fn add(&self, part: Part, amount: u64) {
        for counters in [&self.counters, &self.shared.all] {
            part(counters.own()).fetch_add(amount, Ordering::Relaxed);
        }
    }
}

impl Drop for TopicMetrics {
    fn drop(&mut self) {
        let mut by_name = self.shared.lock();
        // Somebody may have made a new handle meanwhile.
        let is_gone = |metrics: &Weak<Self>| metrics.strong_count() == 0;
        if by_name.get(&self.name).is_some_and(is_gone) {
            by_name.remove(&self.name);
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Arc<str>, Weak<TopicMetrics>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TopicMetrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TopicMetrics({})", self.name)
    }
}

fn collect_counters(
    counters: &Sharded<Counters>,
    labels: &[(&str, &str)],
    exposition: &mut Exposition,
) {
    for (family, part) in &PARTS {
        exposition.sample(family, labels, counters.sum(part));
    }
}
