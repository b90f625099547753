//! What requests cost, by API, in the stages of Kafka's `RequestMetrics`.
//!
//! Kafka tells fetches of consumers and of followers apart; here both are `Fetch`.

use super::exposition::{Exposition, Family};
use super::families;
use super::histogram::{Histogram, HistogramSnapshot, Unit};
use super::sharded::Sharded;
use net::server::{RequestSizes, RequestTimes};
use protocol::ApiKey;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts requests. An API has metrics from its first request on.
pub(super) struct RequestMetrics {
    /// By number of the API.
    by_key: Box<[OnceLock<Sharded<ApiMetrics>>]>,
}

struct ApiMetrics {
    /// By version, from the first one that exists, and last all that do not exist.
    counts: Box<[AtomicU64]>,
    times: [Histogram; STAGES.len()],
    request_bytes: Histogram,
}

struct Stage {
    family: &'static Family,
    time: fn(&RequestTimes) -> std::time::Duration,
}

static STAGES: [Stage; 6] = [
    Stage {
        family: &families::TOTAL_TIME,
        time: RequestTimes::total,
    },
    Stage {
        family: &families::REQUEST_QUEUE_TIME,
        time: RequestTimes::queue,
    },
    Stage {
        family: &families::LOCAL_TIME,
        time: RequestTimes::local,
    },
    Stage {
        family: &families::REMOTE_TIME,
        time: RequestTimes::remote,
    },
    Stage {
        family: &families::RESPONSE_QUEUE_TIME,
        time: RequestTimes::response_queue,
    },
    Stage {
        family: &families::RESPONSE_SEND_TIME,
        time: RequestTimes::send,
    },
];

impl Default for RequestMetrics {
    fn default() -> Self {
        let last = ApiKey::ALL.iter().map(|key| slot(*key)).max();
        let slots = 0..=last.expect("there are APIs");
        Self {
            by_key: slots.map(|_| OnceLock::new()).collect(),
        }
    }
}

impl RequestMetrics {
    pub(super) fn answered(
        &self,
        key: ApiKey,
        version: i16,
        times: &RequestTimes,
        sizes: RequestSizes,
    ) {
        let metrics = self.by_key[slot(key)]
            .get_or_init(|| Sharded::from_fn(|| ApiMetrics::new(key)))
            .own();
        metrics.counts[metrics.position(key, version)].fetch_add(1, Ordering::Relaxed);
        for (stage, histogram) in STAGES.iter().zip(&metrics.times) {
            histogram.observe_duration((stage.time)(times));
        }
        metrics.request_bytes.observe_bytes(sizes.request_bytes);
    }

    pub(super) fn collect(&self, exposition: &mut Exposition) {
        for key in ApiKey::ALL {
            if let Some(metrics) = self.by_key[slot(key)].get() {
                collect_api(key, metrics, exposition);
            }
        }
    }
}

impl ApiMetrics {
    fn new(key: ApiKey) -> Self {
        Self {
            counts: key
                .versions()
                .map(|_| AtomicU64::new(0))
                .chain([AtomicU64::new(0)])
                .collect(),
            times: Default::default(),
            request_bytes: Histogram::default(),
        }
    }

    /// Versions come from clients: those that the API does not have are counted together.
    fn position(&self, key: ApiKey, version: i16) -> usize {
        let mut versions = key.versions();
        let position = versions.position(|existing| existing == version);
        position.unwrap_or(self.counts.len() - 1)
    }
}

fn slot(key: ApiKey) -> usize {
    usize::try_from(key.id()).expect("numbers of APIs are not negative")
}

fn collect_api(key: ApiKey, metrics: &Sharded<ApiMetrics>, exposition: &mut Exposition) {
    let versions = key.versions().map(|version| version.to_string());
    let versions = versions.chain(["unknown".to_owned()]);
    for (index, version) in versions.enumerate() {
        let count = metrics.sum(|shard| &shard.counts[index]);
        if count > 0 {
            let labels = [("request", key.name()), ("version", &version)];
            exposition.sample(&families::REQUESTS, &labels, count);
        }
    }
    let mut histogram = |family, unit, part: &dyn Fn(&ApiMetrics) -> &Histogram| {
        let mut snapshot = HistogramSnapshot::default();
        for shard in metrics.iter() {
            snapshot.add(part(shard));
        }
        exposition.histogram(family, ("request", key.name()), &snapshot, unit);
    };
    for (index, stage) in STAGES.iter().enumerate() {
        histogram(stage.family, Unit::Milliseconds, &|shard| {
            &shard.times[index]
        });
    }
    histogram(&families::REQUEST_BYTES, Unit::Bytes, &|shard| {
        &shard.request_bytes
    });
}
