//! CreateTopics: names, counts, replicas and configurations of new topics.

use std::collections::BTreeMap;

use protocol::generated::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreateTopicsRequest,
};
use protocol::generated::metadata::{MetadataRecord, TopicRecord};
use protocol::{ErrorCode, Uuid};

use super::topic_name::check_topic_name;
use super::{
    ApiError, Chance, ConfigOperation, ConfigUpdate, Controller, Outcome, check_record_count,
};
use crate::image::{ConfigResource, PartitionRegistration};
use crate::record::VersionedRecord;

/// How many partitions one request may create, as in Kafka.
const PARTITIONS_PER_REQUEST_MAX: i64 = 10_000;

/// What came of one topic of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicResult {
    /// Its name.
    pub name: String,
    /// The topic, or why it was not created. The configurations that the answer shows beside it
    /// are the caller's: it has the request and the table of keys.
    pub result: Result<CreatedTopic, ApiError>,
}

/// A new topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreatedTopic {
    /// Its id.
    pub topic_id: Uuid,
    /// How many partitions it has.
    pub partition_count: i32,
    /// How many replicas each of them has.
    pub replication_factor: i16,
}

impl Controller<'_> {
    /// Creates those topics of a request that can be.
    ///
    /// # Errors
    /// When the request as a whole is too large.
    pub fn create_topics(
        &self,
        request: &CreateTopicsRequest<'_>,
        chance: &mut dyn Chance,
    ) -> Result<Outcome<Vec<TopicResult>>, ApiError> {
        self.check_partition_count(request)?;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for topic in &request.topics {
            *counts.entry(&topic.name).or_default() += 1;
        }
        let mut outcome = Outcome::none(Vec::new());
        for (name, _) in counts.iter().filter(|(_, count)| **count > 1) {
            outcome.response.push(TopicResult {
                name: (*name).to_owned(),
                result: Err(ApiError::new(
                    ErrorCode::INVALID_REQUEST,
                    "Duplicate topic name.",
                )),
            });
        }
        for topic in request
            .topics
            .iter()
            .filter(|topic| counts[&*topic.name] == 1)
        {
            let created = self.create_topic(topic, chance);
            let result = created.map(|(created, records)| {
                outcome.records.extend(records);
                created
            });
            outcome.response.push(TopicResult {
                name: topic.name.to_string(),
                result,
            });
        }
        check_record_count(&outcome.records)?;
        if request.validate_only {
            outcome.records.clear();
        }
        Ok(outcome)
    }

    fn create_topic(
        &self,
        topic: &CreatableTopic<'_>,
        chance: &mut dyn Chance,
    ) -> Result<(CreatedTopic, Vec<VersionedRecord>), ApiError> {
        self.check_new_name(&topic.name)?;
        let config_records = self.new_topic_configs(topic)?;
        let partitions = if topic.assignments.is_empty() {
            self.placed_partitions(topic, chance)?
        } else {
            self.assigned_partitions(topic)?
        };
        self.charge(partitions.len())?;
        let topic_id = chance.topic_id();
        let replica_count = partitions.first().map_or(0, |each| each.replicas.len());
        let created = CreatedTopic {
            topic_id,
            partition_count: i32::try_from(partitions.len()).unwrap_or(i32::MAX),
            replication_factor: i16::try_from(replica_count).unwrap_or(i16::MAX),
        };
        let name = topic.name.to_string();
        let topic_record = MetadataRecord::Topic(TopicRecord { name, topic_id });
        let mut records = vec![VersionedRecord::first(topic_record)];
        records.extend(config_records);
        for (index, partition) in (0..).zip(&partitions) {
            records.push(self.new_partition_record(topic_id, index, partition));
        }
        Ok((created, records))
    }

    fn check_new_name(&self, name: &str) -> Result<(), ApiError> {
        if name == "__cluster_metadata" {
            return Err(ApiError::bare(ErrorCode::TOPIC_AUTHORIZATION_FAILED));
        }
        let topics = self.image().topics();
        if topics.by_name(name).is_some() {
            let message = format!("Topic '{name}' already exists.");
            return Err(ApiError::new(ErrorCode::TOPIC_ALREADY_EXISTS, message));
        }
        check_topic_name(name)?;
        if let Some(existing) = topics.colliding(name) {
            let message = format!("Topic '{name}' collides with existing topic: {existing}");
            return Err(ApiError::new(ErrorCode::INVALID_TOPIC_EXCEPTION, message));
        }
        Ok(())
    }

    fn new_topic_configs(
        &self,
        topic: &CreatableTopic<'_>,
    ) -> Result<Vec<VersionedRecord>, ApiError> {
        let without = topic.configs.iter().filter(|config| config.value.is_none());
        let without: Vec<&str> = without.map(|config| &*config.name).collect();
        if !without.is_empty() {
            let names = without.join(",");
            let message = format!("Null value not supported for topic configs: {names}");
            return Err(ApiError::new(ErrorCode::INVALID_CONFIG, message));
        }
        // The last of several values counts.
        let values: BTreeMap<&str, &str> = topic
            .configs
            .iter()
            .filter_map(|config| Some((&*config.name, config.value.as_deref()?)))
            .collect();
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let updates: Vec<ConfigUpdate> = values
            .into_iter()
            .map(|(name, value)| ConfigUpdate {
                name: name.to_owned(),
                operation: ConfigOperation::Set,
                value: Some(value.to_owned()),
            })
            .collect();
        self.config_records(&ConfigResource::topic(&topic.name), &updates)
    }

    fn placed_partitions(
        &self,
        topic: &CreatableTopic<'_>,
        chance: &mut dyn Chance,
    ) -> Result<Vec<PartitionRegistration>, ApiError> {
        let replication_factor = match topic.replication_factor {
            -1 => self.settings.replication_factor,
            factor if factor > 0 => factor,
            _ => {
                let message =
                    "Replication factor must be larger than 0, or -1 to use the default value.";
                return Err(ApiError::new(
                    ErrorCode::INVALID_REPLICATION_FACTOR,
                    message,
                ));
            }
        };
        let partition_count = match topic.num_partitions {
            -1 => self.settings.partition_count,
            count if count > 0 => count,
            _ => {
                let message = "Number of partitions was set to an invalid non-positive value.";
                return Err(ApiError::new(ErrorCode::INVALID_PARTITIONS, message));
            }
        };
        let placements = self.place(partition_count, replication_factor, chance)?;
        let partitions = placements.into_iter().map(|replicas| {
            self.new_partition(replicas).ok_or_else(|| {
                let message = format!(
                    "Unable to replicate the partition {replication_factor} time(s): All brokers \
                     are currently fenced or in controlled shutdown."
                );
                ApiError::new(ErrorCode::INVALID_REPLICATION_FACTOR, message)
            })
        });
        partitions.collect()
    }

    fn assigned_partitions(
        &self,
        topic: &CreatableTopic<'_>,
    ) -> Result<Vec<PartitionRegistration>, ApiError> {
        let refused = |message: &str| Err(ApiError::new(ErrorCode::INVALID_REQUEST, message));
        if topic.replication_factor != -1 {
            return refused(
                "A manual partition assignment was specified, but replication factor was not set \
                 to -1.",
            );
        }
        if topic.num_partitions != -1 {
            return refused(
                "A manual partition assignment was specified, but numPartitions was not set to -1.",
            );
        }
        let mut partitions = BTreeMap::new();
        let mut replica_count = None;
        for assignment in &topic.assignments {
            let CreatableReplicaAssignment {
                partition_index: index,
                broker_ids,
            } = assignment;
            if partitions.contains_key(index) {
                let message =
                    format!("Found multiple manual partition assignments for partition {index}");
                return Err(ApiError::new(
                    ErrorCode::INVALID_REPLICA_ASSIGNMENT,
                    message,
                ));
            }
            self.check_assignment(broker_ids, replica_count)?;
            replica_count = Some(broker_ids.len());
            partitions.insert(*index, self.new_assigned_partition(*index, broker_ids)?);
        }
        if !(0..)
            .zip(partitions.keys())
            .all(|(expected, index)| expected == *index)
        {
            let message = "partitions should be a consecutive 0-based integer sequence";
            return Err(ApiError::new(
                ErrorCode::INVALID_REPLICA_ASSIGNMENT,
                message,
            ));
        }
        Ok(partitions.into_values().collect())
    }

    fn check_partition_count(&self, request: &CreateTopicsRequest<'_>) -> Result<(), ApiError> {
        let count = |topic: &CreatableTopic<'_>| match topic.num_partitions {
            _ if !topic.assignments.is_empty() => topic.assignments.len() as i64,
            -1 => i64::from(self.settings.partition_count),
            count => i64::from(count.max(0)),
        };
        if request.topics.iter().map(count).sum::<i64>() <= PARTITIONS_PER_REQUEST_MAX {
            return Ok(());
        }
        let message = "Excessively large number of partitions per request.";
        Err(ApiError::new(ErrorCode::POLICY_VIOLATION, message))
    }
}
