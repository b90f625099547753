//! A partition as a log directory holds it, and the table in which it is found.
//!
//! Inside, a partition goes by topic id and index (KIP-516); its name is for files and the edge.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use protocol::Uuid;
use protocol::ids::Offset;

use super::LogDirectory;
use crate::log::Log;
use crate::names::TopicPartition;

/// One partition of a topic, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicIdPartition {
    /// The topic; never zero.
    pub topic_id: Uuid,
    /// The partition's index in it, from 0 on.
    pub partition: i32,
}

/// The log of a partition with what its directory says of it.
#[derive(Debug)]
pub struct PartitionLog {
    topic_partition: TopicPartition,
    /// Empty until it is known: old versions of Kafka wrote no `partition.metadata`.
    pub(super) topic_id: OnceLock<Uuid>,
    /// Another one after the replica has moved.
    directory: Mutex<Arc<LogDirectory>>,
    log: Log,
    high_watermark: Offset,
}

impl PartitionLog {
    pub(super) fn new(
        topic_partition: TopicPartition,
        topic_id: Option<Uuid>,
        directory: Arc<LogDirectory>,
        log: Log,
        high_watermark: Option<Offset>,
    ) -> Self {
        let (start, end) = (log.log_start_offset(), log.log_end_offset());
        Self {
            topic_partition,
            topic_id: topic_id.map(OnceLock::from).unwrap_or_default(),
            directory: Mutex::new(directory),
            log,
            high_watermark: high_watermark.map_or(start, |offset| offset.max(start).min(end)),
        }
    }

    /// Its name.
    pub fn topic_partition(&self) -> &TopicPartition {
        &self.topic_partition
    }

    /// Its identity; none if the directory does not tell the topic's id.
    pub fn topic_id_partition(&self) -> Option<TopicIdPartition> {
        let topic_id = *self.topic_id.get()?;
        let partition = self.topic_partition.partition;
        Some(TopicIdPartition {
            topic_id,
            partition,
        })
    }

    /// The log directory it lies in.
    pub fn directory(&self) -> Arc<LogDirectory> {
        Arc::clone(&self.directory_mut())
    }

    pub(super) fn directory_mut(&self) -> MutexGuard<'_, Arc<LogDirectory>> {
        self.directory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Its log.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The high watermark that was checkpointed before the node stopped, or the log start offset
    /// if there was none; never outside of the log as it was loaded.
    pub fn checkpointed_high_watermark(&self) -> Offset {
        self.high_watermark
    }
}

/// All partitions, by name and by identity.
#[derive(Debug, Default)]
pub(super) struct Table {
    by_name: BTreeMap<TopicPartition, Arc<PartitionLog>>,
    by_id: BTreeMap<TopicIdPartition, Arc<PartitionLog>>,
    /// The copies of partitions that are being moved.
    copies: BTreeMap<TopicPartition, Arc<PartitionLog>>,
}

impl Table {
    /// Adds a partition whose name is not in the table; gives back the one that has its identity,
    /// if there is one, and adds nothing then.
    pub(super) fn insert(
        &mut self,
        partition: &Arc<PartitionLog>,
    ) -> Result<(), Arc<PartitionLog>> {
        if let Some(id) = partition.topic_id_partition() {
            if let Some(other) = self.by_id.get(&id) {
                return Err(other.clone());
            }
            self.by_id.insert(id, partition.clone());
        }
        let name = partition.topic_partition().clone();
        let replaced = self.by_name.insert(name, partition.clone());
        assert!(replaced.is_none(), "a name has one partition");
        partition
            .directory()
            .partitions
            .fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Adds the identity of a partition that is known by its name only.
    pub(super) fn identify(&mut self, partition: &Arc<PartitionLog>, id: TopicIdPartition) {
        let replaced = self.by_id.insert(id, partition.clone());
        assert!(replaced.is_none(), "an identity has one partition");
    }

    pub(super) fn remove(&mut self, partition: &PartitionLog) {
        if self.by_name.remove(partition.topic_partition()).is_some() {
            partition
                .directory()
                .partitions
                .fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(id) = partition.topic_id_partition() {
            self.by_id.remove(&id);
        }
    }

    pub(super) fn by_name(&self, name: &TopicPartition) -> Option<Arc<PartitionLog>> {
        self.by_name.get(name).cloned()
    }

    pub(super) fn by_id(&self, id: TopicIdPartition) -> Option<Arc<PartitionLog>> {
        self.by_id.get(&id).cloned()
    }

    pub(super) fn copy(&self, name: &TopicPartition) -> Option<Arc<PartitionLog>> {
        self.copies.get(name).cloned()
    }

    /// In the order of names.
    pub(super) fn copies(&self) -> Vec<Arc<PartitionLog>> {
        self.copies.values().cloned().collect()
    }

    /// Adds the copy of a partition, which counts as one more in its directory.
    pub(super) fn insert_copy(&mut self, copy: &Arc<PartitionLog>) {
        let name = copy.topic_partition().clone();
        let replaced = self.copies.insert(name, copy.clone());
        assert!(replaced.is_none(), "a partition has one copy");
        copy.directory().partitions.fetch_add(1, Ordering::Relaxed);
    }

    /// Removes a copy, and returns whether it was there.
    pub(super) fn remove_copy(&mut self, copy: &Arc<PartitionLog>) -> bool {
        let name = copy.topic_partition();
        let found = self.copies.get(name);
        let is_there = found.is_some_and(|found| Arc::ptr_eq(found, copy));
        if is_there {
            self.copies.remove(name);
            copy.directory().partitions.fetch_sub(1, Ordering::Relaxed);
        }
        is_there
    }

    /// Notes that a partition has the files of its copy now, which is no more.
    pub(super) fn exchange_copy(&mut self, partition: &PartitionLog, copy: &PartitionLog) {
        self.copies.remove(partition.topic_partition());
        let (before, after) = (partition.directory(), copy.directory());
        before.partitions.fetch_sub(1, Ordering::Relaxed);
        *partition.directory_mut() = after;
        *copy.directory_mut() = before;
    }

    /// Makes a copy the partition.
    pub(super) fn promote_copy(&mut self, copy: &Arc<PartitionLog>) {
        self.remove_copy(copy);
        let inserted = self.insert(copy);
        inserted.expect("a copy without a log has no namesake");
    }

    /// In the order of names.
    pub(super) fn all(&self) -> Vec<Arc<PartitionLog>> {
        self.by_name.values().cloned().collect()
    }
}
