//! ListPartitionReassignments (key 46), version 0: partitions on their way to other replicas
//! (KIP-455).
//!
//! DESCRIBE on the cluster. What is not on its way is not in the answer, whether it exists or not.

use super::{check_cluster, code_and_message};
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::Operation;
use metadata::controller::OngoingReassignment;
use protocol::ErrorCode;
use protocol::generated::list_partition_reassignments_response::{
    OngoingPartitionReassignment, OngoingTopicReassignment,
};
use protocol::generated::{ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse};

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: ListPartitionReassignmentsRequest<'_> = request.decode()?;
    let mut response = ListPartitionReassignmentsResponse::default();
    match check_cluster(request, Operation::Describe) {
        Ok(()) => {
            response.error_message = None;
            let controller = active.controller();
            let ongoing = controller.partition_reassignments(asked.topics.as_deref());
            response.topics = ongoing.into_iter().map(topic).collect();
        }
        Err(error) => {
            response.topics = without_replicas(&asked);
            (response.error_code, response.error_message) = code_and_message(Some(error));
        }
    }
    Ok(Decision::answer_only(request.encode(&response)?))
}

fn topic(ongoing: OngoingReassignment) -> OngoingTopicReassignment<'static> {
    let partitions = ongoing.partitions.into_iter();
    let partitions = partitions.map(
        |(partition_index, partition)| OngoingPartitionReassignment {
            partition_index,
            replicas: partition.replicas.clone(),
            adding_replicas: partition.adding_replicas.clone(),
            removing_replicas: partition.removing_replicas.clone(),
        },
    );
    OngoingTopicReassignment {
        name: ongoing.topic.into(),
        partitions: partitions.collect(),
    }
}

/// What was asked for and not answered, as Kafka has it beside an error.
fn without_replicas(
    asked: &ListPartitionReassignmentsRequest<'_>,
) -> Vec<OngoingTopicReassignment<'static>> {
    let topics = asked.topics.iter().flatten();
    topics
        .map(|topic| OngoingTopicReassignment {
            name: topic.name.to_string().into(),
            partitions: topic
                .partition_indexes
                .iter()
                .map(|index| OngoingPartitionReassignment {
                    partition_index: *index,
                    ..OngoingPartitionReassignment::default()
                })
                .collect(),
        })
        .collect()
}
