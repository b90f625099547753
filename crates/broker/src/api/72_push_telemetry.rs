//! PushTelemetry (key 72), version 0: metrics of a client (KIP-714).
//!
//! Advertised only with `klamm.client.metrics.receive`, and answered always, as in Kafka. Everybody
//! may push.

use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::generated::{PushTelemetryRequest, PushTelemetryResponse};
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: PushTelemetryRequest<'_> = call.decode()?;
    let error_code = broker.client_telemetry.push(&call.context, &request);
    call.answer(&PushTelemetryResponse {
        throttle_time_ms: call.throttle_time_ms(),
        error_code,
    })
}
