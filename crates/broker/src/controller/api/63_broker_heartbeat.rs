//! BrokerHeartbeat (key 63), versions 0 to 2: a broker lives, and says what it wants (KIP-631).
//!
//! CLUSTER_ACTION on the cluster. Where the records of a controlled shutdown end is noted when they
//! are written: the broker may stop when the others have read that far.

use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::{Operation, Resource};
use metadata::controller::{ApiError, BrokerSession, Controller};
use protocol::ErrorCode;
use protocol::generated::{BrokerHeartbeatRequest, BrokerHeartbeatResponse};

pub(super) fn decide(
    active: &mut Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: BrokerHeartbeatRequest = request.decode()?;
    let settings = &active.parts.settings.decisions;
    let controller = Controller::new(&active.state, settings, &active.config);
    let outcome = match request.may(Operation::ClusterAction, Resource::Cluster) {
        true => controller.broker_heartbeat(&mut active.liveness, request.now, &asked),
        false => Err(ApiError::bare(ErrorCode::CLUSTER_AUTHORIZATION_FAILED)),
    };
    let (records, reply) = match outcome {
        Ok(outcome) => (outcome.records, outcome.response),
        Err(error) => {
            let response = BrokerHeartbeatResponse {
                error_code: error.code,
                ..BrokerHeartbeatResponse::default()
            };
            return Ok(Decision::answer_only(request.encode(&response)?));
        }
    };
    let response = request.encode(&BrokerHeartbeatResponse {
        throttle_time_ms: 0,
        error_code: ErrorCode::NONE,
        is_caught_up: reply.is_caught_up,
        is_fenced: reply.is_fenced,
        should_shut_down: reply.should_shut_down,
    })?;
    let session = BrokerSession {
        broker_id: asked.broker_id,
        broker_epoch: asked.broker_epoch,
    };
    Ok(Decision {
        shutting_down: reply.is_in_controlled_shutdown.then_some(session),
        ..Decision::new(records, response)
    })
}
