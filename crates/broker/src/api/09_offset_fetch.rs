//! OffsetFetch (key 9), versions 1 to 10: how far groups have read.
//!
//! - Version 1 has no place for the error of a group: each of its partitions has it.
//! - From version 2 on null topics mean all that the group has committed.
//! - From version 7 on offsets that an open transaction may move can be waited for (KIP-447).
//! - Up to version 7 one group is asked for, from 8 on several are (KIP-709).
//! - Topics go by id from version 10 on (KIP-848). Of the topics that a group has committed, those
//!   that do not exist any more are left out then.
//! - What is asked for several times is answered once; Kafka answers it each time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coordinator::Response;
use metadata::image::MetadataImage;
use net::server::Handled;
use protocol::generated::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use protocol::generated::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use protocol::generated::{OffsetFetchRequest, OffsetFetchResponse};
use protocol::{ErrorCode, Uuid};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;

use super::coordinated::{Client, later};
use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};

const FIRST_WITH_GROUP_ERRORS: i16 = 2;
const FIRST_WITH_BATCHES: i16 = 8;
const FIRST_WITH_TOPIC_IDS: i16 = 10;
const NO_OFFSET: i64 = -1;

type Group = OffsetFetchResponseGroup<'static>;
type Topic = OffsetFetchResponseTopics<'static>;

/// One group of a request that its coordinator was asked about.
struct Asked {
    request: OffsetFetchRequestGroup<'static>,
    coming: Coming,
    /// Topics that are answered without the coordinator.
    refused: Vec<Topic>,
}

/// The answer about a group.
enum Coming {
    Known(Group),
    Committed(oneshot::Receiver<Group>),
    Stable(oneshot::Receiver<Response>),
}

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: OffsetFetchRequest<'_> = call.decode()?;
    let version = call.context.api_version;
    let groups = each_once(groups(&request, version));
    let asked = groups
        .into_iter()
        .map(|group| ask(&broker, &call, group, request.require_stable));
    let asked: Vec<Asked> = asked.collect();
    let (context, throttle_time_ms) = (call.context.clone(), call.throttle_time_ms());
    Ok(later(context.clone(), call.throttle, async move {
        let mut groups = Vec::new();
        for asked in asked {
            let mut group = asked.coming.get().await?;
            if group.error_code != ErrorCode::NONE {
                group = error_of_group(&asked.request, group.error_code, version);
            } else if asked.request.topics.is_none() {
                let may_describe = |name: &str| {
                    broker.authorise(&context, Operation::Describe, Resource::Topic(name))
                };
                group.topics.retain(|topic| may_describe(&topic.name));
                if version >= FIRST_WITH_TOPIC_IDS {
                    name_ids(&mut group.topics, &broker.metadata.current().image);
                }
            }
            if group.error_code == ErrorCode::NONE {
                group.topics.extend(asked.refused);
            }
            groups.push(group);
        }
        Ok(response(groups, version, throttle_time_ms))
    }))
}

/// The groups of a request, in the form of the latest version.
fn groups(request: &OffsetFetchRequest<'_>, version: i16) -> Vec<OffsetFetchRequestGroup<'static>> {
    if version >= FIRST_WITH_BATCHES {
        return request.groups.iter().map(to_owned).collect();
    }
    let topics = request.topics.as_ref().map(|topics| {
        let topics = topics.iter().map(|topic| OffsetFetchRequestTopics {
            name: topic.name.clone().into_owned().into(),
            partition_indexes: topic.partition_indexes.clone(),
            ..OffsetFetchRequestTopics::default()
        });
        topics.collect()
    });
    vec![OffsetFetchRequestGroup {
        group_id: request.group_id.clone().into_owned().into(),
        topics,
        ..OffsetFetchRequestGroup::default()
    }]
}

/// Leaves out what has been asked for before: an answer that grew with every mention could be of
/// any size.
fn each_once(
    mut groups: Vec<OffsetFetchRequestGroup<'static>>,
) -> Vec<OffsetFetchRequestGroup<'static>> {
    let mut whole = BTreeSet::new();
    let mut seen = BTreeMap::<_, BTreeSet<i32>>::new();
    groups.retain_mut(|group| {
        let Some(topics) = &mut group.topics else {
            return whole.insert(group.group_id.clone());
        };
        for topic in topics {
            let key = (group.group_id.clone(), topic.name.clone(), topic.topic_id);
            let seen = seen.entry(key).or_default();
            topic.partition_indexes.retain(|index| seen.insert(*index));
        }
        true
    });
    groups
}

/// Asks the coordinator of a group for what the client may see.
fn ask(
    broker: &Broker,
    call: &Call,
    mut group: OffsetFetchRequestGroup<'static>,
    require_stable: bool,
) -> Asked {
    let context = &call.context;
    if !broker.authorise(
        context,
        Operation::Describe,
        Resource::Group(&group.group_id),
    ) {
        return Asked {
            coming: Coming::Known(Group {
                group_id: group.group_id.clone(),
                error_code: ErrorCode::GROUP_AUTHORIZATION_FAILED,
                ..Group::default()
            }),
            request: group,
            refused: Vec::new(),
        };
    }
    let may_describe =
        |name: &str| broker.authorise(context, Operation::Describe, Resource::Topic(name));
    let published = broker.metadata.current();
    let refused = take_refused(
        &mut group,
        &published.image,
        context.api_version,
        may_describe,
    );
    let partition = broker.groups.partition_for(&group.group_id);
    let asked = group.clone();
    let coming = if require_stable {
        let client = Client::of(context);
        Coming::Stable(broker.groups.ask(partition, move |coordinator, _, waiter| {
            coordinator.fetch_stable_offsets(&client.caller(waiter), &asked)
        }))
    } else {
        Coming::Committed(broker.groups.look(partition, move |coordinator| {
            coordinator.fetch_offsets(&asked)
        }))
    };
    Asked {
        request: group,
        coming,
        refused,
    }
}

/// Gives topics their names, and takes those out that are not known or not to be seen.
fn take_refused(
    group: &mut OffsetFetchRequestGroup<'static>,
    image: &MetadataImage,
    version: i16,
    may_describe: impl Fn(&str) -> bool,
) -> Vec<Topic> {
    let mut refused = Vec::new();
    let Some(topics) = &mut group.topics else {
        return refused;
    };
    topics.retain_mut(|topic| {
        if version >= FIRST_WITH_TOPIC_IDS {
            match image.topics().by_id(topic.topic_id) {
                Some(known) => topic.name = known.name.to_string().into(),
                None => {
                    refused.push(error_of_topic(topic, ErrorCode::UNKNOWN_TOPIC_ID));
                    return false;
                }
            }
        }
        let may_describe = may_describe(&topic.name);
        if !may_describe {
            refused.push(error_of_topic(topic, ErrorCode::TOPIC_AUTHORIZATION_FAILED));
        }
        may_describe
    });
    refused
}

/// Gives topics the ids that their names have now, and leaves those out that have none.
fn name_ids(topics: &mut Vec<Topic>, image: &MetadataImage) {
    topics.retain_mut(|topic| {
        let known = image.topics().by_name(&topic.name);
        topic.topic_id = known.map_or(Uuid::ZERO, |known| known.id);
        known.is_some()
    });
}

fn error_of_group(
    group: &OffsetFetchRequestGroup<'static>,
    error_code: ErrorCode,
    version: i16,
) -> Group {
    let group_id = group.group_id.clone();
    if version >= FIRST_WITH_GROUP_ERRORS {
        return Group {
            group_id,
            error_code,
            ..Group::default()
        };
    }
    let topics = group.topics.iter().flatten();
    Group {
        group_id,
        topics: topics
            .map(|topic| error_of_topic(topic, error_code))
            .collect(),
        ..Group::default()
    }
}

fn error_of_topic(topic: &OffsetFetchRequestTopics<'static>, error_code: ErrorCode) -> Topic {
    let partitions = topic.partition_indexes.iter();
    Topic {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: partitions
            .map(|index| OffsetFetchResponsePartitions {
                partition_index: *index,
                committed_offset: NO_OFFSET,
                metadata: Some("".into()),
                error_code,
                ..OffsetFetchResponsePartitions::default()
            })
            .collect(),
    }
}

/// The answer in the form of its version.
fn response(
    mut groups: Vec<Group>,
    version: i16,
    throttle_time_ms: i32,
) -> OffsetFetchResponse<'static> {
    if version >= FIRST_WITH_BATCHES {
        return OffsetFetchResponse {
            throttle_time_ms,
            groups,
            ..OffsetFetchResponse::default()
        };
    }
    let group = groups.pop().unwrap_or_default();
    let topics = group
        .topics
        .into_iter()
        .map(|topic| OffsetFetchResponseTopic {
            name: topic.name,
            partitions: topic.partitions.into_iter().map(to_older).collect(),
        });
    OffsetFetchResponse {
        throttle_time_ms,
        topics: topics.collect(),
        error_code: group.error_code,
        groups: Vec::new(),
    }
}

fn to_older(
    partition: OffsetFetchResponsePartitions<'static>,
) -> OffsetFetchResponsePartition<'static> {
    OffsetFetchResponsePartition {
        partition_index: partition.partition_index,
        committed_offset: partition.committed_offset,
        committed_leader_epoch: partition.committed_leader_epoch,
        metadata: partition.metadata,
        error_code: partition.error_code,
    }
}

fn to_owned(group: &OffsetFetchRequestGroup<'_>) -> OffsetFetchRequestGroup<'static> {
    let topics = group.topics.as_ref().map(|topics| {
        let topics = topics.iter().map(|topic| OffsetFetchRequestTopics {
            name: topic.name.clone().into_owned().into(),
            topic_id: topic.topic_id,
            partition_indexes: topic.partition_indexes.clone(),
        });
        topics.collect()
    });
    OffsetFetchRequestGroup {
        group_id: group.group_id.clone().into_owned().into(),
        member_id: group.member_id.clone().map(|id| id.into_owned().into()),
        member_epoch: group.member_epoch,
        topics,
    }
}

impl Coming {
    async fn get(self) -> Result<Group, RecvError> {
        match self {
            Self::Known(group) => Ok(group),
            Self::Committed(group) => group.await,
            Self::Stable(response) => match response.await? {
                Response::FetchOffsets(group) => Ok(group),
                _ => unreachable!("a fetch of offsets is answered with offsets"),
            },
        }
    }
}
