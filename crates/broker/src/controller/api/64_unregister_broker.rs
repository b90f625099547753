//! UnregisterBroker (key 64), version 0: forgets a broker that does not come back (KIP-631).
//!
//! ALTER on the cluster. A broker that is alive is forgotten as well; it can register again when it
//! is started anew.

use super::{check_cluster, code_and_message};
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::Operation;
use protocol::ErrorCode;
use protocol::generated::{UnregisterBrokerRequest, UnregisterBrokerResponse};

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: UnregisterBrokerRequest = request.decode()?;
    let outcome = check_cluster(request, Operation::Alter)
        .and_then(|()| active.controller().unregister_broker(asked.broker_id));
    let (records, error) = match outcome {
        Ok(outcome) => (outcome.records, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let (error_code, error_message) = code_and_message(error);
    let response = request.encode(&UnregisterBrokerResponse {
        throttle_time_ms: 0,
        error_code,
        error_message,
    })?;
    Ok(Decision::new(records, response))
}
