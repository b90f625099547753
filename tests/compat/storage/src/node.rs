//! What a node brings along: a disk, the time, its log directories.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use protocol::Uuid;
use storage::checkpoint::{CleanShutdown, MetaProperties};
use storage::config::LogConfig;
use storage::directories::{
    ClaimedDirectories, ConfiguredDirectory, DirectorySettings, ExpectedNode, LogDirectories,
    PartitionLog,
};
use storage::disk::{Disk, RealDisk};
use storage::names::TopicName;

/// That of the script which lets Apache Kafka write.
const NODE_ID: i32 = 1;

/// The log directories of a node that runs.
pub(crate) struct Node {
    pub(crate) directories: LogDirectories,
    /// Whether it was stopped in order before.
    pub(crate) clean_stop: bool,
    broker_epoch: Option<i64>,
}

impl Node {
    /// Starts a node on those folders of `directory` that are log directories.
    pub(crate) async fn start(directory: &Path) -> Result<Self> {
        let mut configured = Vec::new();
        let mut marks = 0;
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.join(MetaProperties::FILE_NAME).exists() {
                marks += usize::from(path.join(CleanShutdown::FILE_NAME).exists());
                configured.push(ConfiguredDirectory { path, new_id: None });
            }
        }
        let started = Self::start_on(&configured, None).await?;
        let expected = marks == configured.len();
        ensure!(
            started.clean_stop == expected,
            "a mark of a clean stop is mistaken"
        );
        Ok(started)
    }

    /// Starts a node with one log directory, a new one.
    pub(crate) async fn start_new(log_dir: &Path) -> Result<Self> {
        let configured = ConfiguredDirectory {
            path: log_dir.to_owned(),
            new_id: Some(Uuid::from_u128(1 << 64)),
        };
        Self::start_on(&[configured], Some("compat".to_owned())).await
    }

    async fn start_on(
        configured: &[ConfiguredDirectory],
        cluster_id: Option<String>,
    ) -> Result<Self> {
        let node = ExpectedNode {
            node_id: NODE_ID,
            cluster_id,
        };
        let claimed = ClaimedDirectories::claim(disk(), &node, configured).await?;
        let broker_epoch = claimed.previous_broker_epoch();
        let settings = DirectorySettings {
            concurrency: NonZeroUsize::MIN,
            file_delete_delay_ms: 0,
            jitter_seed: 0,
            unflushed_bytes_max: DirectorySettings::UNFLUSHED_BYTES_MAX,
        };
        let (directories, reports) = claimed.load(settings, &config_of, now_ms()).await?;
        for report in &reports {
            let path = report.directory.path().display();
            let (survey, malformed) = (&report.survey, &report.malformed_checkpoints);
            ensure!(malformed.is_empty(), "load {path}: {malformed:?}");
            ensure!(survey.ignored.is_empty(), "load {path}: {survey:?}");
        }
        Ok(Self {
            directories,
            clean_stop: reports.iter().all(|report| report.clean_stop),
            broker_epoch,
        })
    }

    /// Stops the node in order.
    pub(crate) async fn stop(self) -> Result<()> {
        let high_watermarks = |partition: &PartitionLog| Some(partition.log().log_end_offset());
        let closed = self
            .directories
            .close(self.broker_epoch, &high_watermarks, now_ms());
        for report in closed.await {
            let (path, failure) = (report.directory.path().display(), report.failure);
            ensure!(failure.is_none(), "close {path}: {failure:?}");
        }
        Ok(())
    }
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

/// What the metadata would say of a topic.
fn config_of(topic: &TopicName) -> LogConfig {
    const INTERNAL: [&str; 2] = ["__consumer_offsets", "__transaction_state"];
    let topic = topic.as_str();
    LogConfig {
        compact: topic.starts_with("compacted") || INTERNAL.contains(&topic),
        ..LogConfig::default()
    }
}
