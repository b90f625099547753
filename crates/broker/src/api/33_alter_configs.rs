//! AlterConfigs (key 33), versions 0 to 2: exactly these values for
//! resources.
//!
//! The controller answers; this broker only passes the request on.

use super::forwarding::forward;
use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::generated::alter_configs_response::AlterConfigsResourceResponse;
use protocol::generated::{AlterConfigsRequest, AlterConfigsResponse};
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: AlterConfigsRequest<'_> = call.decode()?;
    forward(&broker, &call, |error_code| {
        let refused = request
            .resources
            .iter()
            .map(|resource| AlterConfigsResourceResponse {
                error_code,
                resource_type: resource.resource_type,
                resource_name: resource.resource_name.clone(),
                ..AlterConfigsResourceResponse::default()
            });
        call.answer(&AlterConfigsResponse {
            throttle_time_ms: call.throttle_time_ms(),
            responses: refused.collect(),
        })
    })
    .await
}
