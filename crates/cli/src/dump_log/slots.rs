//! The entries of an index, which all have the same size.

use std::cell::RefCell;

use anyhow::Result;

use super::file::OpenFile;

/// So many bytes are read at once.
const BLOCK_BYTES: u64 = 4096;

/// The entries of `SIZE` bytes that a file holds.
#[derive(Debug)]
pub(super) struct Slots<const SIZE: usize> {
    file: OpenFile,
    /// What was read last, and where it begins.
    block: RefCell<(u64, Vec<u8>)>,
}

impl<const SIZE: usize> Slots<SIZE> {
    pub(super) const fn new(file: OpenFile) -> Self {
        Self {
            file,
            block: RefCell::new((0, Vec::new())),
        }
    }

    /// How many there are, blank ones included.
    pub(super) const fn count(&self) -> u64 {
        self.file.size() / SIZE as u64
    }

    /// Whether the file ends within an entry.
    pub(super) const fn is_cut(&self) -> bool {
        !self.file.size().is_multiple_of(SIZE as u64)
    }

    /// The bytes of one of them.
    pub(super) fn read(&self, index: u64) -> Result<[u8; SIZE]> {
        let position = index * SIZE as u64;
        let (start, block) = &mut *self.block.borrow_mut();
        let end = *start + block.len() as u64;
        if position < *start || position + SIZE as u64 > end {
            let entries_bytes = self.count() * SIZE as u64;
            let size = (entries_bytes - position).min(BLOCK_BYTES / SIZE as u64 * SIZE as u64);
            block.resize(size as usize, 0);
            *start = position;
            if let Err(error) = self.file.read_at(block, position) {
                block.clear();
                return Err(error);
            }
        }
        let mut entry = [0; SIZE];
        let from = (position - *start) as usize;
        entry.copy_from_slice(&block[from..from + SIZE]);
        Ok(entry)
    }

    /// The first of the entries from `start` to `end` that is not `before`, or `end`. All entries
    /// behind it are not, either.
    pub(super) fn partition_point_from(
        &self,
        start: u64,
        end: u64,
        before: impl Fn(&[u8; SIZE]) -> bool,
    ) -> Result<u64> {
        let (mut low, mut high) = (start.min(end), end);
        while low < high {
            let middle = low + (high - low) / 2;
            if before(&self.read(middle)?) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}
