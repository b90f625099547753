//! Builds batches, byte for byte as Kafka does where nothing is compressed.
//!
//! The first record's timestamp becomes the base timestamp, unless the batch has a delete horizon.

use super::batch::compute_crc;
use super::header::{Attributes, BatchHeader, TimestampType};
use super::record::{Header, RecordView};
use super::{NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID};
use super::{NO_SEQUENCE, NO_TIMESTAMP};
use crate::compression::{Codec, CompressError, Compression, Compressor};
use crate::wire::{Writer, varint_size, varlong_size};
use thiserror::Error;

/// What is known of a batch before its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchTemplate {
    /// The offset of the first record.
    pub base_offset: i64,
    /// The epoch of the leader that appends, or -1.
    pub partition_leader_epoch: i32,
    /// How the records are compressed.
    pub compression: Compression,
    /// Whose timestamps the records have.
    pub timestamps: Timestamps,
    /// The idempotent producer, if there is one.
    pub producer: Option<ProducerFields>,
    /// Whether the batch is part of a transaction.
    pub transactional: bool,
    /// Whether the records are control records.
    pub control: bool,
    /// When compaction may drop the batch's tombstones or marker (KIP-534), in milliseconds since
    /// 1970.
    pub delete_horizon_ms: Option<i64>,
}

impl BatchTemplate {
    /// A plain batch: not compressed, with timestamps of its own, without a producer.
    pub const fn new(base_offset: i64) -> Self {
        Self {
            base_offset,
            partition_leader_epoch: NO_PARTITION_LEADER_EPOCH,
            compression: Compression::NONE,
            timestamps: Timestamps::Create,
            producer: None,
            transactional: false,
            control: false,
            delete_horizon_ms: None,
        }
    }
}

/// Whose timestamps the records of a batch have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timestamps {
    /// Their own.
    Create,
    /// That of the append, in milliseconds since 1970.
    LogAppend {
        /// The time, in milliseconds since 1970.
        time_ms: i64,
    },
}

/// The fields of an idempotent producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerFields {
    /// The producer id.
    pub id: i64,
    /// Its epoch.
    pub epoch: i16,
    /// The sequence of the first record; -1 in control batches.
    pub base_sequence: i32,
}

/// A record to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRecord<'a> {
    /// In milliseconds since 1970; -1 for none.
    pub timestamp_ms: i64,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value; null is a tombstone.
    pub value: Option<&'a [u8]>,
    /// The headers, in order.
    pub headers: &'a [Header<'a>],
}

/// Why a batch cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BuildError {
    /// More bytes than the length field can say.
    #[error("build record batch: {0} bytes are too many")]
    TooLarge(usize),
    /// An offset that does not come after the one before it.
    #[error("build record batch: offset delta {next} follows {last}")]
    OffsetOrder {
        /// The offset before.
        last: i32,
        /// The offset behind it.
        next: i32,
    },
    /// A batch without records.
    #[error("build record batch: it has no records")]
    NoRecords,
    /// The records cannot be compressed.
    #[error("build record batch: records cannot be compressed")]
    Compress(#[from] CompressError),
}

/// A batch that grows record by record.
#[derive(Debug)]
pub struct BatchBuilder {
    template: BatchTemplate,
    /// Room for the header, then the records, not compressed yet.
    writer: Writer,
    base_timestamp_ms: Option<i64>,
    max_timestamp_ms: i64,
    last_offset_delta: i32,
    record_count: i32,
}

impl BatchBuilder {
    /// A batch without records.
    pub fn new(template: BatchTemplate) -> Self {
        Self {
            template,
            writer: Writer::from_buffer(vec![0; BatchHeader::SIZE]),
            base_timestamp_ms: template.delete_horizon_ms,
            max_timestamp_ms: NO_TIMESTAMP,
            last_offset_delta: -1,
            record_count: 0,
        }
    }

    /// Adds a record at the next offset.
    ///
    /// # Errors
    /// When the batch would become too large.
    pub fn append(&mut self, record: &NewRecord<'_>) -> Result<(), BuildError> {
        self.append_at(self.last_offset_delta.saturating_add(1), record)
    }

    /// Adds a record at an offset that lies `offset_delta` after the base offset.
    ///
    /// # Errors
    /// When the offset does not come after the last one, or the batch would become too large.
    pub fn append_at(
        &mut self,
        offset_delta: i32,
        record: &NewRecord<'_>,
    ) -> Result<(), BuildError> {
        self.put(offset_delta, &Fields::of(record))
    }

    /// Adds a record of another batch, at an offset that lies `offset_delta` after the base offset.
    ///
    /// # Errors
    /// As [`Self::append_at`].
    pub fn append_view(
        &mut self,
        offset_delta: i32,
        record: &RecordView<'_>,
    ) -> Result<(), BuildError> {
        let fields = Fields {
            timestamp_ms: record.timestamp_ms,
            key: record.key,
            value: record.value,
            headers: record.headers(),
        };
        self.put(offset_delta, &fields)
    }

    /// Lets the batch end at an offset whose record is gone. Compaction keeps the last offset, as
    /// the last sequence of the producer is known by it.
    ///
    /// # Errors
    /// When there are records at later offsets.
    pub const fn keep_last_offset(&mut self, last_offset_delta: i32) -> Result<(), BuildError> {
        if last_offset_delta < self.last_offset_delta {
            return Err(BuildError::OffsetOrder {
                last: self.last_offset_delta,
                next: last_offset_delta,
            });
        }
        self.last_offset_delta = last_offset_delta;
        Ok(())
    }

    fn put<'a>(
        &mut self,
        offset_delta: i32,
        fields: &Fields<'a, impl ExactSizeIterator<Item = Header<'a>> + Clone>,
    ) -> Result<(), BuildError> {
        if offset_delta <= self.last_offset_delta {
            return Err(BuildError::OffsetOrder {
                last: self.last_offset_delta,
                next: offset_delta,
            });
        }
        let base_timestamp_ms = self.base_timestamp_ms.unwrap_or(fields.timestamp_ms);
        let timestamp_delta = fields.timestamp_ms.wrapping_sub(base_timestamp_ms);
        let size = fields.size(timestamp_delta, offset_delta);
        let total = self.size().saturating_add(size).saturating_add(5);
        if total > i32::MAX as usize {
            return Err(BuildError::TooLarge(total));
        }
        self.base_timestamp_ms = Some(base_timestamp_ms);
        self.max_timestamp_ms = self.max_timestamp_ms.max(fields.timestamp_ms);
        self.last_offset_delta = offset_delta;
        self.record_count += 1;
        self.writer.put_varint(size as i32);
        self.writer.put_i8(0);
        self.writer.put_varlong(timestamp_delta);
        self.writer.put_varint(offset_delta);
        self.put_nullable(fields.key);
        self.put_nullable(fields.value);
        self.writer.put_varint(fields.headers.len() as i32);
        for header in fields.headers.clone() {
            self.put_nullable(Some(header.key));
            self.put_nullable(header.value);
        }
        Ok(())
    }

    fn put_nullable(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            None => self.writer.put_varint(-1),
            Some(bytes) => {
                self.writer.put_varint(bytes.len() as i32);
                self.writer.put(bytes);
            }
        }
    }

    /// How many records there are.
    pub const fn record_count(&self) -> i32 {
        self.record_count
    }

    /// Bytes of the batch so far, before compression.
    pub const fn size(&self) -> usize {
        self.writer.size()
    }

    /// Bytes of the batch if `record` were added next, before compression.
    pub fn size_with(&self, record: &NewRecord<'_>) -> usize {
        let base_timestamp_ms = self.base_timestamp_ms.unwrap_or(record.timestamp_ms);
        let timestamp_delta = record.timestamp_ms.wrapping_sub(base_timestamp_ms);
        let offset_delta = self.last_offset_delta.saturating_add(1);
        let size = Fields::of(record).size(timestamp_delta, offset_delta);
        self.size() + varint_size(size as i32) + size
    }

    /// Compresses the records if the template says so, and writes the header.
    ///
    /// # Errors
    /// When there are no records, or they cannot be compressed.
    pub fn finish(self, compressor: &mut Compressor) -> Result<Vec<u8>, BuildError> {
        if self.record_count == 0 {
            return Err(BuildError::NoRecords);
        }
        let header = self.header();
        let compression = self.template.compression;
        let (mut batch, _) = self.writer.into_parts();
        if compression.codec() != Codec::None {
            let mut compressed = vec![0; BatchHeader::SIZE];
            compressor.compress(compression, &batch[BatchHeader::SIZE..], &mut compressed)?;
            batch = compressed;
        }
        write_header(header, &mut batch)?;
        Ok(batch)
    }

    fn header(&self) -> BatchHeader {
        let template = &self.template;
        let (timestamp_type, max_timestamp_ms) = match template.timestamps {
            Timestamps::Create => (TimestampType::CreateTime, self.max_timestamp_ms),
            Timestamps::LogAppend { time_ms } => (TimestampType::LogAppendTime, time_ms),
        };
        let producer = template.producer.unwrap_or(ProducerFields {
            id: NO_PRODUCER_ID,
            epoch: NO_PRODUCER_EPOCH,
            base_sequence: NO_SEQUENCE,
        });
        BatchHeader {
            base_offset: template.base_offset,
            batch_length: 0,
            partition_leader_epoch: template.partition_leader_epoch,
            crc: 0,
            attributes: Attributes::default()
                .with_codec(template.compression.codec())
                .with_timestamp_type(timestamp_type)
                .with_transactional(template.transactional)
                .with_control(template.control)
                .with_delete_horizon(template.delete_horizon_ms.is_some()),
            last_offset_delta: self.last_offset_delta,
            base_timestamp_ms: self.base_timestamp_ms.unwrap_or(NO_TIMESTAMP),
            max_timestamp_ms,
            producer_id: producer.id,
            producer_epoch: producer.epoch,
            base_sequence: producer.base_sequence,
            record_count: self.record_count,
        }
    }
}

/// A batch like the one with this header, without its records: compaction keeps it for what it
/// says of its producer, and of where the log ends.
pub fn empty_batch(header: &BatchHeader) -> Vec<u8> {
    let attributes = header.attributes;
    let mut empty = BatchHeader {
        batch_length: (BatchHeader::SIZE - BatchHeader::LENGTH_OVERHEAD) as i32,
        crc: 0,
        attributes: Attributes::default()
            .with_timestamp_type(attributes.timestamp_type())
            .with_transactional(attributes.is_transactional())
            .with_control(attributes.is_control()),
        base_timestamp_ms: NO_TIMESTAMP,
        record_count: 0,
        ..*header
    };
    empty.crc = compute_crc(&empty.encode());
    empty.encode().to_vec()
}

/// Puts `header` in front of the records of `batch`, with the batch's length and checksum.
fn write_header(mut header: BatchHeader, batch: &mut [u8]) -> Result<(), BuildError> {
    let length = i32::try_from(batch.len() - BatchHeader::LENGTH_OVERHEAD);
    header.batch_length = length.map_err(|_| BuildError::TooLarge(batch.len()))?;
    batch[..BatchHeader::SIZE].copy_from_slice(&header.encode());
    header.crc = compute_crc(batch);
    batch[..BatchHeader::SIZE].copy_from_slice(&header.encode());
    Ok(())
}

/// The fields of a record, wherever its headers are.
struct Fields<'a, H> {
    timestamp_ms: i64,
    key: Option<&'a [u8]>,
    value: Option<&'a [u8]>,
    headers: H,
}

impl<'a> Fields<'a, std::iter::Copied<std::slice::Iter<'a, Header<'a>>>> {
    fn of(record: &NewRecord<'a>) -> Self {
        Self {
            timestamp_ms: record.timestamp_ms,
            key: record.key,
            value: record.value,
            headers: record.headers.iter().copied(),
        }
    }
}

impl<'a, H: ExactSizeIterator<Item = Header<'a>> + Clone> Fields<'a, H> {
    /// Bytes of the record after its length field.
    fn size(&self, timestamp_delta: i64, offset_delta: i32) -> usize {
        let attributes = 1;
        let headers = self.headers.clone();
        let headers = headers.map(|header| nullable(Some(header.key)) + nullable(header.value));
        attributes
            + varlong_size(timestamp_delta)
            + varint_size(offset_delta)
            + nullable(self.key)
            + nullable(self.value)
            + varint_size(self.headers.len() as i32)
            + headers.sum::<usize>()
    }
}

fn nullable(bytes: Option<&[u8]>) -> usize {
    match bytes {
        None => varint_size(-1),
        Some(bytes) => varint_size(bytes.len() as i32) + bytes.len(),
    }
}
