//! JoinGroup (key 11), versions 0 to 9: a member joins a classic group and is answered when the
//! group has its next generation.
//!
//! - Version 0 has no rebalance timeout: the session timeout stands for it.
//! - From version 4 on a member without an id is given one first (KIP-394).
//! - From version 5 on a member may have an instance id (KIP-345).
//! - Up to version 6 an absent protocol name is empty, from 7 on null (KIP-559).

use std::sync::Arc;

use coordinator::Response;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::{JoinGroupRequest, JoinGroupResponse};

use super::coordinated::ask;
use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};

const FIRST_WITHOUT_PROTOCOL_NAME: i16 = 7;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: JoinGroupRequest<'_> = call.decode()?;
    let group_id = request.group_id.clone().into_owned();
    if !broker.authorise(&call.context, Operation::Read, Resource::Group(&group_id)) {
        let needs_name = call.context.api_version < FIRST_WITHOUT_PROTOCOL_NAME;
        return call.answer(&JoinGroupResponse {
            throttle_time_ms: call.throttle_time_ms(),
            error_code: ErrorCode::GROUP_AUTHORIZATION_FAILED,
            protocol_name: needs_name.then(Default::default),
            ..JoinGroupResponse::default()
        });
    }
    drop(request);
    let member_uuid = u128::from_be_bytes(*broker.environment.chance.uuid().as_bytes());
    Ok(ask(
        &broker,
        call,
        &group_id,
        move |call, coordinator, now, caller| {
            let request = call.decode().expect("it was read before");
            coordinator.handle_join(now, caller, &request, member_uuid)
        },
        |response, throttle_time_ms| {
            let Response::Join(response) = response else {
                unreachable!("a join is answered with a join");
            };
            JoinGroupResponse {
                throttle_time_ms,
                ..response
            }
        },
    ))
}
