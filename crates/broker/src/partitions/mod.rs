//! The partitions that this node has a replica of: `replica`'s core and `storage`'s log of each,
//! put together.
//!
//! Order at a start: the log directories are loaded; [`Partitions::start`]; under the first image
//! [`Partitions::set_strays_aside`], then [`Partitions::apply`] with all that is in it;
//! [`Upkeep::start`]. At a stop: nobody appends any more; [`Upkeep::end`]; [`Partitions::close`].
//!
//! Not the job of this module: requests, sessions and quotas; fetching from other leaders; asking
//! the controller.
//!
//! Invariants:
//! - A partition goes by topic id and index: a topic that is created anew inherits nothing.
//! - What the image assigns to this node is in the table after it was applied: the partition, or
//!   that it cannot be had.
//! - The failure of a log directory takes its own partitions offline and no others.
//! - A full disk is no failure: what could not be created for want of space is tried again.

mod append;
mod apply;
mod assign;
mod compaction;
mod deadlines;
mod delete_records;
mod file;
mod local_partition;
mod moves;
mod offsets;
mod read;
mod retry;
mod status;
mod strays;
mod surroundings;
mod upkeep;
mod wait;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use protocol::ErrorCode;
use replica::OfflineReason;
use storage::directories::{LogDirectories, LogDirectory, TopicIdPartition};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

pub use append::{Ack, PendingAck, ProduceAppend, ProduceFailure};
pub use apply::{AppliedReplicas, ElectedReplica, FailedReplica, ReplicaError};
pub use compaction::{Compaction, CompactionSettings, LastCleaning};
pub use local_partition::LocalPartition;
pub use moves::ReplicaMover;
pub use offsets::{FoundOffset, OffsetLookup, OffsetQuery};
pub use read::{Found, PartitionRead, ReadLimits};
pub use strays::Stray;
pub use surroundings::{PartitionParts, PartitionSettings, TopicConfigs};
pub use upkeep::{Upkeep, UpkeepReport, UpkeepSettings};
pub use wait::RecordsWait;

use deadlines::Deadlines;
use moves::Moves;
use surroundings::Surroundings;

/// All partitions of this node.
pub struct Partitions {
    surroundings: Arc<Surroundings>,
    table: RwLock<BTreeMap<TopicIdPartition, Hosted>>,
    compaction: Compaction,
    /// Ended with the partitions.
    tasks: Vec<AbortHandle>,
}

/// What became of a replica that is assigned to this node.
#[derive(Debug, Clone)]
enum Hosted {
    /// It is here, with or without a role.
    Online(Arc<LocalPartition>),
    /// It has no log, for want of a log directory that works, or of space.
    Failed(Failure),
}

/// Why a replica has no log.
#[derive(Debug, Clone, Copy)]
struct Failure {
    /// What requests for it are answered.
    error: ErrorCode,
    /// Whether it can be created when there is space again.
    lacks_space: bool,
}

impl Partitions {
    /// Begins without any partition; what the loaded logs hold is taken up by the first
    /// [`Self::apply`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(parts: PartitionParts) -> Arc<Self> {
        let surroundings = Arc::new(Surroundings {
            parts,
            deadlines: Deadlines::default(),
            flush_wanted: Notify::new(),
            removal_wanted: Notify::new(),
            moves: Moves::default(),
        });
        let secret = surroundings.parts.environment.chance.uuid();
        let compaction = Compaction::new(&surroundings.parts.logs, *secret.as_bytes());
        Arc::new_cyclic(|partitions| {
            let deadlines = deadlines::drive(Arc::clone(&surroundings), Weak::clone(partitions));
            let mut tasks = vec![tokio::spawn(deadlines).abort_handle()];
            for directory in surroundings.parts.logs.directories() {
                let watch = watch_directory(Arc::clone(directory), Weak::clone(partitions));
                tasks.push(tokio::spawn(watch).abort_handle());
            }
            Self {
                surroundings,
                table: RwLock::default(),
                compaction,
                tasks,
            }
        })
    }

    /// Finds a partition, whatever its role.
    ///
    /// # Errors
    /// When the node has no replica of it, or cannot have it because of its log directories.
    pub fn find(&self, id: TopicIdPartition) -> Result<Arc<LocalPartition>, ErrorCode> {
        match self.table().get(&id) {
            Some(Hosted::Online(partition)) => return Ok(Arc::clone(partition)),
            Some(Hosted::Failed(failure)) => return Err(failure.error),
            None => {}
        }
        let published = self.surroundings.parts.metadata.current();
        let topics = published.image.topics();
        Err(match topics.partition(id.topic_id, id.partition) {
            // Another broker has it, or this one has not been told yet.
            Some(_) => ErrorCode::NOT_LEADER_OR_FOLLOWER,
            None => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        })
    }

    /// All partitions that are here, in the order of topic ids.
    pub fn all(&self) -> Vec<Arc<LocalPartition>> {
        let table = self.table();
        let online = table.values().filter_map(|hosted| match hosted {
            Hosted::Online(partition) => Some(Arc::clone(partition)),
            Hosted::Failed(_) => None,
        });
        online.collect()
    }

    /// The log directories.
    pub fn logs(&self) -> &Arc<LogDirectories> {
        &self.surroundings.parts.logs
    }

    fn online(&self, id: TopicIdPartition) -> Option<Arc<LocalPartition>> {
        match self.table().get(&id) {
            Some(Hosted::Online(partition)) => Some(Arc::clone(partition)),
            _ => None,
        }
    }

    fn table(&self) -> RwLockReadGuard<'_, BTreeMap<TopicIdPartition, Hosted>> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn table_mut(&self) -> RwLockWriteGuard<'_, BTreeMap<TopicIdPartition, Hosted>> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Partitions {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl fmt::Debug for Partitions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Partitions")
            .field("count", &self.table().len())
            .finish_non_exhaustive()
    }
}

/// Takes the partitions of a log directory offline when it fails. The controller learns of it from
/// the heartbeats, which look at the states of [`Partitions::logs`].
async fn watch_directory(directory: Arc<LogDirectory>, partitions: Weak<Partitions>) {
    directory.health().failed().await;
    let Some(partitions) = partitions.upgrade() else {
        return;
    };
    for partition in partitions.all() {
        if Arc::ptr_eq(&partition.partition_log.directory(), &directory) {
            partition.take_offline(OfflineReason::LogDirectoryFailed);
        }
    }
}
