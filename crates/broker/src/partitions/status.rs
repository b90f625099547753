//! How the replicas of this node stand, for its metrics.

use std::sync::atomic::Ordering;

use metadata::image::MetadataImage;

use super::{Hosted, LocalPartition, Partitions};
use crate::telemetry::gauges::{LeadershipStatus, LogStatus, ReplicaStatus, Replicas};

impl Replicas for Partitions {
    fn visit(&self, see: &mut dyn FnMut(&ReplicaStatus<'_>)) {
        let hosted: Vec<Hosted> = self.table().values().cloned().collect();
        let published = self.surroundings.parts.metadata.current();
        for hosted in hosted {
            match hosted {
                Hosted::Online(partition) => see(&partition.status(&published.image)),
                Hosted::Failed(_) => see(&ReplicaStatus {
                    leadership: None,
                    log: None,
                }),
            }
        }
    }
}

impl LocalPartition {
    fn status(&self, image: &MetadataImage) -> ReplicaStatus<'_> {
        if self.is_directory_offline() {
            return ReplicaStatus {
                leadership: None,
                log: None,
            };
        }
        let log = self.log();
        let name = self.topic_partition();
        ReplicaStatus {
            leadership: self.leadership(image),
            log: Some(LogStatus {
                topic: name.topic.as_str(),
                partition: name.partition,
                size_bytes: log.size_bytes(),
                segment_count: log.segment_count(),
                start_offset: log.log_start_offset(),
                end_offset: log.log_end_offset(),
            }),
        }
    }

    /// None of a partition that is led elsewhere, or that has just been deleted.
    fn leadership(&self, image: &MetadataImage) -> Option<LeadershipStatus> {
        let isr_count = self.lock().core.isr()?.len();
        let id = self.id();
        let registration = image.topics().partition(id.topic_id, id.partition)?;
        let (replicas, adding) = (&registration.replicas, &registration.adding_replicas);
        let isr_count_min = self.min_insync_replicas.load(Ordering::Relaxed);
        Some(LeadershipStatus {
            replica_count: replicas.len().saturating_sub(adding.len()),
            isr_count,
            isr_count_min: isr_count_min.min(replicas.len()),
        })
    }
}
