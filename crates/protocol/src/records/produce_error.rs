//! Why a broker does not append what a producer sent, and the error code that says so.
//!
//! Kafka answers an unknown codec and records that cannot be inflated with UNKNOWN_SERVER_ERROR.
//! Here they have codes that do not make the client send the same bytes again.

use super::error::BatchError;
use super::{BuildError, NO_TIMESTAMP};
use crate::ErrorCode;
use crate::compression::DecompressError;
use thiserror::Error;

/// Why what was sent for one partition is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProduceError {
    /// No bytes at all.
    #[error("append records: there is no record batch")]
    NoBatch,
    /// Bytes after the batch. Produce requests carry one batch for each partition (KIP-98).
    #[error("append records: {0} bytes follow the only batch allowed")]
    MoreThanOneBatch(usize),
    /// The batch or one of its records is not sound.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// zstd in a request older than version 7 (KIP-110).
    #[error("append records: produce version {0} does not allow zstd")]
    ZstdNotAllowed(i16),
    /// A base offset, which is the leader's to assign.
    #[error("append records: base offset is {0} and must be 0")]
    BaseOffset(i64),
    /// A record count that is not positive.
    #[error("append records: the batch announces {0} records")]
    RecordCount(i32),
    /// A last offset delta that does not match the record count.
    #[error("append records: last offset delta {last_offset_delta} with {record_count} records")]
    LastOffsetDelta {
        /// What the header says.
        last_offset_delta: i32,
        /// How many records there are.
        record_count: i32,
    },
    /// A control batch, which only brokers write.
    #[error("append records: clients may not write control records")]
    ControlBatch,
    /// A producer id with a negative epoch or sequence.
    #[error("append records: producer id {producer_id} has epoch {epoch} and sequence {sequence}")]
    ProducerFields {
        /// The id.
        producer_id: i64,
        /// The epoch.
        epoch: i16,
        /// The sequence number.
        sequence: i32,
    },
    /// A transactional batch without a producer id.
    #[error("append records: the batch is transactional and has no producer id")]
    TransactionalWithoutProducer,
    /// Records that the topic does not take; `records` are the first of them.
    #[error(
        "append records: {count} records are not accepted, first {}",
        FirstOf(records)
    )]
    Records {
        /// How many records are invalid.
        count: usize,
        /// The records, as far as they are listed.
        records: Vec<InvalidRecord>,
    },
    /// The batch cannot be rebuilt.
    #[error(transparent)]
    Rebuild(#[from] BuildError),
}

impl ProduceError {
    /// The error code of the response.
    pub fn error_code(&self) -> ErrorCode {
        match self {
            Self::Batch(error) => batch_error_code(error),
            Self::ZstdNotAllowed(_) => ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
            Self::Records { records, .. } => records
                .iter()
                .find(|record| record.violation.is_about_time())
                .map_or(ErrorCode::INVALID_RECORD, |_| ErrorCode::INVALID_TIMESTAMP),
            Self::Rebuild(_) => ErrorCode::MESSAGE_TOO_LARGE,
            Self::NoBatch
            | Self::MoreThanOneBatch(_)
            | Self::BaseOffset(_)
            | Self::RecordCount(_)
            | Self::LastOffsetDelta { .. }
            | Self::ControlBatch
            | Self::ProducerFields { .. }
            | Self::TransactionalWithoutProducer => ErrorCode::INVALID_RECORD,
        }
    }

    /// The records to name in the response, from Produce version 8 on (KIP-467).
    pub fn invalid_records(&self) -> &[InvalidRecord] {
        match self {
            Self::Records { records, .. } => records,
            _ => &[],
        }
    }
}

const fn batch_error_code(error: &BatchError) -> ErrorCode {
    match error {
        BatchError::LengthTooSmall(_)
        | BatchError::ZeroFilled(_)
        | BatchError::UnknownMagic(_)
        | BatchError::CrcMismatch { .. } => ErrorCode::CORRUPT_MESSAGE,
        BatchError::UnknownCodec(_) => ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
        // Java's producer splits such a batch and tries again.
        BatchError::Decompress(DecompressError::TooLarge { .. }) => ErrorCode::MESSAGE_TOO_LARGE,
        BatchError::Decompress(DecompressError::Corrupt { .. })
        | BatchError::Truncated { .. }
        | BatchError::UnsupportedMagic(_)
        | BatchError::NegativeCount(_)
        | BatchError::Surplus(_)
        | BatchError::Record { .. } => ErrorCode::INVALID_RECORD,
    }
}

/// A record that the topic does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("record {batch_index}: {violation}")]
pub struct InvalidRecord {
    /// Its place in the batch, from 0.
    pub batch_index: i32,
    /// What is wrong with it; displayed, it is the message of the response.
    pub violation: RecordViolation,
}

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RecordViolation {
    /// No key in a compacted topic.
    #[error("a compacted topic takes no record without a key")]
    NoKey,
    /// A timestamp outside of `message.timestamp.before.max.ms` and
    /// `message.timestamp.after.max.ms`.
    #[error("timestamp {timestamp_ms} is not within {earliest_ms} and {latest_ms}")]
    Timestamp {
        /// The timestamp.
        timestamp_ms: i64,
        /// The earliest that is allowed.
        earliest_ms: i64,
        /// The latest that is allowed.
        latest_ms: i64,
    },
    /// Log append time, which only brokers set.
    #[error("producers may not set the timestamp type to log append time")]
    LogAppendTime,
}

impl RecordViolation {
    const fn is_about_time(self) -> bool {
        matches!(self, Self::Timestamp { .. } | Self::LogAppendTime)
    }

    /// Checks the timestamp of a record against the topic's bounds around `now_ms`.
    pub(super) fn of_timestamp(
        timestamp_ms: i64,
        now_ms: i64,
        before_ms_max: i64,
        after_ms_max: i64,
    ) -> Option<Self> {
        let age_ms = now_ms.saturating_sub(timestamp_ms);
        let in_bounds = age_ms <= before_ms_max && age_ms.saturating_neg() <= after_ms_max;
        if timestamp_ms == NO_TIMESTAMP || in_bounds {
            return None;
        }
        Some(Self::Timestamp {
            timestamp_ms,
            earliest_ms: now_ms.saturating_sub(before_ms_max),
            latest_ms: now_ms.saturating_add(after_ms_max),
        })
    }
}

/// Displays the first of some records.
struct FirstOf<'a>(&'a [InvalidRecord]);

impl std::fmt::Display for FirstOf<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0
            .iter()
            .take(1)
            .try_for_each(|record| record.fmt(formatter))
    }
}
