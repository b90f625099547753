//! The last few batches of a log, so that reads at its end and the translation of a high watermark
//! cost no disk access.
//!
//! Invariant: the batches are the last ones of the log, one behind the other, without a gap
//! between them that another batch could be in.

use std::collections::VecDeque;

use protocol::ids::Offset;

/// So many batches are kept.
const BATCHES_MAX: usize = 32;

/// Where a batch lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecentBatch {
    /// The offset of its first record.
    pub(super) base_offset: Offset,
    /// The offset after it.
    pub(super) next_offset: Offset,
    /// The base offset of its segment.
    pub(super) segment: Offset,
    /// Where it starts, in bytes.
    pub(super) start: u64,
    /// Where it ends, in bytes.
    pub(super) end: u64,
}

/// The last few batches of a log.
#[derive(Debug, Default)]
pub(super) struct RecentBatches {
    batches: VecDeque<RecentBatch>,
}

impl RecentBatches {
    pub(super) fn push(&mut self, batch: RecentBatch) {
        if self.batches.len() == BATCHES_MAX {
            self.batches.pop_front();
        }
        self.batches.push_back(batch);
    }

    pub(super) fn clear(&mut self) {
        self.batches.clear();
    }

    /// The first batch that ends behind `offset`; none if an older one might.
    pub(super) fn find(&self, offset: Offset) -> Option<RecentBatch> {
        if self.batches.front()?.base_offset > offset {
            return None;
        }
        let index = self
            .batches
            .partition_point(|batch| batch.next_offset <= offset);
        self.batches.get(index).copied()
    }
}
