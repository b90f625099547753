//! DeleteTopics (key 20), versions 1 to 6: topics by name, from version 6 on also by
//! id (KIP-516).
//!
//! The controller answers; this broker only passes the request on.

use super::forwarding::forward;
use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::Uuid;
use protocol::generated::delete_topics_response::DeletableTopicResult;
use protocol::generated::{DeleteTopicsRequest, DeleteTopicsResponse};
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: DeleteTopicsRequest<'_> = call.decode()?;
    forward(&broker, &call, |error_code| {
        // Names alone up to version 5.
        let by_name = request
            .topic_names
            .iter()
            .map(|name| (Some(name), Uuid::ZERO));
        let named = request
            .topics
            .iter()
            .map(|topic| (topic.name.as_ref(), topic.topic_id));
        let refused = by_name
            .chain(named)
            .map(|(name, topic_id)| DeletableTopicResult {
                name: name.cloned(),
                topic_id,
                error_code,
                ..DeletableTopicResult::default()
            });
        call.answer(&DeleteTopicsResponse {
            throttle_time_ms: call.throttle_time_ms(),
            responses: refused.collect(),
        })
    })
    .await
}
