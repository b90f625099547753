//! DescribeGroups, ListGroups and DeleteGroups.

use protocol::ErrorCode;
use protocol::generated::{DeleteGroupsRequest, DescribeGroupsRequest, ListGroupsRequest};

use super::members::stable_member;
use super::node::Node;

async fn list(node: &Node, version: i16, states: &[&str], types: &[&str]) -> Vec<String> {
    let request = ListGroupsRequest {
        states_filter: states.iter().map(|it| (*it).into()).collect(),
        types_filter: types.iter().map(|it| (*it).into()).collect(),
    };
    let answer = node.ask(version, &request).await;
    let answer = answer.decode().unwrap();
    assert_eq!(answer.error_code, ErrorCode::NONE);
    let groups = answer.groups.iter().map(|group| {
        assert_eq!(group.protocol_type, "consumer");
        let state = if version < 4 { "" } else { "Stable" };
        let group_type = if version < 5 { "" } else { "classic" };
        assert_eq!(
            (&*group.group_state, &*group.group_type),
            (state, group_type)
        );
        group.group_id.to_string()
    });
    let mut groups: Vec<String> = groups.collect();
    groups.sort();
    groups
}

#[tokio::test(start_paused = true)]
async fn groups_of_all_partitions_are_listed_in_every_version() {
    let node = Node::with_groups().await;
    for group_id in ["a", "b", "c"] {
        stable_member(&node, 9, group_id).await;
    }
    for version in 0..=5 {
        assert_eq!(list(&node, version, &[], &[]).await, ["a", "b", "c"]);
    }
    assert_eq!(list(&node, 4, &["stable"], &[]).await.len(), 3);
    assert_eq!(list(&node, 4, &["Empty"], &[]).await.len(), 0);
    assert_eq!(list(&node, 5, &[], &["Classic"]).await.len(), 3);
    assert_eq!(list(&node, 5, &[], &["consumer"]).await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn groups_are_described_in_every_version() {
    let node = Node::with_groups().await;
    let member_id = stable_member(&node, 9, "g").await;
    for version in 0..=6 {
        let request = DescribeGroupsRequest {
            groups: ["g", "nobody", "secret"].map(Into::into).into(),
            include_authorized_operations: version >= 3,
        };
        let answer = node.ask(version, &request).await;
        let answer = answer.decode().unwrap();
        let find = |group_id| answer.groups.iter().find(|it| it.group_id == group_id);
        let group = find("g").unwrap();
        assert_eq!(
            (group.error_code, &*group.group_state, &*group.protocol_data),
            (ErrorCode::NONE, "Stable", "range")
        );
        let member = &group.members[0];
        assert_eq!(
            (&*member.member_id, &*member.client_id, &*member.client_host),
            (member_id.as_str(), "c", "/127.0.0.1")
        );
        assert_eq!(*member.member_assignment, *b"all");
        let operations = if version >= 3 { 3_400 } else { i32::MIN };
        assert_eq!(group.authorized_operations, operations);
        let nobody = find("nobody").unwrap();
        let error = match version {
            ..6 => ErrorCode::NONE,
            _ => ErrorCode::GROUP_ID_NOT_FOUND,
        };
        assert_eq!((nobody.error_code, &*nobody.group_state), (error, "Dead"));
        let secret = find("secret").unwrap();
        assert_eq!(secret.error_code, ErrorCode::GROUP_AUTHORIZATION_FAILED);
        assert_eq!(secret.authorized_operations, i32::MIN);
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_named_often_is_described_once() {
    let node = Node::with_groups().await;
    stable_member(&node, 9, "g").await;
    let request = DescribeGroupsRequest {
        groups: ["g", "nobody", "g", "secret", "secret"]
            .map(Into::into)
            .into(),
        ..DescribeGroupsRequest::default()
    };
    let answer = node.ask(5, &request).await;
    let answer = answer.decode().unwrap();
    let mut groups: Vec<&str> = answer.groups.iter().map(|it| &*it.group_id).collect();
    groups.sort_unstable();
    assert_eq!(groups, ["g", "nobody", "secret"]);
}

#[tokio::test(start_paused = true)]
async fn groups_without_members_are_deleted_in_every_version() {
    let node = Node::with_groups().await;
    stable_member(&node, 9, "busy").await;
    for version in 0..=2 {
        let request = DeleteGroupsRequest {
            groups_names: ["nobody", "busy", "secret", "nobody"]
                .map(Into::into)
                .into(),
        };
        let answer = node.ask(version, &request).await;
        let answer = answer.decode().unwrap();
        let results = answer.results.iter();
        let mut results: Vec<_> = results.map(|it| (&*it.group_id, it.error_code)).collect();
        results.sort();
        let expected = [
            ("busy", ErrorCode::NON_EMPTY_GROUP),
            ("nobody", ErrorCode::GROUP_ID_NOT_FOUND),
            ("secret", ErrorCode::GROUP_AUTHORIZATION_FAILED),
        ];
        assert_eq!(results, expected);
    }
}
