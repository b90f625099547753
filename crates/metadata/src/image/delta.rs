//! What changed from one image to another, in the terms of those who act on it.
//!
//! A delta is the difference of two images, however they came about: by a few records, by a
//! transaction, or by a snapshot that skipped much. Shared structure keeps the comparison short.

use std::sync::Arc;

use imbl::OrdMap;
use imbl::ordmap::DiffItem;
use protocol::Uuid;

use super::{BrokerRegistration, ConfigResource, MetadataImage, PartitionRegistration, TopicImage};

/// The difference of two images.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MetadataDelta {
    /// Features whose level is another.
    pub features: Vec<FeatureChange>,
    /// Brokers that came, went or changed.
    pub brokers: Vec<BrokerChange>,
    /// Topics that came, went or changed, in the order of their ids. A topic that was deleted and
    /// created anew under its name is two of them.
    pub topics: Vec<TopicChange>,
    /// Resources with another set of values; those of a deleted topic are among them.
    pub configs: Vec<ConfigResource>,
    /// Whether any client quota is another.
    pub has_other_client_quotas: bool,
}

/// A feature with another level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureChange {
    /// Its name.
    pub name: String,
    /// The level that it has now, 0 for none.
    pub level: i16,
}

/// A broker that is registered in another way.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerChange {
    /// Its id.
    pub id: i32,
    /// As it was.
    pub before: Option<Arc<BrokerRegistration>>,
    /// As it is.
    pub after: Option<Arc<BrokerRegistration>>,
}

/// A topic that is not the same.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicChange {
    /// As it was, `None` if it was created.
    pub before: Option<Arc<TopicImage>>,
    /// As it is, `None` if it was deleted.
    pub after: Option<Arc<TopicImage>>,
    /// The partitions that came, went or changed, in their order.
    pub partitions: Vec<PartitionChange>,
}

/// A partition that is not the same.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionChange {
    /// Its index.
    pub index: i32,
    /// As it was, `None` if it was created.
    pub before: Option<Arc<PartitionRegistration>>,
    /// As it is, `None` if it was deleted.
    pub after: Option<Arc<PartitionRegistration>>,
}

/// What one broker has to do about its replicas.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LocalReplicaChanges {
    /// Replicas that it no longer has.
    pub deleted: Vec<LocalReplica>,
    /// Partitions that it leads and that are new or changed; newly elected ones among them.
    pub leaders: Vec<LocalReplica>,
    /// Partitions that it follows and that are new or changed.
    pub followers: Vec<LocalReplica>,
}

/// One replica of a broker.
#[derive(Debug, Clone, PartialEq)]
pub struct LocalReplica {
    /// The topic.
    pub topic_id: Uuid,
    /// Its name.
    pub topic_name: Arc<str>,
    /// The partition.
    pub index: i32,
    /// As it is, or as it was last if it is deleted.
    pub partition: Arc<PartitionRegistration>,
    /// Whether the leader epoch is another than before.
    pub is_newly_elected: bool,
}

impl MetadataDelta {
    /// What changed from `before` to `after`.
    pub fn between(before: &MetadataImage, after: &MetadataImage) -> Self {
        let brokers = changes(&before.cluster.brokers, &after.cluster.brokers);
        let topics = changes(&before.topics.by_id, &after.topics.by_id);
        let configs = changes(&before.configs.resources, &after.configs.resources);
        Self {
            features: feature_changes(before, after),
            brokers: brokers
                .into_iter()
                .map(|(id, before, after)| BrokerChange { id, before, after })
                .collect(),
            topics: topics
                .into_iter()
                .map(|(_, before, after)| TopicChange::of(before, after))
                .collect(),
            configs: configs.into_iter().map(|(resource, ..)| resource).collect(),
            has_other_client_quotas: before.client_quotas != after.client_quotas,
        }
    }

    /// What a broker has to do about its replicas.
    pub fn local_changes(&self, broker_id: i32) -> LocalReplicaChanges {
        let mut changes = LocalReplicaChanges::default();
        for topic in &self.topics {
            for partition in &topic.partitions {
                changes.add(broker_id, topic, partition);
            }
        }
        changes
    }

    /// Whether nothing of this changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl TopicChange {
    fn of(before: Option<Arc<TopicImage>>, after: Option<Arc<TopicImage>>) -> Self {
        let none = OrdMap::new();
        let old = before.as_ref().map_or(&none, |topic| &topic.partitions);
        let new = after.as_ref().map_or(&none, |topic| &topic.partitions);
        let partitions = changes(old, new)
            .into_iter()
            .map(|(index, before, after)| PartitionChange {
                index,
                before,
                after,
            })
            .collect();
        Self {
            before,
            after,
            partitions,
        }
    }

    /// The topic as it is, or as it was before it was deleted.
    pub fn topic(&self) -> Option<&Arc<TopicImage>> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

impl LocalReplicaChanges {
    fn add(&mut self, broker_id: i32, topic: &TopicChange, change: &PartitionChange) {
        let has_replica = |each: &&Arc<PartitionRegistration>| each.replicas.contains(&broker_id);
        let before = change.before.as_ref().filter(has_replica);
        let after = change.after.as_ref().filter(has_replica);
        let (Some(topic), Some(partition)) = (topic.topic(), after.or(before)) else {
            return;
        };
        // Elections are seen against the partition as it was, whoever had its replicas.
        let epoch_before = change.before.as_ref().map(|each| each.leader_epoch);
        let replica = LocalReplica {
            topic_id: topic.id,
            topic_name: Arc::clone(&topic.name),
            index: change.index,
            partition: Arc::clone(partition),
            is_newly_elected: epoch_before != Some(partition.leader_epoch),
        };
        match after {
            None => self.deleted.push(replica),
            Some(partition) if partition.leader == broker_id => self.leaders.push(replica),
            Some(_) => self.followers.push(replica),
        }
    }
}

type Change<K, V> = (K, Option<V>, Option<V>);

fn changes<K, V>(before: &OrdMap<K, V>, after: &OrdMap<K, V>) -> Vec<Change<K, V>>
where
    K: Ord + Clone,
    V: Clone + PartialEq,
{
    let change = |item| match item {
        DiffItem::Add(key, value) => (key, None, Some(value)),
        DiffItem::Remove(key, value) => (key, Some(value), None),
        DiffItem::Update {
            old: (key, old),
            new: (_, new),
        } => (key, Some(old), Some(new)),
    };
    before
        .diff(after)
        .map(change)
        .map(|(key, old, new)| (K::clone(key), old.cloned(), new.cloned()))
        .collect()
}

fn feature_changes(before: &MetadataImage, after: &MetadataImage) -> Vec<FeatureChange> {
    let (old, new) = (before.features(), after.features());
    let gone = old.levels().filter(|(name, _)| new.level(name) == 0);
    let other = new
        .levels()
        .filter(|(name, level)| old.level(name) != *level);
    gone.map(|(name, _)| (name, 0))
        .chain(other)
        .map(|(name, level)| FeatureChange {
            name: name.to_owned(),
            level,
        })
        .collect()
}
