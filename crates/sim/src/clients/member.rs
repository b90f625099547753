//! A member of a classic group: joins, assigns if it leads, commits, and sometimes leaves, vanishes
//! or stands still for longer than its session.

use super::Surroundings;
use super::connection::ClientConnection;
use crate::chance::between;
use crate::checker::{Commit, CommitKey, PartitionId};
use crate::clients::auditor;
use broker::chance::Chance;
use protocol::ErrorCode;
use protocol::generated::join_group_request::JoinGroupRequestProtocol;
use protocol::generated::leave_group_request::MemberIdentity;
use protocol::generated::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use protocol::generated::sync_group_request::SyncGroupRequestAssignment;
use protocol::generated::{
    HeartbeatRequest, JoinGroupRequest, LeaveGroupRequest, OffsetCommitRequest, SyncGroupRequest,
};
use std::collections::BTreeMap;

/// The topic that groups consume.
pub(crate) const TOPIC: &str = "steady";
const SESSION_TIMEOUT_MS: i32 = 2_000;
const REBALANCE_TIMEOUT_MS: i32 = 3_000;

/// A member in one life of the node.
pub(crate) struct Member {
    surroundings: Surroundings,
    chance: Chance,
    name: String,
    group: String,
    instance: Option<String>,
    id: String,
    generation: i32,
    connection: ClientConnection,
}

/// Why a member does not go on as one.
enum Gone {
    /// It joins again as who it is.
    Rebalance,
    /// It joins again as somebody new.
    Forgotten,
}

impl Member {
    /// A member; `number` 0 is a static one.
    pub(crate) fn new(surroundings: &Surroundings, group: &str, number: u32) -> Self {
        let name = member_name(group, number);
        Self {
            surroundings: surroundings.clone(),
            chance: surroundings.chance(&name),
            connection: ClientConnection::new(surroundings, &name),
            group: group.to_owned(),
            instance: (number == 0).then(|| format!("{name}-instance")),
            name,
            id: String::new(),
            generation: -1,
        }
    }

    pub(crate) async fn run(mut self) {
        loop {
            let pause_ms = between(&self.chance, 50, 400);
            self.surroundings.sleep_ms(pause_ms).await;
            let gone = match self.join().await {
                Ok(Some(assignment)) => self.take_part(&assignment).await,
                Ok(None) => Gone::Rebalance,
                Err(error) => after(error),
            };
            if matches!(gone, Gone::Forgotten) {
                self.id.clear();
            }
        }
    }

    /// Joins and gets an assignment; none if there was no answer.
    async fn join(&mut self) -> Result<Option<Vec<PartitionId>>, ErrorCode> {
        let (id, instance, group) = (self.id.clone(), self.instance.clone(), self.group.clone());
        let request = JoinGroupRequest {
            group_id: group.as_str().into(),
            session_timeout_ms: SESSION_TIMEOUT_MS,
            rebalance_timeout_ms: REBALANCE_TIMEOUT_MS,
            member_id: id.as_str().into(),
            group_instance_id: instance.as_deref().map(Into::into),
            protocol_type: "consumer".into(),
            protocols: vec![JoinGroupRequestProtocol {
                name: "sim".into(),
                metadata: b"m".as_slice().into(),
            }],
            reason: None,
        };
        let Some(answer) = self.connection.send(7, &request).await else {
            return Ok(None);
        };
        let response = answer
            .decode()
            .map_err(|_| ErrorCode::UNKNOWN_SERVER_ERROR)?;
        if response.error_code == ErrorCode::MEMBER_ID_REQUIRED {
            self.id = response.member_id.into_owned();
            return Ok(None);
        }
        if response.error_code != ErrorCode::NONE {
            return Err(response.error_code);
        }
        self.id = response.member_id.to_string();
        self.generation = response.generation_id;
        let is_leader = response.leader == response.member_id;
        let mut members: Vec<_> = response
            .members
            .iter()
            .map(|m| m.member_id.to_string())
            .collect();
        members.sort_unstable();
        self.sync(if is_leader { members } else { Vec::new() })
            .await
    }

    async fn sync(&mut self, members: Vec<String>) -> Result<Option<Vec<PartitionId>>, ErrorCode> {
        let partitions = self.partitions();
        let assigned = |index: usize| {
            let own = partitions.iter().skip(index).step_by(members.len().max(1));
            let own: Vec<_> = own.map(|(_, partition)| partition.to_string()).collect();
            own.join(",").into_bytes()
        };
        let (id, instance, group) = (self.id.clone(), self.instance.clone(), self.group.clone());
        let assignments = members.iter().enumerate();
        let request = SyncGroupRequest {
            group_id: group.as_str().into(),
            generation_id: self.generation,
            member_id: id.as_str().into(),
            group_instance_id: instance.as_deref().map(Into::into),
            protocol_type: Some("consumer".into()),
            protocol_name: Some("sim".into()),
            assignments: assignments
                .map(|(index, member)| SyncGroupRequestAssignment {
                    member_id: member.as_str().into(),
                    assignment: assigned(index).into(),
                })
                .collect(),
        };
        let Some(answer) = self.connection.send(5, &request).await else {
            return Ok(None);
        };
        let response = answer
            .decode()
            .map_err(|_| ErrorCode::UNKNOWN_SERVER_ERROR)?;
        if response.error_code != ErrorCode::NONE {
            return Err(response.error_code);
        }
        let text = String::from_utf8_lossy(&response.assignment).into_owned();
        let owned: Vec<i32> = text
            .split(',')
            .filter_map(|part| part.parse().ok())
            .collect();
        let owned = partitions
            .into_iter()
            .filter(|(_, partition)| owned.contains(partition));
        let owned: Vec<_> = owned.collect();
        let mut checker = self.surroundings.checker.lock();
        // A static member that comes back has another id and takes its place (KIP-345).
        let owner = self.instance.as_deref().unwrap_or(&self.id);
        checker.assigned(&self.group, self.generation, owner, &owned);
        drop(checker);
        Ok(Some(owned))
    }

    /// Is a member until something ends it.
    async fn take_part(&mut self, owned: &[PartitionId]) -> Gone {
        let keys: Vec<CommitKey> = owned.iter().map(|id| (self.group.clone(), *id)).collect();
        let mut positions = BTreeMap::new();
        if !keys.is_empty() {
            let began = self
                .surroundings
                .checker
                .lock()
                .record(&self.group, "fetch offsets");
            let fetched = auditor::fetch_offsets(&mut self.connection, &self.group, &keys).await;
            for (key, found) in fetched.into_iter().flatten() {
                self.surroundings
                    .checker
                    .lock()
                    .offset_fetched(&key, began, found);
                positions.insert(key, found.map_or(0, |commit| commit.offset));
            }
        }
        loop {
            let pause_ms = between(&self.chance, 100, 500);
            self.surroundings.sleep_ms(pause_ms).await;
            if let Some(gone) = self.misbehave().await {
                self.surroundings.checker.lock().counters.members_gone += 1;
                return gone;
            }
            let error = match self.chance.below(2) {
                0 => self.heartbeat().await,
                _ => self.commit(&mut positions).await,
            };
            match error {
                Some(ErrorCode::NONE) => self.surroundings.checker.lock().got_on(&self.name),
                Some(error)
                    if error.is_retriable() && error != ErrorCode::REBALANCE_IN_PROGRESS => {}
                Some(error) => return after(error),
                None => {}
            }
        }
    }

    /// Ends its part now and then, not always with good manners.
    async fn misbehave(&mut self) -> Option<Gone> {
        match self.chance.below(60) {
            0 => {
                self.connection.close();
                self.surroundings.sleep_ms(500).await;
                Some(Gone::Forgotten)
            }
            1 => {
                let ms = between(&self.chance, 1_500, 4_000);
                self.surroundings.sleep_ms(ms).await;
                None
            }
            2 => {
                self.leave().await;
                Some(Gone::Forgotten)
            }
            _ => None,
        }
    }

    async fn leave(&mut self) {
        let (id, instance, group) = (self.id.clone(), self.instance.clone(), self.group.clone());
        let request = LeaveGroupRequest {
            group_id: group.as_str().into(),
            members: vec![MemberIdentity {
                member_id: id.as_str().into(),
                group_instance_id: instance.as_deref().map(Into::into),
                reason: None,
            }],
            ..LeaveGroupRequest::default()
        };
        self.connection.send(4, &request).await;
    }

    async fn heartbeat(&mut self) -> Option<ErrorCode> {
        let (id, instance, group) = (self.id.clone(), self.instance.clone(), self.group.clone());
        let request = HeartbeatRequest {
            group_id: group.as_str().into(),
            generation_id: self.generation,
            member_id: id.as_str().into(),
            group_instance_id: instance.as_deref().map(Into::into),
        };
        let answer = self.connection.send(4, &request).await?;
        answer.decode().ok().map(|response| response.error_code)
    }

    /// Commits further on in one of its partitions.
    async fn commit(&mut self, positions: &mut BTreeMap<CommitKey, i64>) -> Option<ErrorCode> {
        if positions.is_empty() {
            return self.heartbeat().await;
        }
        let chosen = self.chance.below(positions.len());
        let (key, position) = positions.iter_mut().nth(chosen)?;
        *position += between(&self.chance, 1, 20) as i64;
        let (commit, began) = self
            .surroundings
            .checker
            .lock()
            .commit_begins(key, *position);
        let key = key.clone();
        let error = self.send_commit(&key, commit).await?;
        let mut checker = self.surroundings.checker.lock();
        if error == ErrorCode::NONE {
            checker.commit_acked(&key, commit);
            checker.commit_taken(&self.group, self.generation, began);
        } else {
            let event = format!("commit {} refused with {}", commit.number, error.name());
            checker.record(&self.group, &event);
        }
        Some(error)
    }

    async fn send_commit(&mut self, key: &CommitKey, commit: Commit) -> Option<ErrorCode> {
        let (id, instance) = (self.id.clone(), self.instance.clone());
        let request = OffsetCommitRequest {
            group_id: key.0.as_str().into(),
            generation_id_or_member_epoch: self.generation,
            member_id: id.as_str().into(),
            group_instance_id: instance.as_deref().map(Into::into),
            topics: vec![OffsetCommitRequestTopic {
                name: TOPIC.into(),
                partitions: vec![OffsetCommitRequestPartition {
                    partition_index: key.1.1,
                    committed_offset: commit.offset,
                    committed_metadata: Some(commit.number.to_string().into()),
                    ..OffsetCommitRequestPartition::default()
                }],
                ..OffsetCommitRequestTopic::default()
            }],
            ..OffsetCommitRequest::default()
        };
        let answer = self.connection.send(8, &request).await?;
        let response = answer.decode().ok()?;
        let partition = response.topics.first()?.partitions.first()?;
        Some(partition.error_code)
    }

    /// The partitions that the group shares.
    fn partitions(&self) -> Vec<PartitionId> {
        let checker = self.surroundings.checker.lock();
        let live = checker.topics.live_partitions().into_iter();
        live.filter(|id| {
            checker
                .topics
                .find(id.0)
                .is_some_and(|topic| topic.name == TOPIC)
        })
        .collect()
    }
}

/// What a member is called in reports.
pub(crate) fn member_name(group: &str, number: u32) -> String {
    format!("{group} member {number}")
}

const fn after(error: ErrorCode) -> Gone {
    match error {
        ErrorCode::UNKNOWN_MEMBER_ID | ErrorCode::FENCED_INSTANCE_ID => Gone::Forgotten,
        _ => Gone::Rebalance,
    }
}
