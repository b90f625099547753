//! CreatePartitions (key 37), versions 0 to 3: more partitions for topics.
//!
//! The controller answers; this broker only passes the request on.

use super::forwarding::forward;
use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::generated::create_partitions_response::CreatePartitionsTopicResult;
use protocol::generated::{CreatePartitionsRequest, CreatePartitionsResponse};
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: CreatePartitionsRequest<'_> = call.decode()?;
    forward(&broker, &call, |error_code| {
        let refused = request
            .topics
            .iter()
            .map(|topic| CreatePartitionsTopicResult {
                name: topic.name.clone(),
                error_code,
                ..CreatePartitionsTopicResult::default()
            });
        call.answer(&CreatePartitionsResponse {
            throttle_time_ms: call.throttle_time_ms(),
            results: refused.collect(),
        })
    })
    .await
}
