//! The `.timeindex` file: the largest timestamp so far in a segment, and the batch that has it.
//!
//! ```text
//! entry, 12 bytes: timestamp int64 (milliseconds)
//!                  relative offset int32 (last offset of the batch - base offset of the segment)
//! ```
//!
//! Timestamps ascend strictly. An entry is added beside one of the offset index, and a last one
//! when the segment is sealed or closed.

use protocol::ids::Offset;

use super::index_file::{IndexEntry, IndexFile};
use super::offset_index::relative_offset;

/// The time index of a segment.
pub(crate) type TimeIndex = IndexFile<TimeEntry>;

/// A timestamp, and the last offset of the batch that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeEntry {
    pub(crate) timestamp: i64,
    relative_offset: u32,
}

impl TimeEntry {
    /// The entry for a batch that ends with `last_offset`; none if that lies too far behind the
    /// base offset for an index.
    pub(crate) fn new(base_offset: Offset, last_offset: Offset, timestamp: i64) -> Option<Self> {
        Some(Self {
            timestamp,
            relative_offset: relative_offset(base_offset, last_offset)?,
        })
    }

    /// The last offset of its batch.
    pub(crate) fn last_offset(&self, base_offset: Offset) -> Offset {
        base_offset.plus(i64::from(self.relative_offset))
    }
}

impl IndexEntry for TimeEntry {
    const SIZE: usize = 12;

    fn encode(&self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(&self.timestamp.to_be_bytes());
        buffer.extend_from_slice(&self.relative_offset.to_be_bytes());
    }

    fn decode(bytes: &[u8]) -> Self {
        let (timestamp, offset) = bytes.split_at(8);
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
        };
        Self {
            timestamp: number(timestamp).cast_signed(),
            relative_offset: number(offset) as u32,
        }
    }

    fn is_blank(&self) -> bool {
        self.timestamp == 0 && self.relative_offset == 0
    }
}
