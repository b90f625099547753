//! ElectLeaders (key 43), versions 0 to 2: preferred leaders, or any (KIP-183, KIP-460).
//!
//! - ALTER on the cluster.
//! - Without a list of partitions for all of them; then those that have such a leader already are
//!   not in the answer.
//! - Version 0 knows preferred leaders only, and no error for all.

use super::{check_cluster, code_and_message};
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::Operation;
use metadata::VersionedRecord;
use metadata::controller::{ApiError, ElectionKind, ElectionResult};
use protocol::ErrorCode;
use protocol::generated::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
use protocol::generated::{ElectLeadersRequest, ElectLeadersResponse};

const FIRST_WITH_ERROR: i16 = 1;

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: ElectLeadersRequest<'_> = request.decode()?;
    let (records, error, results) = match elect(active, request, &asked) {
        Ok((records, results)) => (records, None, results),
        Err(error) => (Vec::new(), Some(error.clone()), refuse_each(&asked, &error)),
    };
    let error = error.filter(|_| request.version >= FIRST_WITH_ERROR);
    let response = request.encode(&ElectLeadersResponse {
        throttle_time_ms: 0,
        error_code: error.map_or(ErrorCode::NONE, |error| error.code),
        replica_election_results: results.into_iter().map(result).collect(),
    })?;
    Ok(Decision::new(records, response))
}

fn elect(
    active: &Active,
    request: &ControllerRequest<'_>,
    asked: &ElectLeadersRequest<'_>,
) -> Result<(Vec<VersionedRecord>, Vec<ElectionResult>), ApiError> {
    check_cluster(request, Operation::Alter)?;
    let named = asked.topic_partitions.as_deref();
    if named.is_some_and(<[_]>::is_empty) {
        return Ok((Vec::new(), Vec::new()));
    }
    if request.is_late(asked.timeout_ms) {
        return Err(ApiError::bare(ErrorCode::REQUEST_TIMED_OUT));
    }
    let kind = ElectionKind::from_code(asked.election_type).ok_or_else(|| {
        let message = format!("Unknown election type {}", asked.election_type);
        ApiError::new(ErrorCode::INVALID_REQUEST, message)
    })?;
    let outcome = active.controller().elect_leaders(kind, named)?;
    Ok((outcome.records, outcome.response))
}

fn refuse_each(asked: &ElectLeadersRequest<'_>, error: &ApiError) -> Vec<ElectionResult> {
    let topics = asked.topic_partitions.iter().flatten();
    topics
        .map(|topic| ElectionResult {
            topic: topic.topic.to_string(),
            partitions: topic
                .partitions
                .iter()
                .map(|index| (*index, Err(error.clone())))
                .collect(),
        })
        .collect()
}

fn result(topic: ElectionResult) -> ReplicaElectionResult<'static> {
    let partitions = topic.partitions.into_iter().map(|(partition_id, elected)| {
        let (error_code, error_message) = code_and_message(elected.err());
        PartitionResult {
            partition_id,
            error_code,
            error_message,
        }
    });
    ReplicaElectionResult {
        topic: topic.topic.into(),
        partition_result: partitions.collect(),
    }
}
