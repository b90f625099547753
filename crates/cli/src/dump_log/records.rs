//! The records of a batch: what goes with them, and what is in them.

use std::io::Write;

use anyhow::{Result, bail};
use protocol::compression::{Codec, Decompressor};
use protocol::records::{BatchHeader, RecordView, RecordWalk};

use super::arguments::ShownRecords;
use super::control;
use super::decoder::RecordBytes;
use super::findings::Findings;
use super::legacy::{LegacyMessage, LegacyRecord};
use super::segment::{CurrentBatch, LoadedBatch, timestamp_type_name};
use super::text;

/// No batch may inflate to more.
const INFLATED_BYTES_MAX: usize = 1 << 30;

/// Prints the records of a log.
#[derive(Debug)]
pub(super) struct RecordPrinter<'a> {
    shown: &'a ShownRecords,
    file: &'a str,
    /// The offset of the record before.
    last_offset: i64,
}

impl<'a> RecordPrinter<'a> {
    /// For the log `file`.
    pub(super) const fn new(shown: &'a ShownRecords, file: &'a str) -> Self {
        let last_offset = -1;
        Self {
            shown,
            file,
            last_offset,
        }
    }

    /// Prints the records of the next batch.
    pub(super) fn print(
        &mut self,
        batch: &LoadedBatch<'_>,
        decompressor: &mut Decompressor,
        findings: &mut Findings,
        out: &mut impl Write,
    ) -> Result<()> {
        match batch {
            LoadedBatch::Legacy(message) => {
                for record in message.records(decompressor, INFLATED_BYTES_MAX)? {
                    self.note_offset(record.offset, findings);
                    self.print_legacy(message, &record, out)?;
                }
            }
            LoadedBatch::Current(batch) => {
                for record in walk(batch, decompressor)?.into_iter().flatten() {
                    let record = record?;
                    self.note_offset(record.offset, findings);
                    self.print_current(&batch.header, &record, out)?;
                }
            }
        }
        Ok(())
    }

    fn note_offset(&mut self, offset: i64, findings: &mut Findings) {
        if offset != self.last_offset.wrapping_add(1) {
            findings.gap(self.file, self.last_offset, offset);
        }
        self.last_offset = offset;
    }

    fn print_current(
        &self,
        header: &BatchHeader,
        record: &RecordView<'_>,
        out: &mut impl Write,
    ) -> Result<()> {
        let is_control = header.attributes.is_control();
        if self.shown.has_metadata {
            let keys: Vec<_> = record
                .headers()
                .map(|header| text::of_bytes(header.key))
                .collect();
            write!(
                out,
                "| offset: {} {}: {} keySize: {} valueSize: {} sequence: {} headerKeys: [{}]",
                record.offset,
                timestamp_type_name(header),
                record.timestamp_ms,
                size(record.key),
                size(record.value),
                sequence(header, record),
                keys.join(","),
            )?;
            if is_control {
                write!(out, "{}", control::describe(record)?)?;
            }
        }
        if !is_control {
            let bytes = RecordBytes {
                offset: record.offset,
                key: record.key,
                value: record.value,
            };
            self.print_content(&bytes, out)?;
        }
        writeln!(out)?;
        Ok(())
    }

    fn print_legacy(
        &self,
        message: &LegacyMessage<'_>,
        record: &LegacyRecord<'_>,
        out: &mut impl Write,
    ) -> Result<()> {
        if self.shown.has_metadata {
            write!(
                out,
                "| offset: {} {}: {} keySize: {} valueSize: {} isValid: {} crc: {}",
                record.offset,
                message.timestamp_type(),
                record.timestamp_ms,
                size(record.key),
                size(record.value),
                record.is_valid,
                record.crc,
            )?;
        }
        let bytes = RecordBytes {
            offset: record.offset,
            key: record.key,
            value: record.value,
        };
        self.print_content(&bytes, out)?;
        writeln!(out)?;
        Ok(())
    }

    fn print_content(&self, record: &RecordBytes<'_>, out: &mut impl Write) -> Result<()> {
        let Some(decoder) = &self.shown.decoder else {
            return Ok(());
        };
        let decoded = decoder.decode(record)?;
        let mut prefix = if self.shown.has_metadata { " " } else { "| " };
        if let Some(key) = decoded.key {
            write!(out, "{prefix}key: {key}")?;
            prefix = " ";
        }
        if let Some(value) = decoded.value {
            write!(out, "{prefix}payload: {value}")?;
        }
        Ok(())
    }
}

/// The largest timestamp of its records in milliseconds, -1 if there is none.
pub(super) fn max_timestamp_ms(
    batch: &LoadedBatch<'_>,
    decompressor: &mut Decompressor,
) -> Result<i64> {
    let mut largest = -1;
    match batch {
        LoadedBatch::Legacy(message) => {
            for record in message.records(decompressor, INFLATED_BYTES_MAX)? {
                largest = record.timestamp_ms.max(largest);
            }
        }
        LoadedBatch::Current(batch) => {
            for record in walk(batch, decompressor)?.into_iter().flatten() {
                largest = record?.timestamp_ms.max(largest);
            }
        }
    }
    Ok(largest)
}

/// The records of a batch, if it has any. Compressed ones are all sound, as in Kafka, which reads
/// them at once; of others each is looked at when its turn comes.
fn walk<'b>(
    batch: &CurrentBatch<'b>,
    decompressor: &'b mut Decompressor,
) -> Result<Option<RecordWalk<'b>>> {
    let header = &batch.header;
    let payload = batch.payload()?;
    if header.record_count == 0 {
        return Ok(None);
    }
    let codec = header.attributes.codec()?;
    let inflated = decompressor.decompress(codec, payload, INFLATED_BYTES_MAX)?;
    let walk = RecordWalk::new(header, inflated)?;
    if codec != Codec::None
        && let Some(error) = walk.clone().find_map(Result::err)
    {
        bail!(error);
    }
    Ok(Some(walk))
}

/// The sequence of a record, which goes on from that of its batch.
const fn sequence(header: &BatchHeader, record: &RecordView<'_>) -> i32 {
    if header.base_sequence < 0 {
        return -1;
    }
    header.base_sequence.wrapping_add(record.offset_delta) & i32::MAX
}

/// The size in bytes, -1 for null.
fn size(bytes: Option<&[u8]>) -> i64 {
    bytes.map_or(-1, |bytes| bytes.len() as i64)
}
