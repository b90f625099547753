//! Why an operation on a log failed.

use std::path::PathBuf;

use protocol::ErrorCode;
use protocol::ids::Offset;

use crate::checkpoint::CheckpointError;
use crate::disk::DiskError;
use crate::segment::BatchFault;

/// Why an operation on a log failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// The disk refused this operation. If anything but space was missing, the log directory has
    /// been marked as failed as well.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The log directory has failed before; nothing is written to it any more.
    #[error("use log directory: it failed")]
    Offline(#[source] DiskError),
    /// The log is closed, or an operation that changes its files was given up half-way.
    #[error("change log: it is closed")]
    Closed,
    /// A small file of the partition holds nonsense.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Bytes in a segment are no sound batch.
    #[error("read log {}: segment {base_offset}: position {position}", directory.display())]
    Corrupt {
        /// The partition's directory.
        directory: PathBuf,
        /// The base offset of the segment.
        base_offset: Offset,
        /// Where in the segment, in bytes.
        position: u64,
        /// What is wrong there.
        source: BatchFault,
    },
    /// The offset is not one of the log.
    #[error("find offset {offset}: the log has {log_start_offset} to {log_end_offset}")]
    OffsetOutOfRange {
        /// The offset asked for.
        offset: Offset,
        /// The first offset of the log.
        log_start_offset: Offset,
        /// The offset after the last record.
        log_end_offset: Offset,
    },
}

impl LogError {
    /// The error code of a response.
    pub const fn error_code(&self) -> ErrorCode {
        match self {
            Self::OffsetOutOfRange { .. } => ErrorCode::OFFSET_OUT_OF_RANGE,
            // Clients ask for the leader anew and come again.
            Self::Disk(_)
            | Self::Offline(_)
            | Self::Closed
            | Self::Checkpoint(_)
            | Self::Corrupt { .. } => ErrorCode::KAFKA_STORAGE_ERROR,
        }
    }
}
