//! Logs and metadata snapshots: their batches one by one.
//!
//! Not the job of this module: the records in a batch, and batches from before Kafka 0.11.

use std::io::Write;

use anyhow::{Context, Result, bail};
use protocol::compression::Decompressor;
use protocol::records::{BatchHeader, TimestampType};

use super::arguments::DumpArguments;
use super::file::{DumpedFile, OpenFile};
use super::findings::Findings;
use super::legacy::LegacyMessage;
use super::records::RecordPrinter;

/// Bytes up to the magic, which tells how to go on.
const START_SIZE_BYTES: u64 = 17;
/// Bytes that the length of a batch does not count.
const LENGTH_OVERHEAD: u64 = 12;
/// The shortest message there ever was, in bytes after its length.
const LENGTH_MIN: i32 = 14;

/// Batches in a part of a log, from its start on.
#[derive(Debug)]
pub(super) struct BatchScan<'a> {
    log: &'a OpenFile,
    position: u64,
    end: u64,
}

/// Where a batch is and what its first bytes say.
#[derive(Debug, Clone, Copy)]
pub(super) struct FoundBatch {
    pub(super) position: u64,
    /// Bytes of the whole batch, which the file has.
    pub(super) size: u64,
    offset: i64,
    magic: i8,
}

/// A batch in memory.
#[derive(Debug)]
pub(super) enum LoadedBatch<'b> {
    Legacy(LegacyMessage<'b>),
    Current(CurrentBatch<'b>),
}

/// A batch with a header of 61 bytes.
#[derive(Debug)]
pub(super) struct CurrentBatch<'b> {
    pub(super) header: BatchHeader,
    magic: i8,
    /// All of its bytes, and a whole header where the batch is shorter than that.
    bytes: &'b [u8],
    size: usize,
}

/// Prints a log or a snapshot.
pub(super) fn dump(
    file: &DumpedFile,
    arguments: &DumpArguments,
    findings: &mut Findings,
    out: &mut impl Write,
) -> Result<()> {
    print_beginning(file, out)?;
    let log = file.open()?;
    let end = arguments.log_bytes_max.unwrap_or(u64::MAX).min(log.size());
    let mut scan = BatchScan::new(&log, 0, end)?;
    let name = file.absolute()?;
    let mut records = arguments
        .records
        .as_ref()
        .map(|shown| RecordPrinter::new(shown, &name));
    let mut buffer = Vec::new();
    let mut decompressor = Decompressor::new();
    while let Some(found) = scan.next()? {
        if found.is_legacy() {
            write!(out, "offset: {}", found.offset)?;
        }
        let batch = found.load(&log, &mut buffer)?;
        let printed = print_batch(&batch, &found, out).and_then(|()| match &mut records {
            Some(records) => records.print(&batch, &mut decompressor, findings, out),
            None => Ok(()),
        });
        printed.with_context(|| found.place(&log))?;
    }
    let trailing = end - scan.position;
    if trailing > 0 && arguments.log_bytes_max.is_none() {
        let name = file.file_name();
        writeln!(out, "Found {trailing} invalid bytes at the end of {name}")?;
    }
    Ok(())
}

fn print_beginning(file: &DumpedFile, out: &mut impl Write) -> Result<()> {
    let name = file.file_name();
    if name.ends_with(".log") {
        writeln!(out, "Log starting offset: {}", file.base_offset()?)?;
    } else if name == "bootstrap.checkpoint" {
        writeln!(out, "KRaft bootstrap snapshot")?;
    } else {
        let id = name.get(..20).zip(name.get(21..31));
        let id = id.and_then(|(offset, epoch)| {
            Some((offset.parse::<i64>().ok()?, epoch.parse::<i32>().ok()?))
        });
        let (offset, epoch) =
            id.with_context(|| format!("read name of {file}: it is not that of a snapshot"))?;
        writeln!(out, "Snapshot end offset: {offset}, epoch: {epoch}")?;
    }
    Ok(())
}

fn print_batch(batch: &LoadedBatch<'_>, found: &FoundBatch, out: &mut impl Write) -> Result<()> {
    let (codec, timestamp_type, max_timestamp_ms, crc, is_valid) = match batch {
        LoadedBatch::Legacy(message) => (
            message.codec()?,
            message.timestamp_type(),
            message.timestamp_ms(),
            message.crc(),
            message.is_valid(),
        ),
        LoadedBatch::Current(batch) => {
            print_header(&batch.header, out)?;
            (
                batch.header.attributes.codec()?,
                timestamp_type_name(&batch.header),
                batch.header.max_timestamp_ms,
                batch.header.crc,
                batch.is_valid(),
            )
        }
    };
    writeln!(
        out,
        " position: {} {timestamp_type}: {max_timestamp_ms} size: {} magic: {} compresscodec: \
         {codec} crc: {crc} isvalid: {is_valid}",
        found.position, found.size, found.magic,
    )?;
    Ok(())
}

fn print_header(header: &BatchHeader, out: &mut impl Write) -> Result<()> {
    let delete_horizon = optional(header.delete_horizon_ms());
    write!(
        out,
        "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} producerId: {} \
         producerEpoch: {} partitionLeaderEpoch: {} isTransactional: {} isControl: {} \
         deleteHorizonMs: {delete_horizon}",
        header.base_offset,
        header.last_offset(),
        header.record_count,
        header.base_sequence,
        header.last_sequence(),
        header.producer_id,
        header.producer_epoch,
        header.partition_leader_epoch,
        header.attributes.is_transactional(),
        header.attributes.is_control(),
    )?;
    Ok(())
}

/// A number that may be missing, as Java prints it.
pub(super) fn optional(number: Option<i64>) -> String {
    number.map_or_else(
        || "OptionalLong.empty".to_owned(),
        |number| format!("OptionalLong[{number}]"),
    )
}

/// What the kind of its timestamps is called.
pub(super) const fn timestamp_type_name(header: &BatchHeader) -> &'static str {
    match header.attributes.timestamp_type() {
        TimestampType::CreateTime => "CreateTime",
        TimestampType::LogAppendTime => "LogAppendTime",
    }
}

impl<'a> BatchScan<'a> {
    /// The batches of `log` that lie between `position` and `end`.
    pub(super) fn new(log: &'a OpenFile, position: u64, end: u64) -> Result<Self> {
        let path = log.path().display();
        if log.size() > i32::MAX as u64 {
            bail!("read {path}: {} bytes are too many for a log", log.size());
        }
        let end = end.min(log.size());
        if position > end {
            bail!("read {path}: position {position} lies behind its {end} bytes");
        }
        Ok(Self { log, position, end })
    }

    /// The next whole batch.
    pub(super) fn next(&mut self) -> Result<Option<FoundBatch>> {
        let Some(remaining) = self.end.checked_sub(self.position + START_SIZE_BYTES) else {
            return Ok(None);
        };
        // As in Kafka, a batch that ends with its magic is none.
        if remaining == 0 {
            return Ok(None);
        }
        let mut start = [0; START_SIZE_BYTES as usize];
        self.log.read_at(&mut start, self.position)?;
        let [a, b, c, d, e, f, g, h, length @ .., _, _, _, _, magic] = start;
        let length = i32::from_be_bytes(length);
        if length < LENGTH_MIN {
            bail!(
                "read {} at position {}: the batch has a length of {length}",
                self.log.path().display(),
                self.position
            );
        }
        let found = FoundBatch {
            position: self.position,
            size: LENGTH_OVERHEAD + length as u64,
            offset: i64::from_be_bytes([a, b, c, d, e, f, g, h]),
            magic: magic as i8,
        };
        if found.size > self.end - self.position {
            return Ok(None);
        }
        self.position += found.size;
        Ok(Some(found))
    }
}

impl FoundBatch {
    /// Reads it into `buffer`.
    pub(super) fn load<'b>(
        &self,
        log: &OpenFile,
        buffer: &'b mut Vec<u8>,
    ) -> Result<LoadedBatch<'b>> {
        let size = usize::try_from(self.size).context("read batch: it is larger than memory")?;
        if self.is_legacy() {
            buffer.resize(size, 0);
            log.read_at(buffer, self.position)?;
            let message = LegacyMessage::new(self.offset, &buffer[LENGTH_OVERHEAD as usize..]);
            return message
                .map(LoadedBatch::Legacy)
                .with_context(|| self.place(log));
        }
        // A length too small for a header does not keep Kafka from reading one.
        buffer.resize(size.max(BatchHeader::SIZE), 0);
        log.read_at(buffer, self.position)?;
        Ok(LoadedBatch::Current(CurrentBatch {
            header: header(buffer)?,
            magic: self.magic,
            bytes: buffer,
            size,
        }))
    }

    /// The offset of its last record.
    pub(super) fn last_offset(&self, log: &OpenFile) -> Result<i64> {
        if self.is_legacy() {
            return Ok(self.offset);
        }
        let mut bytes = [0; BatchHeader::SIZE];
        log.read_at(&mut bytes, self.position)?;
        Ok(header(&bytes)?.last_offset())
    }

    /// Whether it is from before there were batches.
    const fn is_legacy(&self) -> bool {
        self.magic < BatchHeader::MAGIC
    }

    /// For messages.
    pub(super) fn place(&self, log: &OpenFile) -> String {
        format!(
            "read {} at position {}",
            log.path().display(),
            self.position
        )
    }
}

/// The header at the start of `bytes`, whatever it says about its format and its length.
fn header(bytes: &[u8]) -> Result<BatchHeader> {
    let mut bytes = *bytes
        .first_chunk::<{ BatchHeader::SIZE }>()
        .context("read batch header: there is none")?;
    let length = BatchHeader::SIZE as u32;
    bytes[8..12].copy_from_slice(&length.to_be_bytes());
    bytes[16] = BatchHeader::MAGIC as u8;
    Ok(BatchHeader::decode(&bytes)?)
}

impl<'b> CurrentBatch<'b> {
    /// The records as they are stored.
    pub(super) fn payload(&self) -> Result<&'b [u8]> {
        let payload = self.bytes.get(BatchHeader::SIZE..self.size);
        payload.with_context(|| {
            let size = self.size;
            format!(
                "read batch of magic {}: {size} bytes hold no header",
                self.magic
            )
        })
    }

    fn is_valid(&self) -> bool {
        const CHECKED_FROM: usize = 21;
        self.size >= BatchHeader::SIZE
            && crc_fast::crc32_iscsi(&self.bytes[CHECKED_FROM..self.size]) == self.header.crc
    }
}
