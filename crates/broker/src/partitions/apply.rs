//! Assignments: the node comes to have the replicas that the metadata give it, in the roles that
//! they say.
//!
//! What goes is deleted first, so that a topic of the same name finds its place free. Then come the
//! replicas that are new or changed: the log is created or found, the core is told, and the log
//! follows the core.
//!
//! Not the job of this module: reading the metadata log; fetching as a follower.
//!
//! Invariant: nothing that was not in the delta changes its role.

use std::collections::BTreeSet;
use std::sync::Arc;

use metadata::image::{
    ConfigResource, DIRECTORY_UNASSIGNED, LocalReplica, MetadataDelta, MetadataImage,
    PartitionRegistration, ResourceKind,
};
use protocol::ErrorCode;
use protocol::ids::LeaderEpoch;
use protocol::topic::{InvalidTopicName, TopicName, TopicPartition};
use replica::{InvalidAssignment, OfflineReason};
use storage::directories::{CreateError, DeleteError, NewPartition, TopicIdPartition};
use storage::log::LogError;
use tokio::task::JoinSet;

use super::{Failure, Hosted, LocalPartition, Partitions};

/// What an application of metadata has changed.
#[derive(Debug, Default)]
pub struct AppliedReplicas {
    /// Partitions that this node leads in an epoch in which it did not before.
    pub led: Vec<ElectedReplica>,
    /// Partitions that this node led and does not lead any more, deleted ones among them.
    pub resigned: Vec<ElectedReplica>,
    /// What could not be done. The partition answers its requests with an error.
    pub failures: Vec<FailedReplica>,
}

/// A partition whose leadership came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElectedReplica {
    /// Its identity.
    pub id: TopicIdPartition,
    /// Its name.
    pub topic_partition: TopicPartition,
    /// The leader epoch that is known now.
    pub leader_epoch: LeaderEpoch,
}

/// A replica for which an application did not succeed.
#[derive(Debug)]
pub struct FailedReplica {
    /// Its identity.
    pub id: TopicIdPartition,
    /// What happened.
    pub error: ReplicaError,
}

/// Why a replica is not as the metadata have it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReplicaError {
    /// No directory can have the topic's name.
    #[error(transparent)]
    Name(#[from] InvalidTopicName),
    /// It cannot be created.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// It cannot be deleted; the next start finds it as a stray.
    #[error(transparent)]
    Delete(#[from] DeleteError),
    /// What the metadata say contradicts itself.
    #[error(transparent)]
    Assignment(#[from] InvalidAssignment),
    /// The log cannot follow.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// What became of one replica.
#[derive(Debug, Default)]
pub(super) struct Change {
    led: Option<ElectedReplica>,
    resigned: Option<ElectedReplica>,
    pub(super) failure: Option<FailedReplica>,
}

impl Partitions {
    /// Makes the node have the replicas that `image` assigns to it, given what is different in it
    /// from what was applied before. Never called again before it has ended, and driven to its end.
    pub async fn apply(
        self: &Arc<Self>,
        delta: &MetadataDelta,
        image: &MetadataImage,
    ) -> AppliedReplicas {
        let local = self.surroundings.parts.settings.local;
        let changes = delta.local_changes(local.0);
        let image = Arc::new(image.clone());
        let mut applied = AppliedReplicas::default();
        let deletions = changes.deleted.into_iter().map(|replica| {
            let partitions = Arc::clone(self);
            async move { partitions.delete(&replica).await }
        });
        self.carry_out(deletions, &mut applied).await;
        let changed = changes.leaders.into_iter().chain(changes.followers);
        let assignments = changed.map(|replica| {
            let (partitions, image) = (Arc::clone(self), Arc::clone(&image));
            async move { partitions.assign(&replica, &image).await }
        });
        self.carry_out(assignments, &mut applied).await;
        self.resume_moves();
        applied.led.sort_by_key(|replica| replica.id);
        applied.resigned.sort_by_key(|replica| replica.id);
        self.apply_configs(delta, &image);
        if !delta.brokers.is_empty() {
            for partition in self.all() {
                partition.moved_under(&image);
            }
        }
        applied
    }

    /// Works on several replicas at a time, so that they share the syncs of the disk.
    async fn carry_out(
        &self,
        changes: impl Iterator<Item = impl Future<Output = Change> + Send + 'static>,
        applied: &mut AppliedReplicas,
    ) {
        let limit = self.surroundings.parts.settings.apply_concurrency.max(1);
        let mut running = JoinSet::new();
        for change in changes {
            if running.len() >= limit
                && let Some(change) = running.join_next().await
            {
                applied.add(change.expect("what applies an assignment neither panics nor ends"));
            }
            running.spawn(change);
        }
        while let Some(change) = running.join_next().await {
            applied.add(change.expect("what applies an assignment neither panics nor ends"));
        }
    }

    /// Takes away what the node is not to have any more.
    async fn delete(&self, replica: &LocalReplica) -> Change {
        let mut change = Change::default();
        let id = id_of(replica);
        let Some(Hosted::Online(partition)) = self.table_mut().remove(&id) else {
            return change;
        };
        if partition.is_leader() {
            change.resigned = Some(partition.as_elected());
        }
        partition.take_offline(OfflineReason::Deleted);
        let parts = &self.surroundings.parts;
        let (unique, now_ms) = (parts.environment.chance.uuid(), self.surroundings.wall_ms());
        let deleted = parts.logs.delete(&partition.partition_log, unique, now_ms);
        let error = deleted.await.err().map(ReplicaError::Delete);
        change.failure = error.map(|error| FailedReplica { id, error });
        self.surroundings.removal_wanted.notify_one();
        change
    }

    /// Brings one replica to what its registration says.
    pub(super) async fn assign(&self, replica: &LocalReplica, image: &MetadataImage) -> Change {
        let mut change = Change::default();
        let id = id_of(replica);
        match self.find_or_create(replica, image).await {
            Ok(partition) => {
                let (was_leader, epoch) = (partition.is_leader(), partition.leader_epoch());
                let assigned = partition.assign(&replica.partition, image).await;
                change.failure = assigned.err().map(|error| FailedReplica { id, error });
                self.tell_directory(&partition, &replica.partition);
                let (is_leader, elected) = (partition.is_leader(), partition.as_elected());
                if is_leader && !(was_leader && elected.leader_epoch == epoch) {
                    change.led = Some(elected);
                } else if was_leader && !is_leader {
                    change.resigned = Some(elected);
                }
            }
            Err(error) => {
                let failed = Hosted::Failed(Failure {
                    error: error.error_code(),
                    lacks_space: error.is_for_want_of_space(),
                });
                self.table_mut().insert(id, failed);
                change.failure = Some(FailedReplica { id, error });
            }
        }
        change
    }

    async fn find_or_create(
        &self,
        replica: &LocalReplica,
        image: &MetadataImage,
    ) -> Result<Arc<LocalPartition>, ReplicaError> {
        let id = id_of(replica);
        if let Some(partition) = self.online(id) {
            return Ok(partition);
        }
        let parts = &self.surroundings.parts;
        let topic: TopicName = replica.topic_name.parse()?;
        let config = parts.topic_configs.of_topic(&topic, image);
        let topic_partition = TopicPartition {
            topic,
            partition: replica.index,
        };
        let new = NewPartition {
            directory: self.wanted_directory(&topic_partition, &replica.partition),
            topic_partition,
            topic_id: replica.topic_id,
            config: config.log,
            is_new: self.is_surely_new(&replica.partition),
        };
        let log = parts.logs.create(new, self.surroundings.wall_ms()).await?;
        let partition = LocalPartition::new(id, Arc::clone(&self.surroundings), log);
        partition.set_min_insync_replicas(config.min_insync_replicas);
        let partition = Arc::new(partition);
        self.table_mut()
            .insert(id, Hosted::Online(Arc::clone(&partition)));
        Ok(partition)
    }

    /// Whether a replica that is in no directory that works is in none that has failed either: it
    /// was given no directory yet, or one that works (KIP-858).
    fn is_surely_new(&self, partition: &PartitionRegistration) -> bool {
        let parts = &self.surroundings.parts;
        let assigned = partition.directory(parts.settings.local.0);
        let works = parts
            .logs
            .directories()
            .iter()
            .any(|directory| directory.is_online() && directory.id() == assigned);
        assigned.is_some_and(|assigned| assigned == DIRECTORY_UNASSIGNED || works)
    }

    /// Gives the logs of the topics that are configured otherwise their settings.
    fn apply_configs(&self, delta: &MetadataDelta, image: &MetadataImage) {
        let of_node = |resource: &ConfigResource| resource.kind == ResourceKind::BROKER;
        let concerns_all = delta.configs.iter().any(of_node);
        let of_topic = |resource: &&ConfigResource| resource.kind == ResourceKind::TOPIC;
        let topics: BTreeSet<&str> = delta
            .configs
            .iter()
            .filter(of_topic)
            .map(|resource| resource.name.as_str())
            .collect();
        if !concerns_all && topics.is_empty() {
            return;
        }
        let configs = &self.surroundings.parts.topic_configs;
        for partition in self.all() {
            let topic = &partition.topic_partition().topic;
            if concerns_all || topics.contains(topic.as_str()) {
                let config = configs.of_topic(topic, image);
                partition.log().update_config(config.log);
                partition.set_min_insync_replicas(config.min_insync_replicas);
                partition.moved_under(image);
            }
        }
    }
}

impl AppliedReplicas {
    pub(super) fn add(&mut self, change: Change) {
        self.led.extend(change.led);
        self.resigned.extend(change.resigned);
        self.failures.extend(change.failure);
    }
}

impl ReplicaError {
    /// Whether it can be done when there is space again.
    pub fn is_for_want_of_space(&self) -> bool {
        matches!(self, Self::Create(error) if error.is_for_want_of_space())
    }

    /// What requests for the partition are answered.
    pub const fn error_code(&self) -> ErrorCode {
        match self {
            Self::Name(_) => ErrorCode::INVALID_TOPIC_EXCEPTION,
            Self::Create(error) => error.error_code(),
            Self::Delete(_) | Self::Log(_) => ErrorCode::KAFKA_STORAGE_ERROR,
            Self::Assignment(_) => ErrorCode::NOT_LEADER_OR_FOLLOWER,
        }
    }
}

fn id_of(replica: &LocalReplica) -> TopicIdPartition {
    TopicIdPartition {
        topic_id: replica.topic_id,
        partition: replica.index,
    }
}
