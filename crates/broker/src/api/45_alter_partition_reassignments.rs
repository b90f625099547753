//! AlterPartitionReassignments (key 45), versions 0 and 1: moves partitions to other replicas.
//!
//! The controller answers; this broker only passes the request on.

use super::forwarding::forward;
use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::Handled;
use protocol::generated::alter_partition_reassignments_response::{
    ReassignablePartitionResponse, ReassignableTopicResponse,
};
use protocol::generated::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
};
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: AlterPartitionReassignmentsRequest<'_> = call.decode()?;
    forward(&broker, &call, |error_code| {
        let refused = request
            .topics
            .iter()
            .map(|topic| ReassignableTopicResponse {
                name: topic.name.clone(),
                partitions: topic
                    .partitions
                    .iter()
                    .map(|partition| ReassignablePartitionResponse {
                        partition_index: partition.partition_index,
                        error_code,
                        error_message: None,
                    })
                    .collect(),
            });
        call.answer(&AlterPartitionReassignmentsResponse {
            throttle_time_ms: call.throttle_time_ms(),
            error_code,
            error_message: None,
            responses: refused.collect(),
            ..AlterPartitionReassignmentsResponse::default()
        })
    })
    .await
}
