//! Finding out how far a segment has come: from its indexes where the batches confirm them, from
//! the batches where they do not.

use protocol::ids::Offset;

use super::offset_index::OffsetEntry;
use super::progress::{LargestTimestamp, Progress};
use super::scan::ScanError;
use super::time_index::TimeEntry;
use super::{IndexSettings, Segment};
use crate::disk::DiskError;

/// The last entries of the indexes that are to be believed, and how many there are up to them.
#[derive(Debug, Clone, Copy)]
struct SureEntries {
    entry: OffsetEntry,
    offset_count: u64,
    time_entry: TimeEntry,
    time_count: u64,
}

impl Segment {
    /// Takes the largest timestamp of a segment that is whole from its time index. Returns whether
    /// its indexes can be right, as far as their last entries tell.
    pub(crate) async fn load_sealed(&self, settings: IndexSettings) -> Result<bool, DiskError> {
        let size = self.size();
        let time_entry = self.time_index.last();
        let plausible = match self.offset_index.last() {
            _ if size == 0 => true,
            Some(entry) => time_entry.is_some() && self.is_entry_right(entry, size).await?,
            // Too small for an entry, most likely; a large one is to be looked at.
            None => time_entry.is_some() && size <= u64::from(settings.interval_bytes),
        };
        if plausible {
            self.lock().largest = time_entry.map(|entry| self.largest_of(entry));
        }
        Ok(plausible)
    }

    /// Walks over the headers behind the last index entry and returns the offset that follows the
    /// segment.
    pub(crate) async fn load_tail(&self, settings: IndexSettings) -> Result<Offset, ScanError> {
        let end = self.size();
        let mut next_offset = self.base_offset;
        let start = self.rewind(Offset(i64::MAX)).await?;
        let mut scan = self.scan_headers(start, end);
        while let Some(batch) = scan.next().await? {
            next_offset = batch.next_offset();
            self.note(&batch, settings);
        }
        self.sync_remade_indexes(start, next_offset).await?;
        Ok(next_offset)
    }

    /// Makes the indexes anew from the headers of a segment that is whole. They end where the
    /// headers stop making sense, which a later read will report.
    pub(crate) async fn rebuild_indexes(&self, settings: IndexSettings) -> Result<(), DiskError> {
        let end = self.size();
        self.rewind(self.base_offset).await?;
        let mut scan = self.scan_headers(0, end);
        loop {
            match scan.next().await {
                Ok(Some(batch)) => self.note(&batch, settings),
                Ok(None) | Err(ScanError::Corrupt { .. }) => break,
                Err(ScanError::Disk(error)) => return Err(error),
            }
            self.write_indexes_when_full().await?;
        }
        self.lock().size = end;
        Ok(())
    }

    /// Removes what lies behind `position`, where the first batch with offsets from `end` on
    /// starts, and makes that durable: were the cut undone by a crash, old batches would follow on
    /// new ones. The segment is one to append to afterwards.
    pub(crate) async fn truncate(
        &self,
        position: u64,
        end: Offset,
        settings: IndexSettings,
    ) -> Result<(), ScanError> {
        let start = self.rewind(end).await?;
        let mut scan = self.scan_headers(start, position);
        while let Some(batch) = scan.next().await? {
            self.note(&batch, settings);
        }
        self.transactions.truncate(end).await?;
        self.unseal(settings).await?;
        self.sync_remade_indexes(start, end).await?;
        self.cut_file().await?;
        Ok(self.log.sync().await?)
    }

    /// Makes indexes durable that had to be made anew from the start although the batches before
    /// `offset` are: the next crash is to find entries for those that it has not torn.
    pub(crate) async fn sync_remade_indexes(
        &self,
        start: u64,
        offset: Offset,
    ) -> Result<(), DiskError> {
        if start > 0 || offset <= self.base_offset || self.offset_index.count() == 0 {
            return Ok(());
        }
        self.offset_index.write_tail().await?;
        self.time_index.write_tail().await?;
        self.offset_index.sync().await?;
        self.time_index.sync().await
    }

    /// Forgets everything behind the last index entry that surely lies below `offset`: the segment
    /// ends, for now, at the position returned, in bytes. What follows there is to be scanned and
    /// to be noted again, and then the segment is to be sealed or unsealed: until that is done the
    /// index files hold what was forgotten.
    pub(crate) async fn rewind(&self, offset: Offset) -> Result<u64, DiskError> {
        let kept = self.sure_entries(offset).await?;
        let offsets = kept.map_or(0, |kept| kept.offset_count);
        let times = kept.map_or(0, |kept| kept.time_count);
        self.offset_index.rewind(offsets).await?;
        self.time_index.rewind(times).await?;
        let mut rewound = Progress::empty(self.progress().created_ms);
        if let Some(kept) = kept {
            let first = self.scan_headers(0, kept.entry.position()).next().await;
            rewound.first_timestamp = match first {
                Ok(first) => first.map(|batch| batch.header.max_timestamp_ms),
                Err(ScanError::Disk(error)) => return Err(error),
                Err(ScanError::Corrupt { .. }) => None,
            };
            rewound.size = kept.entry.position();
            rewound.largest = Some(self.largest_of(kept.time_entry));
        }
        *self.lock() = rewound;
        Ok(rewound.size)
    }

    /// The last entries of both indexes that belong to a batch below `offset`, provided that the
    /// batches confirm them; none if all has to be read. What a crash has left behind the entries
    /// that were synced can be anything.
    async fn sure_entries(&self, offset: Offset) -> Result<Option<SureEntries>, DiskError> {
        let base_offset = self.base_offset;
        if offset <= base_offset {
            return Ok(None);
        }
        let file_size = self.log.size().await?;
        let is_below =
            |entry: &OffsetEntry| entry.position() > 0 && entry.last_offset(base_offset) < offset;
        let Some((entry, offset_count)) = self.offset_index.last_where(is_below).await? else {
            return Ok(None);
        };
        if !self.is_entry_right(entry, file_size).await? {
            return Ok(None);
        }
        let last_offset = entry.last_offset(base_offset);
        let is_below = |entry: &TimeEntry| entry.last_offset(base_offset) <= last_offset;
        let Some((time_entry, time_count)) = self.time_index.last_where(is_below).await? else {
            return Ok(None);
        };
        let sure = SureEntries {
            entry,
            offset_count,
            time_entry,
            time_count,
        };
        Ok(self
            .is_time_right(time_entry, file_size)
            .await?
            .then_some(sure))
    }

    fn largest_of(&self, entry: TimeEntry) -> LargestTimestamp {
        LargestTimestamp {
            timestamp: entry.timestamp,
            last_offset: entry.last_offset(self.base_offset),
        }
    }
}
