//! Strays: logs that lie in the log directories and that the metadata do not assign to this node,
//! because the topic was deleted or the replica moved away while the node was down.
//!
//! As in Kafka 4.3 they are renamed and kept, so that an operator who has lost the metadata, not
//! the topics, still has the records. A log without a topic id is a stray as well: it was left by
//! a creation that a crash has cut short, before anything was appended.
//!
//! Not the job of this module: removing them; nobody does.

use std::sync::Arc;

use metadata::image::MetadataImage;
use protocol::topic::TopicPartition;
use storage::directories::{DeleteError, Orphan, PartitionLog};

use super::Partitions;

/// A log that was set aside.
#[derive(Debug)]
pub struct Stray {
    /// Its name.
    pub topic_partition: TopicPartition,
    /// Why it could not be set aside, if it could not.
    pub failure: Option<DeleteError>,
}

impl Partitions {
    /// Sets the logs aside that the first image does not assign to this node; once, before
    /// anything is applied.
    pub async fn set_strays_aside(&self, image: &MetadataImage) -> Vec<Stray> {
        let parts = &self.surroundings.parts;
        let mut strays = Vec::new();
        let now_ms = self.surroundings.wall_ms();
        let decide = |copy: &PartitionLog| self.decide(copy, image);
        // A disk that fails has taken its directory offline, which is all that follows.
        let _ = parts.logs.settle_copies(&decide, now_ms).await;
        for log in parts.logs.partitions() {
            if self.is_assigned(&log, image) {
                continue;
            }
            let unique = parts.environment.chance.uuid();
            let set_aside = parts.logs.set_aside(&log, unique, now_ms).await;
            strays.push(Stray {
                topic_partition: log.topic_partition().clone(),
                failure: set_aside.err(),
            });
        }
        strays
    }

    /// A copy without its log was about to take its place when the node ended, unless the log is
    /// in a directory that does not work; the controller was told where it was to be before.
    fn decide(&self, copy: &PartitionLog, image: &MetadataImage) -> Orphan {
        let local = self.surroundings.parts.settings.local;
        let id = copy.topic_id_partition();
        let partition = id.and_then(|id| image.topics().partition(id.topic_id, id.partition));
        let place = partition.and_then(|partition| partition.directory(local.0));
        match place {
            None => Orphan::Unknown,
            Some(place) if copy.directory().id() == Some(place) => Orphan::IsTheLog,
            Some(_) => Orphan::Undecided,
        }
    }

    fn is_assigned(&self, log: &Arc<PartitionLog>, image: &MetadataImage) -> bool {
        let local = self.surroundings.parts.settings.local;
        let id = log.topic_id_partition();
        let partition = id.and_then(|id| image.topics().partition(id.topic_id, id.partition));
        partition.is_some_and(|partition| partition.replicas.contains(&local.0))
    }
}
