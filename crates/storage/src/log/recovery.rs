//! What has to be found out about a log before it can be used: how far its segments are sound.
//!
//! Not the job of this module: which segments there are, and leftovers of other operations.
//!
//! After an unclean stop, everything below the recovery point is on the disk, and everything from
//! there on may be missing, half-written or out of order: it is read, compared with its checksums,
//! and cut at the first batch that is not sound. Indexes are made again from there on, and the
//! state of the producers is brought along, so that everything is read once.

use std::path::Path;
use std::sync::Arc;

use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::BatchView;

use super::files;
use super::load::Loaded;
use super::replay::{self, ProducersLoad};
use crate::checkpoint::CheckpointError;
use crate::config::LogConfig;
use crate::disk::{Disk, DiskError};
use crate::segment::{BatchAt, BatchFault, Scan, ScanError, Segment};

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

/// What the recovery of a segment found.
pub(super) struct Recovered {
    /// The offset after its last sound batch.
    pub(super) end_offset: Offset,
    /// Whether anything was cut off.
    pub(super) cut: bool,
    /// Whether offsets are missing within the segment, as compaction leaves them.
    pub(super) has_gaps: bool,
}

impl From<DiskError> for LoadError {
    fn from(error: DiskError) -> Self {
        Self::Disk(error)
    }
}

impl Loader<'_> {
    /// Checks a segment from the last index entry below `recovery_point` on, cuts it where it is
    /// not sound, makes the rest of its indexes anew, and notes its leader epochs and producers.
    /// `snapshots` are those of the directory.
    pub(super) async fn recover(
        &self,
        segment: &Arc<Segment>,
        recovery_point: Offset,
        snapshots: &[Offset],
        loaded: &mut Loaded,
    ) -> Result<Recovered, LoadError> {
        let file_size = segment.file().size().await?;
        let mut start = segment.rewind(recovery_point).await?;
        let scan = |start| segment.scan_batches(start, file_size);
        let begun = self.begin(segment, start, snapshots, loaded).await?;
        let mut recovered = match begun {
            true => self.recover_from(segment, scan(start), loaded).await?,
            false => Recovered::nothing(segment),
        };
        if start > 0 && segment.size() == start {
            // Not even the batch of that entry is sound, so where the one before ends is not known.
            loaded.replay = None;
            start = segment.rewind(segment.base_offset()).await?;
            self.begin(segment, start, snapshots, loaded).await?;
            recovered = self.recover_from(segment, scan(start), loaded).await?;
        }
        segment.sync_remade_indexes(start, recovery_point).await?;
        recovered.cut = segment.size() < file_size;
        if recovered.cut {
            segment.cut_file().await?;
            // Were the cut undone by a second crash, old batches could follow on new ones.
            segment.sync_log().await?;
        }
        Ok(recovered)
    }

    /// Makes ready for the batches from the position `start` on, where a segment ends for now: its
    /// aborted transactions and the producers are brought to there. Returns whether there can be a
    /// batch.
    async fn begin(
        &self,
        segment: &Arc<Segment>,
        start: u64,
        snapshots: &[Offset],
        loaded: &mut Loaded,
    ) -> Result<bool, LoadError> {
        let mut first_offset = segment.base_offset();
        if start > 0 {
            let mut scan = segment.scan_headers(start, segment.file().size().await?);
            first_offset = match scan.next().await {
                Ok(Some(batch)) => batch.base_offset(),
                Ok(None) | Err(ScanError::Corrupt { .. }) => return Ok(false),
                Err(ScanError::Disk(error)) => return Err(LoadError::Disk(error)),
            };
        }
        let missing_from = self.truncate_transactions(segment, first_offset).await?;
        loaded.transactions_missing_at(missing_from);
        if let Some(replay) = &mut loaded.replay {
            replay.begin_segment(segment.base_offset());
            return Ok(true);
        }
        let mut segments = loaded.segments.clone();
        segments.push(segment.clone());
        let load = ProducersLoad {
            segments: &segments,
            snapshots,
            log_end_offset: first_offset,
            transactions_missing_from: loaded.transactions_missing_from,
        };
        loaded.replay = Some(self.load_producers(&load).await?);
        Ok(true)
    }

    /// Takes the batches of a scan into the segment, up to the first one that is not sound.
    async fn recover_from(
        &self,
        segment: &Segment,
        mut scan: Scan,
        loaded: &mut Loaded,
    ) -> Result<Recovered, DiskError> {
        let settings = files::index_settings(&self.config);
        let mut recovered = Recovered::nothing(segment);
        let mut is_first = true;
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
            recovered.has_gaps |= !is_first && batch.base_offset() > recovered.end_offset;
            recovered.has_gaps |= batch.header.record_count <= batch.header.last_offset_delta;
            recovered.end_offset = batch.next_offset();
            is_first = false;
            let epoch = LeaderEpoch(batch.header.partition_leader_epoch);
            let epochs = &mut loaded.epochs;
            if epochs.latest().is_none_or(|(latest, _)| epoch > latest) {
                loaded.epochs_changed |= epochs.assign(epoch, batch.base_offset());
            }
            segment.note(&batch, settings);
            if let Some(replay) = &mut loaded.replay
                && let Some(completed) = replay.note(&batch.header, bytes)
            {
                replay::note_completed(segment, completed);
            }
            segment.write_indexes_when_full().await?;
        }
        Ok(recovered)
    }

    /// Forgets the aborted transactions from `offset` on, or all if the last one before is not
    /// confirmed by its marker: then the crash has torn it. Returns from where on they are missing.
    async fn truncate_transactions(
        &self,
        segment: &Segment,
        offset: Offset,
    ) -> Result<Offset, DiskError> {
        let transactions = segment.transactions();
        transactions.truncate(offset).await?;
        let Some(last) = transactions.last() else {
            return Ok(offset);
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
        if is_confirmed {
            return Ok(offset);
        }
        transactions.truncate(segment.base_offset()).await?;
        Ok(segment.base_offset())
    }
}

impl Recovered {
    const fn nothing(segment: &Segment) -> Self {
        Self {
            end_offset: segment.base_offset(),
            cut: false,
            has_gaps: false,
        }
    }
}

fn check(segment: &Segment, batch: &BatchAt, bytes: &[u8]) -> Result<(), BatchFault> {
    BatchView::parse(bytes)?.check_crc()?;
    segment.check_distance(batch.last_offset())
}
