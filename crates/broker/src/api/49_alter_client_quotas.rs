//! AlterClientQuotas (key 49), versions 0 and 1: sets and removes client quotas (KIP-546).
//!
//! The controller answers; this broker only passes the request on.

use super::forwarding::forward;
use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::generated::alter_client_quotas_response::{EntityData, EntryData};
use protocol::generated::{AlterClientQuotasRequest, AlterClientQuotasResponse};
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: AlterClientQuotasRequest<'_> = call.decode()?;
    forward(&broker, &call, |error_code| {
        let refused = request.entries.iter().map(|entry| EntryData {
            error_code,
            error_message: None,
            entity: entry
                .entity
                .iter()
                .map(|part| EntityData {
                    entity_type: part.entity_type.clone(),
                    entity_name: part.entity_name.clone(),
                })
                .collect(),
        });
        call.answer(&AlterClientQuotasResponse {
            throttle_time_ms: call.throttle_time_ms(),
            entries: refused.collect(),
        })
    })
    .await
}
