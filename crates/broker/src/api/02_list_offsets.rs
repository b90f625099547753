//! ListOffsets (key 2), versions 1 to 11: offsets by timestamp, and those that have a name.
//!
//! - Timestamps below 0 are names: -1 latest and -2 earliest from version 1 on, -3 the largest
//!   timestamp from 7 (KIP-734), -4 earliest local from 8 (KIP-405), -5 latest tiered from 9
//!   (KIP-1005), -6 earliest pending upload from 11 (KIP-1023). A name that the version lacks is
//!   UNSUPPORTED_VERSION.
//! - Consumers see up to the high watermark, or from version 2 on up to the last stable offset if
//!   they read committed records; replicas (and the debugging replica -2) see the whole log.
//! - An isolation level that does not exist is UNKNOWN_SERVER_ERROR for all partitions.
//! - Version 4: leader epochs are checked and answered (KIP-320). Versions up to 4 know no
//!   OFFSET_NOT_AVAILABLE and are told LEADER_NOT_AVAILABLE.
//! - A partition that is named twice is INVALID_REQUEST, once; topics without partitions are left
//!   out of the answer.
//! - The timeout of version 10 is for remote look-ups, of which there are none yet.
//!
//! Missing: tiered storage: no topic is tiered, which is what -5 and -6 answer.

#[cfg(test)]
#[path = "02_list_offsets/tests.rs"]
mod tests;

use crate::broker::Broker;
use crate::partitions::{FoundOffset, OffsetLookup, OffsetQuery};
use crate::requests::{Call, Operation, Resource, Unanswerable};
use metadata::image::MetadataImage;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use protocol::generated::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use protocol::generated::{ListOffsetsRequest, ListOffsetsResponse};
use protocol::ids::LeaderEpoch;
use replica::Isolation;
use std::collections::BTreeSet;
use std::sync::Arc;
use storage::directories::TopicIdPartition;

const FIRST_WITH_EPOCHS: i16 = 4;
const FIRST_WITH_NOT_AVAILABLE: i16 = 5;
const CONSUMER: i32 = -1;
const READ_UNCOMMITTED: i8 = 0;
const READ_COMMITTED: i8 = 1;

/// What all partitions of a request have in common.
struct Lookups<'a> {
    broker: &'a Broker,
    call: &'a Call,
    image: &'a MetadataImage,
    isolation: Option<Isolation>,
    /// Those named more than once.
    duplicates: BTreeSet<(&'a str, i32)>,
}

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: ListOffsetsRequest<'_> = call.decode()?;
    let published = broker.metadata.current();
    let lookups = Lookups {
        broker: &broker,
        call: &call,
        image: &published.image,
        isolation: match (request.replica_id, request.isolation_level) {
            (CONSUMER, READ_COMMITTED) => Some(Isolation::ReadCommitted),
            (CONSUMER, _) => Some(Isolation::ReadUncommitted),
            _ => None,
        },
        duplicates: duplicates_of(&request.topics),
    };
    let is_known = matches!(request.isolation_level, READ_UNCOMMITTED | READ_COMMITTED);
    if !is_known
        && request
            .topics
            .iter()
            .any(|topic| lookups.may_describe(topic))
    {
        return lookups.failed(&request.topics, ErrorCode::UNKNOWN_SERVER_ERROR);
    }
    let mut topics = Vec::with_capacity(request.topics.len());
    let mut seen = BTreeSet::new();
    for topic in &request.topics {
        let answered = lookups.topic(topic, &mut seen).await;
        topics.extend(Some(answered).filter(|answered| !answered.partitions.is_empty()));
    }
    call.answer(&ListOffsetsResponse {
        throttle_time_ms: call.throttle_time_ms(),
        topics,
    })
}

fn duplicates_of<'a>(topics: &'a [ListOffsetsTopic<'_>]) -> BTreeSet<(&'a str, i32)> {
    let (mut seen, mut duplicates) = (BTreeSet::new(), BTreeSet::new());
    for topic in topics {
        for partition in &topic.partitions {
            let named = (&*topic.name, partition.partition_index);
            if !seen.insert(named) {
                duplicates.insert(named);
            }
        }
    }
    duplicates
}

/// The first version in which a timestamp can be asked for.
const fn first_version_with(query: OffsetQuery) -> i16 {
    match query {
        OffsetQuery::Timestamp(_) | OffsetQuery::Latest | OffsetQuery::Earliest => 1,
        OffsetQuery::MaxTimestamp => 7,
        OffsetQuery::EarliestLocal => 8,
        OffsetQuery::LatestTiered => 9,
        OffsetQuery::EarliestPendingUpload => 11,
    }
}

impl Lookups<'_> {
    /// Those `seen` before are answered already.
    async fn topic<'m>(
        &self,
        asked: &'m ListOffsetsTopic<'_>,
        seen: &mut BTreeSet<(&'m str, i32)>,
    ) -> ListOffsetsTopicResponse<'m> {
        let may_describe = self.may_describe(asked);
        let mut partitions = Vec::with_capacity(asked.partitions.len());
        for partition in &asked.partitions {
            if !seen.insert((&*asked.name, partition.partition_index)) {
                continue;
            }
            let found = if may_describe {
                self.find(&asked.name, partition).await
            } else {
                Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED)
            };
            partitions.push(self.response(partition.partition_index, found));
        }
        ListOffsetsTopicResponse {
            name: (&*asked.name).into(),
            partitions,
        }
    }

    fn may_describe(&self, asked: &ListOffsetsTopic<'_>) -> bool {
        let resource = Resource::Topic(&asked.name);
        let context = &self.call.context;
        self.broker
            .authorise(context, Operation::Describe, resource)
    }

    /// Answers a request that fails as a whole, for each partition that it names.
    fn failed(
        &self,
        topics: &[ListOffsetsTopic<'_>],
        error: ErrorCode,
    ) -> Result<Handled, Unanswerable> {
        let topics = topics.iter().map(|topic| {
            let partitions = topic.partitions.iter();
            ListOffsetsTopicResponse {
                name: (&*topic.name).into(),
                partitions: partitions
                    .map(|asked| self.response(asked.partition_index, Err(error)))
                    .collect(),
            }
        });
        self.call.answer(&ListOffsetsResponse {
            throttle_time_ms: self.call.throttle_time_ms(),
            topics: topics.collect(),
        })
    }

    async fn find(
        &self,
        topic: &str,
        asked: &ListOffsetsPartition,
    ) -> Result<Option<FoundOffset>, ErrorCode> {
        let version = self.call.context.api_version;
        if self.duplicates.contains(&(topic, asked.partition_index)) {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        let query = OffsetQuery::of_timestamp(asked.timestamp)
            .filter(|query| version >= first_version_with(*query))
            .ok_or(ErrorCode::UNSUPPORTED_VERSION)?;
        let topic = self.image.topics().by_name(topic);
        let topic = topic.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
        let partition = self.broker.partitions.find(TopicIdPartition {
            topic_id: topic.id,
            partition: asked.partition_index,
        })?;
        let lookup = OffsetLookup {
            query,
            isolation: self.isolation,
            current_leader_epoch: (asked.current_leader_epoch >= 0)
                .then_some(LeaderEpoch(asked.current_leader_epoch)),
        };
        partition.look_up_offset(&lookup).await
    }

    fn response(
        &self,
        partition_index: i32,
        found: Result<Option<FoundOffset>, ErrorCode>,
    ) -> ListOffsetsPartitionResponse {
        let version = self.call.context.api_version;
        let nothing = ListOffsetsPartitionResponse {
            partition_index,
            ..ListOffsetsPartitionResponse::default()
        };
        match found {
            Ok(None) => nothing,
            Ok(Some(found)) => ListOffsetsPartitionResponse {
                timestamp: found.timestamp.unwrap_or(nothing.timestamp),
                offset: found.offset.0,
                leader_epoch: found
                    .leader_epoch
                    .filter(|_| version >= FIRST_WITH_EPOCHS)
                    .map_or(nothing.leader_epoch, |epoch| epoch.0),
                ..nothing
            },
            Err(error) => ListOffsetsPartitionResponse {
                error_code: match error {
                    ErrorCode::OFFSET_NOT_AVAILABLE if version < FIRST_WITH_NOT_AVAILABLE => {
                        ErrorCode::LEADER_NOT_AVAILABLE
                    }
                    error => error,
                },
                ..nothing
            },
        }
    }
}
