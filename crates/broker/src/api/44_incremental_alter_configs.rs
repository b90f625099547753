//! IncrementalAlterConfigs (key 44), versions 0 to 1: single values of
//! resources (KIP-339).
//!
//! The controller answers; this broker only passes the request on.

use super::forwarding::forward;
use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::generated::incremental_alter_configs_response::AlterConfigsResourceResponse;
use protocol::generated::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: IncrementalAlterConfigsRequest<'_> = call.decode()?;
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
        call.answer(&IncrementalAlterConfigsResponse {
            throttle_time_ms: call.throttle_time_ms(),
            responses: refused.collect(),
        })
    })
    .await
}
