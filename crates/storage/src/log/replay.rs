//! Replaying the batches of a log for the state of its producers.
//!
//! Not the job of this module: whether the batches are sound, and where the log ends.

use std::sync::Arc;

use protocol::ids::Offset;
use protocol::records::BatchHeader;

use super::producers;
use super::recovery::{LoadError, Loader};
use crate::producer_state::{self, CompletedTransaction, ProducerState, TransactionOutcome};
use crate::segment::{ScanError, Segment};
use crate::transaction_index::AbortedTransaction;

/// What the state of the producers is loaded from.
pub(super) struct ProducersLoad<'a> {
    pub(super) segments: &'a [Arc<Segment>],
    /// Of the snapshots that belong to the log.
    pub(super) snapshots: &'a [Offset],
    /// Where to end: at or behind the end of the last segment.
    pub(super) log_end_offset: Offset,
    /// Transactions aborted at or behind this offset are to be made anew in the indexes of their
    /// segments.
    pub(super) transactions_missing_from: Option<Offset>,
}

/// The state of the producers on its way through a log.
pub(super) struct Replay {
    pub(super) producers: ProducerState,
    /// The snapshots that were missing at the start of segments on the way, for the next flush to
    /// write.
    pub(super) missing_snapshots: Vec<(Offset, Vec<u8>)>,
}

impl Loader<'_> {
    /// Brings the state of the producers to the end of the log: from the newest snapshot that is
    /// of use, or from nothing at the start of the log, by the batches behind it.
    pub(super) async fn load_producers(
        &self,
        load: &ProducersLoad<'_>,
    ) -> Result<Replay, LoadError> {
        let first = load.segments[0].base_offset();
        self.reload_producers(ProducerState::starting_at(first), load)
            .await
    }

    /// The same for producers of which it is known which markers are not replicated yet.
    pub(super) async fn reload_producers(
        &self,
        mut producers: ProducerState,
        load: &ProducersLoad<'_>,
    ) -> Result<Replay, LoadError> {
        if let Some(from) = load.transactions_missing_from {
            for segment in load.segments {
                segment.transactions().truncate(from).await?;
            }
        }
        let end = load.log_end_offset;
        let behind = load
            .transactions_missing_from
            .map_or(end, |from| from.min(end));
        let usable: Vec<_> = load
            .snapshots
            .iter()
            .copied()
            .filter(|at| *at <= behind)
            .collect();
        let snapshot =
            producer_state::load_newest_snapshot(self.disk, &self.directory, &usable).await?;
        // Below the log start, too: what is still there tells of producers.
        producers.reload(snapshot, load.segments[0].base_offset());
        let start = producers.end_offset();
        let mut replay = Replay {
            producers,
            missing_snapshots: Vec::new(),
        };
        for (index, segment) in load.segments.iter().enumerate() {
            let next = load.segments.get(index + 1);
            if next.is_some_and(|next| next.base_offset() <= start) {
                continue;
            }
            replay.begin_segment(segment.base_offset());
            if start < end {
                let replayed = replay.segment(segment, start, load).await;
                replayed.map_err(|error| LoadError::Scan(segment.clone(), error))?;
            }
        }
        replay.producers.advance_to(end);
        Ok(replay)
    }
}

impl Replay {
    /// Takes a snapshot where a segment begins, unless the newest one says it all.
    pub(super) fn begin_segment(&mut self, base_offset: Offset) {
        self.producers.advance_to(base_offset);
        if let Some((offset, bytes)) = self.producers.snapshot() {
            self.producers.on_snapshot_saved(offset);
            self.missing_snapshots.push((offset, bytes));
        }
    }

    /// Takes account of a batch; the bytes of a control batch are looked at, too. Returns the
    /// transaction that it completes.
    pub(super) fn note(
        &mut self,
        header: &BatchHeader,
        bytes: &[u8],
    ) -> Option<CompletedTransaction> {
        if !header.has_producer_id() {
            return None;
        }
        let producer_batch = match header.attributes.is_control() {
            true => producers::of_batch(bytes),
            false => producers::of_records(header),
        };
        self.producers.update(&producer_batch?)
    }

    /// Takes account of the batches of a segment that begin at `start` or behind it.
    async fn segment(
        &mut self,
        segment: &Segment,
        start: Offset,
        load: &ProducersLoad<'_>,
    ) -> Result<(), ScanError> {
        let size = segment.size();
        let Some(first) = segment.locate(start, size).await? else {
            return Ok(());
        };
        let mut scan = segment.scan_headers(first.position, size);
        while let Some(batch) = scan.next().await? {
            if !batch.header.has_producer_id() {
                continue;
            }
            let bytes = match batch.header.attributes.is_control() {
                true => scan.bytes(&batch).await?,
                false => &[],
            };
            let completed = self.note(&batch.header, bytes);
            let missing = load
                .transactions_missing_from
                .is_some_and(|from| batch.base_offset() >= from);
            if let Some(completed) = completed.filter(|_| missing) {
                note_completed(segment, completed);
            }
        }
        Ok(())
    }
}

/// Adds a completed transaction to the index of its segment if it was aborted.
pub(super) fn note_completed(segment: &Segment, completed: CompletedTransaction) {
    if completed.outcome == TransactionOutcome::Abort {
        segment
            .transactions()
            .push(AbortedTransaction::from(completed));
    }
}
