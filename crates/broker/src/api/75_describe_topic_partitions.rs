//! DescribeTopicPartitions (key 75), version 0: partitions of topics with their eligible leader
//! replicas, page by page (KIP-966).
//!
//! - Topics come in the order of their names, and each once; none asked for means all.
//! - A page holds as many partitions as the request says, but not more than
//!   `max.request.partition.size.limit`. The cursor names the partition that the next one begins
//!   with; topics before it are passed over.
//! - A cursor whose topic is not asked for or whose partition is negative is INVALID_REQUEST, for
//!   every topic of the request.
//! - Topics that do not exist or may not be described fill no page; of all topics they are left
//!   out.

#[cfg(test)]
#[path = "75_describe_topic_partitions/tests.rs"]
mod tests;

use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use crate::topic_names::is_internal;
use metadata::controller::check_topic_name;
use metadata::image::{MetadataImage, PartitionRegistration, TopicImage};
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::describe_topic_partitions_request::Cursor as StartCursor;
use protocol::generated::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use protocol::generated::{DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse};
use std::collections::BTreeSet;
use std::sync::Arc;

const NO_LEADER: i32 = -1;

/// What has been put together of one page.
struct Page<'a> {
    image: &'a MetadataImage,
    listener: &'a str,
    /// Where it begins.
    start: Option<&'a StartCursor<'a>>,
    /// How many partitions it still has room for.
    room: usize,
    topics: Vec<DescribeTopicPartitionsResponseTopic<'a>>,
    next_cursor: Option<Cursor<'a>>,
}

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: DescribeTopicPartitionsRequest<'_> = call.decode()?;
    let start = request.cursor.as_ref();
    if start.is_some_and(|start| !is_valid(start, &request)) {
        return call.answer(&refused(&call, &request));
    }
    let published = broker.metadata.current();
    let most = broker.config.current();
    let most = most.config().network.partitions_per_request_max as usize;
    let asked = usize::try_from(request.response_partition_limit).unwrap_or(0);
    let mut page = Page {
        image: &published.image,
        listener: call.context.connection.listener.as_str(),
        start,
        room: asked.min(most).max(1),
        topics: Vec::new(),
        next_cursor: None,
    };
    let may_describe =
        |name: &str| broker.authorise(&call.context, Operation::Describe, Resource::Topic(name));
    let mut hidden = Vec::new();
    if request.topics.is_empty() {
        let names = published.image.topics().by_names();
        let names = names.map(|topic| &*topic.name);
        page.fill(names.filter(|name| may_describe(name)), false);
    } else {
        let names: BTreeSet<&str> = request.topics.iter().map(|topic| &*topic.name).collect();
        let names = names.into_iter().filter(|name| page.is_reached(name));
        let (shown, withheld): (Vec<_>, Vec<_>) = names.partition(|name| may_describe(name));
        page.fill(shown.into_iter(), true);
        hidden = withheld;
    }
    for topic in &mut page.topics {
        let name = topic.name.as_deref().unwrap_or_default();
        topic.topic_authorized_operations =
            broker.authorized_operations(&call.context, Resource::Topic(name));
    }
    let unauthorised = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    let hidden = hidden.into_iter().map(|name| failed(name, unauthorised));
    call.answer(&DescribeTopicPartitionsResponse {
        throttle_time_ms: call.throttle_time_ms(),
        topics: page.topics.into_iter().chain(hidden).collect(),
        next_cursor: page.next_cursor,
    })
}

fn is_valid(start: &StartCursor<'_>, request: &DescribeTopicPartitionsRequest<'_>) -> bool {
    let mut topics = request.topics.iter();
    let is_asked = request.topics.is_empty() || topics.any(|topic| topic.name == start.topic_name);
    is_asked && start.partition_index >= 0
}

/// What a client is told that has sent a cursor that cannot be.
fn refused<'a>(
    call: &Call,
    request: &'a DescribeTopicPartitionsRequest<'a>,
) -> DescribeTopicPartitionsResponse<'a> {
    let topics = request.topics.iter();
    DescribeTopicPartitionsResponse {
        throttle_time_ms: call.throttle_time_ms(),
        topics: topics
            .map(|topic| DescribeTopicPartitionsResponseTopic {
                error_code: ErrorCode::INVALID_REQUEST,
                name: Some(topic.name.as_ref().into()),
                ..DescribeTopicPartitionsResponseTopic::default()
            })
            .collect(),
        next_cursor: None,
    }
}

fn failed(name: &str, error_code: ErrorCode) -> DescribeTopicPartitionsResponseTopic<'_> {
    DescribeTopicPartitionsResponseTopic {
        error_code,
        name: Some(name.into()),
        ..DescribeTopicPartitionsResponseTopic::default()
    }
}

impl<'a> Page<'a> {
    /// Takes topics, in the order of their names, until the page is full.
    fn fill(&mut self, names: impl Iterator<Item = &'a str>, tells_failures: bool) {
        for name in names {
            if !self.is_reached(name) {
                continue;
            }
            if self.room == 0 {
                self.next_cursor = Some(cursor(name, 0));
                return;
            }
            match self.image.topics().by_name(name) {
                Some(topic) => self.take(topic),
                None if tells_failures => self.topics.push(unknown(name)),
                None => {}
            }
            if self.next_cursor.is_some() {
                return;
            }
        }
    }

    fn take(&mut self, topic: &'a TopicImage) {
        let start = self.start.filter(|start| start.topic_name == *topic.name);
        let first = start.map_or(0, |start| start.partition_index);
        let mut rest = topic.partitions.range(first..);
        let taken = rest.by_ref().take(self.room);
        let partitions: Vec<_> = taken
            .map(|(index, partition)| self.partition(*index, partition))
            .collect();
        self.room -= partitions.len();
        self.next_cursor = rest.next().map(|(index, _)| cursor(&topic.name, *index));
        self.topics.push(DescribeTopicPartitionsResponseTopic {
            name: Some((&*topic.name).into()),
            topic_id: topic.id,
            is_internal: is_internal(&topic.name),
            partitions,
            ..DescribeTopicPartitionsResponseTopic::default()
        });
    }

    /// Whether a topic does not lie before the cursor.
    fn is_reached(&self, name: &str) -> bool {
        self.start.is_none_or(|start| *name >= *start.topic_name)
    }

    fn partition(
        &self,
        index: i32,
        partition: &PartitionRegistration,
    ) -> DescribeTopicPartitionsResponsePartition {
        let cluster = self.image.cluster();
        let has_leader = cluster.reached(partition.leader, self.listener).is_some();
        DescribeTopicPartitionsResponsePartition {
            partition_index: index,
            leader_id: if has_leader {
                partition.leader
            } else {
                NO_LEADER
            },
            leader_epoch: partition.leader_epoch,
            replica_nodes: partition.replicas.clone(),
            isr_nodes: partition.isr.clone(),
            eligible_leader_replicas: Some(partition.eligible_leader_replicas.clone()),
            last_known_elr: Some(partition.last_known_eligible_leader_replicas.clone()),
            offline_replicas: cluster.offline_replicas(partition, self.listener),
            ..DescribeTopicPartitionsResponsePartition::default()
        }
    }
}

fn unknown(name: &str) -> DescribeTopicPartitionsResponseTopic<'_> {
    let error_code = match check_topic_name(name) {
        Ok(()) => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        Err(_) => ErrorCode::INVALID_TOPIC_EXCEPTION,
    };
    DescribeTopicPartitionsResponseTopic {
        is_internal: is_internal(name),
        ..failed(name, error_code)
    }
}

fn cursor(topic: &str, partition_index: i32) -> Cursor<'_> {
    Cursor {
        topic_name: topic.into(),
        partition_index,
    }
}
