//! DescribeProducers (key 61), version 0: who writes idempotently or in transactions to partitions
//! (KIP-664).
//!
//! READ on the topic. Any replica answers, from its own log.

use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use metadata::controller::check_topic_name;
use metadata::image::MetadataImage;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::describe_producers_request::TopicRequest;
use protocol::generated::describe_producers_response::{
    PartitionResponse, ProducerState, TopicResponse,
};
use protocol::generated::{DescribeProducersRequest, DescribeProducersResponse};
use protocol::ids::ProducerId;
use std::borrow::Cow;
use std::sync::Arc;
use storage::directories::TopicIdPartition;
use storage::producer_state::ProducerEntry;

/// Why nothing is said of any partition of a topic, with the text that Kafka has for it.
type TopicRefusal = (ErrorCode, Option<String>);

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: DescribeProducersRequest<'_> = call.decode()?;
    let published = broker.metadata.current();
    let image = &published.image;
    let topics = request.topics.iter().map(|asked| {
        let topic_id = check(&broker, &call, image, asked);
        let partitions = asked
            .partition_indexes
            .iter()
            .map(|&index| match &topic_id {
                Ok(topic_id) => {
                    let partition = index;
                    let topic_id = *topic_id;
                    let id = TopicIdPartition {
                        topic_id,
                        partition,
                    };
                    describe(&broker, id)
                }
                Err((error_code, message)) => PartitionResponse {
                    partition_index: index,
                    error_code: *error_code,
                    error_message: message.clone().map(Cow::Owned),
                    ..PartitionResponse::default()
                },
            });
        TopicResponse {
            name: asked.name.clone(),
            partitions: partitions.collect(),
        }
    });
    call.answer(&DescribeProducersResponse {
        throttle_time_ms: call.throttle_time_ms(),
        topics: topics.collect(),
    })
}

fn check(
    broker: &Broker,
    call: &Call,
    image: &MetadataImage,
    asked: &TopicRequest<'_>,
) -> Result<protocol::Uuid, TopicRefusal> {
    check_topic_name(&asked.name).map_err(|error| (error.code, error.message))?;
    let resource = Resource::Topic(&asked.name);
    if !broker.authorise(&call.context, Operation::Read, resource) {
        let text = "Topic authorization failed.";
        return Err((ErrorCode::TOPIC_AUTHORIZATION_FAILED, Some(text.to_owned())));
    }
    let topic = image.topics().by_name(&asked.name);
    topic.map(|topic| topic.id).ok_or_else(|| {
        let text = "This server does not host this topic-partition.";
        (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, Some(text.to_owned()))
    })
}

fn describe(broker: &Broker, id: TopicIdPartition) -> PartitionResponse<'static> {
    let nothing = PartitionResponse {
        partition_index: id.partition,
        ..PartitionResponse::default()
    };
    match broker.partitions.find(id) {
        Ok(partition) => PartitionResponse {
            active_producers: partition.log().producers(producer_state),
            ..nothing
        },
        Err(error_code) => PartitionResponse {
            error_code,
            ..nothing
        },
    }
}

fn producer_state(id: ProducerId, producer: &ProducerEntry) -> ProducerState {
    let first_offset = producer.transaction_first_offset();
    ProducerState {
        producer_id: id.0,
        producer_epoch: i32::from(producer.producer_epoch().0),
        last_sequence: producer.last_sequence(),
        last_timestamp: producer.last_timestamp_ms(),
        coordinator_epoch: producer.coordinator_epoch().0,
        current_txn_start_offset: first_offset.map_or(-1, |offset| offset.0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::harness::{Node, T, batch_from};
    use super::*;
    use protocol::records::{BatchTemplate, ProducerFields};
    use storage::log::AppendOrigin;

    async fn describe(
        node: &Node,
        name: &'static str,
        index: i32,
    ) -> (ErrorCode, Option<String>, Vec<ProducerState>) {
        let request = DescribeProducersRequest {
            topics: vec![TopicRequest {
                name: name.into(),
                partition_indexes: vec![index],
            }],
        };
        let answer = node.send(0, &request).await;
        let answer: DescribeProducersResponse<'_> = answer.decode().unwrap();
        let [topic] = &answer.topics[..] else {
            panic!("one topic was asked for");
        };
        assert_eq!((&*topic.name, topic.partitions.len()), (name, 1));
        let partition = &topic.partitions[0];
        (
            partition.error_code,
            partition.error_message.clone().map(Cow::into_owned),
            partition.active_producers.clone(),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn producers_and_their_transactions_are_told() {
        let node = Node::start().await;
        node.fill(T, 0, &["a"]).await;
        let template = BatchTemplate {
            producer: Some(ProducerFields {
                id: 7,
                epoch: 2,
                base_sequence: 0,
            }),
            transactional: true,
            ..BatchTemplate::new(0)
        };
        let mut records = batch_from(template, &["b", "c"]);
        node.append(T, 0, AppendOrigin::Client, &mut records).await;
        let (code, message, producers) = describe(&node, "t", 0).await;
        assert_eq!((code, message), (ErrorCode::NONE, None));
        let expected = ProducerState {
            producer_id: 7,
            producer_epoch: 2,
            last_sequence: 1,
            last_timestamp: super::super::harness::WALL_MS,
            coordinator_epoch: -1,
            current_txn_start_offset: 1,
        };
        assert_eq!(producers, [expected]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_cannot_be_told_is_told_why() {
        let node = Node::start().await;
        let cases = [
            ("t", 2, ErrorCode::NOT_LEADER_OR_FOLLOWER, false),
            ("t", 9, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, false),
            ("unknown", 0, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, true),
            ("secret", 0, ErrorCode::TOPIC_AUTHORIZATION_FAILED, true),
            ("a b", 0, ErrorCode::INVALID_TOPIC_EXCEPTION, true),
        ];
        for (topic, index, expected, has_message) in cases {
            let (code, message, producers) = describe(&node, topic, index).await;
            assert_eq!((code, message.is_some()), (expected, has_message));
            assert_eq!(producers, []);
        }
    }
}
