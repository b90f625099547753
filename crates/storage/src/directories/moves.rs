//! Moving a partition into another log directory (KIP-113): a copy of its log, in a `-future`
//! directory there, follows the log until it has all of it, and then takes its place.
//!
//! ```text
//! d1/t-0                 d1/t-0                d1/t-0.{id}-delete    d1/t-0.{id}-delete
//!              ──begin─>                ──a──>                 ──b──>
//!                        d2/t-0.{id}-future    d2/t-0.{id}-future    d2/t-0
//! ```
//!
//! Before (a) all of the copy is durable, and so is each rename before the next. A start that finds
//! a copy beside its log goes on copying; one that finds a copy and no log has crashed between (a)
//! and (b), and the copy is the log. (Kafka renames the other way round, and after a crash in
//! between leaves two logs to the operator.) The deletion of a partition removes its copy first, so
//! that nothing comes back.
//!
//! Not the job of this module: who moves when and how fast.
//!
//! Invariants:
//! - A partition has one copy at most, and not in the directory where it is.
//! - Nothing is appended to the log from the last look at it until the copy has taken its place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::{ErrorCode, Uuid};

use super::checkpoints::Checkpoint;
use super::create::is_name_of_directory;
use super::delete::Deletion;
use super::{
    CreateError, DirectoryOffline, HighWatermarks, LogDirectories, LogDirectory, NewPartition,
    PartitionLog, TopicIdPartition,
};
use crate::log::{AppendError, Copied, LogError};
use crate::names::{PartitionDirectoryName, PartitionDirectoryStage, TopicPartition};

/// A copy that holds back more than this is flushed while it is made, so that little is left to do
/// when appends have to wait.
const UNFLUSHED_BYTES_MAX: u64 = 32 << 20;
/// How much is copied at a time while appends wait.
const LAST_COPY_BYTES: usize = 1 << 20;

/// Why a move did not begin, go on or end.
#[derive(Debug, Clone, thiserror::Error)]
pub enum MoveError {
    /// The node stops, or the partition or its copy is not there any more.
    #[error("move partition {topic_partition}: it is not served here, or not being moved")]
    NotServed {
        /// The partition.
        topic_partition: TopicPartition,
    },
    /// It is being moved already, or is where it is to be.
    #[error("move partition {topic_partition}: it has a copy already, or is there")]
    UnderWay {
        /// The partition.
        topic_partition: TopicPartition,
    },
    /// A directory had failed before.
    #[error(transparent)]
    Offline(#[from] DirectoryOffline),
    /// The copy cannot be created.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// What the log holds cannot be appended to the copy, or a directory fails.
    #[error("move partition {topic_partition}: {source}")]
    Copy {
        /// The partition.
        topic_partition: TopicPartition,
        /// What happened.
        source: AppendError,
    },
}

impl MoveError {
    /// What a client is answered.
    pub const fn error_code(&self) -> ErrorCode {
        match self {
            Self::NotServed { .. } | Self::UnderWay { .. } => ErrorCode::REPLICA_NOT_AVAILABLE,
            Self::Create(error) => error.error_code(),
            Self::Offline(_) | Self::Copy { .. } => ErrorCode::KAFKA_STORAGE_ERROR,
        }
    }
}

/// What is to become of a copy that a start has found without its log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Orphan {
    /// It is the log: the metadata have the replica where the copy is.
    IsTheLog,
    /// It belongs to nothing.
    Unknown,
    /// The log may be in a directory that is offline; if none is, the copy is the log.
    Undecided,
}

impl LogDirectories {
    /// The copies that are being made, in the order of names.
    pub fn copies(&self) -> Vec<Arc<PartitionLog>> {
        self.table().copies()
    }

    /// The copy of a partition, if it is being moved.
    pub fn copy_of(&self, id: TopicIdPartition) -> Option<Arc<PartitionLog>> {
        let copies = self.copies();
        let mut copies = copies.into_iter();
        copies.find(|copy| copy.topic_id_partition() == Some(id))
    }

    /// Begins to move a partition: it gets a copy, still empty. `unique` makes its name.
    ///
    /// # Errors
    /// When the partition is not there or being moved, or a directory does not work.
    pub async fn begin_move(
        &self,
        partition: &Arc<PartitionLog>,
        destination: &Arc<LogDirectory>,
        unique: Uuid,
        now_ms: i64,
    ) -> Result<Arc<PartitionLog>, MoveError> {
        let lifecycle = self.lifecycle.read().await;
        let topic_partition = partition.topic_partition().clone();
        let id = partition.topic_id_partition();
        let _reservation = self.reservations.reserve(&topic_partition, id).await;
        let (Some(id), false) = (id, lifecycle.is_closed) else {
            return Err(MoveError::NotServed { topic_partition });
        };
        self.check_served(partition)?;
        let has_copy = self.table().copy(&topic_partition).is_some();
        if has_copy || Arc::ptr_eq(&partition.directory(), destination) {
            return Err(MoveError::UnderWay { topic_partition });
        }
        partition.directory().check_online()?;
        destination.check_online()?;
        let name = PartitionDirectoryName {
            topic_partition: topic_partition.clone(),
            stage: PartitionDirectoryStage::Future(unique),
        };
        let name = name.to_string();
        if !is_name_of_directory(&name) {
            return Err(CreateError::Name { topic_partition }.into());
        }
        let new = NewPartition {
            topic_partition,
            topic_id: id.topic_id,
            config: partition.log().config().as_ref().clone(),
            is_new: true,
            directory: None,
        };
        let path = destination.path().join(name);
        partition.log().set_copied(true);
        let created = self.create_at(destination, &new, path, now_ms).await;
        let copy = created.inspect_err(|_| partition.log().set_copied(false))?;
        self.table_mut().insert_copy(&copy);
        Ok(copy)
    }

    /// Copies about so many bytes.
    ///
    /// # Errors
    /// When a directory fails, or the copy has been given up.
    pub async fn copy(
        &self,
        partition: &PartitionLog,
        copy: &PartitionLog,
        bytes_max: usize,
        now_ms: i64,
    ) -> Result<Copied, MoveError> {
        let copied = async {
            let (source, log) = (partition.log(), copy.log());
            if log.follow_truncations(source, now_ms).await? {
                self.checkpoint_recovery_points().await;
            }
            let copied = log.copy_from(source, bytes_max, now_ms).await?;
            if log.unflushed_bytes() > UNFLUSHED_BYTES_MAX || copied.is_complete {
                log.flush(log.log_end_offset(), now_ms).await?;
            }
            Ok::<_, AppendError>(copied)
        };
        copied
            .await
            .map_err(|source| copy_failed(partition, source))
    }

    /// Copies what is left, while appends wait, and puts the copy into the place of the log. The
    /// log is the same one to whoever holds it; its files of before go when the delay is over.
    ///
    /// # Errors
    /// When a directory fails, or the copy has been given up; the log is where it was then.
    pub async fn finish_move(
        &self,
        partition: &Arc<PartitionLog>,
        copy: &Arc<PartitionLog>,
        high_watermarks: HighWatermarks<'_>,
        now_ms: i64,
    ) -> Result<(), MoveError> {
        let lifecycle = self.lifecycle.read().await;
        let topic_partition = partition.topic_partition().clone();
        let id = partition.topic_id_partition();
        let _reservation = self.reservations.reserve(&topic_partition, id).await;
        let found = self.table().copy(&topic_partition);
        if lifecycle.is_closed || !found.is_some_and(|found| Arc::ptr_eq(&found, copy)) {
            return Err(MoveError::NotServed { topic_partition });
        }
        self.check_served(partition)?;
        let (source, destination) = (partition.directory(), copy.directory());
        source.check_online()?;
        destination.check_online()?;
        let exchanged = self.exchange(partition, copy, high_watermarks, now_ms);
        let gone = exchanged
            .await
            .map_err(|source| copy_failed(partition, source))?;
        self.deletions().push(Deletion {
            path: gone,
            directory: source,
            due_ms: now_ms.saturating_add(self.settings.file_delete_delay_ms),
        });
        Ok(())
    }

    async fn exchange(
        &self,
        partition: &Arc<PartitionLog>,
        copy: &Arc<PartitionLog>,
        high_watermarks: HighWatermarks<'_>,
        now_ms: i64,
    ) -> Result<PathBuf, AppendError> {
        let (source, destination) = (partition.directory(), copy.directory());
        let log = copy.log();
        let held = partition.log().hold().await?;
        loop {
            if log.follow_truncations(partition.log(), now_ms).await? {
                self.checkpoint_recovery_points().await;
            }
            let copied = log.copy_from(partition.log(), LAST_COPY_BYTES, now_ms);
            let copied = copied.await?;
            if copied.is_complete {
                break;
            }
            assert!(
                copied.bytes > 0,
                "a log that nobody changes is copied to its end"
            );
        }
        log.take_over(&held).await?;
        log.flush(log.log_end_offset(), now_ms).await?;
        let files = Checkpoint::ALL;
        let written = self.checkpoint_directory(&destination, &files, high_watermarks);
        written.await.map_err(LogError::Disk)?;
        let held_copy = log.hold().await?;
        let live = destination
            .path()
            .join(partition.topic_partition().to_string());
        let gone = source.path().join(name_of_deleted(copy));
        let place = partition.log().directory();
        self.rename(&source, &place, &gone).await?;
        let renamed = self.rename(&destination, &log.directory(), &live).await;
        if let Err(error) = renamed {
            self.rename(&source, &gone, &place).await?;
            return Err(error.into());
        }
        held.exchange(held_copy, &live, &gone);
        self.table_mut().exchange_copy(partition, copy);
        Ok(gone)
    }

    /// Gives a move up; the files of the copy go when the delay is over.
    ///
    /// # Errors
    /// When the copy is not there any more, or its directory fails.
    pub async fn abandon_move(
        &self,
        copy: &Arc<PartitionLog>,
        now_ms: i64,
    ) -> Result<(), MoveError> {
        let lifecycle = self.lifecycle.read().await;
        let topic_partition = copy.topic_partition().clone();
        let id = copy.topic_id_partition();
        let _reservation = self.reservations.reserve(&topic_partition, id).await;
        let found = self.table().copy(&topic_partition);
        if lifecycle.is_closed || !found.is_some_and(|found| Arc::ptr_eq(&found, copy)) {
            return Err(MoveError::NotServed { topic_partition });
        }
        self.discard(copy, now_ms)
            .await
            .map_err(|error| copy_failed(copy, error.into()))
    }

    /// Has the files of a copy go. The partition is reserved.
    pub(super) async fn discard(
        &self,
        copy: &Arc<PartitionLog>,
        now_ms: i64,
    ) -> Result<(), LogError> {
        let directory = copy.directory();
        let was_there = self.table_mut().remove_copy(copy);
        let log = self.table().by_name(copy.topic_partition());
        if let Some(log) = log.filter(|_| was_there) {
            log.log().set_copied(false);
        }
        if !directory.is_online() {
            // The next start finds it.
            return Ok(());
        }
        let path = directory.path().join(name_of_deleted(copy));
        copy.log().retire(&path).await?;
        let disk = self.disk.as_ref();
        let synced = directory.names.sync(disk, directory.path()).await;
        directory.note(synced)?;
        self.deletions().push(Deletion {
            path,
            directory,
            due_ms: now_ms.saturating_add(self.settings.file_delete_delay_ms),
        });
        Ok(())
    }

    /// Decides on the copies whose logs are not there, once after the start.
    ///
    /// # Errors
    /// When a directory fails.
    pub async fn settle_copies(
        &self,
        decide: &(dyn Fn(&PartitionLog) -> Orphan + Sync),
        now_ms: i64,
    ) -> Result<(), LogError> {
        let all_work = self.directories.iter().all(|each| each.is_online());
        for copy in self.copies() {
            if self.table().by_name(copy.topic_partition()).is_some() {
                continue;
            }
            match decide(&copy) {
                Orphan::Unknown => self.discard(&copy, now_ms).await?,
                Orphan::Undecided if !all_work => {}
                Orphan::Undecided | Orphan::IsTheLog => self.promote(&copy).await?,
            }
        }
        Ok(())
    }

    async fn promote(&self, copy: &Arc<PartitionLog>) -> Result<(), LogError> {
        let directory = copy.directory();
        let live = directory.path().join(copy.topic_partition().to_string());
        copy.log().rename_directory(&live).await?;
        let disk = self.disk.as_ref();
        let synced = directory.names.sync(disk, directory.path()).await;
        directory.note(synced)?;
        self.table_mut().promote_copy(copy);
        Ok(())
    }

    /// Has the copies that a start has found fit to their logs.
    pub(super) async fn sort_out_copies(&self, found: Vec<Arc<PartitionLog>>, now_ms: i64) {
        for copy in found {
            let log = self.table().by_name(copy.topic_partition());
            let is_of_log = log.as_ref().is_none_or(|log| {
                log.topic_id.get() == copy.topic_id.get()
                    && !Arc::ptr_eq(&log.directory(), &copy.directory())
            });
            let is_only_one = self.table().copy(copy.topic_partition()).is_none();
            let is_usable = copy.topic_id.get().is_some() && is_of_log && is_only_one;
            if is_usable {
                self.table_mut().insert_copy(&copy);
            }
            let outcome = match (&log, is_usable) {
                (_, false) => self.discard(&copy, now_ms).await,
                (Some(log), true) => {
                    log.log().set_copied(true);
                    copy.log().fit_to(log.log(), now_ms).await
                }
                (None, true) => Ok(()),
            };
            if let Err(error) = outcome {
                let directory = copy.directory();
                directory.fail(&copy.log().directory(), error);
            }
        }
    }

    fn check_served(&self, partition: &Arc<PartitionLog>) -> Result<(), MoveError> {
        let topic_partition = partition.topic_partition();
        let served = self.table().by_name(topic_partition);
        match served.is_some_and(|served| Arc::ptr_eq(&served, partition)) {
            true => Ok(()),
            false => Err(MoveError::NotServed {
                topic_partition: topic_partition.clone(),
            }),
        }
    }

    /// Renames a directory in a log directory, durably; a failure takes that offline.
    async fn rename(
        &self,
        directory: &LogDirectory,
        from: &Path,
        to: &Path,
    ) -> Result<(), LogError> {
        let disk = self.disk.as_ref();
        directory.note(disk.rename(from, to).await)?;
        let synced = directory.names.sync(disk, directory.path()).await;
        Ok(directory.note(synced)?)
    }
}

fn copy_failed(partition: &PartitionLog, source: AppendError) -> MoveError {
    let topic_partition = partition.topic_partition().clone();
    match source {
        AppendError::Log(LogError::Closed) => MoveError::NotServed { topic_partition },
        source => MoveError::Copy {
            topic_partition,
            source,
        },
    }
}

/// What is left of a copy, or of the log whose place it takes, has the copy's identifier: so it
/// cannot be in the way of another one.
fn name_of_deleted(copy: &PartitionLog) -> String {
    let directory = copy.log().directory();
    let name = directory.file_name().and_then(|name| name.to_str());
    let stage = name.and_then(PartitionDirectoryName::parse);
    let unique = match stage.map(|name| name.stage) {
        Some(PartitionDirectoryStage::Future(unique)) => unique,
        _ => Uuid::ZERO,
    };
    let name = PartitionDirectoryName {
        topic_partition: copy.topic_partition().clone(),
        stage: PartitionDirectoryStage::Delete(unique),
    };
    name.to_string()
}
