//! What readers of a log see, published as a whole under one short lock.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use protocol::ids::Offset;

use super::recent::{RecentBatch, RecentBatches};
use crate::config::LogConfig;
use crate::leader_epochs::LeaderEpochs;
use crate::producer_state::ProducerState;
use crate::segment::{BatchAt, Segment};

/// The segments of a log by ascending base offset; never empty.
pub(super) type Segments = Arc<[Arc<Segment>]>;

/// What readers see.
#[derive(Debug)]
pub(super) struct State {
    pub(super) directory: Arc<Path>,
    pub(super) config: Arc<LogConfig>,
    pub(super) segments: Segments,
    pub(super) log_start_offset: Offset,
    pub(super) log_end: LogEnd,
    pub(super) recovery_point: Offset,
    pub(super) flushed_ms: i64,
    /// Bytes of batches that no flush has made durable; perhaps too many, never too few. Only tells
    /// whether a flush is worth it.
    pub(super) unflushed_bytes: u64,
    pub(super) recent: RecentBatches,
    pub(super) epochs: LeaderEpochs,
    pub(super) producers: ProducerState,
    pub(super) snapshots: Snapshots,
    /// Segments that were sealed since they were synced.
    pub(super) unsynced_seals: Vec<Arc<Segment>>,
    /// How often names in the directory have changed.
    pub(super) names_changes: u64,
    /// Up to where the log was cleaned; none if it never was.
    pub(super) cleaned_to: Option<Offset>,
    /// How often the log was truncated: a reader that stumbles looks whether that is why.
    pub(super) truncations: u64,
    /// The lowest end the log had since whoever copies it has last followed.
    pub(super) truncated_to: Option<Offset>,
    /// Whether the log is being copied: nothing is cleaned then, for a copy that has a record must
    /// not miss the tombstone behind it.
    pub(super) is_copied: bool,
}

/// The producer snapshots there are.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    /// All of them.
    pub(super) offsets: BTreeSet<Offset>,
    /// Those that wait for a flush to be written, with their content.
    pub(super) unsaved: BTreeMap<Offset, Vec<u8>>,
}

impl Snapshots {
    /// Adds snapshots that the next flush is to write.
    pub(super) fn add(&mut self, unsaved: impl IntoIterator<Item = (Offset, Vec<u8>)>) {
        for (offset, bytes) in unsaved {
            self.offsets.insert(offset);
            self.unsaved.insert(offset, bytes);
        }
    }

    pub(super) fn remove(&mut self, offset: Offset) {
        self.offsets.remove(&offset);
        self.unsaved.remove(&offset);
    }
}

/// Where the log ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogEnd {
    pub(super) offset: Offset,
    /// The base offset of the last segment.
    pub(super) segment: Offset,
    /// Bytes of the last segment.
    pub(super) position: u64,
}

impl LogEnd {
    /// Where a segment of the log that ends here ends itself, in bytes.
    pub(super) fn end_of(&self, segment: &Segment) -> u64 {
        if segment.base_offset() == self.segment {
            self.position
        } else {
            segment.size()
        }
    }
}

impl State {
    /// Moves the log end behind a batch that was written to the last segment.
    pub(super) fn push_batch(&mut self, batch: &BatchAt) {
        assert!(batch.base_offset() >= self.log_end.offset, "offsets ascend");
        assert_eq!(
            batch.position, self.log_end.position,
            "batches lie one behind the other"
        );
        self.recent.push(RecentBatch {
            base_offset: self.log_end.offset,
            next_offset: batch.next_offset(),
            segment: self.log_end.segment,
            start: batch.position,
            end: batch.end(),
        });
        self.unflushed_bytes += batch.end() - batch.position;
        self.log_end.offset = batch.next_offset();
        self.log_end.position = batch.end();
    }

    /// Ends the log earlier than before: everything that readers might know of what lay behind is
    /// forgotten.
    pub(super) fn truncate(&mut self, log_end: LogEnd) {
        assert_eq!(
            self.active().base_offset(),
            log_end.segment,
            "a log ends in its last segment"
        );
        self.log_end = log_end;
        self.log_start_offset = self.log_start_offset.min(log_end.offset);
        self.recovery_point = self.recovery_point.min(log_end.offset);
        // What is appended there next was not cleaned.
        self.cleaned_to = self.cleaned_to.map(|offset| offset.min(log_end.offset));
        self.recent.clear();
        self.truncations += 1;
        let lowest = self.truncated_to.unwrap_or(log_end.offset);
        self.truncated_to = Some(lowest.min(log_end.offset));
    }

    /// Replaces the segments, of which the last is the one to append to.
    pub(super) fn replace_segments(&mut self, segments: Vec<Arc<Segment>>) {
        let ascending = segments.is_sorted_by(|a, b| a.base_offset() < b.base_offset());
        assert!(ascending, "base offsets of segments ascend");
        let last = segments.last().expect("a log has a segment");
        self.log_end.segment = last.base_offset();
        self.log_end.position = last.size();
        self.segments = segments.into();
    }

    /// Takes a snapshot of the producers, to be written by the next flush.
    pub(super) fn take_snapshot(&mut self) {
        if let Some((offset, bytes)) = self.producers.snapshot() {
            self.snapshots.add([(offset, bytes)]);
            self.producers.on_snapshot_saved(offset);
        }
    }

    /// The last segment: the one to append to.
    pub(super) fn active(&self) -> &Arc<Segment> {
        self.segments.last().expect("a log has a segment")
    }
}

/// The index of the segment that `offset` lies in, or would; none if it lies before the first.
pub(super) fn floor_index(segments: &[Arc<Segment>], offset: Offset) -> Option<usize> {
    segments
        .partition_point(|segment| segment.base_offset() <= offset)
        .checked_sub(1)
}
