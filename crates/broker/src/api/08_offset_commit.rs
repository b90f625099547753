//! OffsetCommit (key 8), versions 2 to 10: a group says how far it has read.
//!
//! - Topics go by id from version 10 on (KIP-848); one that is not known is UNKNOWN_TOPIC_ID.
//! - Partitions that do not exist are UNKNOWN_TOPIC_OR_PARTITION, topics that the client may not
//!   read TOPIC_AUTHORIZATION_FAILED; the others are committed nevertheless.
//! - Versions 2 to 4 may name a retention of their own.
//! - Topics are answered in the order of their ids and names, each once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use coordinator::Response;
use metadata::image::TopicsImage;
use net::server::Handled;
use protocol::generated::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use protocol::generated::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use protocol::generated::{OffsetCommitRequest, OffsetCommitResponse};
use protocol::{ErrorCode, Uuid};

use super::coordinated::{Client, later};
use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};

const FIRST_WITH_TOPIC_IDS: i16 = 10;

/// What became of the partitions of a topic, by its id and name.
#[derive(Debug, Default)]
struct Outcomes(BTreeMap<(Uuid, Cow<'static, str>), Vec<OffsetCommitResponsePartition>>);

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: OffsetCommitRequest<'_> = call.decode()?;
    let group_id = request.group_id.as_ref();
    let throttle_time_ms = call.throttle_time_ms();
    let mut outcomes = Outcomes::default();
    if !broker.authorise(&call.context, Operation::Read, Resource::Group(group_id)) {
        for topic in &request.topics {
            outcomes.refuse(topic, &topic.name, ErrorCode::GROUP_AUTHORIZATION_FAILED);
        }
        return call.answer(&outcomes.into_response(throttle_time_ms));
    }
    let published = broker.metadata.current();
    let topics = published.image.topics();
    let may_read =
        |name: &str| broker.authorise(&call.context, Operation::Read, Resource::Topic(name));
    let mut accepted = to_owned_without_topics(&request);
    for topic in &request.topics {
        match resolve(topics, topic, call.context.api_version, may_read) {
            Ok((name, id)) => accepted
                .topics
                .extend(outcomes.check_partitions(topics, topic, name, id)),
            Err((name, error)) => outcomes.refuse(topic, name, error),
        }
    }
    if accepted.topics.is_empty() {
        return call.answer(&outcomes.into_response(throttle_time_ms));
    }
    let client = Client::of(&call.context);
    let partition = broker.groups.partition_for(group_id);
    let response = broker
        .groups
        .ask(partition, move |coordinator, now, waiter| {
            coordinator.commit_offsets(now, &client.caller(waiter), &accepted)
        });
    Ok(later(call.context.clone(), call.throttle, async move {
        let Response::CommitOffsets(response) = response.await? else {
            unreachable!("a commit is answered with a commit");
        };
        for topic in response.topics {
            let partitions = outcomes.0.entry((topic.topic_id, topic.name)).or_default();
            partitions.extend(topic.partitions);
        }
        Ok(outcomes.into_response(throttle_time_ms))
    }))
}

/// Name and id of a topic that may be committed to, or the name as far as it is known, and why not.
fn resolve<'a>(
    topics: &'a TopicsImage,
    topic: &'a OffsetCommitRequestTopic<'_>,
    api_version: i16,
    may_read: impl Fn(&str) -> bool,
) -> Result<(&'a str, Uuid), (&'a str, ErrorCode)> {
    let (name, known) = if api_version >= FIRST_WITH_TOPIC_IDS {
        let known = topics.by_id(topic.topic_id);
        let known = known.ok_or(("", ErrorCode::UNKNOWN_TOPIC_ID))?;
        (&*known.name, Some(known))
    } else {
        (topic.name.as_ref(), topics.by_name(&topic.name))
    };
    if !may_read(name) {
        return Err((name, ErrorCode::TOPIC_AUTHORIZATION_FAILED));
    }
    let known = known.ok_or((name, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION))?;
    Ok((name, known.id))
}

impl Outcomes {
    fn refuse(&mut self, topic: &OffsetCommitRequestTopic<'_>, name: &str, error: ErrorCode) {
        let key = (topic.topic_id, name.to_owned().into());
        let partitions = topic.partitions.iter().map(|it| outcome(it, error));
        self.0.entry(key).or_default().extend(partitions);
    }

    /// The topic with those of its partitions that exist, if any does.
    fn check_partitions(
        &mut self,
        topics: &TopicsImage,
        topic: &OffsetCommitRequestTopic<'_>,
        name: &str,
        topic_id: Uuid,
    ) -> Option<OffsetCommitRequestTopic<'static>> {
        let mut partitions = Vec::new();
        for partition in &topic.partitions {
            if topics
                .partition(topic_id, partition.partition_index)
                .is_some()
            {
                partitions.push(to_owned(partition));
            } else {
                let key = (topic_id, name.to_owned().into());
                let unknown = outcome(partition, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
                self.0.entry(key).or_default().push(unknown);
            }
        }
        (!partitions.is_empty()).then(|| OffsetCommitRequestTopic {
            name: name.to_owned().into(),
            topic_id,
            partitions,
        })
    }

    fn into_response(self, throttle_time_ms: i32) -> OffsetCommitResponse<'static> {
        let topics = self.0.into_iter();
        let topics = topics.map(|((topic_id, name), partitions)| OffsetCommitResponseTopic {
            name,
            topic_id,
            partitions,
        });
        OffsetCommitResponse {
            throttle_time_ms,
            topics: topics.collect(),
        }
    }
}

const fn outcome(
    partition: &OffsetCommitRequestPartition<'_>,
    error_code: ErrorCode,
) -> OffsetCommitResponsePartition {
    OffsetCommitResponsePartition {
        partition_index: partition.partition_index,
        error_code,
    }
}

fn to_owned_without_topics(request: &OffsetCommitRequest<'_>) -> OffsetCommitRequest<'static> {
    OffsetCommitRequest {
        group_id: request.group_id.clone().into_owned().into(),
        generation_id_or_member_epoch: request.generation_id_or_member_epoch,
        member_id: request.member_id.clone().into_owned().into(),
        group_instance_id: owned(request.group_instance_id.as_ref()),
        retention_time_ms: request.retention_time_ms,
        topics: Vec::new(),
    }
}

fn to_owned(partition: &OffsetCommitRequestPartition<'_>) -> OffsetCommitRequestPartition<'static> {
    OffsetCommitRequestPartition {
        partition_index: partition.partition_index,
        committed_offset: partition.committed_offset,
        committed_leader_epoch: partition.committed_leader_epoch,
        committed_metadata: owned(partition.committed_metadata.as_ref()),
    }
}

fn owned(text: Option<&Cow<'_, str>>) -> Option<Cow<'static, str>> {
    text.map(|text| Cow::Owned(text.clone().into_owned()))
}
