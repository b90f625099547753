//! What a broker says of its replicas and their logs: Kafka's `ReplicaManager` and `Log`.

use super::GaugeSource;
use crate::telemetry::exposition::Exposition;
use crate::telemetry::families;
use protocol::ids::Offset;
use std::sync::Arc;

/// Knows the replicas of a node.
pub trait Replicas: Send + Sync {
    /// Shows each of them once. Must not wait.
    fn visit(&self, see: &mut dyn FnMut(&ReplicaStatus<'_>));
}

/// One replica as it is now.
#[derive(Debug, Clone)]
pub struct ReplicaStatus<'a> {
    /// How the partition stands, if this replica leads it; none of a replica that is offline.
    pub leadership: Option<LeadershipStatus>,
    /// Its log, unless the log directory has failed.
    pub log: Option<LogStatus<'a>>,
}

/// How a partition stands that is led here.
#[derive(Debug, Clone)]
pub struct LeadershipStatus {
    /// How many replicas it has, without those that a reassignment is about to add.
    pub replica_count: usize,
    /// How many of them are in sync.
    pub isr_count: usize,
    /// `min.insync.replicas`, and not more than there are replicas.
    pub isr_count_min: usize,
}

/// How large a log is.
#[derive(Debug, Clone)]
pub struct LogStatus<'a> {
    /// The topic's name.
    pub topic: &'a str,
    /// Which partition of it.
    pub partition: i32,
    /// Bytes in its segments.
    pub size_bytes: u64,
    /// How many segments it has.
    pub segment_count: usize,
    /// The first offset that may be read.
    pub start_offset: Offset,
    /// The offset the next record will get.
    pub end_offset: Offset,
}

/// For nodes that are brokers.
pub struct ReplicaGauges {
    replicas: Arc<dyn Replicas>,
}

#[derive(Default)]
struct Counts {
    replicas: u64,
    leaders: u64,
    offline: u64,
    under_replicated: u64,
    under_min_isr: u64,
    at_min_isr: u64,
}

impl ReplicaGauges {
    /// Of these replicas.
    pub const fn new(replicas: Arc<dyn Replicas>) -> Self {
        Self { replicas }
    }
}

impl GaugeSource for ReplicaGauges {
    fn collect(&self, exposition: &mut Exposition) {
        let mut counts = Counts::default();
        self.replicas.visit(&mut |replica| {
            counts.add(replica);
            if let Some(log) = &replica.log {
                collect_log(log, exposition);
            }
        });
        for (family, count) in [
            (&families::PARTITION_COUNT, counts.replicas),
            (&families::LEADER_COUNT, counts.leaders),
            (&families::OFFLINE_REPLICA_COUNT, counts.offline),
            (
                &families::UNDER_REPLICATED_PARTITIONS,
                counts.under_replicated,
            ),
            (
                &families::UNDER_MIN_ISR_PARTITION_COUNT,
                counts.under_min_isr,
            ),
            (&families::AT_MIN_ISR_PARTITION_COUNT, counts.at_min_isr),
        ] {
            exposition.sample(family, &[], count);
        }
    }
}

impl Counts {
    fn add(&mut self, replica: &ReplicaStatus<'_>) {
        self.replicas += 1;
        self.offline += u64::from(replica.log.is_none());
        if let Some(led) = &replica.leadership {
            self.leaders += 1;
            self.under_replicated += u64::from(led.isr_count < led.replica_count);
            self.under_min_isr += u64::from(led.isr_count < led.isr_count_min);
            self.at_min_isr += u64::from(led.isr_count == led.isr_count_min);
        }
    }
}

fn collect_log(log: &LogStatus<'_>, exposition: &mut Exposition) {
    let partition = log.partition.to_string();
    let labels = [("topic", log.topic), ("partition", &partition)];
    exposition.sample(&families::LOG_SIZE, &labels, log.size_bytes);
    let segment_count = log.segment_count as u64;
    exposition.sample(&families::LOG_SEGMENTS, &labels, segment_count);
    exposition.sample(&families::LOG_START_OFFSET, &labels, log.start_offset.0);
    exposition.sample(&families::LOG_END_OFFSET, &labels, log.end_offset.0);
}
