//! Creating a partition: in the directory that works and has the fewest partitions. Several are
//! created at a time, so that their syncs share the disk's.
//!
//! A partition is created when its directory, with `partition.metadata` in it, is durable. A crash
//! before leaves nothing, or an empty partition, perhaps without its topic's id; whoever creates it
//! again completes it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::ids::Offset;
use protocol::{ErrorCode, Uuid};

use super::claim::nothing_configured;
use super::{DirectoryOffline, LogDirectories, LogDirectory, PartitionLog, TopicIdPartition};
use crate::checkpoint::{self, PartitionMetadata};
use crate::config::LogConfig;
use crate::disk::{DiskErrorKind, if_there};
use crate::log::{Log, LogError, OpenOptions};
use crate::names::{PartitionDirectoryName, TopicPartition};

/// A partition to create.
#[derive(Debug, Clone)]
pub struct NewPartition {
    /// Its name.
    pub topic_partition: TopicPartition,
    /// Its topic; not zero.
    pub topic_id: Uuid,
    /// The settings of its log.
    pub config: LogConfig,
    /// Whether this node never had it. If it had, it may lie in a directory that does not work, and
    /// is created elsewhere only if all directories work.
    pub is_new: bool,
    /// Where it is to be if that works; otherwise, or without one, it is where there are fewest.
    pub directory: Option<Arc<LogDirectory>>,
}

/// Why a partition was not created.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateError {
    /// The node stops.
    #[error("create partition {topic_partition}: the log directories are closed")]
    Closed {
        /// The partition.
        topic_partition: TopicPartition,
    },
    /// No directory can be called so: the index is negative, or together with the topic too long.
    #[error("create partition {topic_partition}: no directory can have this name")]
    Name {
        /// The partition.
        topic_partition: TopicPartition,
    },
    /// There is a partition of this name that belongs to another topic.
    #[error("create partition {topic_partition}: its topic id is {found}, not {expected}")]
    OtherTopic {
        /// The partition.
        topic_partition: TopicPartition,
        /// The topic the partition belongs to.
        found: Uuid,
        /// The topic it was to belong to.
        expected: Uuid,
    },
    /// There is a partition of this identity that has another name.
    #[error("create partition {topic_partition}: its topic id has {found} already")]
    OtherName {
        /// The partition.
        topic_partition: TopicPartition,
        /// The name of the one there is.
        found: TopicPartition,
    },
    /// It exists, in a directory that has failed.
    #[error(transparent)]
    Offline(#[from] DirectoryOffline),
    /// It may exist in a directory that has failed.
    #[error(
        "create partition {topic_partition}: it may be in {}, which is offline",
        path.display()
    )]
    PerhapsOffline {
        /// The partition.
        topic_partition: TopicPartition,
        /// The directory.
        path: PathBuf,
    },
    /// Something that nobody knows of has the name of its directory.
    #[error("create partition {topic_partition}: {} exists", path.display())]
    Occupied {
        /// The partition.
        topic_partition: TopicPartition,
        /// The directory of that name.
        path: PathBuf,
    },
    /// It could not be created in any directory; this is why not in one that is full, or in the
    /// last one.
    #[error("create partition {topic_partition}: {source}")]
    Log {
        /// The partition.
        topic_partition: TopicPartition,
        /// What happened.
        source: LogError,
    },
}

impl CreateError {
    /// Whether a directory was only full: the partition can be created when there is space again.
    pub fn is_for_want_of_space(&self) -> bool {
        let Self::Log { source, .. } = self else {
            return false;
        };
        matches!(source, LogError::Disk(error) if error.kind() == DiskErrorKind::NoSpace)
    }

    /// The one to tell of two: the later one, unless that takes the hope of space away.
    fn or_later(self, later: Self) -> Self {
        if self.is_for_want_of_space() {
            self
        } else {
            later
        }
    }

    /// What a client or a controller is answered.
    pub const fn error_code(&self) -> ErrorCode {
        match self {
            Self::Name { .. } => ErrorCode::INVALID_TOPIC_EXCEPTION,
            Self::OtherTopic { .. } | Self::OtherName { .. } => ErrorCode::INCONSISTENT_TOPIC_ID,
            Self::Closed { .. }
            | Self::Offline(_)
            | Self::PerhapsOffline { .. }
            | Self::Occupied { .. }
            | Self::Log { .. } => ErrorCode::KAFKA_STORAGE_ERROR,
        }
    }
}

impl LogDirectories {
    /// Creates a partition, durably, or finds the one there is. Its settings hold from then on.
    ///
    /// # Errors
    /// When it can neither be created nor used.
    pub async fn create(
        &self,
        new: NewPartition,
        now_ms: i64,
    ) -> Result<Arc<PartitionLog>, CreateError> {
        let lifecycle = self.lifecycle.read().await;
        let topic_partition = new.topic_partition.clone();
        if lifecycle.is_closed {
            return Err(CreateError::Closed { topic_partition });
        }
        let id = TopicIdPartition {
            topic_id: new.topic_id,
            partition: topic_partition.partition,
        };
        let _reservation = self.reservations.reserve(&topic_partition, Some(id)).await;
        let (same_name, same_id) = {
            let table = self.table();
            (table.by_name(&topic_partition), table.by_id(id))
        };
        if let Some(other) = same_id.filter(|other| *other.topic_partition() != topic_partition) {
            let found = other.topic_partition().clone();
            return Err(CreateError::OtherName {
                topic_partition,
                found,
            });
        }
        match same_name {
            Some(partition) => self.adopt(partition, new).await,
            None => self.create_anywhere(&new, now_ms).await,
        }
    }

    /// Uses a partition that exists.
    async fn adopt(
        &self,
        partition: Arc<PartitionLog>,
        new: NewPartition,
    ) -> Result<Arc<PartitionLog>, CreateError> {
        let directory = partition.directory();
        directory.check_online()?;
        let (topic_partition, topic_id) = (new.topic_partition, new.topic_id);
        match partition.topic_id.get() {
            Some(&found) if found != topic_id => {
                return Err(CreateError::OtherTopic {
                    topic_partition,
                    found,
                    expected: topic_id,
                });
            }
            Some(_) => {}
            None => {
                let path = partition
                    .log()
                    .directory()
                    .join(PartitionMetadata::FILE_NAME);
                let content = PartitionMetadata { topic_id };
                let saved = checkpoint::save(self.disk.as_ref(), &path, &content).await;
                let saved = match saved {
                    // Nothing that was there is lost.
                    Err(full) if full.kind() == DiskErrorKind::NoSpace => Err(full),
                    saved => directory.note(saved),
                };
                saved.map_err(|error| CreateError::Log {
                    topic_partition,
                    source: LogError::Disk(error),
                })?;
                partition.topic_id.get_or_init(|| topic_id);
                let id = partition.topic_id_partition();
                self.table_mut()
                    .identify(&partition, id.expect("the topic id was set"));
            }
        }
        partition.log().update_config(new.config);
        Ok(partition)
    }

    /// Tries one directory after the other, beginning with the one that has the fewest partitions.
    async fn create_anywhere(
        &self,
        new: &NewPartition,
        now_ms: i64,
    ) -> Result<Arc<PartitionLog>, CreateError> {
        let topic_partition = &new.topic_partition;
        if !is_name_of_directory(&topic_partition.to_string()) {
            return Err(CreateError::Name {
                topic_partition: topic_partition.clone(),
            });
        }
        let offline = self
            .directories
            .iter()
            .find(|directory| !directory.is_online());
        if let Some(offline) = offline.filter(|_| !new.is_new) {
            return Err(CreateError::PerhapsOffline {
                topic_partition: topic_partition.clone(),
                path: offline.path().to_owned(),
            });
        }
        let mut directories: Vec<_> = self.directories.iter().collect();
        // Directories with as many partitions stay in the order of the configuration.
        let is_wanted = |directory: &Arc<LogDirectory>| {
            let wanted = new.directory.as_ref();
            wanted.is_some_and(|wanted| Arc::ptr_eq(wanted, directory))
        };
        directories
            .sort_by_key(|directory| (!is_wanted(directory), directory.expected_partition_count()));
        let mut last = CreateError::Log {
            topic_partition: topic_partition.clone(),
            source: LogError::Offline(nothing_configured()),
        };
        for directory in directories {
            if let Err(error) = directory.check_online() {
                last = last.or_later(error.into());
                continue;
            }
            let _expected = directory.expect_partition();
            match self.create_in(directory, new, now_ms).await {
                Ok(partition) => return Ok(partition),
                Err(error @ CreateError::Occupied { .. }) => return Err(error),
                Err(error) => last = last.or_later(error),
            }
        }
        Err(last)
    }

    async fn create_in(
        &self,
        directory: &Arc<LogDirectory>,
        new: &NewPartition,
        now_ms: i64,
    ) -> Result<Arc<PartitionLog>, CreateError> {
        let path = directory.path().join(new.topic_partition.to_string());
        let partition = self.create_at(directory, new, path, now_ms).await?;
        let inserted = self.table_mut().insert(&partition);
        inserted.expect("nothing is created without its reservation");
        Ok(partition)
    }

    /// Creates the log of a partition under a name that is free.
    pub(super) async fn create_at(
        &self,
        directory: &Arc<LogDirectory>,
        new: &NewPartition,
        path: PathBuf,
        now_ms: i64,
    ) -> Result<Arc<PartitionLog>, CreateError> {
        let topic_partition = &new.topic_partition;
        let disk = self.disk.as_ref();
        let failed = |source| CreateError::Log {
            topic_partition: topic_partition.clone(),
            source,
        };
        match disk.list(&path).await {
            Err(error) if error.kind() == DiskErrorKind::NotFound => {}
            Err(error) => {
                directory.health().fail(&error);
                return Err(failed(error.into()));
            }
            Ok(_) => {
                return Err(CreateError::Occupied {
                    topic_partition: topic_partition.clone(),
                    path,
                });
            }
        }
        let forgotten = directory.forget_checkpoints(disk, topic_partition).await;
        forgotten.map_err(|error| failed(error.into()))?;
        let log = match self.create_log(directory, new, path.clone(), now_ms).await {
            Ok(log) => log,
            Err(error) => {
                self.undo(directory, &path, &error).await;
                return Err(failed(error));
            }
        };
        let name = topic_partition.clone();
        let topic_id = Some(new.topic_id);
        let partition = PartitionLog::new(name, topic_id, directory.clone(), log, None);
        Ok(Arc::new(partition))
    }

    async fn create_log(
        &self,
        directory: &LogDirectory,
        new: &NewPartition,
        path: PathBuf,
        now_ms: i64,
    ) -> Result<Log, LogError> {
        let disk = self.disk.as_ref();
        disk.create_directories(&path).await?;
        let topic_id = new.topic_id;
        let metadata = path.join(PartitionMetadata::FILE_NAME);
        checkpoint::save(disk, &metadata, &PartitionMetadata { topic_id }).await?;
        directory.names.sync(disk, directory.path()).await?;
        let options = OpenOptions {
            directory: path,
            config: new.config.clone(),
            log_start_offset: Offset::ZERO,
            recovery_point: Offset::ZERO,
            clean_stop: true,
            jitter_seed: jitter_seed(self.settings.jitter_seed, &new.topic_partition),
            now_ms,
        };
        Log::open(self.disk.clone(), directory.health().clone(), options).await
    }

    /// Removes what a failed creation has left, so that the partition can be created elsewhere.
    async fn undo(&self, directory: &LogDirectory, path: &Path, error: &LogError) {
        if !matches!(error, LogError::Disk(error) if error.kind() == DiskErrorKind::NoSpace) {
            directory.fail(path, error.clone());
            return;
        }
        let disk = self.disk.as_ref();
        let removed = match if_there(disk.remove_directory(path).await) {
            Ok(Some(())) => disk.sync_directory(directory.path()).await,
            gone => gone.map(drop),
        };
        // The directory is offline then, which is all that follows.
        let _ = directory.note(removed);
    }
}

/// A number for each partition, the same at each start.
pub(super) fn jitter_seed(seed: u64, partition: &TopicPartition) -> u64 {
    // FNV-1a.
    let name = partition.to_string();
    name.bytes()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
}

/// How long the name of a directory can be on the file systems that matter.
const NAME_SIZE_MAX: usize = 255;

pub(super) fn is_name_of_directory(name: &str) -> bool {
    name.len() <= NAME_SIZE_MAX && PartitionDirectoryName::parse(name).is_some()
}
