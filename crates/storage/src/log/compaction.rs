//! What cleaning needs of a log: what there is to clean, new segments beside those in use, and the
//! swap that lets them take their place.
//!
//! Not the job of this module: what the new segments hold (`crate::cleaner`).
//!
//! The swap, so that a crash at any point leaves the old segments or the new one: the new files are
//! durable as `.cleaned`; they become `.swap`, durably; the old ones become `.deleted`; the new
//! ones get their names. A start that finds a `.swap` and no `.cleaned` goes on from there, and can
//! tell by the last batch of the new segment which old ones it has replaced, but for those behind
//! it of which nothing is left. Therefore those go one by one, the first one first: what a crash
//! brings back of them is an end of the log as it was, with everything its records need.
//!
//! Invariants:
//! - Cleaning holds no lock while it reads and writes. The swap looks whether the old segments are
//!   still there as they were read, and gives up if they are not.
//! - Readers that hold a replaced segment can go on reading for `file.delete.delay.ms`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use protocol::ids::Offset;

use super::files::{self, SEGMENT_KINDS};
use super::state::Segments;
use super::writer::Writer;
use super::{Log, LogError};
use crate::cleaner::{LastRecord, LogSummary, SegmentSummary};
use crate::config::LogConfig;
use crate::disk::{DiskError, OpenMode, if_there, remove_if_there};
use crate::names::{LogFileKind, LogFileName, LogFileStage};
use crate::segment::{IndexSettings, Segment, SegmentFiles};

/// A segment that was made of others, and what is in it.
#[derive(Debug)]
pub(crate) struct CleanedSegment {
    pub(crate) segment: Arc<Segment>,
    /// Of the last batch; none if there is no batch.
    pub(crate) last_offset: Option<Offset>,
}

/// A log at one moment, to be cleaned.
pub(crate) struct CompactionView {
    pub(crate) segments: Segments,
    pub(crate) config: Arc<LogConfig>,
    truncations: u64,
}

impl Log {
    /// Up to where the log was cleaned; none if it never was.
    pub fn cleaned_to(&self) -> Option<Offset> {
        self.lock().cleaned_to
    }

    /// Notes up to where a log that was just opened had been cleaned. If it has lost some of that,
    /// nobody knows what comes in its place.
    pub(crate) fn restore_cleaned_to(&self, offset: Option<Offset>) {
        let mut state = self.lock();
        let log_end_offset = state.log_end.offset;
        state.cleaned_to = offset.filter(|offset| *offset <= log_end_offset);
    }

    /// Notes up to where the log is cleaned, unless it was truncated since it was looked at.
    pub(crate) fn note_cleaned(&self, view: &CompactionView, offset: Offset) {
        let mut state = self.lock();
        if state.truncations == view.truncations {
            state.cleaned_to = Some(offset);
        }
    }

    /// What is to be known to decide whether the log is to be cleaned.
    pub(crate) fn compaction_summary(&self, high_watermark: Offset) -> LogSummary {
        let last_stable_offset = self.last_stable_offset(high_watermark);
        let state = self.lock();
        let summary = |segment: &Arc<Segment>| {
            let progress = segment.progress();
            SegmentSummary {
                base_offset: segment.base_offset(),
                size_bytes: progress.size,
                newest_ms: progress.newest_ms(),
            }
        };
        LogSummary {
            log_start_offset: state.log_start_offset,
            log_end_offset: state.log_end.offset,
            last_stable_offset,
            cleaned_to: state.cleaned_to,
            segments: state.segments.iter().map(summary).collect(),
        }
    }

    /// The timestamps of the first batches of the segments that are not the active one and hold
    /// offsets from `from` on.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn first_timestamps(&self, from: Offset) -> Result<Vec<i64>, LogError> {
        let segments = self.lock().segments.clone();
        let first = super::state::floor_index(&segments, from).unwrap_or(0);
        let mut timestamps = Vec::new();
        for segment in &segments[first..segments.len() - 1] {
            let found = segment.first_timestamp().await;
            timestamps.extend(found.map_err(|error| self.scan_failed(segment, error))?);
        }
        Ok(timestamps)
    }

    pub(crate) fn compaction_view(&self) -> CompactionView {
        let state = self.lock();
        CompactionView {
            segments: state.segments.clone(),
            config: state.config.clone(),
            truncations: state.truncations,
        }
    }

    /// How the indexes of its segments are kept.
    pub(crate) fn index_settings(&self) -> IndexSettings {
        files::index_settings(&self.config())
    }

    /// Whether the segments of a view are still worth reading.
    pub(crate) fn is_as_viewed(&self, view: &CompactionView) -> bool {
        let state = self.lock();
        let is_same = state.truncations == view.truncations && !state.is_copied;
        is_same && !self.retired.load(Ordering::Relaxed)
    }

    /// What must be known of the producers after a cleaning.
    pub(crate) fn last_records(&self) -> BTreeMap<i64, LastRecord> {
        self.with_producers(|producers| {
            let records = producers.producers().map(|(id, entry)| {
                let last = LastRecord {
                    last_data_offset: entry.batches().last().map(|batch| batch.last_offset),
                    producer_epoch: entry.producer_epoch().0,
                };
                (id.0, last)
            });
            records.collect()
        })
    }

    /// Makes an empty segment beside those in use, that a crash would take away.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn create_cleaned(
        &self,
        base_offset: Offset,
        created_ms: i64,
    ) -> Result<Arc<Segment>, LogError> {
        // The directory is not renamed meanwhile.
        let _flushing = self.flushing.lock().await;
        drop(self.lock_writer().await?);
        let settings = self.index_settings();
        let created = self.open_cleaned(base_offset, settings, created_ms).await;
        created.map_err(|error| self.disk_failed(error))
    }

    async fn open_cleaned(
        &self,
        base_offset: Offset,
        settings: IndexSettings,
        created_ms: i64,
    ) -> Result<Arc<Segment>, DiskError> {
        let path = |kind| self.cleaned_path(base_offset, kind);
        let transactions = path(LogFileKind::TransactionIndex);
        remove_if_there(self.disk.as_ref(), &transactions).await?;
        let mode = OpenMode::WriteOrCreate;
        let files = SegmentFiles {
            log: self.disk.open(&path(LogFileKind::Records), mode).await?,
            offset_index: self
                .disk
                .open(&path(LogFileKind::OffsetIndex), mode)
                .await?,
            time_index: self.disk.open(&path(LogFileKind::TimeIndex), mode).await?,
        };
        let segment = Segment::create(base_offset, files, 0, settings, created_ms).await?;
        Ok(Arc::new(segment))
    }

    fn cleaned_path(&self, base_offset: Offset, kind: LogFileKind) -> PathBuf {
        let name = LogFileName::staged(base_offset, kind, LogFileStage::Cleaned);
        self.directory().join(name.to_string())
    }

    /// Removes the files of a segment that was made and is not wanted.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn drop_cleaned(&self, base_offset: Offset) -> Result<(), LogError> {
        let _flushing = self.flushing.lock().await;
        for kind in SEGMENT_KINDS {
            let path = self.cleaned_path(base_offset, kind);
            let removed = remove_if_there(self.disk.as_ref(), &path).await;
            removed.map_err(|error| self.disk_failed(error))?;
        }
        Ok(())
    }

    /// Lets a segment that was made and sealed take the place of the neighbours it was made from.
    /// Returns false if those are not there any more as they were viewed.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn replace_segments(
        &self,
        view: &CompactionView,
        replaced: &[Arc<Segment>],
        cleaned: &CleanedSegment,
        now_ms: i64,
    ) -> Result<bool, LogError> {
        let _flushing = self.flushing.lock().await;
        let segment = &cleaned.segment;
        let mut writer = self.lock_writer().await?;
        let Some(place) = self.find_viewed(view, replaced) else {
            return Ok(false);
        };
        writer.changing_files = true;
        self.rename_stage(segment, LogFileStage::Cleaned, LogFileStage::Swap)
            .await?;
        self.sync_directory().await?;
        {
            let mut state = self.lock();
            let mut segments = state.segments.to_vec();
            segments.splice(place..place + replaced.len(), [Arc::clone(segment)]);
            state.segments = segments.into();
            state.recent.clear();
        }
        self.mark_replaced(&mut writer, replaced, cleaned, now_ms)
            .await?;
        self.rename_stage(segment, LogFileStage::Swap, LogFileStage::Live)
            .await?;
        self.lock().names_changes += 1;
        writer.changing_files = false;
        Ok(true)
    }

    /// Ends a segment that was made, and makes it durable.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) async fn seal_cleaned(&self, cleaned: &Segment) -> Result<(), LogError> {
        let _flushing = self.flushing.lock().await;
        let base_offset = cleaned.base_offset();
        let transactions = self.cleaned_path(base_offset, LogFileKind::TransactionIndex);
        let sealed = cleaned.seal_as(self.disk.as_ref(), &transactions).await;
        sealed.map_err(|error| self.disk_failed(error))?;
        let synced = cleaned.sync().await;
        synced.map_err(|error| self.sync_failed(error))?;
        self.sync_directory().await
    }

    /// Where segments of a view lie among those in use.
    fn find_viewed(&self, view: &CompactionView, replaced: &[Arc<Segment>]) -> Option<usize> {
        let state = self.lock();
        if state.is_copied {
            return None;
        }
        let first = replaced.first()?;
        let mut segments = state.segments.iter();
        let place = segments.position(|segment| Arc::ptr_eq(segment, first))?;
        let found = state.segments.get(place..place + replaced.len())?;
        let mut pairs = found.iter().zip(replaced);
        let is_same = pairs.all(|(found, replaced)| Arc::ptr_eq(found, replaced));
        let is_active = place + replaced.len() == state.segments.len();
        (is_same && !is_active && state.truncations == view.truncations).then_some(place)
    }

    /// Gives the files of a segment the names of another stage.
    async fn rename_stage(
        &self,
        segment: &Segment,
        from: LogFileStage,
        to: LogFileStage,
    ) -> Result<(), LogError> {
        let directory = self.directory();
        for kind in SEGMENT_KINDS {
            let path = |stage| {
                let name = LogFileName::staged(segment.base_offset(), kind, stage);
                directory.join(name.to_string())
            };
            let renamed = self.disk.rename(&path(from), &path(to)).await;
            let renamed = if_there(renamed).map_err(|error| self.disk_failed(error))?;
            let is_optional = kind == LogFileKind::TransactionIndex;
            assert!(renamed.is_some() || is_optional, "a segment has its files");
        }
        Ok(())
    }

    /// Takes the names from the files of replaced segments. The snapshot where the new segment
    /// begins stays.
    async fn mark_replaced(
        &self,
        writer: &mut Writer,
        replaced: &[Arc<Segment>],
        cleaned: &CleanedSegment,
        now_ms: i64,
    ) -> Result<(), LogError> {
        let last_offset = cleaned.last_offset;
        for segment in replaced {
            let keeps_snapshot = segment.base_offset() == cleaned.segment.base_offset();
            self.mark_segment_deleted(writer, segment, keeps_snapshot, now_ms)
                .await?;
            // The next start would not know that this one is replaced.
            if last_offset.is_none_or(|last| segment.base_offset() > last) {
                self.sync_directory().await?;
            }
        }
        // Nor would it once the new segment has its name.
        self.sync_directory().await
    }
}
