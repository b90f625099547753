//! AllocateProducerIds (key 67), version 0: a broker gets ids for idempotent producers (KIP-730).
//!
//! CLUSTER_ACTION on the cluster. Ids are given once, whatever becomes of the answer.

use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::{Operation, Resource};
use metadata::controller::ApiError;
use protocol::ErrorCode;
use protocol::generated::{AllocateProducerIdsRequest, AllocateProducerIdsResponse};

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: AllocateProducerIdsRequest = request.decode()?;
    let controller = active.controller();
    let allocated = match request.may(Operation::ClusterAction, Resource::Cluster) {
        true => controller.allocate_producer_ids(asked.broker_id, asked.broker_epoch),
        false => Err(ApiError::bare(ErrorCode::CLUSTER_AUTHORIZATION_FAILED)),
    };
    let mut response = AllocateProducerIdsResponse::default();
    let records = match allocated {
        Ok(outcome) => {
            response.producer_id_start = outcome.response.first.0;
            response.producer_id_len = outcome.response.size;
            outcome.records
        }
        Err(error) => {
            response.error_code = error.code;
            Vec::new()
        }
    };
    Ok(Decision::new(records, request.encode(&response)?))
}
