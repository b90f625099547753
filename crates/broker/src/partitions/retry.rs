//! Replicas that could not be created because the disk was full are tried again.
//!
//! Not the job of this module: when; and directories that have failed, which stay so.
//!
//! Departure from Kafka: there a full disk takes the log directory offline until a restart.

use metadata::image::{LocalReplica, MetadataImage};
use storage::directories::TopicIdPartition;

use super::{AppliedReplicas, Hosted, Partitions};

impl Partitions {
    /// Whether a replica waits for space.
    pub fn lacks_space(&self) -> bool {
        self.table().values().any(Hosted::lacks_space)
    }

    /// Tries again to create the replicas that wait for space, under the image that was applied
    /// last, until there is none again. Never called while an image is applied.
    pub async fn retry(&self, image: &MetadataImage) -> AppliedReplicas {
        let mut applied = AppliedReplicas::default();
        for id in self.waiting_for_space() {
            let Some(replica) = replica_in(image, id) else {
                continue;
            };
            let change = self.assign(&replica, image).await;
            // The others would not have found space either, and were told of when they first did
            // not.
            if let Some(failure) = &change.failure
                && failure.error.is_for_want_of_space()
            {
                break;
            }
            applied.add(change);
        }
        applied
    }

    fn waiting_for_space(&self) -> Vec<TopicIdPartition> {
        let table = self.table();
        let waiting = table.iter().filter(|(_, hosted)| hosted.lacks_space());
        waiting.map(|(id, _)| *id).collect()
    }
}

impl Hosted {
    fn lacks_space(&self) -> bool {
        matches!(self, Self::Failed(failure) if failure.lacks_space)
    }
}

fn replica_in(image: &MetadataImage, id: TopicIdPartition) -> Option<LocalReplica> {
    let topic = image.topics().by_id(id.topic_id)?;
    Some(LocalReplica {
        topic_id: id.topic_id,
        topic_name: topic.name.clone(),
        index: id.partition,
        partition: topic.partitions.get(&id.partition)?.clone(),
        is_newly_elected: true,
    })
}
