//! CreateTopics (key 19), versions 2 to 7: new topics, with their replicas placed or
//! as given.
//!
//! The controller answers; this broker only passes the request on.

use super::forwarding::forward;
use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::generated::create_topics_response::CreatableTopicResult;
use protocol::generated::{CreateTopicsRequest, CreateTopicsResponse};
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: CreateTopicsRequest<'_> = call.decode()?;
    forward(&broker, &call, |error_code| {
        let refused = request.topics.iter().map(|topic| CreatableTopicResult {
            name: topic.name.clone(),
            error_code,
            ..CreatableTopicResult::default()
        });
        call.answer(&CreateTopicsResponse {
            throttle_time_ms: call.throttle_time_ms(),
            topics: refused.collect(),
        })
    })
    .await
}
