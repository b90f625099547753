//! What has to be found out about a log before it can be used: how far its segments are sound, and
//! what its producers did.
//!
//! Not the job of this module: which segments there are, and leftovers of other operations.
//!
//! After an unclean stop, everything below the recovery point is on the disk, and everything from
//! there on may be missing, half-written or out of order: it is read, compared with its checksums,
//! and cut at the first batch that is not sound. Indexes are made again from there on.

use std::path::Path;
use std::sync::Arc;

use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::BatchView;

use super::{files, producers};
use crate::checkpoint::CheckpointError;
use crate::config::LogConfig;
use crate::disk::{Disk, DiskError};
use crate::leader_epochs::LeaderEpochs;
use crate::producer_state::{self, CompletedTransaction, ProducerState, TransactionOutcome};
use crate::segment::{BatchAt, BatchFault, ScanError, Segment};
use crate::transaction_index::AbortedTransaction;

/// Why a log could not be loaded.
#[derive(Debug)]
pub(super) enum LoadError {
    Disk(DiskError),
    Checkpoint(CheckpointError),
    Scan(Arc<Segment>, ScanError),
}

/// What a log is loaded with.
pub(super) struct Loader<'a> {
    pub(super) disk: &'a dyn Disk,
    pub(super) directory: Arc<Path>,
    pub(super) config: Arc<LogConfig>,
}

/// What the state of the producers is loaded from.
pub(super) struct ProducersLoad<'a> {
    pub(super) segments: &'a [Arc<Segment>],
    /// Of the snapshots that belong to the log.
    pub(super) snapshots: &'a [Offset],
    pub(super) log_end_offset: Offset,
    /// Transactions aborted at or behind this offset are to be added to the indexes of their
    /// segments.
    pub(super) transactions_missing_from: Option<Offset>,
}

/// What the recovery of a segment found.
pub(super) struct Recovered {
    /// The offset after its last sound batch.
    pub(super) end_offset: Offset,
    /// Transactions aborted from here on are not in the segment's index.
    pub(super) transactions_missing_from: Offset,
    /// Whether anything was cut off.
    pub(super) cut: bool,
    /// Whether offsets are missing within the segment, as compaction leaves them.
    pub(super) has_gaps: bool,
    /// Whether there were epochs that the history did not know.
    pub(super) epochs_changed: bool,
}

impl From<DiskError> for LoadError {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

impl Loader<'_> {
    /// Checks a segment from the last index entry below `recovery_point` on, cuts it where it is
    /// not sound, makes the rest of its indexes anew, and notes its leader epochs.
    pub(super) async fn recover(
        &self,
        segment: &Segment,
        recovery_point: Offset,
        epochs: &mut LeaderEpochs,
    ) -> Result<Recovered, DiskError> {
        let file_size = segment.file().size().await?;
        let settings = files::index_settings(&self.config);
        let mut start = segment.rewind(recovery_point, settings).await?;
        let mut recovered = Recovered {
            end_offset: segment.base_offset(),
            transactions_missing_from: segment.base_offset(),
            cut: false,
            has_gaps: false,
            epochs_changed: false,
        };
        self.recover_from(segment, start, epochs, &mut recovered)
            .await?;
        if start > 0 && segment.size() == start {
            // Not even the batch of that entry is sound, so where the one before ends is not known.
            start = segment.rewind(segment.base_offset(), settings).await?;
            self.recover_from(segment, start, epochs, &mut recovered)
                .await?;
        }
        segment.sync_remade_indexes(start, recovery_point).await?;
        self.truncate_transactions(segment, &mut recovered).await?;
        recovered.cut = segment.size() < file_size;
        if recovered.cut {
            segment.cut_file().await?;
            // Were the cut undone by a second crash, old batches could follow on new ones.
            segment.sync_log().await?;
        }
        Ok(recovered)
    }

    /// Takes the batches from the position `start` on into the segment, up to the first one that is
    /// not sound.
    async fn recover_from(
        &self,
        segment: &Segment,
        start: u64,
        epochs: &mut LeaderEpochs,
        recovered: &mut Recovered,
    ) -> Result<(), DiskError> {
        let file_size = segment.file().size().await?;
        let settings = files::index_settings(&self.config);
        let mut scan = segment.scan_batches(start, file_size);
        loop {
            let batch = match scan.next().await {
                Ok(Some(batch)) => batch,
                Ok(None) | Err(ScanError::Corrupt { .. }) => break,
                Err(ScanError::Disk(error)) => return Err(error),
            };
            let bytes = match scan.bytes(&batch).await {
                Ok(bytes) => bytes,
                Err(ScanError::Corrupt { .. }) => break,
                Err(ScanError::Disk(error)) => return Err(error),
            };
            if check(segment, &batch, bytes).is_err() {
                break;
            }
            if batch.position == start {
                recovered.transactions_missing_from = batch.base_offset();
            } else {
                recovered.has_gaps |= batch.base_offset() > recovered.end_offset;
            }
            recovered.has_gaps |= batch.header.record_count <= batch.header.last_offset_delta;
            recovered.end_offset = batch.next_offset();
            let epoch = LeaderEpoch(batch.header.partition_leader_epoch);
            if epochs.latest().is_none_or(|(latest, _)| epoch > latest) {
                recovered.epochs_changed |= epochs.assign(epoch, batch.base_offset());
            }
            segment.note(&batch, settings);
            segment.write_indexes_when_full().await?;
        }
        Ok(())
    }

    /// Forgets the aborted transactions from the first batch on that was looked at, or all if the
    /// last one before is not confirmed by its marker: then the crash has torn it.
    async fn truncate_transactions(
        &self,
        segment: &Segment,
        recovered: &mut Recovered,
    ) -> Result<(), DiskError> {
        let transactions = segment.transactions();
        transactions
            .truncate(recovered.transactions_missing_from)
            .await?;
        let Some(last) = transactions.last() else {
            return Ok(());
        };
        let marker = match segment.locate(last.last_offset, segment.size()).await {
            Ok(marker) => marker,
            Err(ScanError::Corrupt { .. }) => None,
            Err(ScanError::Disk(error)) => return Err(error),
        };
        let is_confirmed = marker.is_some_and(|marker| {
            marker.header.attributes.is_control()
                && marker.base_offset() == last.last_offset
                && marker.header.producer_id == last.producer_id.0
        });
        if !is_confirmed {
            recovered.transactions_missing_from = segment.base_offset();
            transactions.truncate(segment.base_offset()).await?;
        }
        Ok(())
    }

    /// Brings `producers` to the end of the log: from the newest snapshot that is of use, or from
    /// nothing at the start of the log, by the batches behind it. Returns the snapshots that were
    /// missing at the start of segments on the way.
    pub(super) async fn load_producers(
        &self,
        producers: &mut ProducerState,
        load: &ProducersLoad<'_>,
    ) -> Result<Vec<(Offset, Vec<u8>)>, LoadError> {
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
        let mut missing = Vec::new();
        for (index, segment) in load.segments.iter().enumerate() {
            let next = load.segments.get(index + 1);
            if next.is_some_and(|next| next.base_offset() <= start) {
                continue;
            }
            producers.advance_to(segment.base_offset());
            if let Some((offset, bytes)) = producers.snapshot() {
                producers.on_snapshot_saved(offset);
                missing.push((offset, bytes));
            }
            let replayed = replay(segment, start, load, producers).await;
            replayed.map_err(|error| LoadError::Scan(segment.clone(), error))?;
        }
        producers.advance_to(end);
        Ok(missing)
    }
}

/// Tells `producers` of the batches of a segment that begin at `start` or behind it.
async fn replay(
    segment: &Segment,
    start: Offset,
    load: &ProducersLoad<'_>,
    producers: &mut ProducerState,
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
        let producer_batch = if batch.header.attributes.is_control() {
            producers::of_batch(scan.bytes(&batch).await?)
        } else {
            producers::of_records(&batch.header)
        };
        let Some(producer_batch) = producer_batch else {
            continue;
        };
        let completed = producers.update(&producer_batch);
        let missing = load
            .transactions_missing_from
            .is_some_and(|from| batch.base_offset() >= from);
        if let Some(completed) = completed.filter(|_| missing) {
            note_completed(segment, completed);
        }
    }
    Ok(())
}

/// Adds a completed transaction to the index of its segment if it was aborted.
pub(super) fn note_completed(segment: &Segment, completed: CompletedTransaction) {
    if completed.outcome == TransactionOutcome::Abort {
        segment
            .transactions()
            .push(AbortedTransaction::from(completed));
    }
}

fn check(segment: &Segment, batch: &BatchAt, bytes: &[u8]) -> Result<(), BatchFault> {
    BatchView::parse(bytes)?.check_crc()?;
    segment.check_distance(batch.last_offset())
}
