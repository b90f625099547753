//! Topics by id and by name, with their partitions.
//!
//! Invariants:
//! - A name belongs to one id and an id to one name; a topic that is created anew has a new id and
//!   inherits nothing.

use std::sync::Arc;

use imbl::{OrdMap, OrdSet};
use protocol::Uuid;
use protocol::generated::metadata::{
    ClearElrRecord, MetadataRecord, PartitionChangeRecord, PartitionRecord, RemoveTopicRecord,
    TopicRecord,
};

use super::{NO_LEADER_CHANGE, PartitionRegistration, ReplayError, SnapshotWriter};

/// All topics.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TopicsImage {
    pub(super) by_id: OrdMap<Uuid, Arc<TopicImage>>,
    ids_by_name: OrdMap<Arc<str>, Uuid>,
    /// Names with a dot or an underscore, under the name that metrics give them.
    colliding: OrdMap<String, OrdSet<Arc<str>>>,
}

/// One topic.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicImage {
    /// Its name, not unique over time.
    pub name: Arc<str>,
    /// Its id, unique over time.
    pub id: Uuid,
    /// Its partitions by index.
    pub partitions: OrdMap<i32, Arc<PartitionRegistration>>,
}

impl TopicsImage {
    pub(super) fn create(&mut self, record: &TopicRecord) -> Result<(), ReplayError> {
        let existing = self
            .by_name(&record.name)
            .or_else(|| self.by_id(record.topic_id));
        if let Some(existing) = existing {
            return Err(ReplayError::TopicExists {
                name: record.name.clone(),
                id: record.topic_id,
                existing: existing.name.to_string(),
            });
        }
        let name: Arc<str> = Arc::from(&*record.name);
        if let Some(collision_name) = collision_name(&name) {
            let names = self.colliding.entry(collision_name).or_default();
            names.insert(Arc::clone(&name));
        }
        self.ids_by_name.insert(Arc::clone(&name), record.topic_id);
        let topic = TopicImage {
            name,
            id: record.topic_id,
            partitions: OrdMap::new(),
        };
        self.by_id.insert(record.topic_id, Arc::new(topic));
        Ok(())
    }

    pub(super) fn set_partition(&mut self, record: &PartitionRecord) -> Result<(), ReplayError> {
        let partition = PartitionRegistration::of(record)?;
        let topic = self.topic_mut(record.topic_id)?;
        topic
            .partitions
            .insert(record.partition_id, Arc::new(partition));
        Ok(())
    }

    pub(super) fn change_partition(
        &mut self,
        record: &PartitionChangeRecord,
    ) -> Result<(), ReplayError> {
        let (topic_id, index) = (record.topic_id, record.partition_id);
        let topic = self.topic_mut(topic_id)?;
        let partition = topic.partitions.get(&index);
        let partition = partition.ok_or(ReplayError::NoPartition { topic_id, index })?;
        let merged = partition.merge(record)?;
        topic.partitions.insert(index, Arc::new(merged));
        Ok(())
    }

    pub(super) fn remove(
        &mut self,
        record: &RemoveTopicRecord,
    ) -> Result<Arc<TopicImage>, ReplayError> {
        let removed = self.by_id.remove(&record.topic_id);
        let removed = removed.ok_or(ReplayError::NoTopic {
            id: record.topic_id,
        })?;
        self.ids_by_name.remove(&*removed.name);
        if let Some(collision_name) = collision_name(&removed.name) {
            let mut names = self.colliding.remove(&collision_name).unwrap_or_default();
            names.remove(&*removed.name);
            if !names.is_empty() {
                self.colliding.insert(collision_name, names);
            }
        }
        Ok(removed)
    }

    /// Forgets the eligible leader replicas of one topic, or of all for an empty name.
    pub(super) fn clear_eligible_leader_replicas(
        &mut self,
        record: &ClearElrRecord,
    ) -> Result<(), ReplayError> {
        let topics: Vec<Arc<TopicImage>> = if record.topic_name.is_empty() {
            self.by_id.values().cloned().collect()
        } else {
            let unknown = || ReplayError::NoTopicName {
                name: record.topic_name.clone(),
            };
            vec![Arc::clone(
                self.by_name(&record.topic_name).ok_or_else(unknown)?,
            )]
        };
        let mut changed = self.clone();
        for topic in topics {
            let partitions = topic.partitions.iter();
            for (index, _) in partitions.filter(|(_, each)| each.has_eligible_leader_replicas()) {
                changed.change_partition(&cleared(topic.id, *index))?;
            }
        }
        *self = changed;
        Ok(())
    }

    pub(super) fn write(&self, writer: &mut SnapshotWriter) {
        for topic in self.by_id.values() {
            let name = topic.name.to_string();
            let topic_id = topic.id;
            writer.first(MetadataRecord::Topic(TopicRecord { name, topic_id }));
            for (index, partition) in &topic.partitions {
                partition.write(topic.id, *index, writer);
            }
        }
    }

    /// The topic of this id.
    pub fn by_id(&self, id: Uuid) -> Option<&Arc<TopicImage>> {
        self.by_id.get(&id)
    }

    /// The topic that has this name now.
    pub fn by_name(&self, name: &str) -> Option<&Arc<TopicImage>> {
        self.by_id.get(self.ids_by_name.get(name)?)
    }

    /// A partition by topic id and index.
    pub fn partition(&self, topic_id: Uuid, index: i32) -> Option<&Arc<PartitionRegistration>> {
        self.by_id(topic_id)?.partitions.get(&index)
    }

    /// All topics in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<TopicImage>> {
        self.by_id.values()
    }

    /// All topics in the order of their names.
    pub fn by_names(&self) -> impl Iterator<Item = &Arc<TopicImage>> {
        self.ids_by_name
            .values()
            .filter_map(|id| self.by_id.get(id))
    }

    /// A topic whose name is the same as this one in a metric, if there is one.
    pub fn colliding(&self, name: &str) -> Option<&str> {
        let names = self.colliding.get(&collision_name(name)?)?;
        names.iter().next().map(|name| &**name)
    }

    fn topic_mut(&mut self, id: Uuid) -> Result<&mut TopicImage, ReplayError> {
        let topic = self.by_id.get_mut(&id).ok_or(ReplayError::NoTopic { id })?;
        Ok(Arc::make_mut(topic))
    }
}

/// The name in metrics, where a dot becomes an underscore; none if there is neither in `name`.
fn collision_name(name: &str) -> Option<String> {
    name.contains(['.', '_']).then(|| name.replace('.', "_"))
}

fn cleared(topic_id: Uuid, partition_id: i32) -> PartitionChangeRecord {
    PartitionChangeRecord {
        partition_id,
        topic_id,
        leader: NO_LEADER_CHANGE,
        eligible_leader_replicas: Some(Vec::new()),
        last_known_elr: Some(Vec::new()),
        ..PartitionChangeRecord::default()
    }
}
