//! What a controller says of the cluster, from the metadata in effect: Kafka's `KafkaController`.

use super::GaugeSource;
use crate::metadata_cache::MetadataCache;
use crate::telemetry::exposition::Exposition;
use crate::telemetry::families;
use metadata::image::{ClusterImage, NO_LEADER, TopicsImage};
use std::sync::Arc;

/// For nodes that are controllers, active or not.
pub struct ControllerGauges {
    metadata: Arc<MetadataCache>,
    is_active: Box<dyn Fn() -> bool + Send + Sync>,
}

impl ControllerGauges {
    /// Of this cache; `is_active` tells whether the node is the active controller.
    pub fn new(
        metadata: Arc<MetadataCache>,
        is_active: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            metadata,
            is_active: Box::new(is_active),
        }
    }
}

impl GaugeSource for ControllerGauges {
    fn collect(&self, exposition: &mut Exposition) {
        let is_active = u64::from((self.is_active)());
        exposition.sample(&families::ACTIVE_CONTROLLER_COUNT, &[], is_active);
        let published = self.metadata.current();
        collect_brokers(published.image.cluster(), exposition);
        collect_topics(published.image.topics(), exposition);
    }
}

fn collect_brokers(cluster: &ClusterImage, exposition: &mut Exposition) {
    let count = |holds: fn(bool, bool) -> bool| {
        let brokers = cluster.brokers();
        brokers
            .filter(|broker| holds(broker.fenced, broker.in_controlled_shutdown))
            .count() as u64
    };
    for (family, count) in [
        (&families::ACTIVE_BROKER_COUNT, count(|fenced, _| !fenced)),
        (&families::FENCED_BROKER_COUNT, count(|fenced, _| fenced)),
        (
            &families::CONTROLLED_SHUTDOWN_BROKER_COUNT,
            count(|_, in_controlled_shutdown| in_controlled_shutdown),
        ),
    ] {
        exposition.sample(family, &[], count);
    }
}

fn collect_topics(topics: &TopicsImage, exposition: &mut Exposition) {
    let (mut topic_count, mut partition_count) = (0_u64, 0_u64);
    let (mut offline_count, mut imbalance_count) = (0_u64, 0_u64);
    for topic in topics.iter() {
        topic_count += 1;
        for partition in topic.partitions.values() {
            partition_count += 1;
            offline_count += u64::from(partition.leader == NO_LEADER);
            let preferred = partition.replicas.first();
            imbalance_count += u64::from(preferred != Some(&partition.leader));
        }
    }
    for (family, count) in [
        (&families::GLOBAL_TOPIC_COUNT, topic_count),
        (&families::GLOBAL_PARTITION_COUNT, partition_count),
        (&families::OFFLINE_PARTITIONS_COUNT, offline_count),
        (
            &families::PREFERRED_REPLICA_IMBALANCE_COUNT,
            imbalance_count,
        ),
    ] {
        exposition.sample(family, &[], count);
    }
}
