//! Deleting a partition: its directory is renamed, durably, and later removed with all that is in
//! it. One that nobody knows of is renamed and kept.
//!
//! A crash in the midst of the removal leaves part of a `-delete` directory, and may bring back one
//! that was removed: the next start finds it and removes it again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard, PoisonError};

use protocol::Uuid;

use super::bounded::Work;
use super::{DirectoryOffline, LogDirectories, LogDirectory, PartitionLog};
use crate::disk::{DiskError, if_there};
use crate::log::LogError;
use crate::names::{PartitionDirectoryName, PartitionDirectoryStage, TopicPartition};

/// A directory that is to be removed.
#[derive(Debug)]
pub(super) struct Deletion {
    pub(super) path: PathBuf,
    pub(super) directory: Arc<LogDirectory>,
    pub(super) due_ms: i64,
}

/// What was removed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Removed {
    /// How many directories of deleted partitions.
    pub directories: usize,
    /// When there is more to remove; none if there is nothing.
    pub next_due_ms: Option<i64>,
}

/// Why a partition was not deleted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeleteError {
    /// The node stops, or the partition was deleted before.
    #[error("delete partition {topic_partition}: it is not served here")]
    NotServed {
        /// The partition.
        topic_partition: TopicPartition,
    },
    /// Its directory had failed.
    #[error(transparent)]
    Offline(#[from] DirectoryOffline),
    /// Its directory fails.
    #[error("delete partition {topic_partition}: {source}")]
    Log {
        /// The partition.
        topic_partition: TopicPartition,
        /// What happened.
        source: LogError,
    },
}

impl LogDirectories {
    /// Deletes a partition: it is not served any more, and its files go when the delay is over.
    /// `unique` makes the name of what is left.
    ///
    /// # Errors
    /// When the partition is not there, or its directory fails; then it is not deleted.
    pub async fn delete(
        &self,
        partition: &Arc<PartitionLog>,
        unique: Uuid,
        now_ms: i64,
    ) -> Result<(), DeleteError> {
        let stage = PartitionDirectoryStage::Delete(unique);
        let path = self.take_away(partition, stage, now_ms).await?;
        self.deletions().push(Deletion {
            path,
            directory: partition.directory(),
            due_ms: now_ms.saturating_add(self.settings.file_delete_delay_ms),
        });
        Ok(())
    }

    /// Sets a partition aside that the metadata know nothing of: it is not served any more, and its
    /// files stay, under a `-stray` name that `unique` makes, until an operator decides, as in
    /// Kafka.
    ///
    /// # Errors
    /// When the partition is not there, or its directory fails; then it is not set aside.
    pub async fn set_aside(
        &self,
        partition: &Arc<PartitionLog>,
        unique: Uuid,
        now_ms: i64,
    ) -> Result<(), DeleteError> {
        let stage = PartitionDirectoryStage::Stray(unique);
        self.take_away(partition, stage, now_ms).await.map(drop)
    }

    /// Removes the files whose delay is over, those of deleted partitions and those of segments
    /// that logs have removed. A failure takes the directory offline.
    pub async fn remove_due(&self, now_ms: i64) -> Removed {
        let mut removed = Removed::default();
        let is_due = |deletion: &mut Deletion| deletion.due_ms <= now_ms;
        let due: Vec<_> = self.deletions().extract_if(.., is_due).collect();
        // What is in a directory that failed is found by the next start.
        for deletion in due {
            if deletion.directory.is_online() {
                let outcome = self.remove_if_there(&deletion.path).await;
                removed.directories += usize::from(deletion.directory.note(outcome).is_ok());
            }
        }
        let waiting = self
            .deletions()
            .iter()
            .map(|deletion| deletion.due_ms)
            .min();
        let delete = |partition: Arc<PartitionLog>| -> Work<'_, _> {
            Box::pin(async move { partition.log().delete_due(now_ms).await })
        };
        let of_logs = self.sweep(&delete).await;
        let of_logs = of_logs.outputs.into_iter().flatten().min();
        removed.next_due_ms = waiting.into_iter().chain(of_logs).min();
        removed
    }

    /// Renames a partition's directory and takes it out of the table; returns where it is now.
    async fn take_away(
        &self,
        partition: &Arc<PartitionLog>,
        stage: PartitionDirectoryStage,
        now_ms: i64,
    ) -> Result<PathBuf, DeleteError> {
        let lifecycle = self.lifecycle.read().await;
        let topic_partition = partition.topic_partition().clone();
        let id = partition.topic_id_partition();
        let _reservation = self.reservations.reserve(&topic_partition, id).await;
        let served = self.table().by_name(&topic_partition);
        if lifecycle.is_closed || !served.is_some_and(|served| Arc::ptr_eq(&served, partition)) {
            return Err(DeleteError::NotServed { topic_partition });
        }
        let directory = partition.directory();
        directory.check_online()?;
        // Before the log: a copy without one would be taken for it.
        let copy = self.table().copy(&topic_partition);
        if let Some(copy) = copy {
            let discarded = self.discard(&copy, now_ms).await;
            discarded.map_err(|source| DeleteError::Log {
                topic_partition: topic_partition.clone(),
                source,
            })?;
        }
        let name = PartitionDirectoryName {
            topic_partition: topic_partition.clone(),
            stage,
        };
        let path = directory.path().join(name.to_string());
        let renamed = async {
            // A crash may have brought it back.
            self.remove_if_there(&path).await?;
            partition.log().retire(&path).await?;
            let disk = self.disk.as_ref();
            Ok(directory.names.sync(disk, directory.path()).await?)
        };
        renamed.await.map_err(|source| {
            directory.fail(&path, LogError::clone(&source));
            DeleteError::Log {
                topic_partition,
                source,
            }
        })?;
        self.table_mut().remove(partition);
        Ok(path)
    }

    async fn remove_if_there(&self, path: &Path) -> Result<(), DiskError> {
        if_there(self.disk.remove_directory(path).await).map(drop)
    }

    pub(super) fn deletions(&self) -> MutexGuard<'_, Vec<Deletion>> {
        self.deletions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
