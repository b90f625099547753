//! Record batches of magic 2 (KIP-98): what producers send, what log segments hold and what
//! fetches return, byte for byte.
//!
//! Not the job of this module: where batches are kept, what producers' sequences must be, and what
//! the records of internal topics mean.
//!
//! ```text
//! bytes  0..8   base offset             outside the checksum: the leader assigns it
//!        8..12  batch length            bytes that follow this field
//!       12..16  partition leader epoch  outside the checksum: the leader assigns it
//!       16      magic                   2
//!       17..21  CRC-32C of bytes 21..
//!       21..23  attributes              bits 0-2 codec, 3 log append time, 4 transactional,
//!                                       5 control, 6 delete horizon
//!       23..27  last offset delta
//!       27..35  base timestamp          the delete horizon, if bit 6 is set (KIP-534)
//!       35..43  max timestamp
//!       43..51  producer id
//!       51..53  producer epoch
//!       53..57  base sequence
//!       57..61  record count
//!       61..    records, compressed together
//! ```
//!
//! Invariants:
//! - Bytes that are walked are borrowed, never copied; only compressed batches take memory, that of
//!   the [`Decompressor`](crate::compression::Decompressor).
//! - A walk yields exactly the number of records that the header announces, or an error.
//! - What walks without an error, and was written by Kafka without compression, is rebuilt by
//!   [`BatchBuilder`] to the same bytes.
//!
//! Batches of magic 0 and 1, which Kafka stopped writing in 4.0 (KIP-724), are recognised and
//! refused with an error of their own.

mod batch;
mod build;
mod control;
mod error;
mod header;
mod patch;
mod produce_error;
mod record;
mod validate;

pub use batch::{BatchView, Batches, check_batches};
pub use build::empty_batch;
pub use build::{BatchBuilder, BatchTemplate, BuildError, NewRecord, ProducerFields, Timestamps};
pub use control::{
    ControlRecordError, ControlRecordKey, ControlRecordType, EndTransactionMarker,
    TransactionResult,
};
pub use error::{BatchError, RecordFault};
pub use header::{Attributes, BatchHeader, TimestampType};
pub use patch::BatchMut;
pub use produce_error::{InvalidRecord, ProduceError, RecordViolation};
pub use record::{Header, Headers, RecordView, RecordWalk};
pub use validate::{AppendPosition, Placement, ProduceRules, ValidatedBatch};
pub use validate::{rebuild_produce, validate_produce};

/// The timestamp of a record that has none.
pub const NO_TIMESTAMP: i64 = -1;
/// The producer id of a batch without an idempotent producer.
pub const NO_PRODUCER_ID: i64 = -1;
/// The producer epoch of a batch without an idempotent producer.
pub const NO_PRODUCER_EPOCH: i16 = -1;
/// The base sequence of a batch without an idempotent producer, and of control batches.
pub const NO_SEQUENCE: i32 = -1;
/// The partition leader epoch of a batch that no leader has taken yet.
pub const NO_PARTITION_LEADER_EPOCH: i32 = -1;

#[cfg(test)]
mod tests;
