//! ElectLeaders (key 43), versions 0 to 2: preferred leaders for partitions, or any.
//!
//! The controller answers; this broker only passes the request on.

use super::forwarding::forward;
use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
use protocol::generated::{ElectLeadersRequest, ElectLeadersResponse};
use std::sync::Arc;

/// The first version with an error for all.
const FIRST_WITH_ERROR: i16 = 1;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: ElectLeadersRequest<'_> = call.decode()?;
    forward(&broker, &call, |error_code| {
        let topics = request.topic_partitions.iter().flatten();
        let refused = topics.map(|topic| ReplicaElectionResult {
            topic: topic.topic.clone(),
            partition_result: topic
                .partitions
                .iter()
                .map(|index| PartitionResult {
                    partition_id: *index,
                    error_code,
                    error_message: None,
                })
                .collect(),
        });
        let has_error = call.context.api_version >= FIRST_WITH_ERROR;
        call.answer(&ElectLeadersResponse {
            throttle_time_ms: call.throttle_time_ms(),
            error_code: if has_error {
                error_code
            } else {
                ErrorCode::NONE
            },
            replica_election_results: refused.collect(),
        })
    })
    .await
}
