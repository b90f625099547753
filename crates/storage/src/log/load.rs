//! Loading the segments of a log, mended where a crash has left its marks.
//!
//! Not the job of this module: what a single segment can be mended to, and the producers.

use std::sync::Arc;

use protocol::ids::Offset;

use super::files;
use super::leftovers::Listing;
use super::open::OpenOptions;
use super::recovery::{LoadError, Loader};
use super::replay::Replay;
use crate::checkpoint;
use crate::disk::OpenMode;
use crate::leader_epochs::LeaderEpochs;
use crate::names::LogFileKind;
use crate::segment::{ScanError, Segment, Transactions};

/// What was loaded so far.
pub(super) struct Loaded {
    pub(super) segments: Vec<Arc<Segment>>,
    pub(super) log_end_offset: Offset,
    pub(super) recovery_point: Offset,
    pub(super) epochs: LeaderEpochs,
    /// Whether they are not what is in their file.
    pub(super) epochs_changed: bool,
    /// Aborted transactions from here on are not in the indexes of their segments.
    pub(super) transactions_missing_from: Option<Offset>,
    /// Whether offsets may be missing without a loss, because of compaction.
    pub(super) has_gaps: bool,
    /// Whether the log was cut: the segments behind do not belong to it any more.
    pub(super) cut: bool,
    /// Those, in the order in which they are to go.
    pub(super) dropped: Vec<Arc<Segment>>,
    /// The producers as far as the segments were recovered; none if none was.
    pub(super) replay: Option<Replay>,
}

impl Loader<'_> {
    pub(super) async fn load_segments(
        &self,
        listing: &Listing,
        options: &OpenOptions,
    ) -> Result<Loaded, LoadError> {
        let path = self.directory.join(LeaderEpochs::FILE_NAME);
        let epochs = match checkpoint::load::<LeaderEpochs>(self.disk, &path).await {
            Ok(epochs) => epochs.unwrap_or_default(),
            Err(error) => return Err(LoadError::Checkpoint(error)),
        };
        let mut loaded = Loaded {
            segments: Vec::new(),
            log_end_offset: options.log_start_offset,
            recovery_point: options.recovery_point,
            epochs,
            epochs_changed: false,
            transactions_missing_from: None,
            has_gaps: self.config.compact,
            cut: false,
            dropped: Vec::new(),
            replay: None,
        };
        let base_offsets = &listing.base_offsets;
        for (index, base_offset) in base_offsets.iter().enumerate() {
            let segment = self
                .open_segment(*base_offset, listing, &mut loaded, options)
                .await?;
            let next = base_offsets.get(index + 1).copied();
            if loaded.cut {
                loaded.dropped.insert(0, segment);
            } else {
                let snapshots = &listing.snapshots;
                self.load_segment((segment, next), snapshots, &mut loaded, options)
                    .await?;
            }
        }
        if loaded.log_end_offset < options.log_start_offset {
            // Segment files have been taken away from the end.
            loaded.dropped.extend(loaded.segments.drain(..).rev());
            for segment in loaded.dropped.drain(..) {
                let base_offset = segment.base_offset();
                files::remove_segment_files(self.disk, &self.directory, base_offset).await?;
            }
            loaded.epochs.clear();
            loaded.epochs_changed = true;
            loaded.transactions_missing_from = None;
            loaded.replay = None;
            loaded.log_end_offset = options.log_start_offset;
        }
        if loaded.segments.is_empty() {
            let base_offset = loaded.log_end_offset;
            let (directory, config, now_ms) = (&self.directory, &self.config, options.now_ms);
            let created =
                files::create_segment(self.disk, directory, base_offset, config, now_ms).await?;
            loaded.segments.push(created);
        }
        loaded.recovery_point = loaded.recovery_point.min(loaded.log_end_offset);
        if options.clean_stop {
            loaded.recovery_point = loaded.log_end_offset;
        }
        Ok(loaded)
    }

    async fn open_segment(
        &self,
        base_offset: Offset,
        listing: &Listing,
        loaded: &mut Loaded,
        options: &OpenOptions,
    ) -> Result<Arc<Segment>, LoadError> {
        let mut transactions = Transactions::none(base_offset);
        if listing.transaction_indexes.contains(&base_offset) {
            let path =
                files::live_path(&self.directory, base_offset, LogFileKind::TransactionIndex);
            let file = self.disk.open(&path, OpenMode::Write).await?;
            match Transactions::open(base_offset, file).await? {
                Some(found) => transactions = found,
                None => loaded.transactions_missing_at(base_offset),
            }
        }
        let files = files::open_files(self.disk, &self.directory, base_offset).await?;
        let segment = Segment::open(base_offset, files, transactions, options.now_ms).await?;
        Ok(Arc::new(segment))
    }

    /// Takes a segment into the log, mended if need be. With it comes the base offset of the one
    /// behind it.
    async fn load_segment(
        &self,
        (segment, next): (Arc<Segment>, Option<Offset>),
        snapshots: &[Offset],
        loaded: &mut Loaded,
        options: &OpenOptions,
    ) -> Result<(), LoadError> {
        let settings = files::index_settings(&self.config);
        let is_flushed = |next| options.clean_stop || next <= options.recovery_point;
        match next {
            Some(next) if is_flushed(next) => {
                self.load_flushed(&segment, options.clean_stop).await?;
                loaded.check_transactions(&segment, next);
                loaded.log_end_offset = next;
                loaded.segments.push(segment);
                return Ok(());
            }
            None if options.clean_stop => match segment.load_tail(settings).await {
                Ok(end_offset) => {
                    loaded.check_transactions(&segment, end_offset);
                    loaded.log_end_offset = end_offset;
                    loaded.segments.push(segment);
                    return Ok(());
                }
                Err(error) => return Err(LoadError::Scan(segment, error)),
            },
            _ => {}
        }
        let recovered = self
            .recover(&segment, options.recovery_point, snapshots, loaded)
            .await?;
        loaded.log_end_offset = recovered.end_offset;
        if next.is_some() {
            segment.seal(self.disk, &self.directory).await?;
        }
        loaded.segments.push(segment);
        // Of segments that were not synced, a later one can be there and an earlier one not. Where
        // nothing but a loss makes a gap, what follows it is no continuation. A topic that is not
        // compacted may have been so before: then there are gaps within segments, too.
        loaded.has_gaps |= recovered.has_gaps;
        let continues = |next: Offset| {
            next == recovered.end_offset || loaded.has_gaps && next > recovered.end_offset
        };
        loaded.cut = recovered.cut || !next.is_none_or(continues);
        Ok(())
    }

    /// Loads a segment that is durable as a whole and not the last one. After an unclean stop its
    /// indexes may lack what sealing has added.
    async fn load_flushed(
        &self,
        segment: &Arc<Segment>,
        clean_stop: bool,
    ) -> Result<(), LoadError> {
        let settings = files::index_settings(&self.config);
        if clean_stop {
            if !segment.load_sealed(settings).await? {
                segment.rebuild_indexes(settings).await?;
                segment.seal(self.disk, &self.directory).await?;
            }
            return Ok(());
        }
        match segment.load_tail(settings).await {
            Ok(_) => {}
            Err(ScanError::Corrupt { .. }) => segment.rebuild_indexes(settings).await?,
            Err(ScanError::Disk(error)) => return Err(LoadError::Disk(error)),
        }
        Ok(segment.seal(self.disk, &self.directory).await?)
    }
}

impl Loaded {
    /// Nothing is believed of an index of aborted transactions that tells of markers where the
    /// segment has none.
    fn check_transactions(&mut self, segment: &Segment, end_offset: Offset) {
        let last = segment.transactions().last();
        if last.is_some_and(|last| last.last_offset >= end_offset) {
            self.transactions_missing_at(segment.base_offset());
        }
    }

    /// Notes that aborted transactions from `offset` on are not in the indexes.
    pub(super) fn transactions_missing_at(&mut self, offset: Offset) {
        let missing_from = self
            .transactions_missing_from
            .map_or(offset, |from| from.min(offset));
        self.transactions_missing_from = Some(missing_from);
    }
}
