//! BrokerRegistration (key 62), versions 0 to 4: a broker begins an incarnation (KIP-631).
//!
//! CLUSTER_ACTION on the cluster. The answer is the epoch of the incarnation.

use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::{Operation, Resource};
use metadata::controller::ApiError;
use protocol::ErrorCode;
use protocol::generated::{BrokerRegistrationRequest, BrokerRegistrationResponse};

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: BrokerRegistrationRequest<'_> = request.decode()?;
    let registered = match request.may(Operation::ClusterAction, Resource::Cluster) {
        true => active.controller().register_broker(
            &active.liveness,
            request.now,
            &asked,
            active.next_offset.0,
        ),
        false => Err(ApiError::bare(ErrorCode::CLUSTER_AUTHORIZATION_FAILED)),
    };
    let mut response = BrokerRegistrationResponse::default();
    let records = match registered {
        Ok(outcome) => {
            response.broker_epoch = outcome.response;
            outcome.records
        }
        Err(error) => {
            response.error_code = error.code;
            Vec::new()
        }
    };
    Ok(Decision::new(records, request.encode(&response)?))
}
