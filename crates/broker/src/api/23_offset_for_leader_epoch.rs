//! OffsetForLeaderEpoch (key 23), versions 2 to 4: where leader epochs ended, so that followers and
//! consumers find out where their records part from the leader's (KIP-101, KIP-279, KIP-320).
//!
//! - Epoch and offset -1 stand for an epoch that the leader knows nothing of.
//! - Whoever may act for the cluster may ask about all topics, others about those that they may
//!   describe.
//! - Version 3 says who asks, which changes nothing: only the leader answers.

#[cfg(test)]
#[path = "23_offset_for_leader_epoch/tests.rs"]
mod tests;

use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use metadata::image::MetadataImage;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use protocol::generated::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use protocol::generated::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};
use protocol::ids::LeaderEpoch;
use replica::EpochEnd;
use std::sync::Arc;
use storage::directories::TopicIdPartition;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: OffsetForLeaderEpochRequest<'_> = call.decode()?;
    let published = broker.metadata.current();
    let is_of_cluster =
        broker.authorise(&call.context, Operation::ClusterAction, Resource::Cluster);
    let may_ask = |topic: &str| {
        let resource = Resource::Topic(topic);
        is_of_cluster || broker.authorise(&call.context, Operation::Describe, resource)
    };
    let topics = request.topics.iter().map(|asked| {
        if may_ask(&asked.topic) {
            result(asked, |partition| {
                end_of_epoch(&broker, &published.image, &asked.topic, partition)
            })
        } else {
            result(asked, |_| Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED))
        }
    });
    call.answer(&OffsetForLeaderEpochResponse {
        throttle_time_ms: call.throttle_time_ms(),
        topics: topics.collect(),
    })
}

fn result<'m>(
    asked: &OffsetForLeaderTopic<'m>,
    end_of: impl Fn(&OffsetForLeaderPartition) -> Result<Option<EpochEnd>, ErrorCode>,
) -> OffsetForLeaderTopicResult<'m> {
    let partitions = asked.partitions.iter().map(|partition| {
        let nothing = EpochEndOffset {
            partition: partition.partition,
            ..EpochEndOffset::default()
        };
        match end_of(partition) {
            Ok(None) => nothing,
            Ok(Some(end)) => EpochEndOffset {
                leader_epoch: end.epoch.0,
                end_offset: end.end_offset.0,
                ..nothing
            },
            Err(error_code) => EpochEndOffset {
                error_code,
                ..nothing
            },
        }
    });
    OffsetForLeaderTopicResult {
        topic: asked.topic.clone(),
        partitions: partitions.collect(),
    }
}

fn end_of_epoch(
    broker: &Broker,
    image: &MetadataImage,
    topic: &str,
    asked: &OffsetForLeaderPartition,
) -> Result<Option<EpochEnd>, ErrorCode> {
    let topic = image.topics().by_name(topic);
    let topic = topic.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let partition = broker.partitions.find(TopicIdPartition {
        topic_id: topic.id,
        partition: asked.partition,
    })?;
    let current = asked.current_leader_epoch;
    let current = (current >= 0).then_some(LeaderEpoch(current));
    partition.end_offset_of(current, LeaderEpoch(asked.leader_epoch))
}
