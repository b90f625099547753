//! GetTelemetrySubscriptions (key 71), version 0: which metrics a client shall push, and how often
//! (KIP-714).
//!
//! Advertised only with `klamm.client.metrics.receive`, and answered always, as in Kafka. Everybody
//! may ask.

use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::generated::{GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse};
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: GetTelemetrySubscriptionsRequest = call.decode()?;
    let new_id = broker.environment.chance.uuid();
    let id = request.client_instance_id;
    let response = broker
        .client_telemetry
        .subscription(&call.context, id, new_id);
    call.answer(&GetTelemetrySubscriptionsResponse {
        throttle_time_ms: call.throttle_time_ms(),
        ..response
    })
}
