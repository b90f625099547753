//! Which partitions of this node a fetch reads, or why it reads none in their place.

use super::request::Reader;
use crate::broker::Broker;
use crate::fetch_sessions::{FetchContext, RequestedPartition, TopicKey};
use crate::partitions::LocalPartition;
use crate::requests::{Operation, Resource};
use metadata::image::{MetadataImage, TopicImage};
use net::request_context::RequestContext;
use protocol::ErrorCode;
use std::sync::Arc;
use storage::directories::TopicIdPartition;

/// What a partition of a fetch comes to.
#[derive(Debug)]
pub(super) enum Target {
    /// Read from it.
    Here(Arc<LocalPartition>),
    /// It exists and cannot be read here: the client is told at once.
    Elsewhere(TopicIdPartition, ErrorCode),
    /// The client may not read it, or there is no such partition: it is told in time.
    Refused(ErrorCode),
}

impl Target {
    /// Whether there is such a partition, here or elsewhere, for this client.
    pub(super) const fn exists(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

/// What targets are found with.
struct Resolver<'a> {
    broker: &'a Broker,
    context: &'a RequestContext,
    image: &'a MetadataImage,
    /// Whether topics are asked about one by one, or that was settled for all.
    asks_topics: bool,
    /// The topic that was found last: partitions of a topic stand together.
    last: Option<&'a TopicImage>,
}

/// Finds a target for each partition of a fetch. The session learns what topics are called.
pub(super) fn targets_of(
    broker: &Broker,
    context: &RequestContext,
    reader: Reader,
    session: &mut FetchContext,
) -> Vec<Target> {
    let count = session.partitions().len();
    let is_replica = matches!(reader, Reader::Replica { .. });
    if is_replica && !broker.authorise(context, Operation::ClusterAction, Resource::Cluster) {
        let refused = || Target::Refused(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        return std::iter::repeat_with(refused).take(count).collect();
    }
    let published = broker.metadata.current();
    let mut resolver = Resolver {
        broker,
        context,
        image: &published.image,
        asks_topics: !is_replica,
        last: None,
    };
    let mut targets = Vec::with_capacity(count);
    for place in 0..count {
        let requested = &session.partitions()[place];
        let partition = requested.key.partition;
        let target = match resolver.topic(requested) {
            Ok(topic) => {
                let target = resolver.target(topic, partition);
                session.note_name(place, &topic.name);
                target
            }
            Err(error) => Target::Refused(error),
        };
        targets.push(target);
    }
    targets
}

impl<'a> Resolver<'a> {
    /// The topic, if the client may read it.
    fn topic(&mut self, requested: &RequestedPartition) -> Result<&'a TopicImage, ErrorCode> {
        let key = &requested.key.topic;
        let is_same = |topic: &&TopicImage| match key {
            TopicKey::Name(name) => topic.name == *name,
            TopicKey::Id(id) => topic.id == *id,
        };
        if let Some(topic) = self.last.filter(is_same) {
            return Ok(topic);
        }
        let topics = self.image.topics();
        let found = match key {
            TopicKey::Name(name) => topics.by_name(name),
            TopicKey::Id(id) => topics.by_id(*id),
        };
        let name = match (found, key, &requested.known_name) {
            (Some(topic), ..) => &topic.name,
            (None, TopicKey::Name(name), _) | (None, TopicKey::Id(_), Some(name)) => name,
            (None, TopicKey::Id(_), None) => return Err(ErrorCode::UNKNOWN_TOPIC_ID),
        };
        if !self.may_read(name) {
            return Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        }
        let Some(topic) = found else {
            // By name there is none, so a topic of this name has another id.
            return Err(match topics.by_name(name) {
                Some(_) => ErrorCode::INCONSISTENT_TOPIC_ID,
                None => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            });
        };
        self.last = Some(topic);
        Ok(topic)
    }

    fn target(&self, topic: &TopicImage, partition: i32) -> Target {
        if !topic.partitions.contains_key(&partition) {
            return Target::Refused(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        }
        let id = TopicIdPartition {
            topic_id: topic.id,
            partition,
        };
        match self.broker.partitions.find(id) {
            Ok(partition) => Target::Here(partition),
            Err(error) => Target::Elsewhere(id, error),
        }
    }

    fn may_read(&self, name: &str) -> bool {
        let topic = Resource::Topic(name);
        !self.asks_topics || self.broker.authorise(self.context, Operation::Read, topic)
    }
}
