//! OffsetDelete (key 47), version 0: a group forgets how far it has read topics that it does not
//! consume (KIP-496).
//!
//! - An error of the group stands alone; the topics are left out then, as in Kafka.
//! - Topics are answered in the order of their names, each once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use coordinator::Response;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use protocol::generated::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use protocol::generated::{OffsetDeleteRequest, OffsetDeleteResponse};

use super::coordinated::{Client, later};
use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};

type Outcomes = BTreeMap<Cow<'static, str>, Vec<OffsetDeleteResponsePartition>>;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: OffsetDeleteRequest<'_> = call.decode()?;
    let throttle_time_ms = call.throttle_time_ms();
    let group = Resource::Group(&request.group_id);
    if !broker.authorise(&call.context, Operation::Delete, group) {
        return call.answer(&OffsetDeleteResponse {
            throttle_time_ms,
            error_code: ErrorCode::GROUP_AUTHORIZATION_FAILED,
            topics: Vec::new(),
        });
    }
    let mut outcomes = Outcomes::new();
    let accepted = OffsetDeleteRequest {
        group_id: request.group_id.clone().into_owned().into(),
        topics: check(&broker, &call, &request, &mut outcomes),
    };
    let client = Client::of(&call.context);
    let partition = broker.groups.partition_for(&request.group_id);
    let response = broker
        .groups
        .ask(partition, move |coordinator, now, waiter| {
            coordinator.delete_offsets(now, &client.caller(waiter), &accepted)
        });
    Ok(later(call.context.clone(), call.throttle, async move {
        let Response::DeleteOffsets(response) = response.await? else {
            unreachable!("a deletion of offsets is answered with one");
        };
        if response.error_code != ErrorCode::NONE {
            outcomes.clear();
        }
        for topic in response.topics {
            let partitions = outcomes.entry(topic.name).or_default();
            partitions.extend(topic.partitions);
        }
        let topics = outcomes.into_iter();
        Ok(OffsetDeleteResponse {
            error_code: response.error_code,
            throttle_time_ms,
            topics: topics
                .map(|(name, partitions)| OffsetDeleteResponseTopic { name, partitions })
                .collect(),
        })
    }))
}

/// The partitions that exist, of topics that the client may read.
fn check(
    broker: &Broker,
    call: &Call,
    request: &OffsetDeleteRequest<'_>,
    outcomes: &mut Outcomes,
) -> Vec<OffsetDeleteRequestTopic<'static>> {
    let published = broker.metadata.current();
    let mut accepted = Vec::new();
    for topic in &request.topics {
        let name = Cow::Owned(topic.name.clone().into_owned());
        let may_read =
            broker.authorise(&call.context, Operation::Read, Resource::Topic(&topic.name));
        let known = published.image.topics().by_name(&topic.name);
        let mut partitions = Vec::new();
        for &OffsetDeleteRequestPartition { partition_index } in &topic.partitions {
            let exists = known.is_some_and(|it| it.partitions.contains_key(&partition_index));
            let error_code = match (may_read, exists) {
                (false, _) => ErrorCode::TOPIC_AUTHORIZATION_FAILED,
                (true, false) => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                (true, true) => {
                    partitions.push(OffsetDeleteRequestPartition { partition_index });
                    continue;
                }
            };
            let refused = outcomes.entry(Cow::clone(&name)).or_default();
            refused.push(OffsetDeleteResponsePartition {
                partition_index,
                error_code,
            });
        }
        if !partitions.is_empty() {
            accepted.push(OffsetDeleteRequestTopic { name, partitions });
        }
    }
    accepted
}
