//! JoinGroup, SyncGroup, Heartbeat and LeaveGroup.

use protocol::ErrorCode;
use protocol::generated::join_group_request::JoinGroupRequestProtocol;
use protocol::generated::leave_group_request::MemberIdentity;
use protocol::generated::sync_group_request::SyncGroupRequestAssignment;
use protocol::generated::{
    HeartbeatRequest, JoinGroupRequest, LeaveGroupRequest, SyncGroupRequest,
};

use super::node::Node;

pub(super) fn join<'a>(group_id: &'a str, member_id: &'a str) -> JoinGroupRequest<'a> {
    JoinGroupRequest {
        group_id: group_id.into(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 60_000,
        member_id: member_id.into(),
        protocol_type: "consumer".into(),
        protocols: vec![JoinGroupRequestProtocol {
            name: "range".into(),
            // Version 0, the topic `t`, no user data.
            metadata: b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff".into(),
        }],
        ..JoinGroupRequest::default()
    }
}

fn sync<'a>(version: i16, group_id: &'a str, member_id: &'a str) -> SyncGroupRequest<'a> {
    SyncGroupRequest {
        group_id: group_id.into(),
        generation_id: 1,
        member_id: member_id.into(),
        protocol_type: (version >= 5).then(|| "consumer".into()),
        protocol_name: (version >= 5).then(|| "range".into()),
        ..SyncGroupRequest::default()
    }
}

async fn heartbeat(node: &Node, version: i16, group_id: &str, member_id: &str) -> ErrorCode {
    let request = HeartbeatRequest {
        group_id: group_id.into(),
        generation_id: 1,
        member_id: member_id.into(),
        ..HeartbeatRequest::default()
    };
    let answer = node.ask(version, &request).await;
    answer.decode().unwrap().error_code
}

async fn leave(node: &Node, version: i16, group_id: &str, member_id: &str) -> ErrorCode {
    let mut request = LeaveGroupRequest {
        group_id: group_id.into(),
        ..LeaveGroupRequest::default()
    };
    match version {
        ..3 => request.member_id = member_id.to_owned().into(),
        _ => request.members.push(MemberIdentity {
            member_id: member_id.to_owned().into(),
            ..MemberIdentity::default()
        }),
    }
    let answer = node.ask(version, &request).await;
    let answer = answer.decode().unwrap();
    let member = answer.members.first().map(|member| member.error_code);
    member.unwrap_or(answer.error_code)
}

/// A member alone in a group of generation 1 that has its assignment.
pub(super) async fn stable_member(node: &Node, version: i16, group_id: &str) -> String {
    let mut given = String::new();
    if version >= 4 {
        let answer = node.ask(version, &join(group_id, "")).await;
        let answer = answer.decode().unwrap();
        assert_eq!(answer.error_code, ErrorCode::MEMBER_ID_REQUIRED);
        given = answer.member_id.into_owned();
        assert!(given.starts_with("c-"), "{given}");
    }
    let request = join(group_id, &given);
    let answer = node.ask(version, &request).await;
    let joined = answer.decode().unwrap();
    assert_eq!(
        (joined.error_code, joined.generation_id),
        (ErrorCode::NONE, 1)
    );
    assert_eq!(joined.leader, joined.member_id);
    assert_eq!(joined.protocol_name.as_deref(), Some("range"));
    let member_id = joined.member_id.into_owned();
    let version = version.min(5);
    let request = SyncGroupRequest {
        assignments: vec![SyncGroupRequestAssignment {
            member_id: member_id.as_str().into(),
            assignment: b"all".into(),
        }],
        ..sync(version, group_id, &member_id)
    };
    let answer = node.ask(version, &request).await;
    let synced = answer.decode().unwrap();
    assert_eq!(
        (synced.error_code, &*synced.assignment),
        (ErrorCode::NONE, &b"all"[..])
    );
    member_id
}

#[tokio::test(start_paused = true)]
async fn a_member_lives_through_every_version() {
    let node = Node::with_groups().await;
    for version in 0..=9 {
        let group_id = format!("g{version}");
        let member_id = stable_member(&node, version, &group_id).await;
        let beat = heartbeat(&node, version.min(4), &group_id, &member_id).await;
        assert_eq!(beat, ErrorCode::NONE, "{version}");
        let left = leave(&node, version.min(5), &group_id, &member_id).await;
        assert_eq!(left, ErrorCode::NONE, "{version}");
        let left = leave(&node, version.min(5), &group_id, &member_id).await;
        assert_eq!(left, ErrorCode::UNKNOWN_MEMBER_ID, "{version}");
        let beat = heartbeat(&node, version.min(4), &group_id, &member_id).await;
        assert_eq!(beat, ErrorCode::UNKNOWN_MEMBER_ID, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn groups_that_a_client_may_not_read_are_refused_in_every_version() {
    let node = Node::with_groups().await;
    let refused = ErrorCode::GROUP_AUTHORIZATION_FAILED;
    for version in 0..=9 {
        let answer = node.ask(version, &join("secret", "")).await;
        let answer = answer.decode().unwrap();
        assert_eq!((answer.error_code, answer.generation_id), (refused, -1));
        assert_eq!(answer.protocol_name.is_none(), version >= 7);
    }
    for version in 0..=5 {
        let answer = node.ask(version, &sync(version, "secret", "m")).await;
        assert_eq!(answer.decode().unwrap().error_code, refused);
        assert_eq!(leave(&node, version, "secret", "m").await, refused);
    }
    for version in 0..=4 {
        assert_eq!(heartbeat(&node, version, "secret", "m").await, refused);
    }
}

#[tokio::test(start_paused = true)]
async fn a_sync_must_name_its_protocol_since_version_5() {
    let node = Node::with_groups().await;
    for (version, error) in [
        (4, ErrorCode::UNKNOWN_MEMBER_ID),
        (5, ErrorCode::INCONSISTENT_GROUP_PROTOCOL),
    ] {
        let answer = node.ask(version, &sync(0, "g", "m")).await;
        assert_eq!(answer.decode().unwrap().error_code, error);
    }
}

#[tokio::test(start_paused = true)]
async fn groups_without_a_name_are_invalid() {
    let node = Node::with_groups().await;
    let answer = node.ask(9, &join("", "")).await;
    let error = answer.decode().unwrap().error_code;
    assert_eq!(error, ErrorCode::INVALID_GROUP_ID);
    let beat = heartbeat(&node, 4, "", "m").await;
    assert_eq!(beat, ErrorCode::INVALID_GROUP_ID);
}

#[tokio::test(start_paused = true)]
async fn before_the_topic_of_the_groups_exists_nobody_coordinates() {
    let node = Node::start().await;
    let answer = node.ask(9, &join("g", "")).await;
    let error = answer.decode().unwrap().error_code;
    assert_eq!(error, ErrorCode::NOT_COORDINATOR);
    let beat = heartbeat(&node, 4, "g", "m").await;
    assert_eq!(beat, ErrorCode::NOT_COORDINATOR);
}
