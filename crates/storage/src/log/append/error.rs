//! Why an append is refused.

use protocol::ErrorCode;
use protocol::ids::Offset;
use protocol::records::{BatchError, ProduceError};

use crate::log::LogError;
use crate::producer_state::RefusedBatch;

/// Why nothing was appended.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// A client sent something that the topic does not take.
    #[error(transparent)]
    Produce(#[from] ProduceError),
    /// The batches are not sound.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The producer's epoch or sequence number is wrong.
    #[error(transparent)]
    Producer(#[from] RefusedBatch),
    /// A batch is larger than `max.message.bytes`.
    #[error("append batch: it has {size_bytes} bytes, {size_bytes_max} are allowed")]
    RecordTooLarge {
        /// What it has.
        size_bytes: usize,
        /// What is allowed.
        size_bytes_max: usize,
    },
    /// What is to be appended as a whole is larger than `segment.bytes`.
    #[error("append batches: they have {size_bytes} bytes, a segment {segment_bytes}")]
    RecordListTooLarge {
        /// What they have.
        size_bytes: usize,
        /// What a segment has.
        segment_bytes: usize,
    },
    /// What a leader sent does not continue the log.
    #[error("append batches: offset {base_offset} where {log_end_offset} or more comes next")]
    UnexpectedOffset {
        /// The first offset of the batch that does not fit.
        base_offset: Offset,
        /// The offset it must not be below.
        log_end_offset: Offset,
    },
    /// The log cannot be changed.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl AppendError {
    /// The error code of the response.
    pub fn error_code(&self) -> ErrorCode {
        match self {
            Self::Produce(error) => error.error_code(),
            Self::Producer(error) => error.error_code(),
            Self::Log(error) => error.error_code(),
            Self::RecordTooLarge { .. } => ErrorCode::MESSAGE_TOO_LARGE,
            Self::RecordListTooLarge { .. } => ErrorCode::RECORD_LIST_TOO_LARGE,
            Self::Batch(_) | Self::UnexpectedOffset { .. } => ErrorCode::CORRUPT_MESSAGE,
        }
    }
}
