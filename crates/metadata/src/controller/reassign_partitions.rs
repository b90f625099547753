//! AlterPartitionReassignments and ListPartitionReassignments: other replicas for partitions that
//! are in use (KIP-455, KIP-860).
//!
//! Not the job of this module: when a reassignment ends; every change of a partition looks.

use protocol::ErrorCode;
use protocol::generated::alter_partition_reassignments_request::{
    AlterPartitionReassignmentsRequest, ReassignablePartition,
};
use protocol::generated::list_partition_reassignments_request::ListPartitionReassignmentsTopics;

use super::partition_change::PartitionChange;
use super::reassignment::Reassignment;
use super::{ApiError, Controller, Outcome, check_record_count};
use crate::image::{PartitionRegistration, TopicImage};
use crate::record::VersionedRecord;
use std::sync::Arc;

/// What came of the partitions of one topic of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReassignmentResult {
    /// The topic.
    pub topic: String,
    /// Each partition by index, and whether it is as was asked for, or on its way there.
    pub partitions: Vec<(i32, Result<(), ApiError>)>,
}

/// The partitions of one topic that are on their way to other replicas, by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OngoingReassignment {
    /// The topic.
    pub topic: String,
    /// The partitions.
    pub partitions: Vec<(i32, Arc<PartitionRegistration>)>,
}

impl Controller<'_> {
    /// Begins reassignments, or cancels those of partitions without replicas in the request.
    ///
    /// # Errors
    /// When the request as a whole is too large.
    pub fn alter_partition_reassignments(
        &self,
        request: &AlterPartitionReassignmentsRequest<'_>,
    ) -> Result<Outcome<Vec<ReassignmentResult>>, ApiError> {
        let mut outcome = Outcome::none(Vec::new());
        for topic in &request.topics {
            let mut result = ReassignmentResult {
                topic: topic.name.to_string(),
                partitions: Vec::new(),
            };
            for partition in &topic.partitions {
                let may_resize = request.allow_replication_factor_change;
                let altered = self.alter_reassignment(&topic.name, partition, may_resize);
                let altered = altered.map(|record| outcome.records.extend(record));
                result.partitions.push((partition.partition_index, altered));
            }
            outcome.response.push(result);
        }
        check_record_count(&outcome.records)?;
        Ok(outcome)
    }

    /// The reassignments that are under way: of the partitions that are named, or all.
    pub fn partition_reassignments(
        &self,
        named: Option<&[ListPartitionReassignmentsTopics<'_>]>,
    ) -> Vec<OngoingReassignment> {
        let topics = self.image().topics();
        let ongoing = |topic: &TopicImage, indexes: &mut dyn Iterator<Item = i32>| {
            let partitions = indexes.filter_map(|index| {
                let partition = topic.partitions.get(&index)?;
                let is_ongoing = Reassignment::of(partition).is_in_progress();
                is_ongoing.then(|| (index, Arc::clone(partition)))
            });
            let partitions: Vec<_> = partitions.collect();
            (!partitions.is_empty()).then(|| OngoingReassignment {
                topic: topic.name.to_string(),
                partitions,
            })
        };
        match named {
            None => topics
                .by_names()
                .filter_map(|topic| ongoing(topic, &mut topic.partitions.keys().copied()))
                .collect(),
            Some(named) => named
                .iter()
                .filter_map(|each| {
                    let topic = topics.by_name(&each.name)?;
                    ongoing(topic, &mut each.partition_indexes.iter().copied())
                })
                .collect(),
        }
    }

    fn alter_reassignment(
        &self,
        topic_name: &str,
        target: &ReassignablePartition,
        may_resize: bool,
    ) -> Result<Option<VersionedRecord>, ApiError> {
        let unknown = |what: String| ApiError::new(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, what);
        let index = target.partition_index;
        let topic = self
            .image()
            .topics()
            .by_name(topic_name)
            .ok_or_else(|| unknown(format!("Unable to find a topic named {topic_name}.")))?;
        let partition = topic
            .partitions
            .get(&index)
            .ok_or_else(|| unknown(format!("Unable to find partition {topic_name}:{index}.")))?;
        match &target.replicas {
            None => self.cancel_reassignment(topic, index, partition),
            Some(replicas) => {
                self.check_assignment(replicas, None)?;
                if !may_resize {
                    check_replica_count(partition, replicas)?;
                }
                Ok(self.begin_reassignment(topic, index, partition, replicas))
            }
        }
    }

    fn begin_reassignment(
        &self,
        topic: &Arc<TopicImage>,
        index: i32,
        partition: &PartitionRegistration,
        target: &[i32],
    ) -> Option<VersionedRecord> {
        let reassignment = Reassignment::between(&partition.replicas, target);
        let elections = self.elections_of(topic);
        let can_lead = |id| self.can_lead(partition, id);
        let mut change = elections.change(index, partition, &can_lead);
        change.target_replicas = reassignment.replicas;
        // As in Kafka, what an earlier reassignment adds or removes stays so until this one has
        // something of its own to add or to remove.
        if !reassignment.removing.is_empty() {
            change.target_removing = reassignment.removing;
        }
        if !reassignment.adding.is_empty() {
            change.target_adding = reassignment.adding;
        }
        change.build()
    }

    fn cancel_reassignment(
        &self,
        topic: &Arc<TopicImage>,
        index: i32,
        partition: &PartitionRegistration,
    ) -> Result<Option<VersionedRecord>, ApiError> {
        let reassignment = Reassignment::of(partition);
        if !reassignment.is_in_progress() {
            return Err(ApiError::bare(ErrorCode::NO_REASSIGNMENT_IN_PROGRESS));
        }
        let refused = |message| {
            Err(ApiError::new(
                ErrorCode::INVALID_REPLICA_ASSIGNMENT,
                message,
            ))
        };
        let Some(reverted) = reassignment.reverted(&partition.isr) else {
            let message = "Invalid replica assignment: addingReplicas contains all replicas.";
            return refused(message.to_owned());
        };
        let elections = self.elections_of(topic);
        if reverted.is_unclean && !elections.is_unclean_allowed {
            let name = &topic.name;
            return refused(format!(
                "Unable to revert partition assignment for {name}:{index} because it would \
                 require an unclean leader election."
            ));
        }
        let can_lead = |id| self.can_lead(partition, id);
        let change = PartitionChange {
            target_isr: reverted.isr,
            target_replicas: reverted.replicas,
            target_removing: Vec::new(),
            target_adding: Vec::new(),
            election: elections.automatic(),
            ..elections.change(index, partition, &can_lead)
        };
        Ok(change.build())
    }
}

fn check_replica_count(partition: &PartitionRegistration, target: &[i32]) -> Result<(), ApiError> {
    let (current, wanted) = (Reassignment::of(partition).target_count(), target.len());
    if current == wanted {
        return Ok(());
    }
    let message = format!("The replication factor is changed from {current} to {wanted}");
    Err(ApiError::new(
        ErrorCode::INVALID_REPLICATION_FACTOR,
        message,
    ))
}
