//! DescribeQuorum (key 55), versions 0 to 2: the voters and observers of the metadata log.
//!
//! The controller answers; this broker only passes the request on.

use super::forwarding::forward;
use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::generated::{DescribeQuorumRequest, DescribeQuorumResponse};
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    // What cannot be read closes the connection, here as at the controller.
    call.decode::<DescribeQuorumRequest<'_>>()?;
    forward(&broker, &call, |error_code| {
        call.answer(&DescribeQuorumResponse {
            error_code,
            ..DescribeQuorumResponse::default()
        })
    })
    .await
}
