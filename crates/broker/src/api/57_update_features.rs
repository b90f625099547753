//! UpdateFeatures (key 57), versions 0 to 2: other levels for features.
//!
//! The controller answers; this broker only passes the request on.

use super::forwarding::forward;
use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::generated::{UpdateFeaturesRequest, UpdateFeaturesResponse};
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    // What cannot be read closes the connection, here as at the controller.
    call.decode::<UpdateFeaturesRequest<'_>>()?;
    forward(&broker, &call, |error_code| {
        call.answer(&UpdateFeaturesResponse {
            throttle_time_ms: call.throttle_time_ms(),
            error_code,
            error_message: None,
            ..UpdateFeaturesResponse::default()
        })
    })
    .await
}
