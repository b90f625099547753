//! Which partitions a change of a broker touches, and what becomes of them.

use std::sync::Arc;

use protocol::Uuid;

use super::Controller;
use super::configs::{MIN_INSYNC_REPLICAS, UNCLEAN_LEADER_ELECTION_ENABLE};
use super::partition_change::PartitionChange;
use crate::image::{ConfigResource, NO_LEADER, PartitionRegistration, ResourceKind, TopicImage};
use crate::record::VersionedRecord;

/// A change of a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BrokerTransition {
    /// It is gone, or is to lead nothing any more.
    Leaves(i32),
    /// It may lead again.
    Arrives(i32),
    /// It came back and may have lost what was not synced (KIP-966).
    LostData(i32),
}

impl Controller<'_> {
    /// Adds the records for all partitions that `transition` touches.
    pub(super) fn add_leadership_changes(
        &self,
        transition: BrokerTransition,
        records: &mut Vec<VersionedRecord>,
    ) {
        let is_touched = |partition: &PartitionRegistration| match transition {
            BrokerTransition::Leaves(id) => partition.isr.contains(&id),
            BrokerTransition::Arrives(_) => partition.leader == NO_LEADER,
            BrokerTransition::LostData(id) => {
                partition.isr.contains(&id) || partition.eligible_leader_replicas.contains(&id)
            }
        };
        self.add_changes_where(transition, &is_touched, records);
    }

    /// Adds the records for partitions whose replica on `broker_id` is in `directory`, which went
    /// offline.
    pub(super) fn add_offline_directory_changes(
        &self,
        broker_id: i32,
        directory: Uuid,
        records: &mut Vec<VersionedRecord>,
    ) {
        let is_touched =
            |partition: &PartitionRegistration| partition.directory(broker_id) == Some(directory);
        let transition = BrokerTransition::Leaves(broker_id);
        self.add_changes_where(transition, &is_touched, records);
    }

    /// Whether a broker leads any partition.
    pub(super) fn has_leaderships(&self, broker_id: i32) -> bool {
        let mut topics = self.image().topics().iter();
        topics.any(|topic| {
            topic
                .partitions
                .values()
                .any(|each| each.leader == broker_id)
        })
    }

    /// The value of a topic's configuration that holds: its own, this controller's, all brokers'
    /// or the static one.
    pub(super) fn topic_config(&self, topic_name: &str, name: &str) -> Option<String> {
        let configs = self.image().configs();
        let layers = [
            ConfigResource::topic(topic_name),
            ConfigResource::broker(self.settings.node_id),
            ConfigResource::all_brokers(),
        ];
        let set = layers.iter().find_map(|layer| configs.value(layer, name));
        set.map(str::to_owned)
            .or_else(|| self.rules.default_value(ResourceKind::TOPIC, name))
    }

    fn add_changes_where(
        &self,
        transition: BrokerTransition,
        is_touched: &dyn Fn(&PartitionRegistration) -> bool,
        records: &mut Vec<VersionedRecord>,
    ) {
        for topic in self.image().topics().iter() {
            let partitions = topic.partitions.iter();
            let mut touched = partitions.filter(|(_, each)| is_touched(each)).peekable();
            if touched.peek().is_none() {
                continue;
            }
            let is_unclean_allowed = self
                .topic_config(&topic.name, UNCLEAN_LEADER_ELECTION_ENABLE)
                .is_some_and(|value| value.eq_ignore_ascii_case("true"));
            let eligible_below = self.eligible_below(topic);
            for (index, partition) in touched {
                let change = PartitionChange {
                    topic_id: topic.id,
                    index: *index,
                    partition,
                    target_isr: transition.remaining(&partition.isr),
                    is_acceptable_leader: &|id| self.may_lead(transition, partition, id),
                    is_unclean_allowed,
                    lost_replica: transition.lost_replica(),
                    eligible_below,
                    version: self.metadata_version(),
                };
                records.extend(change.build());
            }
        }
    }

    fn may_lead(
        &self,
        transition: BrokerTransition,
        partition: &PartitionRegistration,
        id: i32,
    ) -> bool {
        let cluster = self.image().cluster();
        let is_present = match transition {
            BrokerTransition::Leaves(other) | BrokerTransition::LostData(other) if other == id => {
                false
            }
            BrokerTransition::Arrives(other) if other == id => true,
            _ => cluster.is_active(id),
        };
        let directory = partition.directory(id);
        let is_online = |directory| {
            let broker = cluster.broker(id);
            broker.is_some_and(|broker| broker.has_online_directory(directory))
        };
        is_present && directory.is_some_and(is_online)
    }

    fn eligible_below(&self, topic: &Arc<TopicImage>) -> Option<usize> {
        if !self.image().features().keeps_eligible_leader_replicas() {
            return None;
        }
        let minimum = self.topic_config(&topic.name, MIN_INSYNC_REPLICAS);
        let minimum = minimum
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or(1);
        let replica_count = topic
            .partitions
            .values()
            .next()
            .map_or(1, |each| each.replicas.len());
        Some(replica_count.min(minimum))
    }
}

impl BrokerTransition {
    fn remaining(self, isr: &[i32]) -> Vec<i32> {
        let gone = match self {
            Self::Leaves(id) | Self::LostData(id) => Some(id),
            Self::Arrives(_) => None,
        };
        isr.iter().copied().filter(|id| Some(*id) != gone).collect()
    }

    fn lost_replica(self) -> Option<i32> {
        match self {
            Self::LostData(id) => Some(id),
            Self::Leaves(_) | Self::Arrives(_) => None,
        }
    }
}
