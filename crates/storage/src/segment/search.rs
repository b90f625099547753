//! Finds batches in a segment: by offset and by timestamp.

use protocol::compression::Decompressor;
use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::BatchView;

use super::offset_index::OffsetEntry;
use super::scan::{BATCHES_CHUNK_BYTES, BatchAt, HEADERS_CHUNK_BYTES, Scan, ScanError};
use super::time_index::TimeEntry;
use super::{BatchFault, Segment};
use crate::disk::DiskError;

/// So much may one batch inflate to when its records are looked at.
pub(crate) const INFLATED_BYTES_MAX: usize = 1 << 30;

/// A record by its timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampOffset {
    /// In milliseconds since 1970.
    pub timestamp: i64,
    /// Its offset.
    pub offset: Offset,
    /// The epoch it was written in.
    pub leader_epoch: LeaderEpoch,
}

/// What a search by offset ends with.
enum Located {
    /// The first batch that ends at or behind the offset.
    Batch(BatchAt),
    /// No batch does.
    Nothing,
    /// The index entry that it started from does not fit the batch there.
    WrongEntry,
}

impl Segment {
    /// A walk over the headers between two positions, in bytes.
    pub(crate) fn scan_headers(&self, start: u64, end: u64) -> Scan {
        let file = self.file().clone();
        Scan::new(file, self.base_offset, start..end, HEADERS_CHUNK_BYTES)
    }

    /// A walk over whole batches between two positions, in bytes.
    pub(crate) fn scan_batches(&self, start: u64, end: u64) -> Scan {
        let file = self.file().clone();
        Scan::new(file, self.base_offset, start..end, BATCHES_CHUNK_BYTES)
    }

    /// The first batch that ends at or behind `offset`, of those before the position `end`.
    pub(crate) async fn locate(
        &self,
        offset: Offset,
        end: u64,
    ) -> Result<Option<BatchAt>, ScanError> {
        let base_offset = self.base_offset;
        let is_before =
            |entry: &OffsetEntry| entry.position() > 0 && entry.last_offset(base_offset) <= offset;
        if let Some((entry, _)) = self.offset_index.last_where(is_before).await? {
            match self.locate_from(Some(entry), offset, end).await {
                Ok(Located::Batch(batch)) => return Ok(Some(batch)),
                Ok(Located::Nothing) => return Ok(None),
                Ok(Located::WrongEntry) | Err(ScanError::Corrupt { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        match self.locate_from(None, offset, end).await? {
            Located::Batch(batch) => Ok(Some(batch)),
            Located::Nothing | Located::WrongEntry => Ok(None),
        }
    }

    /// An offset that no record before `position` reaches; none if the index knows of none. The
    /// segment ends at `end`, in bytes.
    pub(crate) async fn offset_behind(
        &self,
        position: u64,
        end: u64,
    ) -> Result<Option<Offset>, DiskError> {
        let is_before = |entry: &OffsetEntry| entry.position() < position;
        let before = self.offset_index.last_where(is_before).await?;
        let place = before.map_or(0, |(_, count)| count);
        match self.offset_index.entry(place).await? {
            Some(entry) if !is_before(&entry) && self.is_entry_right(entry, end).await? => {
                Ok(Some(entry.last_offset(self.base_offset)))
            }
            _ => Ok(None),
        }
    }

    /// Looks from the batch of an index entry on, or from the start.
    async fn locate_from(
        &self,
        entry: Option<OffsetEntry>,
        offset: Offset,
        end: u64,
    ) -> Result<Located, ScanError> {
        let start = entry.map_or(0, |entry| entry.position());
        if entry.is_some() && start >= end {
            return Ok(Located::WrongEntry);
        }
        let mut scan = self.scan_headers(start, end);
        while let Some(batch) = scan.next().await? {
            let is_first = batch.position == start;
            let is_wrong = |entry: OffsetEntry| !entry.is_of(&batch, self.base_offset);
            if is_first && entry.is_some_and(is_wrong) {
                return Ok(Located::WrongEntry);
            }
            if batch.last_offset() >= offset {
                return Ok(Located::Batch(batch));
            }
        }
        Ok(Located::Nothing)
    }

    /// Whether the batch of an index entry starts at its position.
    pub(super) async fn is_entry_right(
        &self,
        entry: OffsetEntry,
        end: u64,
    ) -> Result<bool, DiskError> {
        if entry.position() >= end {
            return Ok(false);
        }
        match self.scan_headers(entry.position(), end).next().await {
            Ok(Some(batch)) => Ok(entry.is_of(&batch, self.base_offset)),
            Ok(None) | Err(ScanError::Corrupt { .. }) => Ok(false),
            Err(ScanError::Disk(error)) => Err(error),
        }
    }

    /// Whether the batch that contains the entry's offset has its timestamp.
    pub(super) async fn is_time_right(
        &self,
        entry: TimeEntry,
        end: u64,
    ) -> Result<bool, DiskError> {
        let offset = entry.last_offset(self.base_offset);
        match self.locate(offset, end).await {
            Ok(batch) => Ok(batch.is_some_and(|batch| {
                let is_in = batch.base_offset() <= offset;
                is_in && batch.header.max_timestamp_ms == entry.timestamp
            })),
            Err(ScanError::Corrupt { .. }) => Ok(false),
            Err(ScanError::Disk(error)) => Err(error),
        }
    }

    /// The first record at or behind `start_offset` whose timestamp is `timestamp` or later, of
    /// those before the position `end`.
    pub(crate) async fn find_timestamp(
        &self,
        timestamp: i64,
        start_offset: Offset,
        end: u64,
    ) -> Result<Option<TimestampOffset>, ScanError> {
        let time_entry = self
            .time_index
            .last_where(|entry| entry.timestamp <= timestamp)
            .await?;
        let mut from_offset = start_offset;
        if let Some((entry, _)) = time_entry {
            // An entry that no batch confirms says nothing.
            if self.is_time_right(entry, end).await? {
                from_offset = from_offset.max(entry.last_offset(self.base_offset));
            }
        }
        let Some(first) = self.locate(from_offset, end).await? else {
            return Ok(None);
        };
        let mut scan = self.scan_batches(first.position, end);
        while let Some(batch) = scan.next().await? {
            if batch.header.max_timestamp_ms < timestamp || batch.last_offset() < start_offset {
                continue;
            }
            let bytes = scan.bytes(&batch).await?;
            let found = find_in_batch(bytes, timestamp, start_offset);
            match found {
                Ok(None) => {}
                Ok(found) => return Ok(found),
                Err(source) => {
                    let position = batch.position;
                    return Err(ScanError::Corrupt { position, source });
                }
            }
        }
        Ok(None)
    }
}

fn find_in_batch(
    bytes: &[u8],
    timestamp: i64,
    start_offset: Offset,
) -> Result<Option<TimestampOffset>, BatchFault> {
    let batch = BatchView::parse(bytes)?;
    let header = batch.header();
    let found = |timestamp, offset| {
        Some(TimestampOffset {
            timestamp,
            offset: Offset(offset),
            leader_epoch: LeaderEpoch(header.partition_leader_epoch),
        })
    };
    let mut decompressor = Decompressor::new();
    for record in batch.records(&mut decompressor, INFLATED_BYTES_MAX)? {
        let record = record?;
        if record.timestamp_ms >= timestamp && record.offset >= start_offset.0 {
            return Ok(found(record.timestamp_ms, record.offset));
        }
    }
    Ok(None)
}

impl OffsetEntry {
    /// Whether this can be the entry of the batch that was found at its position.
    ///
    /// Kafka before 4.0 indexed several batches by one entry: the position of the first and the
    /// offset of the last. Such entries serve as well.
    fn is_of(&self, batch: &BatchAt, base_offset: Offset) -> bool {
        batch.last_offset() <= self.last_offset(base_offset)
    }
}
