//! A log directory: its partitions, and what its small files say of them.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use protocol::ids::Offset;
use storage::checkpoint::{
    self, CleanShutdown, MetaProperties, OffsetCheckpoint, PartitionMetadata, WholeFile,
};
use storage::config::LogConfig;
use storage::directory_health::DirectoryHealth;
use storage::disk::{self, Disk, RealDisk};
use storage::log::{Log, OpenOptions};
use storage::names::{PartitionDirectoryName, PartitionDirectoryStage, TopicPartition};

/// A log directory that was not opened yet.
pub(crate) struct LogDir {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    /// None after an unclean stop.
    marker: Option<CleanShutdown>,
    log_start_offsets: OffsetCheckpoint,
    recovery_points: OffsetCheckpoint,
}

impl LogDir {
    /// Reads the small files of the directory, which must be that of a node.
    pub(crate) async fn load(disk: Arc<dyn Disk>, path: &Path) -> Result<Self> {
        let meta: Option<MetaProperties> = load(&*disk, path, MetaProperties::FILE_NAME).await?;
        ensure!(
            meta.is_some(),
            "load {}: no meta.properties",
            path.display()
        );
        let starts = load(&*disk, path, OffsetCheckpoint::LOG_START_OFFSETS).await?;
        let points = load(&*disk, path, OffsetCheckpoint::RECOVERY_POINTS).await?;
        Ok(Self {
            marker: load(&*disk, path, CleanShutdown::FILE_NAME).await?,
            disk,
            path: path.to_owned(),
            log_start_offsets: starts.unwrap_or_default(),
            recovery_points: points.unwrap_or_default(),
        })
    }

    /// Leaves the directory as it was found: if that was after an orderly stop, the logs are closed
    /// and the small files written.
    pub(crate) async fn leave(self, logs: BTreeMap<TopicPartition, Log>) -> Result<()> {
        let Some(marker) = self.marker else {
            return Ok(());
        };
        let mut recovery_points = OffsetCheckpoint::default();
        let mut log_start_offsets = OffsetCheckpoint::default();
        for (partition, log) in logs {
            log.close(now_ms()).await?;
            let (point, start) = (log.recovery_point(), log.log_start_offset());
            recovery_points.offsets.insert(partition.clone(), point);
            log_start_offsets.offsets.insert(partition, start);
        }
        let (points, starts) = (&recovery_points, &log_start_offsets);
        self.save(OffsetCheckpoint::RECOVERY_POINTS, points).await?;
        self.save(OffsetCheckpoint::LOG_START_OFFSETS, starts)
            .await?;
        self.save(CleanShutdown::FILE_NAME, &marker).await
    }

    async fn save<F: WholeFile + Sync>(&self, name: &str, content: &F) -> Result<()> {
        Ok(checkpoint::save(&*self.disk, &self.path.join(name), content).await?)
    }

    /// The partitions that are in use.
    pub(crate) async fn partitions(&self) -> Result<Vec<TopicPartition>> {
        let entries = self.disk.list(&self.path).await?;
        let directories = entries.iter().filter(|entry| entry.is_directory);
        let names = directories.filter_map(|entry| PartitionDirectoryName::parse(&entry.name));
        let live = names.filter(|name| name.stage == PartitionDirectoryStage::Live);
        Ok(live.map(|name| name.topic_partition).collect())
    }

    /// Opens the log of a partition as a node does when it starts.
    pub(crate) async fn open(&self, partition: &TopicPartition) -> Result<Log> {
        let directory = self.path.join(partition.to_string());
        let opened = self.try_open(partition, &directory).await;
        opened.with_context(|| format!("open {}", directory.display()))
    }

    async fn try_open(&self, partition: &TopicPartition, directory: &Path) -> Result<Log> {
        let path = directory.join(PartitionMetadata::FILE_NAME);
        let stored = disk::read_whole(&*self.disk, &path, PartitionMetadata::SIZE_MAX).await?;
        let stored = stored.context("no partition.metadata")?;
        let metadata = PartitionMetadata::decode(&stored)?;
        ensure!(
            metadata.encode() == stored,
            "partition.metadata would change when rewritten"
        );
        let options = OpenOptions {
            directory: directory.to_owned(),
            config: LogConfig {
                compact: is_compacted(partition),
                ..LogConfig::default()
            },
            log_start_offset: offset_of(&self.log_start_offsets, partition),
            recovery_point: offset_of(&self.recovery_points, partition),
            clean_stop: self.marker.is_some(),
            jitter_seed: 0,
            now_ms: now_ms(),
        };
        let health = Arc::new(DirectoryHealth::default());
        Ok(Log::open(self.disk.clone(), health, options).await?)
    }
}

/// Whether the topic has `cleanup.policy=compact`, which a node knows from the metadata.
fn is_compacted(partition: &TopicPartition) -> bool {
    const INTERNAL: [&str; 2] = ["__consumer_offsets", "__transaction_state"];
    let topic = partition.topic.as_str();
    topic.starts_with("compacted") || INTERNAL.contains(&topic)
}

/// The operating system's disk, with far fewer descriptors than there are files, so that they are
/// closed and opened again all the time.
pub(crate) fn disk() -> Arc<dyn Disk> {
    const DESCRIPTORS_MAX: NonZeroUsize = NonZeroUsize::new(8).expect("eight is not zero");
    Arc::new(RealDisk::new(DESCRIPTORS_MAX))
}

/// Wall time.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    since.as_millis() as i64
}

async fn load<F: WholeFile>(disk: &dyn Disk, directory: &Path, name: &str) -> Result<Option<F>> {
    Ok(checkpoint::load(disk, &directory.join(name)).await?)
}

fn offset_of(checkpoint: &OffsetCheckpoint, partition: &TopicPartition) -> Offset {
    checkpoint
        .offsets
        .get(partition)
        .copied()
        .unwrap_or(Offset(0))
}
