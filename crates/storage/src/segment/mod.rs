//! One segment of a log: its `.log` file with the batches, and the indexes beside it.
//!
//! Not the job of this module: which offset comes next, producers, and when a segment is sealed or
//! removed; the log knows. Checksums are the business of whoever appends or recovers.
//!
//! Invariants:
//! - Bytes behind [`Segment::size`] are not part of the segment, whatever the file holds there.
//! - An index entry is a hint: what is found with its help is verified by the batch header, and
//!   where they disagree the segment is searched from its start.
//! - One caller at a time changes a segment; any number may search it meanwhile.

mod index_file;
mod load;
mod offset_index;
mod progress;
mod scan;
mod search;
mod time_index;
mod transactions;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::ids::Offset;

use crate::disk::{Disk, DiskError, DiskFile};
use crate::names::{LogFileKind, LogFileName};
use index_file::{IndexEntry, entries_max};
use offset_index::{OffsetEntry, OffsetIndex};
use time_index::{TimeEntry, TimeIndex};

pub(crate) use offset_index::relative_offset;
pub(crate) use progress::{LargestTimestamp, NextAppend, Progress, RollLimits};
pub use scan::BatchFault;
pub(crate) use scan::{BatchAt, Scan, ScanError};
pub(crate) use search::INFLATED_BYTES_MAX;
pub use search::TimestampOffset;
pub(crate) use transactions::Transactions;

/// A segment with its files.
#[derive(Debug)]
pub(crate) struct Segment {
    base_offset: Offset,
    log: Arc<dyn DiskFile>,
    offset_index: OffsetIndex,
    time_index: TimeIndex,
    transactions: Transactions,
    progress: Mutex<Progress>,
}

/// The files of a segment, open.
#[derive(Debug)]
pub(crate) struct SegmentFiles {
    pub(crate) log: Arc<dyn DiskFile>,
    pub(crate) offset_index: Arc<dyn DiskFile>,
    pub(crate) time_index: Arc<dyn DiskFile>,
}

/// How the indexes of a segment are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IndexSettings {
    /// So large may each index become, in bytes; so much is preallocated while it is active.
    pub(crate) bytes_max: u32,
    /// More than so many bytes of batches lie between two entries.
    pub(crate) interval_bytes: u32,
}

impl Segment {
    /// An empty segment; what its files held is forgotten. `log_bytes` of its log are allocated.
    pub(crate) async fn create(
        base_offset: Offset,
        files: SegmentFiles,
        log_bytes: u64,
        settings: IndexSettings,
        now_ms: i64,
    ) -> Result<Self, DiskError> {
        files.log.set_size(0).await?;
        files.log.set_size(log_bytes).await?;
        Ok(Self {
            base_offset,
            log: files.log,
            offset_index: OffsetIndex::create(files.offset_index, settings.bytes_max).await?,
            time_index: TimeIndex::create(files.time_index, settings.bytes_max).await?,
            transactions: Transactions::none(base_offset),
            progress: Mutex::new(Progress::empty(now_ms)),
        })
    }

    /// The segment its files hold. Its last bytes and entries may be no good; the caller goes on
    /// with [`Self::load_sealed`], [`Self::load_tail`] or a recovery from [`Self::rewind`].
    pub(crate) async fn open(
        base_offset: Offset,
        files: SegmentFiles,
        transactions: Transactions,
        now_ms: i64,
    ) -> Result<Self, DiskError> {
        let mut progress = Progress::empty(now_ms);
        progress.size = files.log.size().await?;
        Ok(Self {
            base_offset,
            log: files.log,
            offset_index: OffsetIndex::open(files.offset_index).await?,
            time_index: TimeIndex::open(files.time_index).await?,
            transactions,
            progress: Mutex::new(progress),
        })
    }

    /// Writes batches behind the last one. They are part of the segment once they are noted.
    pub(crate) async fn write(&self, batches: &[u8]) -> Result<(), DiskError> {
        self.log.write_at(&[batches], self.size()).await
    }

    /// Takes a batch that lies behind the last one into the segment, and into the indexes when
    /// enough bytes lie before it.
    pub(crate) fn note(&self, batch: &BatchAt, settings: IndexSettings) {
        let mut progress = self.lock();
        assert_eq!(
            progress.size, batch.position,
            "batches lie one behind the other"
        );
        let indexed = progress.note(batch, settings.interval_bytes);
        let largest = progress.largest;
        drop(progress);
        if !indexed {
            return;
        }
        if let Some(entry) = OffsetEntry::new(self.base_offset, batch.last_offset(), batch.position)
        {
            self.offset_index.push(entry);
        }
        self.note_time(largest);
    }

    fn note_time(&self, largest: Option<LargestTimestamp>) {
        let Some(largest) = largest else { return };
        let last = self.time_index.last();
        if last.is_some_and(|last| last.timestamp >= largest.timestamp) {
            return;
        }
        let entry = TimeEntry::new(self.base_offset, largest.last_offset, largest.timestamp);
        if let Some(entry) = entry {
            self.time_index.push(entry);
        }
    }

    /// Writes index entries that wait in memory, if enough of them do.
    pub(crate) async fn write_indexes_when_full(&self) -> Result<(), DiskError> {
        if self.offset_index.is_tail_full() || self.time_index.is_tail_full() {
            self.offset_index.write_tail().await?;
            self.time_index.write_tail().await?;
        }
        Ok(())
    }

    /// Writes all that waits in memory. The file of aborted transactions may be a new one in
    /// `directory`.
    pub(crate) async fn write_indexes(
        &self,
        disk: &dyn Disk,
        directory: &Path,
    ) -> Result<(), DiskError> {
        let transactions = self.transactions_path(directory);
        self.write_indexes_as(disk, &transactions).await
    }

    async fn write_indexes_as(
        &self,
        disk: &dyn Disk,
        transactions: &Path,
    ) -> Result<(), DiskError> {
        self.offset_index.write_tail().await?;
        self.time_index.write_tail().await?;
        self.transactions.write_tail(disk, transactions).await
    }

    fn transactions_path(&self, directory: &Path) -> PathBuf {
        let name = LogFileName::live(self.base_offset, LogFileKind::TransactionIndex);
        directory.join(name.to_string())
    }

    /// Ends the segment for good, or until it is opened again: adds the last time index entry and
    /// cuts off what was preallocated.
    pub(crate) async fn seal(&self, disk: &dyn Disk, directory: &Path) -> Result<(), DiskError> {
        let transactions = self.transactions_path(directory);
        self.seal_as(disk, &transactions).await
    }

    /// The same for a segment that does not have its last name yet: with the path of the file of
    /// aborted transactions, should there be one.
    pub(crate) async fn seal_as(
        &self,
        disk: &dyn Disk,
        transactions: &Path,
    ) -> Result<(), DiskError> {
        let largest = self.lock().largest;
        self.note_time(largest);
        self.write_indexes_as(disk, transactions).await?;
        self.offset_index.trim().await?;
        self.time_index.trim().await?;
        self.cut_file().await
    }

    /// Gives the indexes of a segment that is to be appended to again the size they have then.
    pub(crate) async fn unseal(&self, settings: IndexSettings) -> Result<(), DiskError> {
        self.offset_index.preallocate(settings.bytes_max).await?;
        self.time_index.preallocate(settings.bytes_max).await
    }

    /// Cuts off whatever the log file holds behind the last batch.
    pub(crate) async fn cut_file(&self) -> Result<(), DiskError> {
        let size = self.size();
        if self.log.size().await? == size {
            return Ok(());
        }
        self.log.set_size(size).await
    }

    /// Makes the batches and indexes as far as they are written durable.
    pub(crate) async fn sync(&self) -> Result<(), DiskError> {
        self.log.sync().await?;
        self.offset_index.sync().await?;
        self.time_index.sync().await?;
        self.transactions.sync().await
    }

    /// Makes the batches durable.
    pub(crate) async fn sync_log(&self) -> Result<(), DiskError> {
        self.log.sync().await
    }

    /// Whether the batches about to be appended belong into a new segment.
    pub(crate) fn is_roll_due(&self, next: &NextAppend, limits: &RollLimits) -> bool {
        self.lock().is_roll_due(next, limits)
            || self.offset_index.count() >= entries_max::<OffsetEntry>(limits.index_bytes)
            // One slot is kept for the entry that is added when the segment is sealed.
            || self.time_index.count() + 1 >= entries_max::<TimeEntry>(limits.index_bytes)
            || relative_offset(self.base_offset, next.last_offset).is_none()
    }

    /// Whether a batch that ends with `last_offset` can be in this segment.
    pub(crate) fn check_distance(&self, last_offset: Offset) -> Result<(), BatchFault> {
        match relative_offset(self.base_offset, last_offset) {
            Some(_) => Ok(()),
            None => Err(BatchFault::TooFar { last_offset }),
        }
    }

    /// The offset that its file names carry: no batch in it starts below.
    pub(crate) const fn base_offset(&self) -> Offset {
        self.base_offset
    }

    /// The file with the batches.
    pub(crate) fn file(&self) -> &Arc<dyn DiskFile> {
        &self.log
    }

    /// Its aborted transactions.
    pub(crate) const fn transactions(&self) -> &Transactions {
        &self.transactions
    }

    /// How many bytes of batches it has.
    pub(crate) fn size(&self) -> u64 {
        self.lock().size
    }

    /// The bytes that the entries of its offset index and of its time index take.
    pub(crate) fn index_bytes(&self) -> (u64, u64) {
        let offsets = self.offset_index.count() * OffsetEntry::SIZE as u64;
        (offsets, self.time_index.count() * TimeEntry::SIZE as u64)
    }

    /// The largest timestamp of its first batch; none if it has no batch.
    pub(crate) async fn first_timestamp(&self) -> Result<Option<i64>, ScanError> {
        let progress = self.progress();
        if progress.first_timestamp.is_some() {
            return Ok(progress.first_timestamp);
        }
        let first = self.scan_headers(0, progress.size).next().await?;
        Ok(first.map(|batch| batch.header.max_timestamp_ms))
    }

    /// How far it has come.
    pub(crate) fn progress(&self) -> Progress {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
