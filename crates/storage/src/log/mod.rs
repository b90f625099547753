//! The log of one partition: segments one behind the other, an end to append to, a start that
//! moves up as retention asks.
//!
//! Not the job of this module: the high watermark and who leads (callers give it), clocks (`now` is
//! always an argument, wall time in milliseconds), when background work is due, and the other
//! partitions of the directory.
//!
//! How it is synchronised:
//! - The *writer* lock is held over everything that changes files; appends go one by one.
//! - The *state* is what readers see. Its lock is never held across an await: readers take a
//!   snapshot and never wait for the writer.
//! - Flushes hold a lock of their own, so that they do not hold up appends.
//!
//! Invariants:
//! - A reader never sees bytes of an append that has not succeeded as a whole.
//! - The next append starts at the log end offset; base offsets of segments ascend strictly.
//! - log start offset <= log end offset, recovery point <= log end offset.
//! - The recovery point moves up only after everything below it was synced, and the leader epochs
//!   of it were saved.
//! - An append that fails, or is given up half-way, leaves the log as it was.
//! - Futures that truncate, roll, remove or close are to be driven to their end; a log whose files
//!   were left half-way refuses further changes ([`LogError::Closed`]) until it is opened again.

mod append;
mod compaction;
mod copy;
mod error;
mod files;
mod flush;
mod leftovers;
mod load;
mod open;
mod producers;
mod read;
mod recent;
mod recovery;
mod removal;
mod replay;
mod retention;
mod roll;
mod state;
mod timestamps;
mod transactions;
mod truncate;
mod writer;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::ids::{LeaderEpoch, Offset, ProducerId};

use crate::config::LogConfig;
use crate::directory_health::DirectoryHealth;
use crate::disk::{Disk, DiskError, DiskErrorKind};
use crate::producer_state::ProducerEntry;
use crate::segment::{ScanError, Segment};

pub use crate::segment::{BatchFault, TimestampOffset};

pub use append::{AppendError, AppendOrigin, Appended, Codecs, LeaderAppend};
pub use copy::Copied;
pub use error::LogError;
pub use open::OpenOptions;
pub use read::{LogSlice, ReadOutcome, ReadRequest};

pub(crate) use compaction::{CleanedSegment, CompactionView};
use flush::Flushed;
use recovery::LoadError;
use state::State;
use writer::Writer;

/// The log of one partition.
#[derive(Debug)]
pub struct Log {
    disk: Arc<dyn Disk>,
    /// Of the log directory that the files are in.
    health: Mutex<Arc<DirectoryHealth>>,
    /// Decides how much earlier than `segment.ms` each segment is rolled.
    jitter_seed: u64,
    writer: tokio::sync::Mutex<Writer>,
    /// Held over a flush, and by whatever must not run beside one.
    flushing: tokio::sync::Mutex<Flushed>,
    /// Held over a cleaning.
    pub(crate) cleaning: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    /// Whether the partition was deleted: its files may go at any time.
    retired: AtomicBool,
}

impl Log {
    /// Notes that `epoch` begins at the log end: this broker has become its leader. It is durable
    /// with the first batch of the epoch that is.
    ///
    /// # Errors
    /// When the log cannot be changed any more.
    pub async fn assign_leader_epoch(&self, epoch: LeaderEpoch) -> Result<(), LogError> {
        let _writer = self.lock_writer().await?;
        self.assign_epoch(epoch, self.log_end_offset());
        Ok(())
    }

    /// Replaces the settings; they hold from the next operation on.
    pub fn update_config(&self, config: LogConfig) {
        self.lock().config = Arc::new(config);
    }

    /// Renames the partition's directory; files held open follow.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn rename_directory(&self, directory: &Path) -> Result<(), LogError> {
        let _flushing = self.flushing.lock().await;
        let _writer = self.lock_writer().await?;
        let from = self.directory();
        let renamed = self.disk.rename(&from, directory).await;
        renamed.map_err(|error| self.disk_failed(error))?;
        self.lock().directory = directory.into();
        Ok(())
    }

    /// The partition's directory.
    pub fn directory(&self) -> PathBuf {
        self.lock().directory.to_path_buf()
    }

    /// The settings.
    pub fn config(&self) -> Arc<LogConfig> {
        self.lock().config.clone()
    }

    /// The first offset that may be read. Retention and DeleteRecords move it up.
    pub fn log_start_offset(&self) -> Offset {
        self.lock().log_start_offset
    }

    /// Where the first segment begins; the log start offset is there or behind.
    pub fn first_base_offset(&self) -> Offset {
        self.lock().segments[0].base_offset()
    }

    /// The offset the next record gets.
    pub fn log_end_offset(&self) -> Offset {
        self.lock().log_end.offset
    }

    /// Everything below this offset is durable.
    pub fn recovery_point(&self) -> Offset {
        self.lock().recovery_point
    }

    /// Bytes of batches in all segments.
    pub fn size_bytes(&self) -> u64 {
        let segments = self.lock().segments.clone();
        segments.iter().map(|segment| segment.size()).sum()
    }

    /// How many segments there are; at least one.
    pub fn segment_count(&self) -> usize {
        self.lock().segments.len()
    }

    /// The latest leader epoch, and where it begins.
    pub fn latest_epoch(&self) -> Option<(LeaderEpoch, Offset)> {
        self.lock().epochs.latest()
    }

    /// Where `epoch` ended, with the largest epoch known that is not above it; none if no epoch
    /// above it and not it itself is known (KIP-101, KIP-279).
    pub fn end_offset_for_epoch(&self, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
        let state = self.lock();
        state.epochs.end_offset_of(epoch, state.log_end.offset)
    }

    /// The epoch in which the record at `offset` was written.
    pub fn epoch_at(&self, offset: Offset) -> Option<LeaderEpoch> {
        self.lock().epochs.epoch_at(offset)
    }

    /// What `see` makes of each producer that is known, in the order of their ids.
    pub fn producers<T>(&self, see: impl Fn(ProducerId, &ProducerEntry) -> T) -> Vec<T> {
        let state = self.lock();
        let producers = state.producers.producers();
        producers.map(|(id, entry)| see(id, entry)).collect()
    }

    /// Not to be held for long, nor when the state is locked.
    fn health_mut(&self) -> MutexGuard<'_, Arc<DirectoryHealth>> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a failed disk operation means: lack of space passes, everything else is final for the
    /// directory.
    pub(crate) fn disk_failed(&self, error: DiskError) -> LogError {
        if error.kind() != DiskErrorKind::NoSpace && !self.retired.load(Ordering::Relaxed) {
            self.health_mut().fail(&error);
        }
        LogError::Disk(error)
    }

    /// What a failed sync means, whatever the reason: nobody knows which bytes are on the disk.
    fn sync_failed(&self, error: DiskError) -> LogError {
        self.health_mut().fail(&error);
        LogError::Disk(error)
    }

    pub(crate) fn scan_failed(&self, segment: &Arc<Segment>, error: ScanError) -> LogError {
        self.load_failed(LoadError::Scan(segment.clone(), error))
    }

    fn load_failed(&self, error: LoadError) -> LogError {
        if let LoadError::Scan(_, ScanError::Disk(error)) = error {
            return self.disk_failed(error);
        }
        error.report(&self.health_mut(), &self.directory())
    }
}
