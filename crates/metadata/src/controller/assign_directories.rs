//! Brokers tell in which of their log directories replicas lie (KIP-858).
//!
//! A replica in a directory that the broker has reported offline is as good as gone: it leaves the
//! in-sync replicas, and somebody else leads.

use std::collections::BTreeSet;

use protocol::generated::assign_replicas_to_dirs_response::{
    DirectoryData, PartitionData, TopicData,
};
use protocol::generated::metadata::{MetadataRecord, PartitionChangeRecord};
use protocol::generated::{AssignReplicasToDirsRequest, AssignReplicasToDirsResponse};
use protocol::{ErrorCode, Uuid};

use super::{ApiError, Controller, Outcome};
use crate::record::VersionedRecord;

impl Controller<'_> {
    /// Notes where a broker's replicas lie.
    ///
    /// # Errors
    /// When the broker is not registered at the epoch that it names, or the cluster is of a version
    /// that does not know of directories.
    pub fn assign_directories(
        &self,
        request: &AssignReplicasToDirsRequest,
    ) -> Result<Outcome<AssignReplicasToDirsResponse>, ApiError> {
        if !self.metadata_version().has_directory_assignment() {
            let message = "Directory assignment is not supported yet.";
            return Err(ApiError::new(ErrorCode::UNSUPPORTED_VERSION, message));
        }
        let id = request.broker_id;
        let broker = self.check_broker_epoch(id, request.broker_epoch)?;
        let mut records = Vec::new();
        let mut lost = BTreeSet::new();
        let mut directories = Vec::with_capacity(request.directories.len());
        for directory in &request.directories {
            let is_online = broker.has_online_directory(directory.id);
            let topics = directory.topics.iter().map(|topic| {
                let partitions = topic.partitions.iter().map(|partition| {
                    let index = partition.partition_index;
                    let replica = (topic.topic_id, index);
                    let error_code = match self.assign_directory(id, replica, directory.id) {
                        Ok(record) => {
                            records.extend(record);
                            if !is_online {
                                lost.insert(replica);
                            }
                            ErrorCode::NONE
                        }
                        Err(error_code) => error_code,
                    };
                    PartitionData {
                        partition_index: index,
                        error_code,
                    }
                });
                TopicData {
                    topic_id: topic.topic_id,
                    partitions: partitions.collect(),
                }
            });
            directories.push(DirectoryData {
                id: directory.id,
                topics: topics.collect(),
            });
        }
        self.add_lost_replica_changes(id, &lost, &mut records);
        Ok(Outcome {
            records,
            response: AssignReplicasToDirsResponse {
                directories,
                ..AssignReplicasToDirsResponse::default()
            },
        })
    }

    /// The record that puts a broker's replica into a directory, unless it is there already.
    fn assign_directory(
        &self,
        broker_id: i32,
        (topic_id, index): (Uuid, i32),
        directory: Uuid,
    ) -> Result<Option<VersionedRecord>, ErrorCode> {
        let topic = self.image().topics().by_id(topic_id);
        let topic = topic.ok_or(ErrorCode::UNKNOWN_TOPIC_ID)?;
        let partition = topic.partitions.get(&index);
        let partition = partition.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
        let mut replicas = partition.replicas.iter();
        let position = replicas.position(|replica| *replica == broker_id);
        let position = position.ok_or(ErrorCode::NOT_LEADER_OR_FOLLOWER)?;
        if partition.directories[position] == directory {
            return Ok(None);
        }
        let mut directories = partition.directories.clone();
        directories[position] = directory;
        Ok(Some(VersionedRecord {
            record: MetadataRecord::PartitionChange(PartitionChangeRecord {
                topic_id,
                partition_id: index,
                directories: Some(directories),
                ..PartitionChangeRecord::default()
            }),
            version: self.metadata_version().partition_record_version(),
        }))
    }
}
