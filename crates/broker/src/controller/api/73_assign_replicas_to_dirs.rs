//! AssignReplicasToDirs (key 73), version 0: a broker tells in which of its log directories
//! replicas lie (KIP-858).
//!
//! CLUSTER_ACTION on the cluster.

use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::{Operation, Resource};
use metadata::controller::ApiError;
use protocol::ErrorCode;
use protocol::generated::{AssignReplicasToDirsRequest, AssignReplicasToDirsResponse};

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: AssignReplicasToDirsRequest = request.decode()?;
    let assigned = match request.may(Operation::ClusterAction, Resource::Cluster) {
        true => active.controller().assign_directories(&asked),
        false => Err(ApiError::bare(ErrorCode::CLUSTER_AUTHORIZATION_FAILED)),
    };
    match assigned {
        Ok(outcome) => Ok(Decision::new(
            outcome.records,
            request.encode(&outcome.response)?,
        )),
        Err(error) => Ok(Decision::answer_only(request.encode(
            &AssignReplicasToDirsResponse {
                error_code: error.code,
                ..AssignReplicasToDirsResponse::default()
            },
        )?)),
    }
}
