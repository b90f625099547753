//! CreatePartitions, and what a new partition looks like however it came about.

use std::collections::BTreeMap;

use protocol::generated::create_partitions_request::{
    CreatePartitionsRequest, CreatePartitionsTopic,
};
use protocol::generated::metadata::MetadataRecord;
use protocol::{ErrorCode, Uuid};

use super::{ApiError, Chance, Controller, Outcome, RECORDS_PER_REQUEST_MAX, check_record_count};
use crate::image::{LeaderRecoveryState, PartitionRegistration};
use crate::record::VersionedRecord;

/// What came of one topic of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionsResult {
    /// The topic.
    pub name: String,
    /// Whether it has more partitions now.
    pub result: Result<(), ApiError>,
}

impl Controller<'_> {
    /// Adds partitions to topics.
    ///
    /// # Errors
    /// When the request as a whole is too large.
    pub fn create_partitions(
        &self,
        request: &CreatePartitionsRequest<'_>,
        chance: &mut dyn Chance,
    ) -> Result<Outcome<Vec<PartitionsResult>>, ApiError> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for topic in &request.topics {
            *counts.entry(&topic.name).or_default() += 1;
        }
        let mut outcome = Outcome::none(Vec::new());
        for (name, count) in counts {
            let topics = || request.topics.iter().filter(|topic| topic.name == name);
            let created = match topics().next() {
                Some(topic) if count == 1 => self.more_partitions(topic, chance),
                _ => Err(ApiError::new(
                    ErrorCode::INVALID_REQUEST,
                    "Duplicate topic name.",
                )),
            };
            outcome.response.push(PartitionsResult {
                name: name.to_owned(),
                result: created.map(|records| outcome.records.extend(records)),
            });
        }
        check_record_count(&outcome.records)?;
        if request.validate_only {
            outcome.records.clear();
        }
        Ok(outcome)
    }

    fn more_partitions(
        &self,
        request: &CreatePartitionsTopic<'_>,
        chance: &mut dyn Chance,
    ) -> Result<Vec<VersionedRecord>, ApiError> {
        let unknown = || ApiError::bare(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        let topic = self
            .image()
            .topics()
            .by_name(&request.name)
            .ok_or_else(unknown)?;
        let existing = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
        let additional = additional_count(request, existing)?;
        self.charge(usize::try_from(additional).unwrap_or(0))?;
        let first = topic.partitions.values().next();
        let replica_count = first.map_or(0, |partition| partition.replicas.len());
        let partitions: Vec<PartitionRegistration> = match &request.assignments {
            Some(assignments) => {
                let assigned = (existing..).zip(assignments).map(|(index, assignment)| {
                    self.check_assignment(&assignment.broker_ids, Some(replica_count))?;
                    self.new_assigned_partition(index, &assignment.broker_ids)
                });
                assigned.collect::<Result<_, _>>()?
            }
            None => {
                let factor = i16::try_from(replica_count)
                    .ok()
                    .filter(|factor| *factor > 0);
                let factor = factor.ok_or_else(|| {
                    let message = format!("Invalid replication factor {replica_count}");
                    ApiError::new(ErrorCode::UNKNOWN_SERVER_ERROR, message)
                })?;
                let placements = self.place(additional, factor, chance)?;
                let inactive = || ApiError::bare(ErrorCode::INVALID_REPLICATION_FACTOR);
                let placed = placements
                    .into_iter()
                    .map(|replicas| self.new_partition(replicas).ok_or_else(inactive));
                placed.collect::<Result<_, _>>()?
            }
        };
        let records = (existing..).zip(&partitions);
        Ok(records
            .map(|(index, partition)| self.new_partition_record(topic.id, index, partition))
            .collect())
    }

    /// Whether brokers can be the replicas of a partition, in Kafka's words if not.
    pub(super) fn check_assignment(
        &self,
        broker_ids: &[i32],
        replica_count: Option<usize>,
    ) -> Result<(), ApiError> {
        let refused = |message: String| {
            let message = format!("The manual partition assignment includes {message}");
            Err(ApiError::new(
                ErrorCode::INVALID_REPLICA_ASSIGNMENT,
                message,
            ))
        };
        if broker_ids.is_empty() {
            return refused("an empty replica list.".to_owned());
        }
        let mut sorted = broker_ids.to_vec();
        sorted.sort_unstable();
        for (position, id) in sorted.iter().enumerate() {
            if self.image().cluster().broker(*id).is_none() {
                return refused(format!("broker {id}, but no such broker is registered."));
            }
            if position > 0 && sorted[position - 1] == *id {
                return refused(format!("the broker {id} more than once."));
            }
        }
        match replica_count {
            Some(expected) if expected != broker_ids.len() => refused(format!(
                "a partition with {} replica(s), but this is not consistent with previous \
                 partitions, which have {expected} replica(s).",
                broker_ids.len()
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn new_assigned_partition(
        &self,
        index: i32,
        broker_ids: &[i32],
    ) -> Result<PartitionRegistration, ApiError> {
        self.new_partition(broker_ids.to_vec()).ok_or_else(|| {
            let message = format!(
                "All brokers specified in the manual partition assignment for partition {index} \
                 are fenced or in controlled shutdown."
            );
            ApiError::new(ErrorCode::INVALID_REPLICA_ASSIGNMENT, message)
        })
    }

    /// A partition that nobody has written to; none if no replica can lead.
    pub(super) fn new_partition(&self, replicas: Vec<i32>) -> Option<PartitionRegistration> {
        let cluster = self.image().cluster();
        let active = replicas.iter().copied().filter(|id| cluster.is_active(*id));
        let isr: Vec<i32> = active.collect();
        let leader = *isr.first()?;
        let directories = replicas
            .iter()
            .map(|id| cluster.default_directory(*id))
            .collect();
        Some(PartitionRegistration {
            replicas,
            directories,
            isr,
            leader,
            leader_recovery_state: LeaderRecoveryState::Recovered,
            leader_epoch: 0,
            partition_epoch: 0,
            ..PartitionRegistration::default()
        })
    }

    pub(super) fn new_partition_record(
        &self,
        topic_id: Uuid,
        index: i32,
        partition: &PartitionRegistration,
    ) -> VersionedRecord {
        let version = self.metadata_version();
        let keeps_eligible = self.image().features().keeps_eligible_leader_replicas();
        let record = partition.to_record(topic_id, index, version, keeps_eligible);
        VersionedRecord {
            record: MetadataRecord::Partition(record),
            version: version.partition_record_version(),
        }
    }
}

fn additional_count(request: &CreatePartitionsTopic<'_>, existing: i32) -> Result<i32, ApiError> {
    let (name, count) = (&request.name, request.count);
    if count == existing {
        let message = format!("Topic already has {existing} partition(s).");
        return Err(ApiError::new(ErrorCode::INVALID_PARTITIONS, message));
    }
    if count < existing {
        let message = format!(
            "The topic {name} currently has {existing} partition(s); {count} would not be an \
             increase."
        );
        return Err(ApiError::new(ErrorCode::INVALID_PARTITIONS, message));
    }
    let additional = count - existing;
    let is_excessive = usize::try_from(additional).is_ok_and(|it| it > RECORDS_PER_REQUEST_MAX);
    if is_excessive {
        let message = "Unable to perform excessively large batch operation.";
        return Err(ApiError::new(ErrorCode::POLICY_VIOLATION, message));
    }
    match &request.assignments {
        Some(assignments) if assignments.len() as i64 != i64::from(additional) => {
            let message = format!(
                "Attempted to add {additional} additional partition(s), but only {} assignment(s) \
                 were specified.",
                assignments.len()
            );
            Err(ApiError::new(
                ErrorCode::INVALID_REPLICA_ASSIGNMENT,
                message,
            ))
        }
        _ => Ok(additional),
    }
}
