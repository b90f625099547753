//! Messages of the formats before Kafka 0.11, magic 0 and 1: one alone, or many compressed in one.
//!
//! ```text
//! crc u32 | magic i8 | attributes i8 | timestamp i64 (magic 1) | key | value
//! ```
//!
//! Key and value are bytes behind their length, an i32, -1 for null. The value of a compressed
//! message holds messages, each behind its offset and length. With magic 1 those offsets count from
//! the first one, and the outer message has that of the last.

use anyhow::{Context, Result, bail, ensure};
use protocol::compression::{Codec, Decompressor};
use protocol::wire::{DecodeError, Reader};

/// A message with its offset.
#[derive(Debug, Clone, Copy)]
pub(super) struct LegacyMessage<'b> {
    offset: i64,
    bytes: &'b [u8],
    crc: u32,
    magic: i8,
    attributes: i8,
    timestamp_ms: i64,
    /// Key and value with their lengths.
    content: &'b [u8],
}

/// A message that is not compressed, or one of those in one that is.
#[derive(Debug, Clone, Copy)]
pub(super) struct LegacyRecord<'b> {
    pub(super) offset: i64,
    pub(super) timestamp_ms: i64,
    pub(super) key: Option<&'b [u8]>,
    pub(super) value: Option<&'b [u8]>,
    pub(super) crc: u32,
    pub(super) is_valid: bool,
}

const CODEC: i8 = 0x07;
const LOG_APPEND_TIME: i8 = 0x08;
/// The checksum covers what follows it.
const CRC_END: usize = 4;
/// The shortest message, in bytes after its length.
const SIZE_MIN: i32 = 14;

impl<'b> LegacyMessage<'b> {
    /// The message in `bytes`, which begin with its checksum.
    pub(super) fn new(offset: i64, bytes: &'b [u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes);
        let (crc, magic, attributes) = (reader.u32()?, reader.i8()?, reader.i8()?);
        let timestamp_ms = match magic {
            0 => -1,
            1 => reader.i64()?,
            unknown => bail!("read message: magic {unknown} is unknown"),
        };
        Ok(Self {
            offset,
            bytes,
            crc,
            magic,
            attributes,
            timestamp_ms,
            content: reader.rest(),
        })
    }

    /// The records in it, all of them sound.
    pub(super) fn records(
        &self,
        decompressor: &'b mut Decompressor,
        inflated_bytes_max: usize,
    ) -> Result<Vec<LegacyRecord<'b>>> {
        let codec = self.codec()?;
        if codec == Codec::None {
            return Ok(vec![self.record()?]);
        }
        ensure!(codec != Codec::Zstd, "read message: it cannot be zstd");
        let value = self.record()?.value;
        let value = value.context("read compressed message: it has no value")?;
        let inflated = decompressor.decompress(codec, value, inflated_bytes_max)?;
        let messages = inner_messages(inflated)?;
        let last = messages.last();
        let last = last.context("read compressed message: there is none in it")?;
        let base_offset = match (self.magic, self.offset) {
            // Some producers left the outer offset alone.
            (0, _) | (_, 0) => 0,
            (_, offset) if offset < last.offset => {
                bail!("read compressed message: offset {offset} is below those in it")
            }
            (_, offset) => offset - last.offset,
        };
        let records = messages.iter().map(|message| {
            ensure!(
                message.codec()? == Codec::None,
                "read compressed message: one in it is compressed, too"
            );
            let mut record = message.record()?;
            record.offset = record.offset.wrapping_add(base_offset);
            if message.magic == 1 && self.has_log_append_time() {
                record.timestamp_ms = self.timestamp_ms;
            }
            Ok(record)
        });
        records.collect()
    }

    fn record(&self) -> Result<LegacyRecord<'b>> {
        let mut reader = Reader::new(self.content);
        Ok(LegacyRecord {
            offset: self.offset,
            timestamp_ms: self.timestamp_ms,
            key: nullable(&mut reader)?,
            value: nullable(&mut reader)?,
            crc: self.crc,
            is_valid: self.is_valid(),
        })
    }

    /// How the value is compressed.
    pub(super) fn codec(&self) -> Result<Codec> {
        let id = (self.attributes & CODEC) as u8;
        Codec::from_id(id)
            .with_context(|| format!("read message: compression type {id} is unknown"))
    }

    /// What the kind of its timestamp is called.
    pub(super) const fn timestamp_type(&self) -> &'static str {
        if self.magic == 0 {
            "NoTimestampType"
        } else if self.has_log_append_time() {
            "LogAppendTime"
        } else {
            "CreateTime"
        }
    }

    /// In milliseconds since 1970, -1 if there is none.
    pub(super) const fn timestamp_ms(&self) -> i64 {
        self.timestamp_ms
    }

    /// The checksum that it says it has.
    pub(super) const fn crc(&self) -> u32 {
        self.crc
    }

    /// Whether the checksum is that of its bytes.
    pub(super) fn is_valid(&self) -> bool {
        crc_fast::crc32_iso_hdlc(&self.bytes[CRC_END..]) == self.crc
    }

    const fn has_log_append_time(&self) -> bool {
        self.attributes & LOG_APPEND_TIME != 0
    }
}

/// The messages in the value of another; a last one that is cut off is none.
fn inner_messages(bytes: &[u8]) -> Result<Vec<LegacyMessage<'_>>> {
    let mut reader = Reader::new(bytes);
    let mut messages = Vec::new();
    while let (Ok(offset), Ok(size)) = (reader.i64(), reader.i32()) {
        ensure!(
            size >= SIZE_MIN,
            "read compressed message: one in it has a length of {size}"
        );
        let Ok(bytes) = reader.take(size as usize) else {
            break;
        };
        messages.push(LegacyMessage::new(offset, bytes)?);
    }
    Ok(messages)
}

fn nullable<'b>(reader: &mut Reader<'b>) -> Result<Option<&'b [u8]>, DecodeError> {
    match usize::try_from(reader.i32()?) {
        Ok(size) => reader.take(size).map(Some),
        Err(_) => Ok(None),
    }
}
