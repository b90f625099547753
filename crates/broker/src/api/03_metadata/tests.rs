//! Metadata against a broker over a simulated disk.

use crate::api::harness::{COMPACTED, Node, T};
use protocol::generated::MetadataRequest;
use protocol::generated::metadata_request::MetadataRequestTopic;
use protocol::{ErrorCode, Uuid};

const NOBODY: Uuid = Uuid::from_u128(999);

fn by_name(name: &str) -> MetadataRequestTopic<'_> {
    MetadataRequestTopic {
        topic_id: Uuid::ZERO,
        name: Some(name.into()),
    }
}

const fn by_id<'a>(topic_id: Uuid) -> MetadataRequestTopic<'a> {
    MetadataRequestTopic {
        topic_id,
        name: None,
    }
}

/// Names and error codes of the topics that are answered.
async fn answered(version: i16, topics: Vec<MetadataRequestTopic<'_>>) -> Vec<(String, ErrorCode)> {
    let node = Node::start().await;
    let request = MetadataRequest {
        topics: Some(topics),
        ..MetadataRequest::default()
    };
    let answer = node.send(version, &request).await;
    let response = answer.decode().unwrap();
    let topics = response.topics.iter();
    topics
        .map(|topic| {
            let name = topic.name.as_deref().unwrap_or_default();
            (name.to_owned(), topic.error_code)
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_named_often_is_answered_once() {
    let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    for version in [0, 1, 9, 13] {
        let names = ["t", "u", "t", "u", "t"].map(by_name).into();
        let expected = [("t".to_owned(), ErrorCode::NONE), ("u".to_owned(), unknown)];
        assert_eq!(answered(version, names).await, expected, "{version}");
    }
    let ids = [T, NOBODY, T, NOBODY].map(by_id).into();
    let expected = [
        ("t".to_owned(), ErrorCode::NONE),
        (String::new(), ErrorCode::UNKNOWN_TOPIC_ID),
    ];
    assert_eq!(answered(12, ids).await, expected);
}

#[tokio::test(start_paused = true)]
async fn names_beside_an_id_are_not_looked_at() {
    let misnamed = MetadataRequestTopic {
        name: Some("t".into()),
        ..by_id(COMPACTED)
    };
    let topics = vec![by_name("stamped"), misnamed];
    let expected = [("compacted".to_owned(), ErrorCode::NONE)];
    assert_eq!(answered(13, topics).await, expected);
}

#[tokio::test(start_paused = true)]
async fn what_may_be_done_to_a_topic_is_told_before_there_is_one() {
    let node = Node::start().await;
    let request = MetadataRequest {
        topics: Some(["t", "u", "secret"].map(by_name).into()),
        include_topic_authorized_operations: true,
        ..MetadataRequest::default()
    };
    let answer = node.send(13, &request).await;
    let response = answer.decode().unwrap();
    let operations = response
        .topics
        .iter()
        .map(|topic| topic.topic_authorized_operations);
    assert_eq!(operations.collect::<Vec<_>>(), [3_576, 3_576, i32::MIN]);
}

#[tokio::test(start_paused = true)]
async fn an_id_has_the_whole_request_refused_in_versions_that_know_none() {
    let invalid = ErrorCode::INVALID_REQUEST;
    for version in [10, 11] {
        let topics = vec![by_id(T), by_name("stamped")];
        let expected = [(String::new(), invalid), ("stamped".to_owned(), invalid)];
        assert_eq!(answered(version, topics).await, expected);
    }
}
