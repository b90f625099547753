//! The idempotent and transactional producers of a partition: what each wrote last, so that a
//! retry is recognised and a gap refused (KIP-98), and which transactions are open, so that
//! readers of committed records know where to stop.
//!
//! Not the job of this module: offsets, files of the log, and asking the transaction coordinator
//! whether a partition takes part in a transaction (KIP-890).
//!
//! How the log uses it: [`ProducerState::check`] before an append, for all its batches;
//! [`ProducerState::update`] once for each batch that has a producer, after the append and equally
//! when a log is loaded or followed; [`ProducerState::advance_to`] for every append. To load or to
//! truncate: remove what [`snapshots_out_of_range`] names, [`ProducerState::reload`] from
//! [`load_newest_snapshot`], and update with all batches from [`ProducerState::end_offset`] on.
//!
//! Invariants:
//! - What the log says is changed by `update` alone; the same batches give the same state, however
//!   they were grouped into appends.
//! - A producer with an open transaction is never forgotten, also without a batch of its own.
//! - The last five batches of a producer are recognised; after a reload from a snapshot only the
//!   last one is, because the file holds no more, as in Kafka. A clean stop answers what is in
//!   flight first; after a crash the batches behind the snapshot are read again. A producer that
//!   is told of a gap nevertheless goes on in its next epoch and sends again.
//! - Records that retention removes take no state along (KIP-360): producers stay until they
//!   expire.

mod batch;
mod check;
mod entry;
mod snapshot;
mod snapshot_files;
mod transactions;

use std::collections::BTreeMap;

use protocol::ids::{Offset, ProducerId};

use transactions::Transactions;

pub use batch::{
    AppendOrigin, EndTransaction, ProducerBatch, ProducerBatchContent, TransactionOutcome,
};
pub use check::{AppendCheck, RefusedBatch};
pub use entry::{ProducerEntry, WrittenBatch};
pub use snapshot::{CorruptSnapshot, ProducerSnapshot};
pub use snapshot_files::{
    load_newest_snapshot, save_snapshot, snapshots_out_of_range, stray_snapshots,
};
pub use transactions::CompletedTransaction;

/// The state of all producers of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerState {
    producers: BTreeMap<ProducerId, ProducerEntry>,
    transactions: Transactions,
    /// The log up to here is accounted for.
    end_offset: Offset,
    /// The end offset when the newest snapshot was taken; a new one at the same offset would hold
    /// the same.
    snapshot_offset: Offset,
}

impl ProducerState {
    /// The state of an empty log that begins at `offset`; also what is left when a log is emptied,
    /// whose snapshots go as well.
    pub fn starting_at(offset: Offset) -> Self {
        Self {
            producers: BTreeMap::new(),
            transactions: Transactions::default(),
            end_offset: offset,
            snapshot_offset: offset,
        }
    }

    /// Takes account of a batch of the log that has a producer, and returns the transaction that
    /// it completes, if any.
    ///
    /// It never fails: what is in the log is true. A marker that ends no records of this
    /// partition completes nothing.
    pub fn update(&mut self, batch: &ProducerBatch) -> Option<CompletedTransaction> {
        self.advance_to(batch.last_offset.next());
        let entry = self
            .producers
            .entry(batch.producer_id)
            .or_insert_with(|| ProducerEntry::new(batch.producer_epoch));
        let open_before = entry.transaction_first_offset();
        entry.update(batch);
        match (open_before, batch.content) {
            (None, _) => {
                if let Some(first_offset) = entry.transaction_first_offset() {
                    self.transactions.begin(first_offset, batch.producer_id);
                }
                None
            }
            (Some(first_offset), ProducerBatchContent::EndTransaction(end)) => {
                Some(self.transactions.complete(first_offset, batch, end.outcome))
            }
            (Some(_), ProducerBatchContent::Data { .. }) => None,
        }
    }

    /// Notes that the log now ends at `end_offset`, also when its last batches have no producer.
    pub fn advance_to(&mut self, end_offset: Offset) {
        self.end_offset = self.end_offset.max(end_offset);
    }

    /// Forgets the completed transactions whose markers are replicated: they hold the last stable
    /// offset back no more.
    pub fn on_high_watermark(&mut self, high_watermark: Offset) {
        self.transactions.forget_completed_before(high_watermark);
    }

    /// Notes that the log now starts at `log_start_offset`. Producers stay, also those whose
    /// batches are gone; `newest_snapshot` is what is left of the snapshots.
    pub fn on_log_start_offset(
        &mut self,
        log_start_offset: Offset,
        newest_snapshot: Option<Offset>,
    ) {
        self.transactions.forget_completed_before(log_start_offset);
        self.advance_to(log_start_offset);
        self.snapshot_offset = newest_snapshot.unwrap_or(log_start_offset);
    }

    /// Notes that the snapshot of this offset is in its file.
    pub fn on_snapshot_saved(&mut self, offset: Offset) {
        self.snapshot_offset = offset;
    }

    /// The same state for a log that has no snapshot of it yet.
    pub fn without_snapshot(&self) -> Self {
        Self {
            snapshot_offset: Offset(-1),
            ..self.clone()
        }
    }

    /// Forgets the producers that have written nothing, markers included, for `expiration_ms`
    /// (`producer.id.expiration.ms`), unless they have a transaction open.
    pub fn expire(&mut self, now_ms: i64, expiration_ms: i64) {
        self.producers.retain(|_, entry| {
            entry.transaction_first_offset().is_some()
                || now_ms.saturating_sub(entry.last_timestamp_ms()) < expiration_ms
        });
    }

    /// Starts over from a snapshot, or from nothing at the start of the log. The caller lets those
    /// producers expire that are due, and updates with what the log holds behind the snapshot.
    ///
    /// Completed transactions are not in a snapshot: those whose markers are before it are kept
    /// until they are replicated, the others are seen again.
    pub fn reload(&mut self, snapshot: Option<(Offset, ProducerSnapshot)>, log_start: Offset) {
        let (offset, snapshot) =
            snapshot.unwrap_or_else(|| (log_start, ProducerSnapshot::default()));
        self.producers = snapshot.producers;
        self.transactions.rewind(offset);
        for (producer_id, entry) in &self.producers {
            if let Some(first_offset) = entry.transaction_first_offset() {
                self.transactions.begin(first_offset, *producer_id);
            }
        }
        self.end_offset = offset;
        self.snapshot_offset = offset;
    }

    /// The snapshot to save, with its offset; none if the newest one still says it all.
    pub fn snapshot(&self) -> Option<(Offset, Vec<u8>)> {
        if self.end_offset <= self.snapshot_offset {
            return None;
        }
        Some((self.end_offset, ProducerSnapshot::encode(&self.producers)))
    }

    /// The log up to here is accounted for.
    pub const fn end_offset(&self) -> Offset {
        self.end_offset
    }

    /// The first offset of the earliest transaction that is open, or whose marker is not
    /// replicated yet; the last stable offset is not above it. It can lie before the start of the
    /// log.
    pub fn first_unstable_offset(&self) -> Option<Offset> {
        self.transactions.first_unstable_offset()
    }

    /// What is known of a producer.
    pub fn producer(&self, producer_id: ProducerId) -> Option<&ProducerEntry> {
        self.producers.get(&producer_id)
    }

    /// All producers, in the order of their ids.
    pub fn producers(&self) -> impl ExactSizeIterator<Item = (ProducerId, &ProducerEntry)> {
        self.producers.iter().map(|(id, entry)| (*id, entry))
    }
}

#[cfg(test)]
mod tests;
