//! ListPartitionReassignments (key 46), version 0: partitions on their way to other replicas.
//!
//! The controller answers; this broker only passes the request on.

use super::forwarding::forward;
use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::generated::{ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse};
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    // What cannot be read closes the connection, here as at the controller.
    call.decode::<ListPartitionReassignmentsRequest<'_>>()?;
    forward(&broker, &call, |error_code| {
        call.answer(&ListPartitionReassignmentsResponse {
            throttle_time_ms: call.throttle_time_ms(),
            error_code,
            error_message: None,
            ..ListPartitionReassignmentsResponse::default()
        })
    })
    .await
}
