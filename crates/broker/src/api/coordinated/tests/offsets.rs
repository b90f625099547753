//! OffsetCommit, OffsetFetch and OffsetDelete.

use protocol::generated::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use protocol::generated::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use protocol::generated::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use protocol::generated::{OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest};
use protocol::{ErrorCode, Uuid};

use super::members::stable_member;
use super::node::{Node, TOPIC};

type Outcome<T> = Vec<(String, i32, T)>;

/// Commits one offset for partitions of topics, without a member. Topics that do not exist have a
/// made-up id.
async fn commit(
    node: &Node,
    version: i16,
    group_id: &str,
    topics: &[(&str, &[i32])],
    offset: i64,
) -> Outcome<ErrorCode> {
    let topics_of_request = topics.iter().map(|(name, partitions)| {
        let partitions = partitions.iter().map(|index| OffsetCommitRequestPartition {
            partition_index: *index,
            committed_offset: offset,
            committed_metadata: Some("m".into()),
            ..OffsetCommitRequestPartition::default()
        });
        OffsetCommitRequestTopic {
            name: if version < 10 { *name } else { "" }.into(),
            topic_id: if version < 10 {
                Uuid::ZERO
            } else {
                id(node, name)
            },
            partitions: partitions.collect(),
        }
    });
    let request = OffsetCommitRequest {
        group_id: group_id.into(),
        topics: topics_of_request.collect(),
        ..OffsetCommitRequest::default()
    };
    let answer = node.ask(version, &request).await;
    let answer = answer.decode().unwrap();
    let outcome = answer.topics.iter().flat_map(|topic| {
        let name = match version {
            ..10 => topic.name.to_string(),
            _ => name(node, topic.topic_id, topics),
        };
        let partitions = topic.partitions.iter();
        partitions.map(move |it| (name.clone(), it.partition_index, it.error_code))
    });
    let mut outcome: Vec<_> = outcome.collect();
    outcome.sort();
    outcome
}

/// Fetches offsets of partitions of topics, or of all.
async fn fetch(
    node: &Node,
    version: i16,
    group_id: &str,
    topics: Option<&[(&str, &[i32])]>,
) -> Result<Outcome<Result<i64, ErrorCode>>, ErrorCode> {
    let mut request = OffsetFetchRequest {
        require_stable: version >= 7,
        ..OffsetFetchRequest::default()
    };
    if version < 8 {
        request.group_id = group_id.into();
        request.topics = topics.map(|topics| {
            let topics = topics
                .iter()
                .map(|(name, partitions)| OffsetFetchRequestTopic {
                    name: (*name).into(),
                    partition_indexes: partitions.to_vec(),
                });
            topics.collect()
        });
    } else {
        let topics = topics.map(|topics| {
            let topics = topics
                .iter()
                .map(|(name, partitions)| OffsetFetchRequestTopics {
                    name: if version < 10 { *name } else { "" }.into(),
                    topic_id: if version < 10 {
                        Uuid::ZERO
                    } else {
                        id(node, name)
                    },
                    partition_indexes: partitions.to_vec(),
                });
            topics.collect()
        });
        request.groups.push(OffsetFetchRequestGroup {
            group_id: group_id.into(),
            topics,
            ..OffsetFetchRequestGroup::default()
        });
    }
    let answer = node.ask(version, &request).await;
    let answer = answer.decode().unwrap();
    let offset = |offset: i64, error| match error {
        ErrorCode::NONE => Ok(offset),
        error => Err(error),
    };
    let mut outcome = Vec::new();
    for topic in &answer.topics {
        for it in &topic.partitions {
            let offset = offset(it.committed_offset, it.error_code);
            outcome.push((topic.name.to_string(), it.partition_index, offset));
        }
    }
    for topic in answer.groups.iter().flat_map(|group| &group.topics) {
        let name = match version {
            ..10 => topic.name.to_string(),
            _ => name(node, topic.topic_id, topics.unwrap_or(&[(TOPIC, &[])])),
        };
        for it in &topic.partitions {
            let offset = offset(it.committed_offset, it.error_code);
            outcome.push((name.clone(), it.partition_index, offset));
        }
    }
    outcome.sort();
    let group_error = answer.groups.first().map(|group| group.error_code);
    match group_error.unwrap_or(answer.error_code) {
        ErrorCode::NONE => Ok(outcome),
        error => Err(error),
    }
}

fn id(node: &Node, name: &str) -> Uuid {
    node.topic_id(name).unwrap_or(Uuid::from_u128(99))
}

fn name(node: &Node, topic_id: Uuid, topics: &[(&str, &[i32])]) -> String {
    let mut topics = topics.iter();
    let found = topics.find(|(name, _)| id(node, name) == topic_id);
    found.unwrap().0.to_owned()
}

#[tokio::test(start_paused = true)]
async fn offsets_are_committed_and_fetched_in_every_version() {
    let node = Node::with_groups().await;
    let asked: &[(&str, &[i32])] = &[("missing", &[0]), ("secret", &[0]), (TOPIC, &[0, 1, 7])];
    for version in 2..=10 {
        let group_id = format!("g{version}");
        let committed = commit(&node, version, &group_id, asked, 40).await;
        let missing = match version {
            ..10 => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            _ => ErrorCode::UNKNOWN_TOPIC_ID,
        };
        let expected = [
            ("missing", 0, missing),
            ("secret", 0, ErrorCode::TOPIC_AUTHORIZATION_FAILED),
            (TOPIC, 0, ErrorCode::NONE),
            (TOPIC, 1, ErrorCode::NONE),
            (TOPIC, 7, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ];
        let expected = expected.map(|(name, index, error)| (name.to_owned(), index, error));
        assert_eq!(committed, expected, "{version}");
    }
    for version in 1..=10 {
        let fetched = fetch(&node, version, "g5", Some(asked)).await.unwrap();
        let missing = match version {
            ..10 => Ok(-1),
            _ => Err(ErrorCode::UNKNOWN_TOPIC_ID),
        };
        let expected = [
            ("missing", 0, missing),
            ("secret", 0, Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED)),
            (TOPIC, 0, Ok(40)),
            (TOPIC, 1, Ok(40)),
            (TOPIC, 7, Ok(-1)),
        ];
        let expected = expected.map(|(name, index, offset)| (name.to_owned(), index, offset));
        assert_eq!(fetched, expected, "{version}");
    }
    for version in 2..=10 {
        let fetched = fetch(&node, version, "g9", None).await.unwrap();
        let expected = [(TOPIC.to_owned(), 0, Ok(40)), (TOPIC.to_owned(), 1, Ok(40))];
        assert_eq!(fetched, expected, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_of_the_group_is_where_the_version_has_a_place_for_it() {
    let node = Node::with_groups().await;
    let asked: &[(&str, &[i32])] = &[(TOPIC, &[0])];
    let refused = ErrorCode::GROUP_AUTHORIZATION_FAILED;
    let of_partition = vec![(TOPIC.to_owned(), 0, Err(refused))];
    assert_eq!(
        fetch(&node, 1, "secret", Some(asked)).await,
        Ok(of_partition)
    );
    for version in 2..=10 {
        let fetched = fetch(&node, version, "secret", Some(asked)).await;
        assert_eq!(fetched, Err(refused), "{version}");
        let committed = commit(&node, version, "secret", asked, 1).await;
        assert_eq!(committed, [(TOPIC.to_owned(), 0, refused)], "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn several_groups_are_answered_together() {
    let node = Node::with_groups().await;
    commit(&node, 8, "a", &[(TOPIC, &[0])], 1).await;
    commit(&node, 8, "b", &[(TOPIC, &[0])], 2).await;
    let groups = ["a", "secret", "b"].map(|group_id| OffsetFetchRequestGroup {
        group_id: group_id.into(),
        topics: None,
        ..OffsetFetchRequestGroup::default()
    });
    let request = OffsetFetchRequest {
        groups: groups.into(),
        ..OffsetFetchRequest::default()
    };
    let answer = node.ask(9, &request).await;
    let answer = answer.decode().unwrap();
    let offsets = answer.groups.iter().map(|group| {
        let offset = group
            .topics
            .first()
            .map(|it| it.partitions[0].committed_offset);
        (&*group.group_id, group.error_code, offset)
    });
    let expected = [
        ("a", ErrorCode::NONE, Some(1)),
        ("secret", ErrorCode::GROUP_AUTHORIZATION_FAILED, None),
        ("b", ErrorCode::NONE, Some(2)),
    ];
    assert_eq!(offsets.collect::<Vec<_>>(), expected);
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_often_is_fetched_once() {
    let node = Node::with_groups().await;
    commit(&node, 8, "a", &[(TOPIC, &[0, 1])], 1).await;
    let twice: &[(&str, &[i32])] = &[(TOPIC, &[0, 1, 0]), (TOPIC, &[1])];
    for version in [1, 7, 9, 10] {
        let fetched = fetch(&node, version, "a", Some(twice)).await.unwrap();
        let once = [0, 1].map(|index| (TOPIC.to_owned(), index, Ok(1)));
        assert_eq!(fetched, once, "{version}");
    }
    let groups = ["a", "b", "a"].map(|group_id| OffsetFetchRequestGroup {
        group_id: group_id.into(),
        topics: None,
        ..OffsetFetchRequestGroup::default()
    });
    let request = OffsetFetchRequest {
        groups: groups.into(),
        ..OffsetFetchRequest::default()
    };
    let answer = node.ask(9, &request).await;
    let answer = answer.decode().unwrap();
    let groups: Vec<&str> = answer.groups.iter().map(|it| &*it.group_id).collect();
    assert_eq!(groups, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn offsets_of_topics_that_a_group_does_not_consume_can_be_deleted() {
    let node = Node::with_groups().await;
    commit(&node, 9, "idle", &[(TOPIC, &[0, 1])], 3).await;
    stable_member(&node, 9, "busy").await;
    let delete = async |group_id: &str| {
        let topics = [(TOPIC, 1), (TOPIC, 7), ("missing", 0), ("secret", 0)];
        let topics = topics.map(|(name, index)| OffsetDeleteRequestTopic {
            name: name.to_owned().into(),
            partitions: vec![OffsetDeleteRequestPartition {
                partition_index: index,
            }],
        });
        let request = OffsetDeleteRequest {
            group_id: group_id.to_owned().into(),
            topics: topics.into(),
        };
        let answer = node.ask(0, &request).await;
        let answer = answer.decode().unwrap();
        let topics = answer.topics.iter().flat_map(|topic| {
            let partitions = topic.partitions.iter();
            partitions.map(|it| (topic.name.to_string(), it.partition_index, it.error_code))
        });
        (answer.error_code, topics.collect::<Vec<_>>())
    };
    let outcome = |own: ErrorCode| {
        let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        let refused = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
        let topics = [
            ("missing", 0, unknown),
            ("secret", 0, refused),
            (TOPIC, 7, unknown),
            (TOPIC, 1, own),
        ];
        let topics = topics.map(|(name, index, error)| (name.to_owned(), index, error));
        (ErrorCode::NONE, topics.to_vec())
    };
    assert_eq!(delete("idle").await, outcome(ErrorCode::NONE));
    let left = fetch(&node, 9, "idle", None).await.unwrap();
    assert_eq!(left, [(TOPIC.to_owned(), 0, Ok(3))]);
    let consumed = ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC;
    assert_eq!(delete("busy").await, outcome(consumed));
    let nothing = |error| (error, Vec::new());
    let unknown = ErrorCode::GROUP_ID_NOT_FOUND;
    assert_eq!(delete("nobody").await, nothing(unknown));
    let refused = ErrorCode::GROUP_AUTHORIZATION_FAILED;
    assert_eq!(delete("secret").await, nothing(refused));
}
