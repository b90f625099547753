//! The `.index` file: where in the segment a batch lies, for every `index.interval.bytes` or so.
//!
//! ```text
//! entry, 8 bytes: relative offset int32 (last offset of the batch - base offset of the segment)
//!                 position int32 (of the batch in the .log file)
//! ```
//!
//! No entry points at position 0: that is where a search without an entry starts anyway.

use protocol::ids::Offset;

use super::index_file::{IndexEntry, IndexFile};

/// The offset index of a segment.
pub(crate) type OffsetIndex = IndexFile<OffsetEntry>;

/// The last offset of a batch, and where the batch starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OffsetEntry {
    relative_offset: u32,
    position: u32,
}

impl OffsetEntry {
    /// The entry for the batch at `position` that ends with `last_offset`; none if it lies too
    /// far behind the base offset for an index.
    pub(crate) fn new(base_offset: Offset, last_offset: Offset, position: u64) -> Option<Self> {
        Some(Self {
            relative_offset: relative_offset(base_offset, last_offset)?,
            position: i32::try_from(position).ok()?.cast_unsigned(),
        })
    }

    /// The last offset of its batch.
    pub(crate) fn last_offset(&self, base_offset: Offset) -> Offset {
        base_offset.plus(i64::from(self.relative_offset))
    }

    /// Where its batch starts, in bytes.
    pub(crate) const fn position(&self) -> u64 {
        self.position as u64
    }
}

/// The distance of `offset` from the segment's base offset as indexes store it: at most 31 bits.
pub(crate) fn relative_offset(base_offset: Offset, offset: Offset) -> Option<u32> {
    let relative = i32::try_from(offset.0.checked_sub(base_offset.0)?).ok()?;
    u32::try_from(relative).ok()
}

impl IndexEntry for OffsetEntry {
    const SIZE: usize = 8;

    fn encode(&self, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(&self.relative_offset.to_be_bytes());
        buffer.extend_from_slice(&self.position.to_be_bytes());
    }

    fn decode(bytes: &[u8]) -> Self {
        let number = |at: usize| {
            u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        Self {
            relative_offset: number(0),
            position: number(4),
        }
    }

    fn is_blank(&self) -> bool {
        self.position == 0
    }
}
