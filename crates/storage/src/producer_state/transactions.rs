//! The transactions of a partition that readers of committed records must not pass: the open ones,
//! and the completed ones whose markers are not replicated yet.

use std::collections::BTreeMap;

use protocol::ids::{Offset, ProducerId};

use super::batch::{ProducerBatch, TransactionOutcome};

/// A transaction that a marker has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompletedTransaction {
    /// Whose it was.
    pub producer_id: ProducerId,
    /// The first offset of its records in this partition.
    pub first_offset: Offset,
    /// The offset of the marker.
    pub last_offset: Offset,
    /// How it ended.
    pub outcome: TransactionOutcome,
    /// What the last stable offset is once the marker is replicated: where the earliest
    /// transaction still open begins, or the offset behind the marker.
    pub last_stable_offset: Offset,
}

/// The transactions that hold the last stable offset back, by their first offsets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Transactions {
    open: BTreeMap<Offset, ProducerId>,
    /// With the offsets of their markers.
    completed: BTreeMap<Offset, Offset>,
}

impl Transactions {
    pub(super) fn begin(&mut self, first_offset: Offset, producer_id: ProducerId) {
        self.open.insert(first_offset, producer_id);
    }

    /// Ends the transaction that begins at `first_offset` by the marker.
    pub(super) fn complete(
        &mut self,
        first_offset: Offset,
        marker: &ProducerBatch,
        outcome: TransactionOutcome,
    ) -> CompletedTransaction {
        let last_offset = marker.base_offset;
        self.open.remove(&first_offset);
        self.completed.insert(first_offset, last_offset);
        let first_open = self.open.first_key_value();
        CompletedTransaction {
            producer_id: marker.producer_id,
            first_offset,
            last_offset,
            outcome,
            last_stable_offset: first_open.map_or(last_offset.next(), |(first, _)| *first),
        }
    }

    /// Forgets what is not known from before `offset`: the open transactions, and those completed
    /// by later markers.
    pub(super) fn rewind(&mut self, offset: Offset) {
        self.open.clear();
        self.completed
            .retain(|_, last_offset| *last_offset < offset);
    }

    /// Forgets the completed transactions whose markers are before `offset`.
    pub(super) fn forget_completed_before(&mut self, offset: Offset) {
        self.completed
            .retain(|_, last_offset| *last_offset >= offset);
    }

    pub(super) fn first_unstable_offset(&self) -> Option<Offset> {
        let first_open = self.open.keys().next();
        let first_completed = self.completed.keys().next();
        first_open.into_iter().chain(first_completed).min().copied()
    }
}
