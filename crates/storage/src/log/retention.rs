//! The start of the log moves up: by `retention.ms`, `retention.bytes` and DeleteRecords; segments
//! that lie wholly below it are removed.
//!
//! A removed file first gets another name, so that whoever still reads it can go on for
//! `file.delete.delay.ms`, and a crash does not bring it back.

use std::sync::Arc;

use protocol::ids::Offset;

use super::files::{self, SEGMENT_KINDS};
use super::state::State;
use super::writer::Writer;
use super::{Log, LogError};
use crate::disk;
use crate::names::{LogFileKind, LogFileName, LogFileStage};
use crate::segment::Segment;

/// A file that has been removed from the log but not from the disk.
#[derive(Debug)]
pub(super) struct Deletion {
    name: LogFileName,
    due_ms: i64,
}

impl Log {
    /// Removes the segments that have expired by time, by the size of the log, or by the log start
    /// offset, from the oldest on; only such whose records all lie below `high_watermark`. When
    /// that is all of them, the log begins an empty one. Returns how many were removed: none while
    /// the log is being cleaned.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn apply_retention(
        &self,
        high_watermark: Offset,
        now_ms: i64,
    ) -> Result<usize, LogError> {
        // What is removed now would have been read for nothing.
        let Ok(_cleaning) = self.cleaning.try_lock() else {
            return Ok(0);
        };
        // A flush may be writing the snapshots that are to be saved here.
        let mut flushed = self.flushing.lock().await;
        let mut writer = self.lock_writer().await?;
        let (expired, all) = {
            let state = self.lock();
            let expired = state.expired_segments(high_watermark, now_ms);
            (expired, expired == state.segments.len())
        };
        if expired == 0 {
            return Ok(0);
        }
        if all {
            self.roll_at(&mut writer, self.log_end_offset(), now_ms)
                .await?;
        }
        // What the removed records told of producers must be told by a snapshot.
        self.save_snapshots().await?;
        // So must what they told of leader epochs.
        self.save_new_epochs(&mut flushed).await?;
        let removed = self.lock().remove_first(expired);
        writer.changing_files = true;
        self.mark_segments_deleted(&mut writer, &removed, now_ms)
            .await?;
        writer.changing_files = false;
        Ok(removed.len())
    }

    /// Moves the log start offset up to `offset`; what lies below is not read any more (KIP-107).
    /// Returns whether it moved.
    ///
    /// # Errors
    /// When the offset is behind the log end.
    pub async fn advance_log_start(&self, offset: Offset) -> Result<bool, LogError> {
        let _writer = self.lock_writer().await?;
        let mut state = self.lock();
        if offset > state.log_end.offset {
            return Err(LogError::OffsetOutOfRange {
                offset,
                log_start_offset: state.log_start_offset,
                log_end_offset: state.log_end.offset,
            });
        }
        let moves = offset > state.log_start_offset;
        if moves {
            state.move_start(offset);
        }
        Ok(moves)
    }

    /// Removes the files whose delay is over. Returns when the next ones are due, if there are any.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn delete_due(&self, now_ms: i64) -> Result<Option<i64>, LogError> {
        // Large files take their time: appends do not wait for them, renames of the directory do.
        let _flushing = self.flushing.lock().await;
        let (directory, due, next_due_ms) = {
            let mut writer = self.lock_writer().await?;
            let due: Vec<_> = writer
                .deletions
                .extract_if(.., |file| file.due_ms <= now_ms)
                .collect();
            let next_due_ms = writer.deletions.iter().map(|file| file.due_ms).min();
            (self.directory(), due, next_due_ms)
        };
        for deletion in due {
            let path = directory.join(deletion.name.to_string());
            let removed = disk::remove_if_there(self.disk.as_ref(), &path).await;
            removed.map_err(|error| self.disk_failed(error))?;
        }
        Ok(next_due_ms)
    }

    /// Gives the files of segments that are not part of the log any more their last names, in the
    /// order given; with them go the snapshots at their base offsets.
    pub(super) async fn mark_segments_deleted(
        &self,
        writer: &mut Writer,
        segments: &[Arc<Segment>],
        now_ms: i64,
    ) -> Result<(), LogError> {
        for segment in segments {
            self.mark_segment_deleted(writer, segment, false, now_ms)
                .await?;
        }
        Ok(())
    }

    /// The same for one segment, whose snapshot may be needed by another one.
    pub(super) async fn mark_segment_deleted(
        &self,
        writer: &mut Writer,
        segment: &Arc<Segment>,
        keeps_snapshot: bool,
        now_ms: i64,
    ) -> Result<(), LogError> {
        let base_offset = segment.base_offset();
        let (directory, due_ms) = {
            let mut state = self.lock();
            state.names_changes += 1;
            if !keeps_snapshot {
                state.snapshots.remove(base_offset);
            }
            state
                .unsynced_seals
                .retain(|sealed| !Arc::ptr_eq(sealed, segment));
            let delay_ms = state.config.file_delete_delay_ms;
            (state.directory.clone(), now_ms.saturating_add(delay_ms))
        };
        let snapshot = (!keeps_snapshot).then_some(LogFileKind::ProducerSnapshot);
        for kind in SEGMENT_KINDS.into_iter().chain(snapshot) {
            let name = writer.unused_name(base_offset, kind);
            let marked = files::mark_deleted(self.disk.as_ref(), &directory, name).await;
            let marked = marked.map_err(|error| self.disk_failed(error))?;
            let deletion = marked.map(|name| Deletion { name, due_ms });
            writer.deletions.extend(deletion);
        }
        Ok(())
    }
}

impl Writer {
    /// A name for a file on its way out under which no other waits for its removal: somebody may
    /// still read that one, and a rename would take it away.
    fn unused_name(&self, offset: Offset, kind: LogFileKind) -> LogFileName {
        let mut number = 0;
        loop {
            let name = LogFileName::staged(offset, kind, LogFileStage::Deleted(number));
            if self.deletions.iter().all(|deletion| deletion.name != name) {
                return name;
            }
            number += 1;
        }
    }
}

impl State {
    /// How many of the first segments have expired for any reason.
    fn expired_segments(&self, high_watermark: Offset, now_ms: i64) -> usize {
        let size_bytes: u64 = self.segments.iter().map(|segment| segment.size()).sum();
        let limit_bytes = self.config.retention_bytes.filter(|_| self.config.delete);
        let mut surplus_bytes = limit_bytes.and_then(|limit| size_bytes.checked_sub(limit));
        for (index, segment) in self.segments.iter().enumerate() {
            let next = self.segments.get(index + 1);
            let size = segment.size();
            let end = next.map_or(self.log_end.offset, |next| next.base_offset());
            if high_watermark < end || next.is_none() && size == 0 {
                return index;
            }
            let by_start = next.is_some_and(|next| next.base_offset() <= self.log_start_offset);
            let by_size = surplus_bytes.is_some_and(|surplus| surplus >= size);
            if !by_start && !by_size && !self.is_too_old(segment, now_ms) {
                return index;
            }
            surplus_bytes = surplus_bytes.map(|surplus| surplus.saturating_sub(size));
        }
        self.segments.len()
    }

    fn is_too_old(&self, segment: &Segment, now_ms: i64) -> bool {
        let Some(retention_ms) = self.config.retention_ms else {
            return false;
        };
        let age_ms = now_ms.saturating_sub(segment.progress().newest_ms());
        self.config.delete && age_ms > retention_ms
    }

    /// Takes the first segments out of the log, which then starts no earlier than the next one.
    fn remove_first(&mut self, count: usize) -> Vec<Arc<Segment>> {
        assert!(count < self.segments.len(), "a log has a segment");
        let (removed, kept) = self.segments.split_at(count);
        let (removed, kept) = (removed.to_vec(), kept.to_vec());
        let start = kept[0].base_offset();
        self.replace_segments(kept);
        if start > self.log_start_offset {
            self.move_start(start);
        }
        removed
    }

    fn move_start(&mut self, offset: Offset) {
        assert!(offset <= self.log_end.offset, "a log starts before it ends");
        self.log_start_offset = offset;
        // In the file this follows with the next epoch; a log that is opened does it again.
        self.epochs.truncate_from_start(offset);
        // Without a snapshot, what is known of the producers is all from the segments.
        let first = self.segments[0].base_offset();
        let newest = self.snapshots.offsets.last().copied().unwrap_or(first);
        self.producers.on_log_start_offset(offset, Some(newest));
    }
}
