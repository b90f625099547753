//! Reads: where in which file the batches lie that a fetch asks for.
//!
//! Not the job of this module: moving the bytes. An answer names a file and a range of it, so that
//! they can go from the page cache to a socket. Tiered storage will add an answer of its own for
//! offsets that are in the log but not in a local file.

use std::sync::Arc;

use protocol::ids::Offset;

use super::state::{LogEnd, Segments, floor_index};
use super::{Log, LogError};
use crate::disk::DiskFile;

/// What is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadRequest {
    /// The first offset of interest; the answer starts with the batch that contains it.
    pub fetch_offset: Offset,
    /// So many bytes at most.
    pub size_max: usize,
    /// No batch that starts at or behind this offset: the high watermark, the last stable offset
    /// or the log end.
    pub upper_bound: Offset,
    /// The first batch is answered whole even when it is larger than `size_max` (KIP-74).
    pub at_least_one_batch: bool,
}

/// Where to find what was asked for.
#[derive(Debug, Clone)]
pub enum ReadOutcome {
    /// In a file.
    Slice(LogSlice),
    /// The offset is in the log, but there is nothing at it below the upper bound.
    AtEnd,
    /// The offset is not in the log.
    OutOfRange {
        /// The first offset of the log.
        log_start_offset: Offset,
        /// The offset after the last record.
        log_end_offset: Offset,
    },
}

/// A range of a segment file. It starts with a batch and may end within one.
#[derive(Debug, Clone)]
pub struct LogSlice {
    /// The segment file, readable for as long as it is held.
    pub file: Arc<dyn DiskFile>,
    /// The base offset of the segment.
    pub segment_base_offset: Offset,
    /// Where the slice starts, in bytes.
    pub position: u64,
    /// How long it is, in bytes.
    pub size: usize,
    /// How long the first batch is, in bytes; more than `size` if it does not fit.
    pub first_batch_size: usize,
    /// Whether more of what may be read follows in another file.
    pub continues_elsewhere: bool,
    /// The log when it was read: which transactions are aborted is to be told for these bytes, also
    /// when a cleaning has replaced them since.
    pub(super) segments: Segments,
}

/// The first batch of an answer.
#[derive(Debug, Clone, Copy)]
struct Start {
    segment: usize,
    position: u64,
    end: u64,
}

/// What a read works on: the log at one moment.
struct Snapshot {
    segments: Segments,
    log_end: LogEnd,
    truncations: u64,
    /// The first batch, if it is among the most recent.
    start: Option<Start>,
    /// The position of the upper bound and its segment's base offset, if known.
    bound: Option<(Offset, u64)>,
}

impl Log {
    /// Finds the batches from an offset on.
    ///
    /// # Errors
    /// When the disk fails, or the segment holds something that is no batch.
    pub async fn read(&self, request: &ReadRequest) -> Result<ReadOutcome, LogError> {
        loop {
            let snapshot = match self.snapshot(request) {
                Ok(snapshot) => snapshot,
                Err(outcome) => return Ok(outcome),
            };
            let outcome = self.read_snapshot(request, &snapshot).await;
            // If a file was cut while it was read, look again at what is left: batches may have
            // been missed meanwhile.
            if self.lock().truncations == snapshot.truncations {
                return outcome;
            }
        }
    }

    fn snapshot(&self, request: &ReadRequest) -> Result<Snapshot, ReadOutcome> {
        let state = self.lock();
        let (log_start_offset, log_end) = (state.log_start_offset, state.log_end);
        if request.fetch_offset < log_start_offset || request.fetch_offset > log_end.offset {
            return Err(ReadOutcome::OutOfRange {
                log_start_offset,
                log_end_offset: log_end.offset,
            });
        }
        if request.fetch_offset >= request.upper_bound.min(log_end.offset) {
            return Err(ReadOutcome::AtEnd);
        }
        let start = state.recent.find(request.fetch_offset).and_then(|batch| {
            let segment = floor_index(&state.segments, batch.segment)?;
            let (position, end) = (batch.start, batch.end);
            Some(Start {
                segment,
                position,
                end,
            })
        });
        let bound = if request.upper_bound >= log_end.offset {
            Some((log_end.segment, log_end.position))
        } else {
            let recent = state.recent.find(request.upper_bound);
            recent.map(|batch| (batch.segment, batch.start))
        };
        Ok(Snapshot {
            segments: state.segments.clone(),
            log_end,
            truncations: state.truncations,
            start,
            bound,
        })
    }

    async fn read_snapshot(
        &self,
        request: &ReadRequest,
        snapshot: &Snapshot,
    ) -> Result<ReadOutcome, LogError> {
        let start = match snapshot.start {
            Some(start) => Some(start),
            None => self.find_start(request.fetch_offset, snapshot).await?,
        };
        let Some(start) = start else {
            return Ok(ReadOutcome::AtEnd);
        };
        let segment = &snapshot.segments[start.segment];
        let first_batch_size = (start.end - start.position) as usize;
        let mut size = request.size_max;
        if request.at_least_one_batch {
            size = size.max(first_batch_size);
        }
        let bound = self.bound(request.upper_bound, start, snapshot).await?;
        if bound <= start.position {
            return Ok(ReadOutcome::AtEnd);
        }
        let next = snapshot.segments.get(start.segment + 1);
        let readable_end = request.upper_bound.min(snapshot.log_end.offset);
        Ok(ReadOutcome::Slice(LogSlice {
            file: segment.file().clone(),
            segment_base_offset: segment.base_offset(),
            position: start.position,
            size: size.min((bound - start.position) as usize),
            first_batch_size,
            continues_elsewhere: next.is_some_and(|next| next.base_offset() < readable_end),
            segments: snapshot.segments.clone(),
        }))
    }

    /// The first batch that ends behind `offset`.
    async fn find_start(
        &self,
        offset: Offset,
        snapshot: &Snapshot,
    ) -> Result<Option<Start>, LogError> {
        let first = floor_index(&snapshot.segments, offset).unwrap_or(0);
        for (index, segment) in snapshot.segments.iter().enumerate().skip(first) {
            let located = segment
                .locate(offset, snapshot.log_end.end_of(segment))
                .await;
            let located = located.map_err(|error| self.scan_failed(segment, error))?;
            if let Some(batch) = located {
                return Ok(Some(Start {
                    segment: index,
                    position: batch.position,
                    end: batch.end(),
                }));
            }
        }
        Ok(None)
    }

    /// Where in the segment of the first batch the slice must end, in bytes.
    async fn bound(
        &self,
        upper_bound: Offset,
        start: Start,
        snapshot: &Snapshot,
    ) -> Result<u64, LogError> {
        let segment = &snapshot.segments[start.segment];
        let end = snapshot.log_end.end_of(segment);
        if let Some((base_offset, position)) = snapshot.bound {
            return Ok(if base_offset == segment.base_offset() {
                position
            } else {
                end
            });
        }
        let next = snapshot.segments.get(start.segment + 1);
        if next.is_some_and(|next| next.base_offset() <= upper_bound) {
            return Ok(end);
        }
        match segment.locate(upper_bound, end).await {
            Ok(batch) => Ok(batch.map_or(end, |batch| batch.position)),
            Err(error) => Err(self.scan_failed(segment, error)),
        }
    }
}
