//! The offset index of a log, and whether each entry points to the batch that it names.
//!
//! An entry is a relative offset i32 and a position i32. While a segment is active its index is
//! preallocated: the zeros behind the last entry are none.

use std::io::Write;

use anyhow::{Context, Result, ensure};

use super::arguments::{DumpArguments, IndexWork};
use super::file::{DumpedFile, OpenFile};
use super::findings::Findings;
use super::segment::BatchScan;
use super::slots::Slots;

const ENTRY_SIZE: usize = 8;

/// The offset index of a segment.
#[derive(Debug)]
pub(super) struct OffsetIndex {
    base_offset: i64,
    slots: Slots<ENTRY_SIZE>,
}

/// Where the batch that ends with an offset begins.
#[derive(Debug, Clone, Copy)]
struct Entry {
    offset: i64,
    position: i32,
}

/// Prints an offset index.
pub(super) fn dump(
    file: &DumpedFile,
    arguments: &DumpArguments,
    findings: &mut Findings,
    out: &mut impl Write,
) -> Result<()> {
    let base_offset = file.base_offset()?;
    let log = file.open_sibling(".log")?;
    let index = OffsetIndex::new(base_offset, file.open()?);
    let count = index.slots.count();
    if count == 0 {
        writeln!(out, "{file} is empty.")?;
        return Ok(());
    }
    if arguments.indexes == IndexWork::CheckSanity {
        index
            .check_sanity()
            .with_context(|| format!("check {file}"))?;
        writeln!(out, "{file} passed sanity check.")?;
        return Ok(());
    }
    let name = file.absolute()?;
    for slot in 0..count {
        let entry = index.entry(slot)?;
        if slot > 0 && entry.offset == base_offset {
            break;
        }
        let last_offset = last_offset_at(&log, entry, arguments.message_bytes_max)?;
        if last_offset != entry.offset {
            findings.index_mismatch(&name, entry.offset, last_offset);
        }
        if arguments.indexes == IndexWork::Print {
            writeln!(out, "offset: {} position: {}", entry.offset, entry.position)?;
        }
    }
    Ok(())
}

fn last_offset_at(log: &OpenFile, entry: Entry, message_bytes_max: u64) -> Result<i64> {
    let Entry { offset, position } = entry;
    let place = || format!("find batch of index entry: offset {offset} at position {position}");
    let position = u64::try_from(position).with_context(place)?;
    let end = position.saturating_add(message_bytes_max);
    let found = BatchScan::new(log, position, end).and_then(|mut scan| scan.next());
    let found = found.with_context(place)?;
    let found = found.with_context(|| {
        format!(
            "{}: there is none of up to {message_bytes_max} bytes",
            place()
        )
    })?;
    found.last_offset(log)
}

impl OffsetIndex {
    /// The index in `file`.
    pub(super) const fn new(base_offset: i64, file: OpenFile) -> Self {
        Self {
            base_offset,
            slots: Slots::new(file),
        }
    }

    /// Where to begin to look for `offset` in the log.
    pub(super) fn position_before(&self, offset: i64) -> Result<u64> {
        let count = self.slots.count();
        let is_written = |bytes: &[u8; ENTRY_SIZE]| self.decode(bytes).offset != self.base_offset;
        // The first entry is one even if it looks blank.
        let written = self.slots.partition_point_from(1, count, is_written)?;
        let is_before = |bytes: &[u8; ENTRY_SIZE]| self.decode(bytes).offset <= offset;
        match self.slots.partition_point_from(0, written, is_before)? {
            0 => Ok(0),
            end => {
                let position = self.entry(end - 1)?.position;
                u64::try_from(position).context("read offset index: a position is negative")
            }
        }
    }

    fn check_sanity(&self) -> Result<()> {
        let count = self.slots.count();
        let last = self.entry(count - 1)?.offset;
        let base = self.base_offset;
        ensure!(
            last >= base,
            "its last offset {last} is below its base offset {base}"
        );
        ensure!(!self.slots.is_cut(), "it ends within an entry");
        Ok(())
    }

    fn entry(&self, slot: u64) -> Result<Entry> {
        Ok(self.decode(&self.slots.read(slot)?))
    }

    fn decode(&self, bytes: &[u8; ENTRY_SIZE]) -> Entry {
        let [a, b, c, d, position @ ..] = *bytes;
        let relative = i32::from_be_bytes([a, b, c, d]);
        Entry {
            offset: self.base_offset.wrapping_add(relative.into()),
            position: i32::from_be_bytes(position),
        }
    }
}
