//! The `.snapshot` file: the state of all producers at an offset, so that a log need not be read
//! from its start.
//!
//! Format (version 1), big-endian: version i16, CRC-32C of all that follows it u32, count i32, and
//! for each producer 46 bytes:
//!
//! ```text
//! producer id i64 | epoch i16 | last sequence i32 | last offset i64 | offset delta i32 |
//! timestamp i64 | coordinator epoch i32 | first offset of the open transaction i64 (-1: none)
//! ```
//!
//! The last offset is -1 for a producer without a batch in its epoch. The file is derivable: a
//! corrupt one is removed and an older one, or the log, takes its place.

use std::collections::BTreeMap;

use protocol::ids::{CoordinatorEpoch, Offset, ProducerEpoch, ProducerId};
use protocol::wire::{DecodeError, Reader, Writer};

use super::{ProducerEntry, WrittenBatch};

/// The producers of a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProducerSnapshot {
    pub(super) producers: BTreeMap<ProducerId, ProducerEntry>,
}

/// Why a snapshot is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CorruptSnapshot {
    /// The version is none that is known.
    #[error("read producer snapshot: version {version} is unknown")]
    Version {
        /// The version found.
        version: i16,
    },
    /// The checksum does not match.
    #[error("read producer snapshot: checksum {stored:#010x} is stored, {computed:#010x} computed")]
    Checksum {
        /// The checksum in the file.
        stored: u32,
        /// The checksum of the bytes.
        computed: u32,
    },
    /// The size is not that of the number of producers announced.
    #[error("read producer snapshot: {announced} producers are announced in {size_bytes} bytes")]
    Count {
        /// The number announced.
        announced: i32,
        /// The size of the producers.
        size_bytes: usize,
    },
    /// The last batch of a producer is none that can be.
    #[error("read producer snapshot: the last batch of producer {producer_id} is impossible")]
    Batch {
        /// The producer.
        producer_id: ProducerId,
    },
    /// The bytes end early.
    #[error("read producer snapshot: {0}")]
    Truncated(#[from] DecodeError),
}

const VERSION: i16 = 1;
const CHECKSUM_END: usize = 6;
const HEADER_SIZE_BYTES: usize = 10;
const PRODUCER_SIZE_BYTES: usize = 46;

impl ProducerSnapshot {
    /// The file of these producers.
    pub(super) fn encode(producers: &BTreeMap<ProducerId, ProducerEntry>) -> Vec<u8> {
        let size = HEADER_SIZE_BYTES + producers.len() * PRODUCER_SIZE_BYTES;
        let mut writer = Writer::from_buffer(Vec::with_capacity(size));
        writer.put_i16(VERSION);
        writer.put_i32(0);
        writer.put_i32(i32::try_from(producers.len()).expect("so many producers fit no memory"));
        for (producer_id, entry) in producers {
            encode_producer(&mut writer, *producer_id, entry);
        }
        let (mut bytes, _) = writer.into_parts();
        let checksum = crc_fast::crc32_iscsi(&bytes[CHECKSUM_END..]);
        bytes[2..CHECKSUM_END].copy_from_slice(&checksum.to_be_bytes());
        bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is not a whole snapshot.
    pub fn decode(bytes: &[u8]) -> Result<Self, CorruptSnapshot> {
        let mut reader = Reader::new(bytes);
        let version = reader.i16()?;
        if version != VERSION {
            return Err(CorruptSnapshot::Version { version });
        }
        let stored = reader.u32()?;
        let computed = crc_fast::crc32_iscsi(&bytes[CHECKSUM_END..]);
        if stored != computed {
            return Err(CorruptSnapshot::Checksum { stored, computed });
        }
        let announced = reader.i32()?;
        let size_bytes = bytes.len() - HEADER_SIZE_BYTES;
        let count = usize::try_from(announced).ok();
        if count.and_then(|count| count.checked_mul(PRODUCER_SIZE_BYTES)) != Some(size_bytes) {
            return Err(CorruptSnapshot::Count {
                announced,
                size_bytes,
            });
        }
        let mut producers = BTreeMap::new();
        for _ in 0..announced {
            let (producer_id, entry) = decode_producer(&mut reader)?;
            // Kafka notes a producer of which it knows nothing when the cleaner has emptied its
            // marker. Nothing is better known as no entry.
            if entry.producer_epoch() >= ProducerEpoch(0) {
                producers.insert(producer_id, entry);
            }
        }
        Ok(Self { producers })
    }
}

fn encode_producer(writer: &mut Writer, producer_id: ProducerId, entry: &ProducerEntry) {
    let last_batch = entry.batches().last();
    writer.put_i64(producer_id.0);
    writer.put_i16(entry.producer_epoch().0);
    writer.put_i32(entry.last_sequence());
    writer.put_i64(last_batch.map_or(-1, |batch| batch.last_offset.0));
    writer.put_i32(last_batch.map_or(0, |batch| batch.offset_delta));
    writer.put_i64(entry.last_timestamp_ms());
    writer.put_i32(entry.coordinator_epoch().0);
    writer.put_i64(
        entry
            .transaction_first_offset()
            .map_or(-1, |offset| offset.0),
    );
}

fn decode_producer(
    reader: &mut Reader<'_>,
) -> Result<(ProducerId, ProducerEntry), CorruptSnapshot> {
    let producer_id = ProducerId(reader.i64()?);
    let producer_epoch = ProducerEpoch(reader.i16()?);
    let last_sequence = reader.i32()?;
    let last_offset = Offset(reader.i64()?);
    let offset_delta = reader.i32()?;
    let timestamp_ms = reader.i64()?;
    let coordinator_epoch = CoordinatorEpoch(reader.i32()?);
    let transaction_first_offset = Offset(reader.i64()?);
    let has_batch = last_offset >= Offset::ZERO;
    if has_batch && !(0..=last_offset.0).contains(&i64::from(offset_delta)) {
        return Err(CorruptSnapshot::Batch { producer_id });
    }
    let last_batch = WrittenBatch {
        last_sequence,
        last_offset,
        offset_delta,
        timestamp_ms,
    };
    let entry = ProducerEntry::from_snapshot(
        producer_epoch,
        coordinator_epoch,
        timestamp_ms,
        Some(transaction_first_offset).filter(|&offset| offset >= Offset::ZERO),
        has_batch.then_some(last_batch),
    );
    Ok((producer_id, entry))
}
