//! The log of the quorum as the crate `storage` keeps it, and its settings.

use std::path::Path;

use protocol::Uuid;
use protocol::ids::Offset;
use protocol::records::Batches;
use raft::{BATCH_BYTES_MAX, LogBatch, ReadBatchError, SnapshotRetention, SnapshotSchedule};
use storage::checkpoint::{self, CheckpointError, PartitionMetadata};
use storage::config::LogConfig;
use storage::disk::{Disk, DiskError};
use storage::log::{Log, LogError, ReadOutcome, ReadRequest};
use thiserror::Error;

/// The directory of the log, in `metadata.log.dir`.
pub const METADATA_DIRECTORY: &str = "__cluster_metadata-0";
/// How much is read at a time, in bytes.
const READ_SIZE: usize = 1 << 20;

/// The settings of the metadata log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataLogConfig {
    /// `metadata.log.segment.bytes`; not below [`BATCH_BYTES_MAX`].
    pub segment_bytes: u32,
    /// `metadata.log.segment.ms`.
    pub segment_ms: i64,
    /// `metadata.log.max.record.bytes.between.snapshots`.
    pub snapshot_bytes_max: u64,
    /// `metadata.log.max.snapshot.interval.ms`; 0 is no limit.
    pub snapshot_interval_ms: u64,
    /// `metadata.max.retention.*`.
    pub retention: SnapshotRetention,
    /// How long a removed file keeps its bytes under another name.
    pub file_delete_delay_ms: i64,
}

impl Default for MetadataLogConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 1 << 30,
            segment_ms: 7 * 24 * 60 * 60 * 1000,
            snapshot_bytes_max: SnapshotSchedule::BYTES_MAX,
            snapshot_interval_ms: SnapshotSchedule::INTERVAL_MS,
            retention: SnapshotRetention::DEFAULT,
            file_delete_delay_ms: 60_000,
        }
    }
}

impl MetadataLogConfig {
    /// Snapshots alone decide what of the log goes.
    pub(crate) fn log_config(&self) -> LogConfig {
        LogConfig {
            segment_bytes: self.segment_bytes,
            segment_ms: self.segment_ms,
            retention_ms: None,
            retention_bytes: None,
            max_message_bytes: BATCH_BYTES_MAX as u32,
            file_delete_delay_ms: self.file_delete_delay_ms,
            ..LogConfig::default()
        }
    }
}

/// Why committed records cannot be read.
#[derive(Debug, Clone, Error)]
pub enum ReadLogError {
    /// The log does not work.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A batch is not sound.
    #[error("read metadata log at offset {offset}: {source}")]
    Batch {
        /// Where reading began.
        offset: Offset,
        /// What is wrong.
        source: ReadBatchError,
    },
}

/// Creates the directory of the log with its `partition.metadata`, durably, unless it exists.
pub(crate) async fn create_directory(
    disk: &dyn Disk,
    log_dir: &Path,
) -> Result<(), CheckpointError> {
    let directory = log_dir.join(METADATA_DIRECTORY);
    storage::directories::create_directory(disk, &directory).await?;
    let path = directory.join(PartitionMetadata::FILE_NAME);
    let found = checkpoint::load::<PartitionMetadata>(disk, &path).await?;
    if found.is_none() {
        let topic_id = Uuid::METADATA_TOPIC;
        checkpoint::save(disk, &path, &PartitionMetadata { topic_id }).await?;
    }
    Ok(())
}

/// Reads the next batches that hold `from` or more, as many as fit into one read, none behind
/// `upper_bound`. Empty if there are none.
pub(crate) async fn read(
    log: &Log,
    from: Offset,
    upper_bound: Offset,
) -> Result<Vec<LogBatch>, ReadLogError> {
    let request = ReadRequest {
        fetch_offset: from,
        size_max: READ_SIZE,
        upper_bound,
        at_least_one_batch: true,
    };
    let slice = match log.read(&request).await? {
        ReadOutcome::Slice(slice) => slice,
        ReadOutcome::AtEnd => return Ok(Vec::new()),
        ReadOutcome::OutOfRange {
            log_start_offset,
            log_end_offset,
        } => {
            return Err(ReadLogError::Log(LogError::OffsetOutOfRange {
                offset: from,
                log_start_offset,
                log_end_offset,
            }));
        }
    };
    let mut bytes = vec![0; slice.size];
    let filled = slice.file.read_at(&mut bytes, slice.position).await?;
    let whole = whole_batches(&bytes[..filled]);
    let source = match raft::read_batches(whole) {
        Ok(batches) => return Ok(batches),
        Err(source) => source,
    };
    Err(ReadLogError::Batch {
        offset: from,
        source,
    })
}

/// The bytes without the batch that they end within.
fn whole_batches(bytes: &[u8]) -> &[u8] {
    let mut batches = Batches::new(bytes);
    while batches.next().is_some_and(|batch| batch.is_ok()) {}
    &bytes[..batches.position()]
}
