//! Truncation: a follower drops what its leader does not have (KIP-101), or starts over.
//!
//! Whoever truncates must make the lower recovery point durable before anything is appended:
//! otherwise a crash would believe new bytes that were never synced.

use std::sync::Arc;

use protocol::ids::Offset;

use super::recovery::Loader;
use super::replay::ProducersLoad;
use super::state::{LogEnd, floor_index};
use super::writer::Writer;
use super::{Flushed, Log, LogError, files};
use crate::disk;
use crate::producer_state::{self, ProducerState};
use crate::segment::Segment;

impl Log {
    /// Removes all batches with offsets from `offset` on, and returns the log end offset: `offset`,
    /// or less if that was within a batch. Epochs that begin there go as well, also when no batch
    /// does (KAFKA-10706).
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn truncate_to(&self, offset: Offset, now_ms: i64) -> Result<Offset, LogError> {
        let mut flushed = self.flushing.lock().await;
        let mut writer = self.lock_writer().await?;
        let (log_end_offset, first) = {
            let state = self.lock();
            (state.log_end.offset, state.segments[0].base_offset())
        };
        if offset >= log_end_offset {
            self.truncate_epochs(log_end_offset, &mut flushed).await?;
            return Ok(log_end_offset);
        }
        writer.changing_files = true;
        let end = if offset < first {
            self.start_over(&mut writer, &mut flushed, offset, now_ms)
                .await?;
            offset
        } else {
            self.cut(&mut writer, &mut flushed, offset, now_ms).await?
        };
        writer.changing_files = false;
        Ok(end)
    }

    /// Removes everything; the log starts and ends at `offset` then.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn truncate_fully_and_start_at(
        &self,
        offset: Offset,
        now_ms: i64,
    ) -> Result<(), LogError> {
        let mut flushed = self.flushing.lock().await;
        let mut writer = self.lock_writer().await?;
        writer.changing_files = true;
        self.start_over(&mut writer, &mut flushed, offset, now_ms)
            .await?;
        writer.changing_files = false;
        Ok(())
    }

    async fn cut(
        &self,
        writer: &mut Writer,
        flushed: &mut Flushed,
        offset: Offset,
        now_ms: i64,
    ) -> Result<Offset, LogError> {
        let (segments, config) = {
            let state = self.lock();
            (state.segments.clone(), state.config.clone())
        };
        let index = floor_index(&segments, offset).unwrap_or(0);
        let last = &segments[index];
        let located = last.locate(offset, last.size()).await;
        let located = located.map_err(|error| self.scan_failed(last, error))?;
        let (position, end) = match located {
            Some(batch) => (batch.position, offset.min(batch.base_offset())),
            None => (last.size(), offset),
        };
        {
            let mut state = self.lock();
            state.segments = segments[..=index].into();
            let segment = last.base_offset();
            state.truncate(LogEnd {
                offset: end,
                segment,
                position,
            });
        }
        let removed: Vec<_> = segments[index + 1..].iter().rev().cloned().collect();
        self.mark_segments_deleted(writer, &removed, now_ms).await?;
        self.remove_snapshots_behind(end).await?;
        self.sync_directory().await?;
        let settings = files::index_settings(&config);
        let cut = last.truncate(position, end, settings).await;
        cut.map_err(|error| self.scan_failed(last, error))?;
        self.truncate_epochs(end, flushed).await?;
        self.reload_producers().await?;
        Ok(end)
    }

    async fn start_over(
        &self,
        writer: &mut Writer,
        flushed: &mut Flushed,
        offset: Offset,
        now_ms: i64,
    ) -> Result<(), LogError> {
        let (directory, config, segments) = {
            let state = self.lock();
            (
                state.directory.clone(),
                state.config.clone(),
                state.segments.clone(),
            )
        };
        let removed: Vec<Arc<Segment>> = segments.iter().rev().cloned().collect();
        self.mark_segments_deleted(writer, &removed, now_ms).await?;
        self.remove_snapshots_behind(Offset(-1)).await?;
        self.sync_directory().await?;
        let disk = self.disk.as_ref();
        let created = files::create_segment(disk, &directory, offset, &config, now_ms).await;
        let created = created.map_err(|error| self.disk_failed(error))?;
        let epochs = {
            let mut state = self.lock();
            state.segments = [created].into();
            state.log_start_offset = offset;
            let log_end = LogEnd {
                offset,
                segment: offset,
                position: 0,
            };
            state.truncate(log_end);
            state.producers = ProducerState::starting_at(offset);
            state.epochs.clear();
            state.epochs.clone()
        };
        self.save_epochs(&epochs, flushed).await
    }

    async fn truncate_epochs(&self, end: Offset, flushed: &mut Flushed) -> Result<(), LogError> {
        let mut epochs = self.lock().epochs.clone();
        if epochs.truncate_from_end(end) {
            self.save_epochs(&epochs, flushed).await?;
            self.lock().epochs = epochs;
        }
        Ok(())
    }

    async fn remove_snapshots_behind(&self, end: Offset) -> Result<(), LogError> {
        let (directory, removed) = {
            let mut state = self.lock();
            let removed = state.snapshots.offsets.split_off(&end.next());
            state.snapshots.unsaved.split_off(&end.next());
            (state.directory.clone(), removed)
        };
        for offset in removed {
            let path = files::live_path(&directory, offset, files::SNAPSHOT);
            let removed = disk::remove_if_there(self.disk.as_ref(), &path).await;
            removed.map_err(|error| self.disk_failed(error))?;
        }
        Ok(())
    }

    async fn reload_producers(&self) -> Result<(), LogError> {
        self.save_snapshots().await?;
        let (loader, producers, segments, snapshots, log_end_offset) = {
            let state = self.lock();
            let loader = Loader {
                disk: self.disk.as_ref(),
                directory: state.directory.clone(),
                config: state.config.clone(),
            };
            let snapshots: Vec<_> = state.snapshots.offsets.iter().copied().collect();
            let producers = state.producers.clone();
            (
                loader,
                producers,
                state.segments.clone(),
                snapshots,
                state.log_end.offset,
            )
        };
        let load = ProducersLoad {
            segments: &segments,
            snapshots: &snapshots,
            log_end_offset,
            transactions_missing_from: None,
        };
        let replay = loader.reload_producers(producers, &load).await;
        let replay = replay.map_err(|error| self.load_failed(error))?;
        let mut state = self.lock();
        state.producers = replay.producers;
        state.snapshots.add(replay.missing_snapshots);
        Ok(())
    }

    /// Removed segments and snapshots must not come back: they would not fit what is appended next.
    pub(super) async fn sync_directory(&self) -> Result<(), LogError> {
        let directory = self.directory();
        let synced = self.disk.sync_directory(&directory).await;
        synced.map_err(|error| self.sync_failed(error))
    }

    /// Writes the snapshots that wait for a flush, so that they can be loaded.
    pub(super) async fn save_snapshots(&self) -> Result<(), LogError> {
        let (directory, unsaved) = {
            let mut state = self.lock();
            (
                state.directory.clone(),
                std::mem::take(&mut state.snapshots.unsaved),
            )
        };
        for (offset, bytes) in unsaved {
            let disk = self.disk.as_ref();
            let saved = producer_state::save_snapshot(disk, &directory, offset, &bytes).await;
            saved.map_err(|error| self.disk_failed(error))?;
        }
        Ok(())
    }
}
