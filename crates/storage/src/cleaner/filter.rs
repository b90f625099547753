//! What becomes of a batch: kept as it is, written anew with fewer records, or dropped.
//!
//! A pure function over batches. Not the job of this module: reading and writing them.
//!
//! Invariants:
//! - Offsets of records never change. A batch that stays keeps its base offset, its last offset,
//!   its producer, its sequences and its leader epoch.
//! - The last record of a key stays, but for a tombstone whose delete horizon has passed. The
//!   horizon is set by the first cleaning that could have dropped the tombstone (KIP-534), and
//!   never moves; the same holds for markers.
//! - The batch that tells the last sequence of an active producer stays, empty if need be; so does
//!   the last batch of the cleaning, which tells where it ended.

use std::collections::BTreeMap;

use protocol::compression::{Compression, Compressor, Decompressor};
use protocol::ids::Offset;
use protocol::records::{
    BatchBuilder, BatchError, BatchHeader, BatchTemplate, BatchView, BuildError,
    ControlRecordError, ControlRecordKey, ControlRecordType, ProducerFields, RecordView,
    TimestampType, Timestamps, empty_batch,
};

use super::offset_map::OffsetMap;
use super::transactions::TransactionTracker;
use crate::segment::INFLATED_BYTES_MAX;

/// Why a batch cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// It is damaged.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// Its control record makes no sense.
    #[error(transparent)]
    Control(#[from] ControlRecordError),
    /// What is left of it cannot be written.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// What of a producer must be known after a cleaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastRecord {
    /// The last offset of its last batch of records; none if all that is known is a marker.
    pub(crate) last_data_offset: Option<Offset>,
    pub(crate) producer_epoch: i16,
}

/// What batches are judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) map: &'a OffsetMap,
    /// The active producers.
    pub(super) producers: &'a BTreeMap<i64, LastRecord>,
    /// The offset before which the cleaning ends.
    pub(super) end: Offset,
    pub(super) now_ms: i64,
    /// `delete.retention.ms`.
    pub(super) delete_retention_ms: i64,
}

/// Reused from batch to batch.
#[derive(Default)]
pub(super) struct Codecs {
    pub(super) decompressor: Decompressor,
    pub(super) compressor: Compressor,
}

/// What becomes of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stays as it is, with so many records.
    Keep,
    /// This takes its place.
    Rewrite(Vec<u8>),
    /// Nothing of it stays.
    Drop,
}

/// What is left of the records of a batch.
struct Survivors {
    count: usize,
    /// Whether that is all of them.
    is_all: bool,
    has_tombstone: bool,
}

/// What the record of a control batch is; none if it has none any more.
pub(super) fn control_type(
    batch: &BatchView<'_>,
    decompressor: &mut Decompressor,
) -> Result<Option<ControlRecordType>, FilterError> {
    match batch.records(decompressor, INFLATED_BYTES_MAX)?.next() {
        Some(record) => Ok(Some(ControlRecordKey::decode(record?.key)?.record_type)),
        None => Ok(None),
    }
}

/// Judges the next batch of the walk that `tracker` is on.
pub(super) fn judge(
    batch: &BatchView<'_>,
    rules: &Rules<'_>,
    tracker: &mut TransactionTracker,
    codecs: &mut Codecs,
) -> Result<Verdict, FilterError> {
    let header = batch.header();
    let is_control = header.attributes.is_control();
    let horizon_ms = header.delete_horizon_ms();
    let is_over = if is_control {
        let record_type = control_type(batch, &mut codecs.decompressor)?;
        tracker.on_control(header, record_type)
    } else {
        tracker.on_records(header)
    };
    let drops_all =
        is_over && (!is_control || horizon_ms.is_some_and(|horizon| horizon <= rules.now_ms));
    let is_needed = rules.needs(header);
    if drops_all {
        return Ok(match is_needed {
            true => Verdict::Rewrite(empty_batch(header)),
            false => Verdict::Drop,
        });
    }
    let survives = |record: &RecordView<'_>| is_control || rules.survives(header, record);
    let mut survivors = Survivors {
        count: 0,
        is_all: true,
        has_tombstone: false,
    };
    for record in batch.records(&mut codecs.decompressor, INFLATED_BYTES_MAX)? {
        let record = record?;
        if survives(&record) {
            survivors.count += 1;
            survivors.has_tombstone |= record.value.is_none();
        } else {
            survivors.is_all = false;
        }
    }
    if survivors.count == 0 {
        return Ok(match is_needed {
            true if header.record_count == 0 => Verdict::Keep,
            true => Verdict::Rewrite(empty_batch(header)),
            false => Verdict::Drop,
        });
    }
    let awaits_horizon = survivors.has_tombstone || is_over && is_control;
    let sets_horizon = awaits_horizon && horizon_ms.is_none();
    if survivors.is_all && !sets_horizon {
        return Ok(Verdict::Keep);
    }
    let horizon_ms = match sets_horizon {
        true => Some(rules.now_ms.saturating_add(rules.delete_retention_ms)),
        false => horizon_ms,
    };
    let mut builder = BatchBuilder::new(template(header, horizon_ms)?);
    for record in batch.records(&mut codecs.decompressor, INFLATED_BYTES_MAX)? {
        let record = record?;
        if survives(&record) {
            builder.append_view(record.offset_delta, &record)?;
        }
    }
    builder.keep_last_offset(header.last_offset_delta)?;
    Ok(Verdict::Rewrite(builder.finish(&mut codecs.compressor)?))
}

impl Rules<'_> {
    /// Whether the batch must stay even without records.
    fn needs(&self, header: &BatchHeader) -> bool {
        let last = self.producers.get(&header.producer_id);
        let last = last.filter(|_| header.has_producer_id());
        let is_last = last.is_some_and(|last| match last.last_data_offset {
            Some(offset) => offset.0 == header.last_offset(),
            None => {
                let is_same = header.producer_epoch == last.producer_epoch;
                header.attributes.is_control() && is_same
            }
        });
        is_last || header.next_offset() == self.end.0
    }

    /// Whether a record that counts stays.
    fn survives(&self, header: &BatchHeader, record: &RecordView<'_>) -> bool {
        if record.offset > self.map.latest_offset().0 {
            return true;
        }
        // Nothing can replace a record without a key, and nothing can be said by it.
        let Some(key) = record.key else { return false };
        let later = self.map.last_offset(key);
        if later.is_some_and(|later| later.0 > record.offset) {
            return false;
        }
        let horizon_ms = header.delete_horizon_ms();
        record.value.is_some() || horizon_ms.is_none_or(|horizon| self.now_ms < horizon)
    }
}

fn template(header: &BatchHeader, horizon_ms: Option<i64>) -> Result<BatchTemplate, FilterError> {
    let attributes = header.attributes;
    Ok(BatchTemplate {
        base_offset: header.base_offset,
        partition_leader_epoch: header.partition_leader_epoch,
        compression: Compression::with_default_level(attributes.codec()?),
        timestamps: match attributes.timestamp_type() {
            TimestampType::CreateTime => Timestamps::Create,
            TimestampType::LogAppendTime => Timestamps::LogAppend {
                time_ms: header.max_timestamp_ms,
            },
        },
        producer: Some(ProducerFields {
            id: header.producer_id,
            epoch: header.producer_epoch,
            base_sequence: header.base_sequence,
        }),
        transactional: attributes.is_transactional(),
        control: attributes.is_control(),
        delete_horizon_ms: horizon_ms,
    })
}
