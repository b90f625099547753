//! SyncGroup (key 14), versions 0 to 5: the leader of a classic group brings the assignment, each
//! member is answered with its part.
//!
//! - From version 3 on a member may have an instance id (KIP-345).
//! - From version 5 on protocol type and name must be there (KIP-559).

use std::sync::Arc;

use coordinator::Response;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::{SyncGroupRequest, SyncGroupResponse};

use super::coordinated::ask;
use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};

const FIRST_WITH_PROTOCOL: i16 = 5;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: SyncGroupRequest<'_> = call.decode()?;
    let group_id = request.group_id.clone().into_owned();
    let lacks_protocol = request.protocol_type.is_none() || request.protocol_name.is_none();
    let refused = if call.context.api_version >= FIRST_WITH_PROTOCOL && lacks_protocol {
        Some(ErrorCode::INCONSISTENT_GROUP_PROTOCOL)
    } else if !broker.authorise(&call.context, Operation::Read, Resource::Group(&group_id)) {
        Some(ErrorCode::GROUP_AUTHORIZATION_FAILED)
    } else {
        None
    };
    if let Some(error_code) = refused {
        return call.answer(&SyncGroupResponse {
            throttle_time_ms: call.throttle_time_ms(),
            error_code,
            ..SyncGroupResponse::default()
        });
    }
    drop(request);
    Ok(ask(
        &broker,
        call,
        &group_id,
        |call, coordinator, now, caller| {
            let request = call.decode().expect("it was read before");
            coordinator.handle_sync(now, caller, &request)
        },
        |response, throttle_time_ms| {
            let Response::Sync(response) = response else {
                unreachable!("a sync is answered with a sync");
            };
            SyncGroupResponse {
                throttle_time_ms,
                ..response
            }
        },
    ))
}
