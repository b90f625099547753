//! The second step of a start: what the directories hold is found, and the logs are opened.
//!
//! Order, for each directory: everything is listed; the mark of a clean stop is removed, durably;
//! then the first log is opened. So a node that dies from there on will recover its logs.
//!
//! A directory in which anything fails goes offline, as in Kafka; partitions of it that were
//! opened before answer that it is. A partition in two directories stops the start before
//! anything is changed.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};

use protocol::Uuid;
use protocol::ids::Offset;

use super::bounded::{self, Work};
use super::checkpoints::Checkpoint;
use super::claim::check_any_online;
use super::create::jitter_seed;
use super::delete::Deletion;
use super::partition::Table;
use super::reservations::Reservations;
use super::survey::Survey;
use super::{
    ClaimedDirectories, DirectorySettings, LogDirectories, LogDirectory, PartitionLog,
    TopicIdPartition,
};
use crate::checkpoint::{self, CheckpointError, CleanShutdown, PartitionMetadata};
use crate::config::LogConfig;
use crate::disk::{Disk, DiskError, if_there};
use crate::log::{Log, OpenOptions};
use crate::names::{PartitionDirectoryName, TopicName, TopicPartition};

/// Says the settings of a topic's logs.
pub type LogConfigs<'a> = &'a (dyn Fn(&TopicName) -> LogConfig + Sync);

/// What was loaded from a log directory.
#[derive(Debug)]
pub struct DirectoryReport {
    /// The directory.
    pub directory: Arc<LogDirectory>,
    /// Whether it was closed before; if not, its logs were recovered.
    pub clean_stop: bool,
    /// What lies in it.
    pub survey: Survey,
    /// Checkpoint files that could not be understood and so were not believed.
    pub malformed_checkpoints: Vec<CheckpointError>,
    /// The logs that were opened, in the order of names.
    pub logs: Vec<LoadedLog>,
}

/// A log that was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedLog {
    /// The partition.
    pub topic_partition: TopicPartition,
    /// Its topic's id, if the directory tells.
    pub topic_id: Option<Uuid>,
    /// Where it starts.
    pub log_start_offset: Offset,
    /// Where it ends.
    pub log_end_offset: Offset,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Where recovery began; none after a clean stop.
    pub recovered_from: Option<Offset>,
}

/// Why the logs were not loaded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LoadError {
    /// Two directories have one partition. Nobody but the operator knows which one is to stay.
    #[error(
        "load partition {topic_partition}: it is in {} and in {}",
        first.display(),
        second.display()
    )]
    InTwoDirectories {
        /// The partition.
        topic_partition: TopicPartition,
        /// The log directory that comes first in the configuration.
        first: PathBuf,
        /// The other one.
        second: PathBuf,
    },
    /// Two partitions of different names have one identity.
    #[error(
        "load partition {} of topic id {}: {} and {} are both it",
        id.partition,
        id.topic_id,
        first.display(),
        second.display()
    )]
    SameIdentity {
        /// The identity.
        id: TopicIdPartition,
        /// One partition's directory.
        first: PathBuf,
        /// The other one's.
        second: PathBuf,
    },
    /// No directory works any more.
    #[error("load log directories: none works, the first because of: {source}")]
    AllOffline {
        /// Why the first one does not.
        source: DiskError,
    },
}

impl ClaimedDirectories {
    /// Opens the logs of all partitions; the reports are in the order of the configuration, and
    /// there is none of a directory that did not work before.
    ///
    /// # Errors
    /// When two directories contradict each other, or none works any more.
    pub async fn load(
        self,
        settings: DirectorySettings,
        configs: LogConfigs<'_>,
        now_ms: i64,
    ) -> Result<(LogDirectories, Vec<DirectoryReport>), LoadError> {
        let Self {
            disk, directories, ..
        } = self;
        let mut surveys = Vec::new();
        for directory in directories.iter().filter(|directory| directory.is_online()) {
            let survey = Survey::of(disk.as_ref(), directory.path()).await;
            if let Ok(survey) = directory.note(survey) {
                surveys.push((directory.clone(), survey));
            }
        }
        check_names(&surveys)?;
        let loader = Loader {
            disk: &disk,
            settings: &settings,
            configs,
            now_ms,
        };
        let directory_count = NonZeroUsize::new(surveys.len()).unwrap_or(NonZeroUsize::MIN);
        let load = |loading| -> Work<'_, _> { Box::pin(loader.load(loading)) };
        let mut table = Table::default();
        let mut deletions = Vec::new();
        let mut reports = Vec::new();
        let mut copies = Vec::new();
        for (report, partitions, found) in bounded::join(directory_count, surveys, &load).await {
            for partition in partitions {
                table
                    .insert(&partition)
                    .map_err(|other| LoadError::SameIdentity {
                        id: other
                            .topic_id_partition()
                            .expect("it was found by its identity"),
                        first: other.log().directory(),
                        second: partition.log().directory(),
                    })?;
            }
            deletions.extend(report.survey.deleted.iter().map(|name| Deletion {
                path: report.directory.path().join(name),
                directory: report.directory.clone(),
                due_ms: now_ms.saturating_add(settings.file_delete_delay_ms),
            }));
            reports.push(report);
            copies.extend(found);
        }
        let loaded = LogDirectories {
            disk,
            settings,
            directories,
            table: RwLock::new(table),
            lifecycle: tokio::sync::RwLock::default(),
            reservations: Reservations::default(),
            deletions: Mutex::new(deletions),
        };
        loaded.sort_out_copies(copies, now_ms).await;
        // Recovery may have ended a log before its recovery point, and what is appended there next
        // is not to be believed after another crash.
        loaded.checkpoint_recovery_points().await;
        let any_online = check_any_online(&loaded.directories);
        any_online.map_err(|source| LoadError::AllOffline { source })?;
        Ok((loaded, reports))
    }
}

fn check_names(surveys: &[(Arc<LogDirectory>, Survey)]) -> Result<(), LoadError> {
    let mut seen = BTreeMap::new();
    for (directory, survey) in surveys {
        for topic_partition in &survey.partitions {
            if let Some(first) = seen.insert(topic_partition, directory) {
                return Err(LoadError::InTwoDirectories {
                    topic_partition: topic_partition.clone(),
                    first: first.path().to_owned(),
                    second: directory.path().to_owned(),
                });
            }
        }
    }
    Ok(())
}

/// What loading a directory needs to know.
struct Loader<'a> {
    disk: &'a Arc<dyn Disk>,
    settings: &'a DirectorySettings,
    configs: LogConfigs<'a>,
    now_ms: i64,
}

impl Loader<'_> {
    async fn load(
        &self,
        (directory, survey): (Arc<LogDirectory>, Survey),
    ) -> (
        DirectoryReport,
        Vec<Arc<PartitionLog>>,
        Vec<Arc<PartitionLog>>,
    ) {
        let mut report = DirectoryReport {
            clean_stop: directory.last_stop.is_some(),
            directory: directory.clone(),
            survey,
            malformed_checkpoints: Vec::new(),
            logs: Vec::new(),
        };
        let begun = directory.note(self.begin(&directory).await);
        let Ok(malformed) = begun else {
            return (report, Vec::new(), Vec::new());
        };
        report.malformed_checkpoints = malformed;
        // To recover logs keeps a processor busy, and there are more than one.
        let load = |(topic_partition, name): (TopicPartition, String)| -> Work<'static, _> {
            Box::pin(self.partition(&directory, topic_partition, name).load())
        };
        let listed = report.survey.partitions.iter();
        let listed = listed.map(|partition| (partition.clone(), partition.to_string()));
        let loaded = bounded::spread(self.settings.concurrency, listed.collect(), &load).await;
        let mut partitions = Vec::new();
        for (partition, log) in loaded.into_iter().flatten() {
            partitions.push(partition);
            report.logs.push(log);
        }
        let listed = report.survey.future.iter().filter_map(|name| {
            let parsed = PartitionDirectoryName::parse(name)?;
            Some((parsed.topic_partition, name.clone()))
        });
        let loaded = bounded::spread(self.settings.concurrency, listed.collect(), &load).await;
        let copies = loaded.into_iter().flatten().map(|(copy, _)| copy);
        (report, partitions, copies.collect())
    }

    /// From here on a crash leaves logs that have to be recovered.
    async fn begin(&self, directory: &LogDirectory) -> Result<Vec<CheckpointError>, DiskError> {
        let mark = directory.path().join(CleanShutdown::FILE_NAME);
        if if_there(self.disk.remove_file(&mark).await)?.is_some() {
            self.disk.sync_directory(directory.path()).await?;
        }
        directory.load_checkpoints(self.disk.as_ref()).await
    }

    fn partition(
        &self,
        directory: &Arc<LogDirectory>,
        topic_partition: TopicPartition,
        name: String,
    ) -> PartitionLoader {
        PartitionLoader {
            disk: self.disk.clone(),
            directory: directory.clone(),
            config: (self.configs)(&topic_partition.topic),
            jitter_seed: jitter_seed(self.settings.jitter_seed, &topic_partition),
            now_ms: self.now_ms,
            topic_partition,
            name,
        }
    }
}

/// What loading a partition needs to know; its own, so that it can be done by another thread.
struct PartitionLoader {
    disk: Arc<dyn Disk>,
    directory: Arc<LogDirectory>,
    topic_partition: TopicPartition,
    /// Of the partition's directory.
    name: String,
    config: LogConfig,
    jitter_seed: u64,
    now_ms: i64,
}

impl PartitionLoader {
    /// None if the directory has failed, with this partition or one before.
    async fn load(self) -> Option<(Arc<PartitionLog>, LoadedLog)> {
        let (directory, topic_partition) = (self.directory, self.topic_partition);
        if !directory.is_online() {
            return None;
        }
        let path = directory.path().join(self.name);
        let metadata = path.join(PartitionMetadata::FILE_NAME);
        let metadata = checkpoint::load::<PartitionMetadata>(self.disk.as_ref(), &metadata).await;
        let metadata = metadata.inspect_err(|error| directory.fail(&path, error.clone()));
        let topic_id = metadata.ok()?.map(|metadata| metadata.topic_id);
        let (recovery_point, log_start_offset, high_watermark, cleaned_to) = {
            let checkpoints = directory.checkpoints.lock().await;
            let offset = |file| checkpoints.offset(file, &topic_partition);
            (
                offset(Checkpoint::RecoveryPoints).unwrap_or(Offset::ZERO),
                offset(Checkpoint::LogStartOffsets).unwrap_or(Offset::ZERO),
                offset(Checkpoint::HighWatermarks),
                offset(Checkpoint::CleanerOffsets),
            )
        };
        let clean_stop = directory.last_stop.is_some();
        let options = OpenOptions {
            directory: path.clone(),
            config: self.config,
            log_start_offset,
            recovery_point,
            clean_stop,
            jitter_seed: self.jitter_seed,
            now_ms: self.now_ms,
        };
        let opened = Log::open(self.disk, directory.health().clone(), options).await;
        let opened = opened.inspect_err(|error| directory.fail(&path, error.clone()));
        let log = opened.ok()?;
        log.restore_cleaned_to(cleaned_to);
        let loaded = LoadedLog {
            topic_partition: topic_partition.clone(),
            topic_id,
            log_start_offset: log.log_start_offset(),
            log_end_offset: log.log_end_offset(),
            size_bytes: log.size_bytes(),
            recovered_from: (!clean_stop).then_some(recovery_point.min(log.log_end_offset())),
        };
        let partition =
            PartitionLog::new(topic_partition, topic_id, directory, log, high_watermark);
        Some((Arc::new(partition), loaded))
    }
}
