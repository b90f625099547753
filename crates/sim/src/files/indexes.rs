//! The offset and time indexes of segments, as they lie on the disk after a clean stop.

use super::Files;
use std::path::Path;

/// The entries of an index, with what stands behind the last whole one.
#[derive(Debug)]
pub(crate) struct Entries<T> {
    pub(crate) entries: Vec<T>,
    pub(crate) rest_bytes: usize,
}

/// An offset and where its batch stands in the segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OffsetEntry {
    pub(crate) offset: i64,
    pub(crate) position: u32,
}

/// A timestamp, the largest so far, and the offset of its record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeEntry {
    pub(crate) timestamp_ms: i64,
    pub(crate) offset: i64,
}

pub(crate) fn is_wanted(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with(".index") || name.ends_with(".timeindex")
}

/// The offset index of a segment; none if there is no file.
pub(crate) fn offsets(files: &Files, log: &Path, base: i64) -> Option<Entries<OffsetEntry>> {
    let bytes = files.get(&log.join(format!("{base:020}.index")))?;
    let chunks = bytes.chunks_exact(8);
    let rest_bytes = chunks.remainder().len();
    let entry = |chunk: &[u8]| OffsetEntry {
        offset: base + i64::from(number(&chunk[..4])),
        position: number(&chunk[4..]),
    };
    let entries = chunks.map(entry).collect();
    Some(Entries {
        entries,
        rest_bytes,
    })
}

/// The time index of a segment; none if there is no file.
pub(crate) fn times(files: &Files, log: &Path, base: i64) -> Option<Entries<TimeEntry>> {
    let bytes = files.get(&log.join(format!("{base:020}.timeindex")))?;
    let chunks = bytes.chunks_exact(12);
    let rest_bytes = chunks.remainder().len();
    let entry = |chunk: &[u8]| {
        let (high, low) = (number(&chunk[..4]), number(&chunk[4..8]));
        TimeEntry {
            timestamp_ms: ((u64::from(high) << 32) | u64::from(low)) as i64,
            offset: base + i64::from(number(&chunk[8..])),
        }
    };
    let entries = chunks.map(entry).collect();
    Some(Entries {
        entries,
        rest_bytes,
    })
}

fn number(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .fold(0, |number, byte| (number << 8) | u32::from(*byte))
}
