//! What a leader checks before it appends what a producer sent, and how it then makes the batch
//! its own: in place, or by building it anew.
//!
//! Not the job of this module: `max.message.bytes` (the caller knows the size), the producer's
//! sequence, and the append itself.
//!
//! Stricter than Kafka, with INVALID_RECORD: bytes after the batch, which Kafka drops when they are
//! no whole batch; transactional batches without a producer id; negative producer epochs; record
//! fields that do not fill the record in a compressed batch. At most
//! [`ProduceRules::INVALID_RECORDS_MAX`] records are named.
//!
//! Departure from Kafka: offset deltas that are not consecutive are made so by a rebuild. Kafka
//! writes them as they are where nothing is compressed: with the deltas 0, 2 and 5 a batch that
//! ends at offset 2 has a record at 5, and so has the next batch. Then an offset names two records,
//! a committed one skips or repeats some, and compaction by offset removes the wrong one. Kafka
//! means to rebuild compressed batches, too, and fails (UNKNOWN_SERVER_ERROR).

use super::NO_TIMESTAMP;
use super::batch::BatchView;
use super::build::{BatchBuilder, BatchTemplate, ProducerFields, Timestamps};
use super::error::BatchError;
use super::header::{BatchHeader, TimestampType};
use super::patch::BatchMut;
use super::produce_error::{InvalidRecord, ProduceError, RecordViolation};
use super::record::RecordView;
use crate::compression::{Codec, Compression, Compressor, Decompressor};

/// What the topic and the request allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProduceRules {
    /// The version of the produce request.
    pub produce_version: i16,
    /// Whether `cleanup.policy` includes `compact`.
    pub compacted: bool,
    /// `message.timestamp.type`.
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`.
    pub timestamp_before_ms_max: i64,
    /// `message.timestamp.after.max.ms`.
    pub timestamp_after_ms_max: i64,
    /// `compression.type` with its level; `None` for `producer`.
    pub compression: Option<Compression>,
    /// The time of the append, in milliseconds since 1970.
    pub now_ms: i64,
    /// How many bytes the records may have when they are not compressed.
    pub inflated_bytes_max: usize,
}

impl ProduceRules {
    /// How many invalid records an answer names.
    pub const INVALID_RECORDS_MAX: usize = 100;
}

/// A batch that may be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValidatedBatch {
    /// The header as it was sent.
    pub header: BatchHeader,
    /// The timestamp type of the batch in the log.
    pub timestamp_type: TimestampType,
    /// The max timestamp of the batch in the log. Time indexes pair it with the batch's last
    /// offset, whichever record it is from.
    pub max_timestamp_ms: i64,
    /// Bytes of the records when they are not compressed.
    pub inflated_bytes: usize,
    /// How the batch is to be appended.
    pub placement: Placement,
}

/// How a validated batch is to be appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// As it is, after [`ValidatedBatch::assign`].
    InPlace,
    /// Built anew by [`rebuild_produce`].
    Rebuild,
}

/// Where a batch goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppendPosition {
    /// The offset of its first record: the log end offset.
    pub base_offset: i64,
    /// The epoch of the leader that appends.
    pub partition_leader_epoch: i32,
}

impl ValidatedBatch {
    /// Writes what the leader assigns into the batch, the same that was validated.
    ///
    /// # Errors
    /// When `records` do not start with a whole batch.
    pub fn assign(&self, records: &mut [u8], position: AppendPosition) -> Result<(), BatchError> {
        let mut batch = BatchMut::parse(records)?;
        batch.set_base_offset(position.base_offset);
        batch.set_partition_leader_epoch(position.partition_leader_epoch);
        batch.set_timestamps(self.timestamp_type, self.max_timestamp_ms);
        Ok(())
    }

    /// The offset after the batch, once it is appended.
    pub const fn next_offset(&self, position: AppendPosition) -> i64 {
        position
            .base_offset
            .saturating_add(self.header.record_count as i64)
    }
}

/// Checks what a producer sent for one partition. Without compression, nothing is allocated.
///
/// # Errors
/// When it must not be appended.
pub fn validate_produce(
    records: &[u8],
    rules: &ProduceRules,
    decompressor: &mut Decompressor,
) -> Result<ValidatedBatch, ProduceError> {
    let batch = only_batch(records)?;
    let header = batch.header();
    let codec = header.attributes.codec()?;
    if codec == Codec::Zstd && rules.produce_version < 7 {
        return Err(ProduceError::ZstdNotAllowed(rules.produce_version));
    }
    if header.base_offset != 0 {
        return Err(ProduceError::BaseOffset(header.base_offset));
    }
    batch.check_crc()?;
    check_header(header)?;
    let target = rules.compression.map_or(codec, Compression::codec);
    let mut walked = Walked::new(header);
    for record in batch.records(decompressor, rules.inflated_bytes_max)? {
        walked.check(&record?, rules);
    }
    if walked.invalid_count > 0 {
        return Err(ProduceError::Records {
            count: walked.invalid_count,
            records: walked.invalid,
        });
    }
    let in_place = target == codec && walked.consecutive;
    Ok(ValidatedBatch {
        header: *header,
        timestamp_type: rules.timestamp_type,
        max_timestamp_ms: match rules.timestamp_type {
            TimestampType::CreateTime => walked.max_timestamp_ms,
            TimestampType::LogAppendTime => rules.now_ms,
        },
        inflated_bytes: walked.bytes,
        placement: if in_place {
            Placement::InPlace
        } else {
            Placement::Rebuild
        },
    })
}

/// Builds a validated batch anew: with the topic's compression and consecutive offsets.
///
/// # Errors
/// When `records` are not what was validated, or the batch becomes too large.
pub fn rebuild_produce(
    records: &[u8],
    rules: &ProduceRules,
    position: AppendPosition,
    decompressor: &mut Decompressor,
    compressor: &mut Compressor,
) -> Result<Vec<u8>, ProduceError> {
    let batch = only_batch(records)?;
    let header = batch.header();
    let codec = header.attributes.codec()?;
    let producer = ProducerFields {
        id: header.producer_id,
        epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
    };
    let as_sent = Compression::with_default_level(codec);
    let mut builder = BatchBuilder::new(BatchTemplate {
        partition_leader_epoch: position.partition_leader_epoch,
        compression: rules.compression.unwrap_or(as_sent),
        timestamps: match rules.timestamp_type {
            TimestampType::CreateTime => Timestamps::Create,
            TimestampType::LogAppendTime => Timestamps::LogAppend {
                time_ms: rules.now_ms,
            },
        },
        producer: header.has_producer_id().then_some(producer),
        transactional: header.attributes.is_transactional(),
        ..BatchTemplate::new(position.base_offset)
    });
    let walk = batch.records(decompressor, rules.inflated_bytes_max)?;
    for (record, offset_delta) in walk.zip(0..) {
        builder.append_view(offset_delta, &record?)?;
    }
    Ok(builder.finish(compressor)?)
}

/// The batch that must be all there is.
fn only_batch(records: &[u8]) -> Result<BatchView<'_>, ProduceError> {
    if records.is_empty() {
        return Err(ProduceError::NoBatch);
    }
    let batch = BatchView::parse(records)?;
    match records.len() - batch.bytes().len() {
        0 => Ok(batch),
        surplus => Err(ProduceError::MoreThanOneBatch(surplus)),
    }
}

fn check_header(header: &BatchHeader) -> Result<(), ProduceError> {
    let record_count = header.record_count;
    let last_offset_delta = header.last_offset_delta;
    if record_count <= 0 {
        return Err(ProduceError::RecordCount(record_count));
    }
    if last_offset_delta != record_count - 1 {
        return Err(ProduceError::LastOffsetDelta {
            last_offset_delta,
            record_count,
        });
    }
    if header.attributes.is_control() {
        return Err(ProduceError::ControlBatch);
    }
    if header.has_producer_id() {
        if header.base_sequence < 0 || header.producer_epoch < 0 {
            return Err(ProduceError::ProducerFields {
                producer_id: header.producer_id,
                epoch: header.producer_epoch,
                sequence: header.base_sequence,
            });
        }
    } else if header.attributes.is_transactional() {
        return Err(ProduceError::TransactionalWithoutProducer);
    }
    Ok(())
}

/// What is found out while the records are walked.
struct Walked {
    sent_as: TimestampType,
    index: i32,
    consecutive: bool,
    max_timestamp_ms: i64,
    bytes: usize,
    invalid_count: usize,
    invalid: Vec<InvalidRecord>,
}

impl Walked {
    const fn new(header: &BatchHeader) -> Self {
        Self {
            sent_as: header.attributes.timestamp_type(),
            index: 0,
            consecutive: true,
            max_timestamp_ms: NO_TIMESTAMP,
            bytes: 0,
            invalid_count: 0,
            invalid: Vec::new(),
        }
    }

    #[inline]
    fn check(&mut self, record: &RecordView<'_>, rules: &ProduceRules) {
        if let Some(violation) = self.violation(record, rules) {
            self.invalid_count += 1;
            if self.invalid.len() < ProduceRules::INVALID_RECORDS_MAX {
                self.invalid.push(InvalidRecord {
                    batch_index: self.index,
                    violation,
                });
            }
        }
        self.consecutive &= record.offset_delta == self.index;
        self.max_timestamp_ms = self.max_timestamp_ms.max(record.timestamp_ms);
        self.bytes += record.size;
        self.index += 1;
    }

    fn violation(&self, record: &RecordView<'_>, rules: &ProduceRules) -> Option<RecordViolation> {
        if rules.compacted && record.key.is_none() {
            return Some(RecordViolation::NoKey);
        }
        let has_own = rules.timestamp_type == TimestampType::CreateTime
            && record.timestamp_ms != NO_TIMESTAMP;
        if has_own {
            return RecordViolation::of_timestamp(
                record.timestamp_ms,
                rules.now_ms,
                rules.timestamp_before_ms_max,
                rules.timestamp_after_ms_max,
            );
        }
        (self.sent_as == TimestampType::LogAppendTime).then_some(RecordViolation::LogAppendTime)
    }
}

#[cfg(test)]
mod tests;
