//! AlterPartitionReassignments (key 45), versions 0 and 1: moves partitions to other replicas, or
//! stops that (KIP-455).
//!
//! - ALTER on the cluster.
//! - From version 1 on a request can insist on as many replicas as before (KIP-860).

use super::{check_cluster, code_and_message};
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::Operation;
use metadata::VersionedRecord;
use metadata::controller::{ApiError, ReassignmentResult};
use protocol::ErrorCode;
use protocol::generated::alter_partition_reassignments_response::{
    ReassignablePartitionResponse, ReassignableTopicResponse,
};
use protocol::generated::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
};

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: AlterPartitionReassignmentsRequest<'_> = request.decode()?;
    let mut response = AlterPartitionReassignmentsResponse::default();
    let (records, results) = match alter(active, request, &asked) {
        Ok((records, results)) => {
            if !asked.topics.is_empty() {
                let allows = asked.allow_replication_factor_change;
                response.allow_replication_factor_change = allows;
                response.error_message = None;
            }
            (records, results)
        }
        Err(error) => {
            let results = refuse_each(&asked, &error);
            (response.error_code, response.error_message) = code_and_message(Some(error));
            (Vec::new(), results)
        }
    };
    response.responses = results.into_iter().map(result).collect();
    let response = request.encode(&response)?;
    Ok(Decision::new(records, response))
}

fn alter(
    active: &Active,
    request: &ControllerRequest<'_>,
    asked: &AlterPartitionReassignmentsRequest<'_>,
) -> Result<(Vec<VersionedRecord>, Vec<ReassignmentResult>), ApiError> {
    check_cluster(request, Operation::Alter)?;
    if !asked.topics.is_empty() && request.is_late(asked.timeout_ms) {
        return Err(ApiError::bare(ErrorCode::REQUEST_TIMED_OUT));
    }
    let outcome = active.controller().alter_partition_reassignments(asked)?;
    Ok((outcome.records, outcome.response))
}

fn refuse_each(
    asked: &AlterPartitionReassignmentsRequest<'_>,
    error: &ApiError,
) -> Vec<ReassignmentResult> {
    let topics = asked.topics.iter();
    topics
        .map(|topic| ReassignmentResult {
            topic: topic.name.to_string(),
            partitions: topic
                .partitions
                .iter()
                .map(|partition| (partition.partition_index, Err(error.clone())))
                .collect(),
        })
        .collect()
}

fn result(topic: ReassignmentResult) -> ReassignableTopicResponse<'static> {
    let partitions = topic.partitions.into_iter();
    let partitions = partitions.map(|(partition_index, altered)| {
        let (error_code, error_message) = code_and_message(altered.err());
        ReassignablePartitionResponse {
            partition_index,
            error_code,
            error_message,
        }
    });
    ReassignableTopicResponse {
        name: topic.topic.into(),
        partitions: partitions.collect(),
    }
}
