//! Metadata (key 3), versions 0 to 13: brokers and topics, as clients of this listener reach them.
//!
//! - No topics mean all topics in version 0; from version 1 on null does, and an empty list none.
//! - Topics go by id from version 12 on, and then by nothing else in the same request; in 10 and 11
//!   a null name or an id has the whole request refused: every topic is INVALID_REQUEST.
//! - A topic that is named several times is answered once.
//! - Version 0 leaves out replicas that are not alive and says REPLICA_NOT_AVAILABLE; versions up
//!   to 5 know no LISTENER_NOT_FOUND and say LEADER_NOT_AVAILABLE.
//! - Topics that do not exist are created if the client allows it and `auto.create.topics.enable`
//!   says so; the answer is UNKNOWN_TOPIC_OR_PARTITION until they are there.
//! - The controller that is named is a broker that passes requests on to it, as in Kafka.

#[cfg(test)]
#[path = "03_metadata/tests.rs"]
mod tests;

use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use crate::topic_names::is_internal;
use metadata::controller::check_topic_name;
use metadata::image::{MetadataImage, PartitionRegistration, TopicImage};
use net::server::Handled;
use protocol::generated::metadata_request::MetadataRequestTopic;
use protocol::generated::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use protocol::generated::{MetadataRequest, MetadataResponse};
use protocol::{ErrorCode, Uuid};
use std::collections::BTreeSet;
use std::sync::Arc;

const FIRST_WITH_LISTENER_NOT_FOUND: i16 = 6;
const FIRST_WITH_TOPIC_IDS: i16 = 12;
/// The versions in which a client can ask what it may do to the cluster.
const LAST_WITH_CLUSTER_OPERATIONS: i16 = 10;
const NO_LEADER: i32 = -1;

/// What partitions are shown to.
struct Viewer<'a> {
    image: &'a MetadataImage,
    listener: &'a str,
    version: i16,
}

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: MetadataRequest<'_> = call.decode()?;
    let mut asked = request.topics.iter().flatten();
    if call.context.api_version < FIRST_WITH_TOPIC_IDS && asked.any(is_by_id) {
        return call.answer(&refused(&call, &request));
    }
    let published = broker.metadata.current();
    let viewer = Viewer {
        image: &published.image,
        listener: call.context.connection.listener.as_str(),
        version: call.context.api_version,
    };
    let mut response = MetadataResponse {
        throttle_time_ms: call.throttle_time_ms(),
        brokers: viewer.brokers(),
        cluster_id: Some(broker.identity.cluster_id.as_str().into()),
        controller_id: controller_id(&broker, &published.image),
        topics: topics(&broker, &call, &request, &viewer),
        ..MetadataResponse::default()
    };
    if request.include_cluster_authorized_operations
        && viewer.version <= LAST_WITH_CLUSTER_OPERATIONS
    {
        response.cluster_authorized_operations = broker.cluster_operations(&call.context);
    }
    call.answer(&response)
}

fn is_by_id(asked: &MetadataRequestTopic<'_>) -> bool {
    asked.name.is_none() || asked.topic_id != Uuid::ZERO
}

/// What a client is told that asks by id in a version that cannot.
fn refused<'a>(call: &Call, request: &MetadataRequest<'a>) -> MetadataResponse<'a> {
    let topics = request.topics.iter().flatten();
    let topics = topics.map(|asked| MetadataResponseTopic {
        error_code: ErrorCode::INVALID_REQUEST,
        // These versions have no null for it.
        name: Some(asked.name.clone().unwrap_or_default()),
        topic_id: asked.topic_id,
        ..MetadataResponseTopic::default()
    });
    MetadataResponse {
        throttle_time_ms: call.throttle_time_ms(),
        topics: topics.collect(),
        ..MetadataResponse::default()
    }
}

/// A broker that takes requests for the controller: this one if it is alive, or any.
pub(super) fn controller_id(broker: &Broker, image: &MetadataImage) -> i32 {
    let own = broker.identity.node_id;
    if image.cluster().is_alive(own) {
        return own;
    }
    image
        .cluster()
        .alive_brokers()
        .next()
        .map_or(NO_LEADER, |any| any.id)
}

fn topics<'a>(
    broker: &Broker,
    call: &Call,
    request: &MetadataRequest<'a>,
    viewer: &Viewer<'a>,
) -> Vec<MetadataResponseTopic<'a>> {
    let may_describe =
        |name: &str| broker.authorise(&call.context, Operation::Describe, Resource::Topic(name));
    let mut topics: Vec<_> = match &request.topics {
        Some(topics) if !topics.is_empty() || viewer.version > 0 => each_once(topics)
            .map(|asked| viewer.asked_for(asked, may_describe))
            .collect(),
        _ => viewer
            .image
            .topics()
            .by_names()
            .filter(|topic| may_describe(&topic.name))
            .map(|topic| viewer.topic(topic))
            .collect(),
    };
    if request.allow_auto_topic_creation && broker.config.current().config().topics.auto_create {
        create_unknown(broker, call, &mut topics);
    }
    if request.include_topic_authorized_operations {
        // Also of topics that do not exist, if they may be known of.
        let withheld = [
            ErrorCode::TOPIC_AUTHORIZATION_FAILED,
            ErrorCode::UNKNOWN_TOPIC_ID,
            ErrorCode::INVALID_REQUEST,
        ];
        for topic in topics
            .iter_mut()
            .filter(|topic| !withheld.contains(&topic.error_code))
        {
            let name = topic.name.as_deref().unwrap_or_default();
            topic.topic_authorized_operations =
                broker.authorized_operations(&call.context, Resource::Topic(name));
        }
    }
    topics
}

/// The topics that are asked for, each once: an answer that grew with every mention could be of any
/// size. If one goes by its id, names are not looked at.
fn each_once<'r, 'a>(
    topics: &'r [MetadataRequestTopic<'a>],
) -> impl Iterator<Item = &'r MetadataRequestTopic<'a>> {
    let are_ids = topics.iter().any(|asked| asked.topic_id != Uuid::ZERO);
    let mut seen = BTreeSet::new();
    topics.iter().filter(move |asked| match are_ids {
        true => asked.topic_id != Uuid::ZERO && seen.insert((asked.topic_id, None)),
        false => seen.insert((Uuid::ZERO, asked.name.as_deref())),
    })
}

/// Has the topics created that do not exist. Clients are told so for now, and ask again.
fn create_unknown(broker: &Broker, call: &Call, topics: &mut [MetadataResponseTopic<'_>]) {
    let is_unknown = |topic: &&mut MetadataResponseTopic<'_>| {
        topic.error_code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
    };
    let mut names = Vec::new();
    for topic in topics.iter_mut().filter(is_unknown) {
        let name = topic.name.as_deref().unwrap_or_default();
        let may_create = broker.authorise(&call.context, Operation::Create, Resource::Cluster)
            || broker.authorise(&call.context, Operation::Create, Resource::Topic(name));
        match may_create {
            true => names.push(name.to_owned()),
            false => topic.error_code = ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        }
    }
    let names = names.iter().map(String::as_str);
    broker.topic_creation.begin_for_client(&call.context, names);
}

impl<'a> Viewer<'a> {
    fn brokers(&self) -> Vec<MetadataResponseBroker<'a>> {
        let alive = self.image.cluster().alive_brokers();
        let reached = alive.filter_map(|broker| Some((broker, broker.endpoint(self.listener)?)));
        reached
            .map(|(broker, endpoint)| MetadataResponseBroker {
                node_id: broker.id,
                host: endpoint.host.as_str().into(),
                port: i32::from(endpoint.port),
                rack: broker.rack.as_deref().map(Into::into),
            })
            .collect()
    }

    fn asked_for(
        &self,
        asked: &MetadataRequestTopic<'a>,
        may_describe: impl Fn(&str) -> bool,
    ) -> MetadataResponseTopic<'a> {
        let refused = |error_code| MetadataResponseTopic {
            error_code,
            name: asked.name.clone(),
            topic_id: asked.topic_id,
            is_internal: asked.name.as_deref().is_some_and(is_internal),
            ..MetadataResponseTopic::default()
        };
        let name = asked.name.as_deref().filter(|_| !is_by_id(asked));
        let Some(name) = name else {
            let refused = |error_code| MetadataResponseTopic {
                name: None,
                is_internal: false,
                ..refused(error_code)
            };
            return match self.image.topics().by_id(asked.topic_id) {
                // Who may not see a topic does not learn its name.
                Some(topic) if !may_describe(&topic.name) => {
                    refused(ErrorCode::TOPIC_AUTHORIZATION_FAILED)
                }
                Some(topic) => self.topic(topic),
                None => refused(ErrorCode::UNKNOWN_TOPIC_ID),
            };
        };
        if !may_describe(name) {
            return refused(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        }
        match self.image.topics().by_name(name) {
            Some(topic) => self.topic(topic),
            None if check_topic_name(name).is_err() => refused(ErrorCode::INVALID_TOPIC_EXCEPTION),
            None => refused(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        }
    }

    fn topic(&self, topic: &'a TopicImage) -> MetadataResponseTopic<'a> {
        let partitions = topic.partitions.iter();
        MetadataResponseTopic {
            name: Some((&*topic.name).into()),
            topic_id: topic.id,
            is_internal: is_internal(&topic.name),
            partitions: partitions
                .map(|(index, partition)| self.partition(*index, partition))
                .collect(),
            ..MetadataResponseTopic::default()
        }
    }

    fn partition(
        &self,
        index: i32,
        partition: &PartitionRegistration,
    ) -> MetadataResponsePartition {
        let (replicas, isr) = (self.shown(&partition.replicas), self.shown(&partition.isr));
        let has_leader = self.is_reached(partition.leader);
        let is_filtered =
            replicas.len() < partition.replicas.len() || isr.len() < partition.isr.len();
        let error_code = if has_leader && is_filtered {
            ErrorCode::REPLICA_NOT_AVAILABLE
        } else if has_leader {
            ErrorCode::NONE
        } else if self.version >= FIRST_WITH_LISTENER_NOT_FOUND
            && self.image.cluster().is_alive(partition.leader)
        {
            ErrorCode::LISTENER_NOT_FOUND
        } else {
            ErrorCode::LEADER_NOT_AVAILABLE
        };
        MetadataResponsePartition {
            error_code,
            partition_index: index,
            leader_id: if has_leader {
                partition.leader
            } else {
                NO_LEADER
            },
            leader_epoch: partition.leader_epoch,
            replica_nodes: replicas,
            isr_nodes: isr,
            offline_replicas: self
                .image
                .cluster()
                .offline_replicas(partition, self.listener),
        }
    }

    /// Of these replicas those that this version is shown.
    fn shown(&self, replicas: &[i32]) -> Vec<i32> {
        let shows_all = self.version > 0;
        let shown = replicas.iter().copied();
        shown
            .filter(|id| shows_all || self.is_reached(*id))
            .collect()
    }

    /// Whether a broker is alive and has this listener.
    fn is_reached(&self, id: i32) -> bool {
        self.image.cluster().reached(id, self.listener).is_some()
    }
}
