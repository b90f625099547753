//! Which partitions a change of a broker touches, and what becomes of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::Uuid;

use super::Controller;
use super::configs::{MIN_INSYNC_REPLICAS, UNCLEAN_LEADER_ELECTION_ENABLE};
use super::partition_change::{Election, PartitionChange};
use crate::image::{ConfigResource, NO_LEADER, PartitionRegistration, ResourceKind, TopicImage};
use crate::record::VersionedRecord;

/// A partition by the id of its topic and its index.
pub(super) type Replica = (Uuid, i32);

/// A change of a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BrokerTransition {
    /// It is gone, or is to lead nothing any more.
    Leaves(i32),
    /// It may lead again.
    Arrives(i32),
    /// It came back and may have lost what was not synced (KIP-966).
    LostData(i32),
    /// It is to be forgotten.
    Unregisters(i32),
}

/// A topic with what its configuration says of elections.
pub(super) struct TopicElections<'a> {
    controller: Controller<'a>,
    topic: &'a TopicImage,
    /// `unclean.leader.election.enable`.
    pub(super) is_unclean_allowed: bool,
    eligible_below: Option<usize>,
}

impl<'a> Controller<'a> {
    /// Adds the records for all partitions that `transition` touches.
    pub(super) fn add_leadership_changes(
        &self,
        transition: BrokerTransition,
        records: &mut Vec<VersionedRecord>,
    ) {
        let is_touched = |_: Replica, partition: &PartitionRegistration| match transition {
            BrokerTransition::Leaves(id) => partition.isr.contains(&id),
            BrokerTransition::Arrives(_) => partition.leader == NO_LEADER,
            BrokerTransition::LostData(id) | BrokerTransition::Unregisters(id) => {
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
        let is_touched = |_: Replica, partition: &PartitionRegistration| {
            partition.directory(broker_id) == Some(directory)
        };
        let transition = BrokerTransition::Leaves(broker_id);
        self.add_changes_where(transition, &is_touched, records);
    }

    /// Adds the records for partitions whose replica on `broker_id` turns out to be in a directory
    /// that is offline.
    pub(super) fn add_lost_replica_changes(
        &self,
        broker_id: i32,
        lost: &BTreeSet<Replica>,
        records: &mut Vec<VersionedRecord>,
    ) {
        let is_touched = |replica: Replica, _: &PartitionRegistration| lost.contains(&replica);
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

    /// A topic with what its configuration says of elections.
    pub(super) fn elections_of(self, topic: &'a Arc<TopicImage>) -> TopicElections<'a> {
        let is_unclean_allowed = self
            .topic_config(&topic.name, UNCLEAN_LEADER_ELECTION_ENABLE)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"));
        TopicElections {
            controller: self,
            topic,
            is_unclean_allowed,
            eligible_below: self.eligible_below(topic),
        }
    }

    /// Whether a broker may lead a partition as things are.
    pub(super) fn can_lead(&self, partition: &PartitionRegistration, id: i32) -> bool {
        self.image().cluster().is_active(id) && self.is_replica_online(partition, id)
    }

    fn add_changes_where(
        &self,
        transition: BrokerTransition,
        is_touched: &dyn Fn(Replica, &PartitionRegistration) -> bool,
        records: &mut Vec<VersionedRecord>,
    ) {
        for topic in self.image().topics().iter() {
            let partitions = topic.partitions.iter();
            let is_touched = |(index, each): &(&i32, &Arc<PartitionRegistration>)| {
                is_touched((topic.id, **index), each)
            };
            let mut touched = partitions.filter(is_touched).peekable();
            if touched.peek().is_none() {
                continue;
            }
            let elections = self.elections_of(topic);
            for (index, partition) in touched {
                let may_lead = |id| self.may_lead(transition, partition, id);
                let change = PartitionChange {
                    target_isr: transition.remaining(&partition.isr),
                    election: elections.automatic(),
                    lost_replica: transition.lost_replica(),
                    ..elections.change(*index, partition, &may_lead)
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
        match transition {
            BrokerTransition::Leaves(other)
            | BrokerTransition::LostData(other)
            | BrokerTransition::Unregisters(other)
                if other == id =>
            {
                false
            }
            BrokerTransition::Arrives(other) if other == id => {
                self.is_replica_online(partition, id)
            }
            _ => self.can_lead(partition, id),
        }
    }

    fn is_replica_online(&self, partition: &PartitionRegistration, id: i32) -> bool {
        let broker = self.image().cluster().broker(id);
        let is_online = |directory| broker.is_some_and(|it| it.has_online_directory(directory));
        partition.directory(id).is_some_and(is_online)
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

impl TopicElections<'_> {
    /// A change of a partition that asks for nothing yet.
    pub(super) fn change<'b>(
        &'b self,
        index: i32,
        partition: &'b PartitionRegistration,
        is_acceptable_leader: &'b dyn Fn(i32) -> bool,
    ) -> PartitionChange<'b> {
        PartitionChange {
            topic_id: self.topic.id,
            index,
            partition,
            target_isr: partition.isr.clone(),
            target_replicas: partition.replicas.clone(),
            target_removing: partition.removing_replicas.clone(),
            target_adding: partition.adding_replicas.clone(),
            target_recovery_state: partition.leader_recovery_state,
            is_acceptable_leader,
            election: Election::Online,
            lost_replica: None,
            eligible_below: self.eligible_below,
            cluster: self.controller.image().cluster(),
            version: self.controller.metadata_version(),
        }
    }

    /// The election that takes place when nobody asks for one.
    pub(super) fn automatic(&self) -> Election {
        match self.is_unclean_allowed {
            true => Election::Unclean,
            false => Election::Online,
        }
    }
}

impl BrokerTransition {
    fn remaining(self, isr: &[i32]) -> Vec<i32> {
        let gone = match self {
            Self::Leaves(id) | Self::LostData(id) | Self::Unregisters(id) => Some(id),
            Self::Arrives(_) => None,
        };
        isr.iter().copied().filter(|id| Some(*id) != gone).collect()
    }

    fn lost_replica(self) -> Option<i32> {
        match self {
            Self::LostData(id) => Some(id),
            Self::Leaves(_) | Self::Arrives(_) | Self::Unregisters(_) => None,
        }
    }
}
