//! DescribeQuorum (key 55), versions 0 to 2: the voters and observers of the metadata log, and how
//! far they are (KIP-595).
//!
//! - DESCRIBE on the cluster.
//! - Exactly one partition is to be asked for: `__cluster_metadata-0`.
//! - From version 1 on with the times of fetches (KIP-836), from version 2 on with directories,
//!   listeners and texts of errors (KIP-853).

use super::check_cluster;
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::Operation;
use metadata::controller::ApiError;
use protocol::ErrorCode;
use protocol::Uuid;
use protocol::generated::describe_quorum_response::{
    Listener, Node, PartitionData, ReplicaState, TopicData,
};
use protocol::generated::{DescribeQuorumRequest, DescribeQuorumResponse};
use protocol::ids::Offset;
use quorum::{QuorumDescription, ReplicaDescription};

const TOPIC: &str = "__cluster_metadata";
const FIRST_WITH_NODES: i16 = 2;

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: DescribeQuorumRequest<'_> = request.decode()?;
    let response = match check_cluster(request, Operation::Describe) {
        Err(error) => DescribeQuorumResponse {
            error_code: error.code,
            ..DescribeQuorumResponse::default()
        },
        Ok(()) if !is_metadata_log(&asked) => refuse_each(
            &asked,
            &ApiError::new(
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                "This server does not host this topic-partition.",
            ),
        ),
        Ok(()) => match active.parts.quorum.describe(request.now) {
            Some(quorum) => describe(&quorum, request.version),
            None => refuse_each(&asked, &ApiError::bare(ErrorCode::NOT_LEADER_OR_FOLLOWER)),
        },
    };
    Ok(Decision::answer_only(request.encode(&response)?))
}

fn is_metadata_log(asked: &DescribeQuorumRequest<'_>) -> bool {
    match &asked.topics[..] {
        [topic] => match &topic.partitions[..] {
            [partition] => topic.topic_name == TOPIC && partition.partition_index == 0,
            _ => false,
        },
        _ => false,
    }
}

fn refuse_each(
    asked: &DescribeQuorumRequest<'_>,
    error: &ApiError,
) -> DescribeQuorumResponse<'static> {
    let topics = asked.topics.iter().map(|topic| TopicData {
        topic_name: topic.topic_name.to_string().into(),
        partitions: topic
            .partitions
            .iter()
            .map(|partition| PartitionData {
                partition_index: partition.partition_index,
                error_code: error.code,
                error_message: error.message.clone().map(Into::into),
                ..PartitionData::default()
            })
            .collect(),
    });
    DescribeQuorumResponse {
        topics: topics.collect(),
        ..DescribeQuorumResponse::default()
    }
}

fn describe(quorum: &QuorumDescription, version: i16) -> DescribeQuorumResponse<'static> {
    let has_nodes = version >= FIRST_WITH_NODES;
    let voters = quorum.voters.iter();
    let partition = PartitionData {
        partition_index: 0,
        leader_id: quorum.leader_id,
        leader_epoch: quorum.epoch.0,
        high_watermark: offset_or_none(quorum.high_watermark),
        current_voters: voters.clone().map(|it| state(it, has_nodes)).collect(),
        ..PartitionData::default()
    };
    let nodes = voters.filter(|_| has_nodes).map(node);
    DescribeQuorumResponse {
        topics: vec![TopicData {
            topic_name: TOPIC.into(),
            partitions: vec![partition],
        }],
        nodes: nodes.collect(),
        ..DescribeQuorumResponse::default()
    }
}

fn state(replica: &ReplicaDescription, has_directory: bool) -> ReplicaState {
    let directory_id = replica.key.directory_id.filter(|_| has_directory);
    ReplicaState {
        replica_id: replica.key.id,
        replica_directory_id: directory_id.unwrap_or(Uuid::ZERO),
        log_end_offset: offset_or_none(replica.log_end_offset),
        last_fetch_timestamp: replica.last_fetch_ms,
        last_caught_up_timestamp: replica.last_caught_up_ms,
    }
}

fn node(replica: &ReplicaDescription) -> Node<'static> {
    let listeners = replica.endpoints.iter().map(|endpoint| Listener {
        name: endpoint.name.clone().into(),
        host: endpoint.host.clone().into(),
        port: endpoint.port,
    });
    Node {
        node_id: replica.key.id,
        listeners: listeners.collect(),
    }
}

fn offset_or_none(offset: Option<Offset>) -> i64 {
    offset.map_or(-1, |offset| offset.0)
}
