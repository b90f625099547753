//! AlterPartition (key 56), versions 2 and 3: a leader says who is in sync (KIP-497, KIP-704).
//!
//! CLUSTER_ACTION on the cluster. From version 3 on with the epochs of the brokers (KIP-903).

use super::check_cluster;
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::Operation;
use metadata::controller::AlteredPartition;
use protocol::ErrorCode;
use protocol::generated::alter_partition_response::{PartitionData, TopicData};
use protocol::generated::{AlterPartitionRequest, AlterPartitionResponse};

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: AlterPartitionRequest = request.decode()?;
    let outcome = check_cluster(request, Operation::ClusterAction)
        .and_then(|()| active.controller().alter_partitions(&asked));
    let (records, response) = match outcome {
        Ok(outcome) => (
            outcome.records,
            AlterPartitionResponse {
                topics: topics(&asked, outcome.response),
                ..AlterPartitionResponse::default()
            },
        ),
        Err(error) => (
            Vec::new(),
            AlterPartitionResponse {
                error_code: error.code,
                ..AlterPartitionResponse::default()
            },
        ),
    };
    Ok(Decision::new(records, request.encode(&response)?))
}

/// The topics of the request, which may name one twice, with what came of their partitions.
fn topics(asked: &AlterPartitionRequest, altered: Vec<AlteredPartition>) -> Vec<TopicData> {
    let mut altered = altered.into_iter();
    let topics = asked.topics.iter().map(|topic| TopicData {
        topic_id: topic.topic_id,
        partitions: altered
            .by_ref()
            .take(topic.partitions.len())
            .map(partition)
            .collect(),
    });
    topics.collect()
}

fn partition(altered: AlteredPartition) -> PartitionData {
    let partition_index = altered.index;
    match altered.result {
        Ok(partition) => PartitionData {
            partition_index,
            error_code: ErrorCode::NONE,
            leader_id: partition.leader,
            leader_epoch: partition.leader_epoch,
            isr: partition.isr.clone(),
            leader_recovery_state: partition.leader_recovery_state.code(),
            partition_epoch: partition.partition_epoch,
        },
        Err(error_code) => PartitionData {
            partition_index,
            error_code,
            ..PartitionData::default()
        },
    }
}
