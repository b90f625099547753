//! OffsetCommit: a member of the generation, or a consumer without a group's protocol, says how far
//! it has read.

use protocol::ErrorCode;
use protocol::Uuid;
use protocol::generated::group::OffsetCommitValue;
use protocol::generated::offset_commit_request::{
    OffsetCommitRequest, OffsetCommitRequestPartition,
};
use protocol::generated::offset_commit_response::{
    OffsetCommitResponse, OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use protocol::time::Now;
use protocol::wire::EncodeError;

use crate::append::Continuation;
use crate::coordinator::Coordinator;
use crate::group::ClassicGroup;
use crate::group::state::GroupState;
use crate::names::GroupId;
use crate::record::Record;
use crate::replicated::offsets::OffsetKey;
use crate::response::{Caller, Effects, Response};

impl Coordinator {
    /// Commits offsets. The caller has resolved topic ids to names (version 10) or filled in the
    /// ids of names, and has left out partitions that do not exist.
    pub fn commit_offsets(
        &mut self,
        now: Now,
        caller: &Caller<'_>,
        request: &OffsetCommitRequest<'_>,
    ) -> Effects {
        let id = GroupId::from(request.group_id.as_ref());
        let checked = self.check_commit(&id, caller.api_version, request);
        let mut response = self.commit_response(request);
        if let Err(error) = checked {
            self.reply_when_committed(
                caller.waiter(),
                Response::CommitOffsets(response).failed(error),
            );
            return self.take_effects();
        }
        let records = self.commit_records(now, &id, request);
        if !self.groups.contains_key(&id) {
            let group = ClassicGroup::new(Some(now.wall_ms));
            self.groups.insert(id.clone(), group);
        }
        self.restart_session_of_committer(now, &id, &request.member_id);
        let parked = vec![(
            caller.waiter(),
            Response::CommitOffsets(std::mem::take(&mut response)),
        )];
        if records.as_ref().is_ok_and(Vec::is_empty) {
            for (waiter, response) in parked {
                self.reply_when_committed(waiter, response);
            }
        } else {
            self.append(now, vec![id], records, Continuation::Nothing, parked);
        }
        self.take_effects()
    }

    fn restart_session_of_committer(&mut self, now: Now, id: &GroupId, member_id: &str) {
        let state = self.groups.get(id).map(ClassicGroup::state);
        if let Some(GroupState::Stable | GroupState::PreparingRebalance) = state {
            self.restart_session(now, id, &member_id.into());
        }
    }

    fn check_commit(
        &self,
        id: &GroupId,
        api_version: i16,
        request: &OffsetCommitRequest<'_>,
    ) -> Result<(), ErrorCode> {
        self.check_active()?;
        let generation = request.generation_id_or_member_epoch;
        if let Some(group) = self.groups.get(id) {
            return group.check_commit(
                &request.member_id,
                request.group_instance_id.as_deref(),
                generation,
            );
        }
        let is_other_kind = self.uncommitted.is_other_kind(id.as_str());
        if generation < 0 && !is_other_kind {
            Ok(())
        } else if api_version >= 9 {
            Err(ErrorCode::GROUP_ID_NOT_FOUND)
        } else {
            Err(ErrorCode::ILLEGAL_GENERATION)
        }
    }

    fn commit_records(
        &self,
        now: Now,
        id: &GroupId,
        request: &OffsetCommitRequest<'_>,
    ) -> Result<Vec<Record>, EncodeError> {
        let expire_timestamp = match request.retention_time_ms {
            -1 => -1,
            retention_ms => now.wall_ms.saturating_add(retention_ms),
        };
        let mut records = Vec::new();
        for topic in &request.topics {
            let name = topic.name.as_ref().into();
            for partition in &topic.partitions {
                if self.is_metadata_too_large(partition) {
                    continue;
                }
                let key = OffsetKey {
                    group: id.clone(),
                    topic: Clone::clone(&name),
                    partition: partition.partition_index,
                };
                let value = to_record(now, partition, topic.topic_id, expire_timestamp);
                records.push(Record::offset_commit(&key, value)?);
            }
        }
        Ok(records)
    }

    fn commit_response(&self, request: &OffsetCommitRequest<'_>) -> OffsetCommitResponse<'static> {
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|partition| {
                let error_code = match self.is_metadata_too_large(partition) {
                    true => ErrorCode::OFFSET_METADATA_TOO_LARGE,
                    false => ErrorCode::NONE,
                };
                OffsetCommitResponsePartition {
                    partition_index: partition.partition_index,
                    error_code,
                }
            });
            OffsetCommitResponseTopic {
                name: topic.name.clone().into_owned().into(),
                topic_id: topic.topic_id,
                partitions: partitions.collect(),
            }
        });
        OffsetCommitResponse {
            topics: topics.collect(),
            ..OffsetCommitResponse::default()
        }
    }

    /// Java counts the UTF-16 units of a string.
    fn is_metadata_too_large(&self, partition: &OffsetCommitRequestPartition<'_>) -> bool {
        let metadata = partition.committed_metadata.as_deref().unwrap_or("");
        metadata.encode_utf16().count() > self.config.offset_metadata_size_max
    }
}

impl ClassicGroup {
    /// Whether somebody may commit: a member of this generation, or anybody without a generation
    /// while the group is empty. Members that wait for their assignment do not own anything yet.
    fn check_commit(
        &self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Result<(), ErrorCode> {
        if generation < 0 && self.state() == GroupState::Empty {
            return Ok(());
        }
        if generation < 0 && member_id.is_empty() && instance_id.is_none() {
            return Err(ErrorCode::UNKNOWN_MEMBER_ID);
        }
        self.validate_member(member_id, instance_id)?;
        if generation != self.generation() {
            return Err(ErrorCode::ILLEGAL_GENERATION);
        }
        match self.state() {
            GroupState::CompletingRebalance => Err(ErrorCode::REBALANCE_IN_PROGRESS),
            _ => Ok(()),
        }
    }
}

fn to_record(
    now: Now,
    partition: &OffsetCommitRequestPartition<'_>,
    topic_id: Uuid,
    expire_timestamp: i64,
) -> OffsetCommitValue {
    OffsetCommitValue {
        offset: partition.committed_offset,
        leader_epoch: partition.committed_leader_epoch,
        metadata: partition
            .committed_metadata
            .as_deref()
            .unwrap_or("")
            .to_owned(),
        commit_timestamp: now.wall_ms,
        expire_timestamp,
        topic_id,
    }
}
