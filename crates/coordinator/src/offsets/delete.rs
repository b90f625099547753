//! OffsetDelete (KIP-496), and the offsets of topics that were deleted.

use protocol::generated::offset_delete_request::{OffsetDeleteRequest, OffsetDeleteRequestTopic};
use protocol::generated::offset_delete_response::{
    OffsetDeleteResponse, OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use protocol::time::Now;
use protocol::wire::EncodeError;
use protocol::{ErrorCode, Uuid};

use crate::append::Continuation;
use crate::coordinator::Coordinator;
use crate::group::state::GroupState;
use crate::names::{GroupId, TopicName};
use crate::record::Record;
use crate::replicated::offsets::OffsetKey;
use crate::response::{Caller, Effects, Response};

/// A topic that is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DeletedTopic {
    pub name: TopicName,
    pub id: Uuid,
}

impl Coordinator {
    /// Deletes committed offsets of topics that the group does not consume.
    pub fn delete_offsets(
        &mut self,
        now: Now,
        caller: &Caller<'_>,
        request: &OffsetDeleteRequest<'_>,
    ) -> Effects {
        let id = GroupId::from(request.group_id.as_ref());
        let mut response = OffsetDeleteResponse::default();
        let mut keys = Vec::new();
        match self.check_delete_offsets(&id) {
            Err(error) => response.error_code = error,
            Ok(()) => {
                for topic in &request.topics {
                    let deleted = self.delete_offsets_of_topic(&id, topic, &mut keys);
                    response.topics.push(deleted);
                }
            }
        }
        let parked = vec![(caller.waiter(), Response::DeleteOffsets(response))];
        self.append_offset_tombstones(now, keys, parked);
        self.take_effects()
    }

    /// Deletes what groups committed for topics that were deleted, so that a topic that takes the
    /// name later starts without them. Offsets of another topic of that name stay.
    pub fn on_topics_deleted(&mut self, now: Now, topics: &[DeletedTopic]) -> Effects {
        if self.check_active().is_ok() {
            let offsets = self.uncommitted.offsets.all().filter(|(key, offset)| {
                topics.iter().any(|topic| {
                    topic.name == key.topic
                        && (offset.topic_id.is_zero() || offset.topic_id == topic.id)
                })
            });
            let mut keys: Vec<OffsetKey> = offsets.map(|(key, _)| key.clone()).collect();
            keys.sort();
            keys.dedup();
            self.append_offset_tombstones(now, keys, Vec::new());
        }
        self.take_effects()
    }

    fn append_offset_tombstones(
        &mut self,
        now: Now,
        keys: Vec<OffsetKey>,
        parked: Vec<(crate::response::Waiter, Response)>,
    ) {
        if keys.is_empty() {
            for (waiter, response) in parked {
                self.reply_when_committed(waiter, response);
            }
            return;
        }
        let records: Result<Vec<Record>, EncodeError> =
            keys.iter().map(Record::offset_tombstone).collect();
        let mut groups: Vec<GroupId> = keys.into_iter().map(|key| key.group).collect();
        groups.dedup();
        self.append(now, groups, records, Continuation::Nothing, parked);
    }

    fn delete_offsets_of_topic(
        &self,
        id: &GroupId,
        topic: &OffsetDeleteRequestTopic<'_>,
        keys: &mut Vec<OffsetKey>,
    ) -> OffsetDeleteResponseTopic<'static> {
        let group = self.groups.get(id);
        let is_subscribed = group.is_some_and(|group| group.is_subscribed(&topic.name));
        let offsets = &self.uncommitted.offsets;
        let mut partitions = Vec::new();
        for partition in &topic.partitions {
            let key = OffsetKey {
                group: id.clone(),
                topic: topic.name.as_ref().into(),
                partition: partition.partition_index,
            };
            let error_code = match is_subscribed {
                true => ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC,
                false => ErrorCode::NONE,
            };
            let is_there = offsets.committed(&key).is_some() || offsets.is_unstable(&key);
            if !is_subscribed && is_there {
                keys.push(key);
            }
            partitions.push(OffsetDeleteResponsePartition {
                partition_index: partition.partition_index,
                error_code,
            });
        }
        OffsetDeleteResponseTopic {
            name: topic.name.clone().into_owned().into(),
            partitions,
        }
    }

    /// A group that assigns by a protocol of its own may consume anything while it has members.
    fn check_delete_offsets(&self, id: &GroupId) -> Result<(), ErrorCode> {
        if id.as_str().is_empty() {
            return Err(ErrorCode::INVALID_GROUP_ID);
        }
        self.check_active()?;
        let group = self.groups.get(id).ok_or(ErrorCode::GROUP_ID_NOT_FOUND)?;
        match group.state() == GroupState::Empty || group.is_consumer_group() {
            true => Ok(()),
            false => Err(ErrorCode::NON_EMPTY_GROUP),
        }
    }
}
