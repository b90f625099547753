//! What the controller is to be told of where replicas lie (KIP-858).
//!
//! Not the job of this module: asking; see the module above.
//!
//! Invariant: of one replica only the last word is kept.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use protocol::Uuid;
use protocol::generated::AssignReplicasToDirsRequest;
use protocol::generated::assign_replicas_to_dirs_request::{
    DirectoryData, PartitionData, TopicData,
};
use storage::directories::TopicIdPartition;
use tokio::sync::Notify;

use super::plan::Ticket;

/// How many replicas a request tells of.
const REPLICAS_MAX: usize = 2000;

/// What is to be told.
#[derive(Debug, Default)]
pub(in crate::partitions) struct Assignments {
    wanted: Mutex<BTreeMap<TopicIdPartition, Assignment>>,
    pub(super) changed: Notify,
}

/// Where one replica lies, or will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) directory: Uuid,
    /// The move that waits for it.
    pub(super) ticket: Option<Ticket>,
}

impl Assignments {
    /// The replica lies in this directory.
    pub(in crate::partitions) fn tell(&self, id: TopicIdPartition, directory: Uuid) {
        let ticket = None;
        self.add(id, Assignment { directory, ticket });
    }

    pub(super) fn add(&self, id: TopicIdPartition, assignment: Assignment) {
        self.lock().insert(id, assignment);
        self.changed.notify_one();
    }

    /// Takes some out.
    pub(super) fn take(&self) -> BTreeMap<TopicIdPartition, Assignment> {
        let mut wanted = self.lock();
        let rest = wanted.keys().nth(REPLICAS_MAX).copied();
        let rest = rest.map(|first| wanted.split_off(&first));
        std::mem::replace(&mut wanted, rest.unwrap_or_default())
    }

    /// Puts back what could not be told, unless there is a newer word.
    pub(super) fn put_back(&self, untold: BTreeMap<TopicIdPartition, Assignment>) {
        let mut wanted = self.lock();
        for (id, assignment) in untold {
            wanted.entry(id).or_insert(assignment);
        }
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TopicIdPartition, Assignment>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn request(
    broker_id: i32,
    broker_epoch: i64,
    told: &BTreeMap<TopicIdPartition, Assignment>,
) -> AssignReplicasToDirsRequest {
    let mut grouped: BTreeMap<Uuid, BTreeMap<Uuid, Vec<PartitionData>>> = BTreeMap::new();
    for (id, assignment) in told {
        let topics = grouped.entry(assignment.directory).or_default();
        let partition_index = id.partition;
        let partitions = topics.entry(id.topic_id).or_default();
        partitions.push(PartitionData { partition_index });
    }
    let topics = |topics: BTreeMap<Uuid, Vec<PartitionData>>| {
        let topics = topics.into_iter().map(|(topic_id, partitions)| TopicData {
            topic_id,
            partitions,
        });
        topics.collect()
    };
    let directories = grouped.into_iter().map(|(id, of_directory)| DirectoryData {
        id,
        topics: topics(of_directory),
    });
    AssignReplicasToDirsRequest {
        broker_id,
        broker_epoch,
        directories: directories.collect(),
    }
}
