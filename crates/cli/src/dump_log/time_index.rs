//! The time index of a log, and whether each entry has the largest timestamp of the batch that it
//! names.
//!
//! An entry is a timestamp i64 and a relative offset i32. As with the offset index, zeros behind
//! the last entry are none.

use std::io::Write;

use anyhow::{Context, Result, ensure};
use protocol::compression::Decompressor;

use super::arguments::{DumpArguments, IndexWork};
use super::file::{DumpedFile, OpenFile};
use super::findings::Findings;
use super::offset_index::OffsetIndex;
use super::records;
use super::segment::{BatchScan, FoundBatch};
use super::slots::Slots;

const ENTRY_SIZE: usize = 12;

/// The largest timestamp up to an offset.
#[derive(Debug, Clone, Copy)]
struct Entry {
    timestamp_ms: i64,
    offset: i64,
}

struct TimeIndex {
    base_offset: i64,
    slots: Slots<ENTRY_SIZE>,
}

/// Prints a time index.
pub(super) fn dump(
    file: &DumpedFile,
    arguments: &DumpArguments,
    findings: &mut Findings,
    out: &mut impl Write,
) -> Result<()> {
    let base_offset = file.base_offset()?;
    let log = file.open_sibling(".log")?;
    let offset_index = OffsetIndex::new(base_offset, file.open_sibling(".index")?);
    let index = TimeIndex {
        base_offset,
        slots: Slots::new(file.open()?),
    };
    if arguments.indexes == IndexWork::CheckSanity {
        index
            .check_sanity()
            .with_context(|| format!("check {file}"))?;
        writeln!(out, "{file} passed sanity check.")?;
        return Ok(());
    }
    let name = file.absolute()?;
    let mut comparison = Comparison {
        name: &name,
        log: &log,
        offset_index: &offset_index,
        previous_ms: -1,
        buffer: Vec::new(),
        decompressor: Decompressor::new(),
    };
    for slot in 0..index.slots.count() {
        let entry = index.entry(slot)?;
        if slot == 0 {
            comparison.check_log_from(entry.offset)?;
        }
        if slot > 0 && entry.offset == base_offset {
            break;
        }
        comparison.compare(entry, findings)?;
        if arguments.indexes == IndexWork::Print {
            writeln!(
                out,
                "timestamp: {} offset: {}",
                entry.timestamp_ms, entry.offset
            )?;
        }
    }
    Ok(())
}

/// Entries one by one beside the log.
struct Comparison<'a> {
    name: &'a str,
    log: &'a OpenFile,
    offset_index: &'a OffsetIndex,
    previous_ms: i64,
    buffer: Vec<u8>,
    decompressor: Decompressor,
}

impl Comparison<'_> {
    fn compare(&mut self, entry: Entry, findings: &mut Findings) -> Result<()> {
        let Entry {
            timestamp_ms,
            offset,
        } = entry;
        match self.batch_from(offset)? {
            Some((found, last_offset)) if last_offset == offset => {
                let batch = found.load(self.log, &mut self.buffer)?;
                let largest = records::max_timestamp_ms(&batch, &mut self.decompressor)
                    .with_context(|| found.place(self.log))?;
                if largest != timestamp_ms {
                    findings.time_mismatch(self.name, timestamp_ms, largest);
                }
                if self.previous_ms >= timestamp_ms {
                    findings.time_disorder(self.name, timestamp_ms, self.previous_ms);
                }
            }
            other => {
                let last_offset = other.map_or(-1, |(_, last_offset)| last_offset);
                findings.offset_not_found(self.name, offset, last_offset);
            }
        }
        self.previous_ms = timestamp_ms;
        Ok(())
    }

    /// Fails, as Kafka does, if something that can be no batch follows.
    fn check_log_from(&self, offset: i64) -> Result<()> {
        let position = self.offset_index.position_before(offset)?;
        let mut scan = BatchScan::new(self.log, position, u64::MAX)?;
        while scan.next()?.is_some() {}
        Ok(())
    }

    /// The first batch that ends with `offset` or a later one, and the offset it ends with.
    fn batch_from(&self, offset: i64) -> Result<Option<(FoundBatch, i64)>> {
        let position = self.offset_index.position_before(offset)?;
        let mut scan = BatchScan::new(self.log, position, u64::MAX)?;
        while let Some(found) = scan.next()? {
            let last_offset = found.last_offset(self.log)?;
            if last_offset >= offset {
                return Ok(Some((found, last_offset)));
            }
        }
        Ok(None)
    }
}

impl TimeIndex {
    fn check_sanity(&self) -> Result<()> {
        if let Some(last) = self.slots.count().checked_sub(1) {
            let first_ms = self.entry(0)?.timestamp_ms;
            let last = self.entry(last)?;
            let base = self.base_offset;
            ensure!(
                last.timestamp_ms >= first_ms,
                "its last timestamp {} is below its first, {first_ms}",
                last.timestamp_ms
            );
            ensure!(
                last.offset >= base,
                "its last offset {} is below its base offset {base}",
                last.offset
            );
        }
        ensure!(!self.slots.is_cut(), "it ends within an entry");
        Ok(())
    }

    fn entry(&self, slot: u64) -> Result<Entry> {
        let [a, b, c, d, e, f, g, h, relative @ ..] = self.slots.read(slot)?;
        let relative = i32::from_be_bytes(relative);
        Ok(Entry {
            timestamp_ms: i64::from_be_bytes([a, b, c, d, e, f, g, h]),
            offset: self.base_offset.wrapping_add(relative.into()),
        })
    }
}
