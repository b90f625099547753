//! LeaveGroup (key 13), versions 0 to 5: members leave a classic group at once instead of timing
//! out.
//!
//! - Up to version 2 one member leaves, whose error is that of the response; from 3 on several do,
//!   by id or by instance id (KIP-345).

use std::sync::Arc;

use coordinator::Response;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::{LeaveGroupRequest, LeaveGroupResponse};

use super::coordinated::ask;
use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: LeaveGroupRequest<'_> = call.decode()?;
    let group_id = request.group_id.clone().into_owned();
    if !broker.authorise(&call.context, Operation::Read, Resource::Group(&group_id)) {
        return call.answer(&LeaveGroupResponse {
            throttle_time_ms: call.throttle_time_ms(),
            error_code: ErrorCode::GROUP_AUTHORIZATION_FAILED,
            ..LeaveGroupResponse::default()
        });
    }
    drop(request);
    Ok(ask(
        &broker,
        call,
        &group_id,
        |call, coordinator, now, caller| {
            let request = call.decode().expect("it was read before");
            coordinator.handle_leave(now, caller, &request)
        },
        |response, throttle_time_ms| {
            let Response::Leave(response) = response else {
                unreachable!("a leave is answered with a leave");
            };
            LeaveGroupResponse {
                throttle_time_ms,
                ..response
            }
        },
    ))
}
