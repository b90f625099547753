//! OffsetFetch: how far a group has read.
//!
//! One group at a time: a request of version 8 and up names several, which may be in several
//! partitions, and the caller puts the answers together.

use protocol::ErrorCode;
use protocol::generated::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use protocol::generated::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
};

use crate::coordinator::Coordinator;
use crate::names::GroupId;
use crate::replicated::ReplicatedState;
use crate::replicated::offsets::{CommittedOffset, OffsetKey};
use crate::response::{Caller, Effects, Response};

impl Coordinator {
    /// The committed offsets of a group; topics left out means all it has.
    #[must_use]
    pub fn fetch_offsets(
        &self,
        request: &OffsetFetchRequestGroup<'_>,
    ) -> OffsetFetchResponseGroup<'static> {
        self.fetch(&self.committed, request, false)
    }

    /// The same with `require_stable` (KIP-447): answered when all that was written before is
    /// committed, and UNSTABLE_OFFSET_COMMIT for offsets that an open transaction may move.
    pub fn fetch_stable_offsets(
        &mut self,
        caller: &Caller<'_>,
        request: &OffsetFetchRequestGroup<'_>,
    ) -> Effects {
        let response = self.fetch(&self.uncommitted, request, true);
        self.reply_when_committed(caller.waiter(), Response::FetchOffsets(response));
        self.take_effects()
    }

    fn fetch(
        &self,
        view: &ReplicatedState,
        request: &OffsetFetchRequestGroup<'_>,
        require_stable: bool,
    ) -> OffsetFetchResponseGroup<'static> {
        let group = GroupId::from(request.group_id.as_ref());
        let mut response = OffsetFetchResponseGroup {
            group_id: request.group_id.clone().into_owned().into(),
            ..OffsetFetchResponseGroup::default()
        };
        if let Err(error) = self.check_active() {
            response.error_code = error;
            return response;
        }
        let fetch = Fetch {
            view,
            group,
            require_stable,
        };
        response.topics = match &request.topics {
            Some(topics) => topics.iter().map(|topic| fetch.topic(topic)).collect(),
            None => fetch.all_topics(),
        };
        response
    }
}

struct Fetch<'a> {
    view: &'a ReplicatedState,
    group: GroupId,
    require_stable: bool,
}

impl Fetch<'_> {
    fn topic(&self, topic: &OffsetFetchRequestTopics<'_>) -> OffsetFetchResponseTopics<'static> {
        let name = topic.name.as_ref().into();
        let partitions = topic.partition_indexes.iter().map(|partition| {
            let key = OffsetKey {
                group: self.group.clone(),
                topic: Clone::clone(&name),
                partition: *partition,
            };
            let offset = self.view.offsets.committed(&key);
            // An offset of a topic that had the name before says nothing about this one.
            let is_of_topic = |offset: &&CommittedOffset| {
                offset.topic_id.is_zero()
                    || topic.topic_id.is_zero()
                    || offset.topic_id == topic.topic_id
            };
            self.partition(&key, offset.filter(is_of_topic))
        });
        OffsetFetchResponseTopics {
            name: topic.name.clone().into_owned().into(),
            topic_id: topic.topic_id,
            partitions: partitions.collect(),
        }
    }

    fn all_topics(&self) -> Vec<OffsetFetchResponseTopics<'static>> {
        let mut topics: Vec<OffsetFetchResponseTopics<'static>> = Vec::new();
        for (key, offset) in self.view.offsets.of_group(&self.group) {
            let partition = self.partition(key, Some(offset));
            match topics.last_mut() {
                Some(topic) if topic.name == key.topic.as_str() => topic.partitions.push(partition),
                _ => topics.push(OffsetFetchResponseTopics {
                    name: key.topic.as_str().to_owned().into(),
                    partitions: vec![partition],
                    ..OffsetFetchResponseTopics::default()
                }),
            }
        }
        topics
    }

    fn partition(
        &self,
        key: &OffsetKey,
        offset: Option<&CommittedOffset>,
    ) -> OffsetFetchResponsePartitions<'static> {
        let none = OffsetFetchResponsePartitions {
            partition_index: key.partition,
            committed_offset: -1,
            ..OffsetFetchResponsePartitions::default()
        };
        if self.require_stable && self.view.offsets.is_unstable(key) {
            return OffsetFetchResponsePartitions {
                error_code: ErrorCode::UNSTABLE_OFFSET_COMMIT,
                ..none
            };
        }
        match offset {
            None => none,
            Some(offset) => OffsetFetchResponsePartitions {
                committed_offset: offset.offset,
                committed_leader_epoch: offset.leader_epoch,
                metadata: Some(offset.metadata.clone().into()),
                ..none
            },
        }
    }
}
