//! All log directories of a node, and the partitions in them.
//!
//! A start has two steps: the directories are claimed ([`ClaimedDirectories::claim`]), then their
//! logs are loaded ([`ClaimedDirectories::load`]). Work that is due from time to time is a function
//! that is given the time; whoever owns the [`LogDirectories`] calls it.
//!
//! Not the job of this module: timers, high watermarks (callers give them), which partitions
//! should exist, and the log of the metadata quorum, although it lies in one of the directories.
//!
//! Invariants:
//! - Each directory is locked for as long as it is in use, also after it has failed.
//! - The mark of a clean stop is removed before the first log is opened, and written after all
//!   logs of the directory were closed and the checkpoints written: it is never there otherwise.
//! - A directory that has failed takes its own partitions along and no others; nothing is written
//!   to it any more, least of all the mark.
//! - A partition that was created is there after a crash; a partition created under the name of a
//!   deleted one inherits neither records nor offsets.
//! - No lock of the table is held across an await.
//!
//! Futures that create, delete and close are to be driven to their end.

mod bounded;
mod checkpoints;
mod claim;
mod close;
mod create;
mod delete;
mod directory;
mod format;
mod load;
mod moves;
mod partition;
mod reservations;
mod shared_sync;
mod survey;
mod upkeep;

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::disk::Disk;
use crate::names::TopicPartition;

pub use checkpoints::HighWatermarks;
pub use claim::{ClaimError, ClaimedDirectories, ConfiguredDirectory, ExpectedNode};
pub use close::CloseReport;
pub use create::{CreateError, NewPartition};
pub use delete::{DeleteError, Removed};
pub use directory::{DirectoryOffline, DirectoryState, LogDirectory};
pub use format::{FormatError, NodeIdentity, create_directory, format};
pub use load::{DirectoryReport, LoadError, LoadedLog, LogConfigs};
pub use moves::{MoveError, Orphan};
pub use partition::{PartitionLog, TopicIdPartition};
pub use survey::Survey;
pub use upkeep::Upkeep;

use delete::Deletion;
use partition::Table;
use reservations::Reservations;

/// The file by which a process keeps others out of a log directory.
pub const LOCK_FILE: &str = ".lock";

/// How a node treats its log directories.
#[derive(Debug, Clone)]
pub struct DirectorySettings {
    /// `num.recovery.threads.per.data.dir`: how many logs of a directory are opened, flushed or
    /// closed at a time.
    pub concurrency: NonZeroUsize,
    /// `log.segment.delete.delay.ms`: how long a deleted partition keeps its files.
    pub file_delete_delay_ms: i64,
    /// Any number: decides, for each partition, how much of `segment.jitter.ms` its segments get.
    pub jitter_seed: u64,
    /// So many bytes the logs of all directories together may hold that are not flushed, in so far
    /// as it is up to the flushes: it bounds how much is read by the start after a crash.
    /// [`Self::UNFLUSHED_BYTES_MAX`] unless there is a reason.
    pub unflushed_bytes_max: u64,
}

impl DirectorySettings {
    /// Two processors recover so much in about a fifth of a second when it is still in the page
    /// cache, and a disk reads it in one or two.
    pub const UNFLUSHED_BYTES_MAX: u64 = 1 << 30;
}

/// The log directories of a node with their partitions.
#[derive(Debug)]
pub struct LogDirectories {
    disk: Arc<dyn Disk>,
    settings: DirectorySettings,
    directories: Vec<Arc<LogDirectory>>,
    table: RwLock<Table>,
    /// Held shared over the creation and the deletion of a partition, alone over the close.
    lifecycle: tokio::sync::RwLock<Lifecycle>,
    reservations: Reservations,
    deletions: Mutex<Vec<Deletion>>,
}

/// Whether partitions may still come and go.
#[derive(Debug, Default)]
struct Lifecycle {
    is_closed: bool,
}

impl LogDirectories {
    /// Finds a partition; none if there is no such partition here.
    ///
    /// # Errors
    /// When it lies in a directory that has failed.
    pub fn partition(
        &self,
        id: TopicIdPartition,
    ) -> Result<Option<Arc<PartitionLog>>, DirectoryOffline> {
        check_online(self.table().by_id(id))
    }

    /// Finds a partition by its name, for the edge of the node; none if there is no such partition
    /// here.
    ///
    /// # Errors
    /// When it lies in a directory that has failed.
    pub fn partition_by_name(
        &self,
        name: &TopicPartition,
    ) -> Result<Option<Arc<PartitionLog>>, DirectoryOffline> {
        check_online(self.table().by_name(name))
    }

    /// All partitions in the order of names, those in failed directories included.
    pub fn partitions(&self) -> Vec<Arc<PartitionLog>> {
        self.table().all()
    }

    /// The directories in the order of the configuration, those included that do not work.
    pub fn directories(&self) -> &[Arc<LogDirectory>] {
        &self.directories
    }

    /// All logs that lie in a directory, copies on their way into it among them.
    fn logs_in(&self, directory: &Arc<LogDirectory>) -> Vec<Arc<PartitionLog>> {
        let mut logs = self.partitions();
        logs.extend(self.copies());
        logs.retain(|log| Arc::ptr_eq(&log.directory(), directory));
        logs
    }

    fn directory_count(&self) -> NonZeroUsize {
        NonZeroUsize::new(self.directories.len()).unwrap_or(NonZeroUsize::MIN)
    }

    fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn table_mut(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_online(
    found: Option<Arc<PartitionLog>>,
) -> Result<Option<Arc<PartitionLog>>, DirectoryOffline> {
    if let Some(partition) = &found {
        partition.directory().check_online()?;
    }
    Ok(found)
}
