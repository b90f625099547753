//! A coordinator with a log beside it: records are committed at once, or when the test says so.

use std::collections::BTreeMap;

use coordinator::{
    AppendId, Caller, Coordinator, Effects, GroupConfig, Record, ReplicatedState, Response,
    WaiterId,
};
use protocol::ErrorCode;
use protocol::generated::heartbeat_request::HeartbeatRequest;
use protocol::generated::join_group_request::{JoinGroupRequest, JoinGroupRequestProtocol};
use protocol::generated::join_group_response::JoinGroupResponse;
use protocol::generated::leave_group_request::{LeaveGroupRequest, MemberIdentity};
use protocol::generated::offset_commit_request::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use protocol::generated::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use protocol::generated::sync_group_request::{SyncGroupRequest, SyncGroupRequestAssignment};
use protocol::generated::sync_group_response::SyncGroupResponse;
use protocol::ids::{LeaderEpoch, ProducerId};
use protocol::time::Now;

pub(crate) const WALL_MS: i64 = 1_800_000_000_000;
pub(crate) const GROUP: &str = "g";
/// A consumer's metadata: version 0, the topic `t`, no user data.
pub(crate) const SUBSCRIBED_TO_T: &[u8] = b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff";

pub(crate) struct Harness {
    pub(crate) coordinator: Coordinator,
    pub(crate) now: Now,
    /// What was written, in order; an append that failed is not in it.
    pub(crate) log: Vec<Record>,
    pub(crate) unwritten: Vec<(AppendId, Vec<Record>)>,
    pub(crate) commits_at_once: bool,
    pub(crate) answers: BTreeMap<u64, Response>,
    pub(crate) asked: u64,
    pub(crate) api_version: i16,
}

pub(crate) fn config() -> GroupConfig {
    GroupConfig {
        session_timeout_ms_min: 6_000,
        session_timeout_ms_max: 1_800_000,
        initial_rebalance_delay_ms: 3_000,
        group_size_max: 2_000,
        offset_metadata_size_max: 8,
        offsets_retention_ms: 7 * 24 * 3_600_000,
        offsets_retention_check_interval_ms: 600_000,
    }
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::load(config(), &[])
    }

    pub(crate) fn load(config: GroupConfig, log: &[Record]) -> Self {
        let mut coordinator = Coordinator::new(config);
        for record in log {
            coordinator.replay(record, ProducerId::NONE).unwrap();
        }
        let now = Now {
            monotonic_ms: 0,
            wall_ms: WALL_MS,
        };
        let mut harness = Self {
            coordinator,
            now,
            log: log.to_vec(),
            unwritten: Vec::new(),
            commits_at_once: true,
            answers: BTreeMap::new(),
            asked: 0,
            api_version: 9,
        };
        let effects = harness.coordinator.on_loaded(now, LeaderEpoch(1));
        harness.carry_out(effects);
        harness
    }

    pub(crate) fn carry_out(&mut self, effects: Effects) {
        for completed in effects.completed {
            let twice = self.answers.insert(completed.waiter.0, completed.response);
            assert_eq!(
                twice, None,
                "waiter {:?} is answered once",
                completed.waiter
            );
        }
        let appends = effects.appends.into_iter();
        self.unwritten
            .extend(appends.map(|append| (append.id, append.records)));
        while self.commits_at_once && !self.unwritten.is_empty() {
            self.commit_one();
        }
    }

    pub(crate) fn commit_one(&mut self) {
        let (id, records) = self.unwritten.remove(0);
        self.log.extend(records);
        let effects = self.coordinator.on_committed(self.now, id);
        self.carry_out(effects);
    }

    /// The log refuses the oldest append, and with it all behind.
    pub(crate) fn fail_appends(&mut self, error: ErrorCode) {
        let (id, _) = self.unwritten[0];
        self.unwritten.clear();
        let effects = self.coordinator.on_append_failed(self.now, id, error);
        self.carry_out(effects);
    }

    /// Time passes, deadline by deadline.
    pub(crate) fn pass(&mut self, duration_ms: u64) {
        let end_ms = self.now.monotonic_ms + duration_ms;
        while let Some(deadline_ms) = self.coordinator.next_deadline_ms() {
            if deadline_ms > end_ms {
                break;
            }
            self.set_time(deadline_ms);
            let effects = self.coordinator.expire(self.now);
            self.carry_out(effects);
        }
        self.set_time(end_ms);
    }

    fn set_time(&mut self, monotonic_ms: u64) {
        let passed_ms = monotonic_ms.saturating_sub(self.now.monotonic_ms);
        self.now.monotonic_ms += passed_ms;
        self.now.wall_ms += i64::try_from(passed_ms).unwrap();
    }

    pub(crate) fn ask(
        &mut self,
        call: impl FnOnce(&mut Coordinator, Now, &Caller<'_>) -> Effects,
    ) -> u64 {
        self.asked += 1;
        let caller = Caller {
            waiter: WaiterId(self.asked),
            api_version: self.api_version,
            client_id: "c",
            client_host: "/127.0.0.1",
        };
        let effects = call(&mut self.coordinator, self.now, &caller);
        self.carry_out(effects);
        self.asked
    }

    pub(crate) fn join_as(&mut self, member_id: &str, instance_id: Option<&str>) -> u64 {
        self.join_with(member_id, instance_id, &["range"])
    }

    pub(crate) fn join_with(
        &mut self,
        member_id: &str,
        instance_id: Option<&str>,
        protocols: &[&str],
    ) -> u64 {
        let offered = protocols.iter().map(|name| JoinGroupRequestProtocol {
            name: (*name).into(),
            metadata: SUBSCRIBED_TO_T.into(),
        });
        let request = JoinGroupRequest {
            group_id: GROUP.into(),
            session_timeout_ms: 10_000,
            rebalance_timeout_ms: 60_000,
            member_id: member_id.into(),
            group_instance_id: instance_id.map(Into::into),
            protocol_type: "consumer".into(),
            protocols: offered.collect(),
            ..JoinGroupRequest::default()
        };
        let uuid = u128::from(self.asked);
        self.ask(|coordinator, now, caller| coordinator.handle_join(now, caller, &request, uuid))
    }

    /// Joins as a dynamic member does: asks for an id, then joins with it.
    pub(crate) fn join_new(&mut self) -> (String, u64) {
        let first = self.join_as("", None);
        let answer = self.join_answer(first);
        assert_eq!(answer.error_code, ErrorCode::MEMBER_ID_REQUIRED);
        let member_id = answer.member_id.into_owned();
        let second = self.join_as(&member_id, None);
        (member_id, second)
    }

    pub(crate) fn sync(&mut self, member_id: &str, generation: i32, parts: &[(&str, &str)]) -> u64 {
        let assignments = parts
            .iter()
            .map(|(member_id, part)| SyncGroupRequestAssignment {
                member_id: (*member_id).into(),
                assignment: part.as_bytes().into(),
            });
        let request = SyncGroupRequest {
            group_id: GROUP.into(),
            generation_id: generation,
            member_id: member_id.into(),
            assignments: assignments.collect(),
            ..SyncGroupRequest::default()
        };
        self.ask(|coordinator, now, caller| coordinator.handle_sync(now, caller, &request))
    }

    pub(crate) fn heartbeat(&mut self, member_id: &str, generation: i32) -> ErrorCode {
        let request = HeartbeatRequest {
            group_id: GROUP.into(),
            generation_id: generation,
            member_id: member_id.into(),
            ..HeartbeatRequest::default()
        };
        let asked = self
            .ask(|coordinator, now, caller| coordinator.handle_heartbeat(now, caller, &request));
        match self.answers.get(&asked) {
            Some(Response::Heartbeat(response)) => response.error_code,
            other => panic!("a heartbeat is answered at once, not {other:?}"),
        }
    }

    pub(crate) fn leave(&mut self, member_id: &str, instance_id: Option<&str>) -> u64 {
        let request = LeaveGroupRequest {
            group_id: GROUP.into(),
            members: vec![MemberIdentity {
                member_id: member_id.into(),
                group_instance_id: instance_id.map(Into::into),
                reason: None,
            }],
            ..LeaveGroupRequest::default()
        };
        self.ask(|coordinator, now, caller| coordinator.handle_leave(now, caller, &request))
    }

    pub(crate) fn commit(&mut self, member_id: &str, generation: i32, offset: i64) -> u64 {
        self.commit_with(member_id, generation, offset, "")
    }

    pub(crate) fn commit_with(
        &mut self,
        member_id: &str,
        generation: i32,
        offset: i64,
        metadata: &str,
    ) -> u64 {
        let request = OffsetCommitRequest {
            group_id: GROUP.into(),
            generation_id_or_member_epoch: generation,
            member_id: member_id.into(),
            retention_time_ms: -1,
            topics: vec![OffsetCommitRequestTopic {
                name: "t".into(),
                partitions: vec![OffsetCommitRequestPartition {
                    partition_index: 0,
                    committed_offset: offset,
                    committed_leader_epoch: 0,
                    committed_metadata: Some(metadata.into()),
                }],
                ..OffsetCommitRequestTopic::default()
            }],
            ..OffsetCommitRequest::default()
        };
        self.ask(|coordinator, now, caller| coordinator.commit_offsets(now, caller, &request))
    }

    pub(crate) fn commit_error(&self, asked: u64) -> ErrorCode {
        match self.answers.get(&asked) {
            Some(Response::CommitOffsets(response)) => response.topics[0].partitions[0].error_code,
            other => panic!("no answer to a commit: {other:?}"),
        }
    }

    pub(crate) fn committed_offset(&self) -> i64 {
        let request = OffsetFetchRequestGroup {
            group_id: GROUP.into(),
            topics: Some(vec![OffsetFetchRequestTopics {
                name: "t".into(),
                partition_indexes: vec![0],
                ..OffsetFetchRequestTopics::default()
            }]),
            ..OffsetFetchRequestGroup::default()
        };
        let response = self.coordinator.fetch_offsets(&request);
        response.topics[0].partitions[0].committed_offset
    }

    pub(crate) fn join_answer(&self, asked: u64) -> JoinGroupResponse<'static> {
        match self.answers.get(&asked) {
            Some(Response::Join(response)) => response.clone(),
            other => panic!("no answer to a join: {other:?}"),
        }
    }

    pub(crate) fn sync_answer(&self, asked: u64) -> SyncGroupResponse<'static> {
        match self.answers.get(&asked) {
            Some(Response::Sync(response)) => response.clone(),
            other => panic!("no answer to a sync: {other:?}"),
        }
    }

    pub(crate) fn state(&self) -> String {
        self.coordinator
            .describe_group(GROUP, 5)
            .group_state
            .into_owned()
    }

    /// Two members of generation 1 with an assignment each; the first is the leader.
    pub(crate) fn stable_pair(&mut self) -> (String, String) {
        let (leader, first) = self.join_new();
        let (follower, _) = self.join_new();
        self.pass(6_000);
        assert_eq!(self.join_answer(first).leader, leader.as_str());
        self.sync(&leader, 1, &[(&leader, "left"), (&follower, "right")]);
        self.sync(&follower, 1, &[]);
        assert_eq!(self.state(), "Stable");
        (leader, follower)
    }

    /// What a new coordinator would make of the log.
    pub(crate) fn replayed(&self) -> ReplicatedState {
        let mut state = ReplicatedState::default();
        for record in &self.log {
            state.replay(record, ProducerId::NONE).unwrap();
        }
        state
    }
}
