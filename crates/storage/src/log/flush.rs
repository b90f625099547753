//! Flushes: what was appended becomes durable, and the recovery point moves up; and the end of it
//! all, closing.
//!
//! Appends go on while files are synced; only the entries that wait in memory are written under
//! the writer lock, and those writes go to the page cache.

use std::path::Path;
use std::sync::Arc;

use protocol::ids::{LeaderEpoch, Offset};

use super::state::floor_index;
use super::writer::Writer;
use super::{Log, LogError};
use crate::disk::DiskError;
use crate::producer_state;
use crate::segment::Segment;

/// What has been flushed of the directory; guarded by the flush lock.
#[derive(Debug, Default)]
pub(super) struct Flushed {
    /// So many changes of names are durable.
    pub(super) names_changes: u64,
    /// The latest leader epoch in the file.
    pub(super) latest_epoch: Option<(LeaderEpoch, Offset)>,
}

/// What one flush makes durable.
struct Flush {
    target: Offset,
    /// So many of the bytes that were not flushed will be.
    bytes: u64,
    directory: Arc<Path>,
    segments: Vec<Arc<Segment>>,
    snapshots: Vec<(Offset, Vec<u8>)>,
    names_changes: u64,
}

impl Log {
    /// Makes everything below `up_to` durable, or all there is if that is less.
    ///
    /// # Errors
    /// When the disk fails. If a sync does, the log directory is marked as failed: nobody knows
    /// which bytes are on the disk then.
    pub async fn flush(&self, up_to: Offset, now_ms: i64) -> Result<(), LogError> {
        let mut flushed = self.flushing.lock().await;
        let flush = {
            let mut writer = self.lock_writer().await?;
            self.begin_flush(&mut writer, up_to).await?
        };
        self.finish_flush(flush, &mut flushed, now_ms).await
    }

    /// Whether a flush is due by what is known of this log alone: after a roll, and by
    /// `flush.messages` and `flush.ms`.
    pub fn is_flush_due(&self, now_ms: i64) -> bool {
        let state = self.lock();
        if !state.unsynced_seals.is_empty() || !state.snapshots.unsaved.is_empty() {
            return true;
        }
        let unflushed = state.log_end.offset.0 - state.recovery_point.0;
        let waited_ms = now_ms.saturating_sub(state.flushed_ms);
        let limits = &state.config;
        unflushed > 0
            && (limits
                .flush_messages
                .is_some_and(|messages| unflushed >= messages)
                || limits
                    .flush_ms
                    .is_some_and(|flush_ms| waited_ms >= flush_ms))
    }

    /// How many bytes of batches wait for a flush, or somewhat fewer: what a flush of a part of the
    /// log or a truncation takes off is not seen before the next flush of all.
    pub fn unflushed_bytes(&self) -> u64 {
        let state = self.lock();
        match state.log_end.offset > state.recovery_point {
            true => state.unflushed_bytes,
            false => 0,
        }
    }

    /// When a flush is due by `flush.ms`; none if nothing waits for one, or it has no such limit.
    pub fn next_flush_ms(&self) -> Option<i64> {
        let state = self.lock();
        let waits = state.log_end.offset > state.recovery_point;
        let flush_ms = state.config.flush_ms.filter(|_| waits)?;
        Some(state.flushed_ms.saturating_add(flush_ms))
    }

    /// Closes the log for a clean stop: everything is durable, indexes have the size of their
    /// entries, and the producers have a snapshot at the log end. Reads still work.
    ///
    /// # Errors
    /// When the disk fails; then the stop is not a clean one.
    pub async fn close(&self, now_ms: i64) -> Result<(), LogError> {
        let mut flushed = self.flushing.lock().await;
        let mut writer = self.lock_writer().await?;
        let active = {
            let mut state = self.lock();
            state.take_snapshot();
            state.active().clone()
        };
        writer.changing_files = true;
        let sealed = active.seal(self.disk.as_ref(), &self.directory()).await;
        sealed.map_err(|error| self.disk_failed(error))?;
        let mut flush = self.begin_flush(&mut writer, self.log_end_offset()).await?;
        // The last segment was sealed after whatever was flushed before.
        if !flush
            .segments
            .iter()
            .any(|segment| Arc::ptr_eq(segment, &active))
        {
            flush.segments.push(active);
        }
        self.finish_flush(flush, &mut flushed, now_ms).await?;
        writer.closed = true;
        Ok(())
    }

    async fn begin_flush(&self, _writer: &mut Writer, up_to: Offset) -> Result<Flush, LogError> {
        let mut flush = {
            let state = self.lock();
            let target = up_to.min(state.log_end.offset);
            let first = floor_index(&state.segments, state.recovery_point).unwrap_or(0);
            let below = |segment: &&Arc<Segment>| segment.base_offset() < target;
            let unflushed = state.segments[first..].iter().take_while(below);
            let mut segments: Vec<_> = match target > state.recovery_point {
                true => unflushed.cloned().collect(),
                false => Vec::new(),
            };
            let is_new =
                |seal: &&Arc<Segment>| !segments.iter().any(|known| Arc::ptr_eq(known, seal));
            let seals: Vec<_> = state
                .unsynced_seals
                .iter()
                .filter(is_new)
                .cloned()
                .collect();
            segments.extend(seals);
            let snapshots = state.snapshots.unsaved.range(..=target);
            let is_all = target == state.log_end.offset;
            Flush {
                target,
                bytes: if is_all { state.unflushed_bytes } else { 0 },
                directory: state.directory.clone(),
                segments,
                snapshots: snapshots
                    .map(|(offset, bytes)| (*offset, bytes.clone()))
                    .collect(),
                names_changes: state.names_changes,
            }
        };
        for segment in &flush.segments {
            // A first aborted transaction makes a file.
            flush.names_changes += u64::from(segment.transactions().has_tail());
            let written = segment
                .write_indexes(self.disk.as_ref(), &flush.directory)
                .await;
            written.map_err(|error| self.disk_failed(error))?;
        }
        self.lock().names_changes = flush.names_changes;
        Ok(flush)
    }

    async fn finish_flush(
        &self,
        flush: Flush,
        flushed: &mut Flushed,
        now_ms: i64,
    ) -> Result<(), LogError> {
        self.save_new_epochs(flushed).await?;
        for segment in &flush.segments {
            let synced = segment.sync().await;
            synced.map_err(|error| self.sync_failed(error))?;
        }
        // Files of their own: that they find no space harms nothing, and passes.
        let saved = self.save_taken_snapshots(&flush).await;
        saved.map_err(|error| self.disk_failed(error))?;
        if flush.names_changes > flushed.names_changes {
            let synced = self.disk.sync_directory(&flush.directory).await;
            synced.map_err(|error| self.sync_failed(error))?;
        }
        flushed.names_changes = flush.names_changes;
        let mut state = self.lock();
        for (offset, _) in &flush.snapshots {
            state.snapshots.unsaved.remove(offset);
        }
        let is_synced = |seal: &Arc<Segment>| {
            flush
                .segments
                .iter()
                .any(|synced| Arc::ptr_eq(synced, seal))
        };
        state.unsynced_seals.retain(|seal| !is_synced(seal));
        // Truncations wait for the flush lock, so nothing below the target was written anew.
        assert!(
            flush.target <= state.log_end.offset,
            "the log was not truncated meanwhile"
        );
        state.recovery_point = state.recovery_point.max(flush.target);
        state.unflushed_bytes = state.unflushed_bytes.saturating_sub(flush.bytes);
        state.flushed_ms = now_ms;
        Ok(())
    }

    /// Saves the leader epochs if there is one with batches that was not saved. One without is not
    /// worth a sync: the next start forgets it.
    pub(super) async fn save_new_epochs(&self, flushed: &mut Flushed) -> Result<(), LogError> {
        let epochs = {
            let state = self.lock();
            let end = state.log_end.offset;
            if state.epochs.latest_before(end) == flushed.latest_epoch {
                return Ok(());
            }
            let mut epochs = state.epochs.clone();
            epochs.truncate_from_end(end);
            epochs
        };
        self.save_epochs(&epochs, flushed).await
    }

    async fn save_taken_snapshots(&self, flush: &Flush) -> Result<(), DiskError> {
        for (offset, bytes) in &flush.snapshots {
            let disk = self.disk.as_ref();
            producer_state::save_snapshot(disk, &flush.directory, *offset, bytes).await?;
        }
        Ok(())
    }
}
