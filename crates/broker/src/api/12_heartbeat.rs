//! Heartbeat (key 12), versions 0 to 4: a member of a classic group is alive, and learns whether it
//! has to join again.
//!
//! - From version 3 on a member may have an instance id (KIP-345).
//! - While the group is being loaded the answer is that all is well, as in Kafka.

use std::sync::Arc;

use coordinator::Response;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::{HeartbeatRequest, HeartbeatResponse};

use super::coordinated::ask;
use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: HeartbeatRequest<'_> = call.decode()?;
    let group_id = request.group_id.clone().into_owned();
    if !broker.authorise(&call.context, Operation::Read, Resource::Group(&group_id)) {
        return call.answer(&HeartbeatResponse {
            throttle_time_ms: call.throttle_time_ms(),
            error_code: ErrorCode::GROUP_AUTHORIZATION_FAILED,
        });
    }
    drop(request);
    Ok(ask(
        &broker,
        call,
        &group_id,
        |call, coordinator, now, caller| {
            let request = call.decode().expect("it was read before");
            coordinator.handle_heartbeat(now, caller, &request)
        },
        |response, throttle_time_ms| {
            let Response::Heartbeat(response) = response else {
                unreachable!("a heartbeat is answered with a heartbeat");
            };
            HeartbeatResponse {
                throttle_time_ms,
                ..response
            }
        },
    ))
}
