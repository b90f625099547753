//! DescribeTopicPartitions against a broker over a simulated disk.

use crate::api::harness::Node;
use protocol::ErrorCode;
use protocol::generated::DescribeTopicPartitionsRequest;
use protocol::generated::describe_topic_partitions_request::{Cursor, TopicRequest};

/// A name, its error, and the partitions that are told of it.
type Described = (String, ErrorCode, Vec<i32>);
type Page = (Vec<Described>, Option<(String, i32)>);

async fn page(node: &Node, names: &[&str], limit: i32, cursor: Option<(&str, i32)>) -> Page {
    let request = DescribeTopicPartitionsRequest {
        topics: names
            .iter()
            .map(|name| TopicRequest {
                name: (*name).into(),
            })
            .collect(),
        response_partition_limit: limit,
        cursor: cursor.map(|(topic_name, partition_index)| Cursor {
            topic_name: topic_name.into(),
            partition_index,
        }),
    };
    let answer = node.send(0, &request).await;
    let response = answer.decode().unwrap();
    let topics = response.topics.iter().map(|topic| {
        let indexes = topic.partitions.iter();
        let indexes = indexes.map(|partition| partition.partition_index).collect();
        let name = topic.name.as_deref().unwrap_or_default();
        (name.to_owned(), topic.error_code, indexes)
    });
    let next = response.next_cursor.as_ref();
    let next = next.map(|next| (next.topic_name.to_string(), next.partition_index));
    (topics.collect(), next)
}

fn found(name: &str, partitions: &[i32]) -> Described {
    (name.to_owned(), ErrorCode::NONE, partitions.to_vec())
}

fn failed(name: &str, code: ErrorCode) -> Described {
    (name.to_owned(), code, Vec::new())
}

#[tokio::test(start_paused = true)]
async fn pages_go_on_where_the_last_one_ended() {
    let node = Node::start().await;
    let names = ["t", "compacted", "t"];
    let next = |index| Some(("t".to_owned(), index));
    let first = page(&node, &names, 1, None).await;
    assert_eq!(first, (vec![found("compacted", &[0])], next(0)));
    let second = page(&node, &names, 3, Some(("t", 0))).await;
    assert_eq!(second, (vec![found("t", &[0, 1, 2])], next(3)));
    let last = page(&node, &names, 3, Some(("t", 3))).await;
    assert_eq!(last, (vec![found("t", &[3])], None));
    let behind = page(&node, &names, 3, Some(("t", i32::MAX))).await;
    assert_eq!(behind, (vec![found("t", &[])], None));
}

#[tokio::test(start_paused = true)]
async fn a_page_holds_at_least_one_partition() {
    let node = Node::start().await;
    for limit in [0, -1, i32::MIN, 1] {
        let (topics, next) = page(&node, &["t"], limit, None).await;
        assert_eq!(topics, [found("t", &[0])]);
        assert_eq!(next, Some(("t".to_owned(), 1)));
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_described_is_told_but_not_among_all_topics() {
    let node = Node::start().await;
    let names = ["unknown", "secret", "t", "a b"];
    let (topics, next) = page(&node, &names, 4, None).await;
    let expected = [
        failed("a b", ErrorCode::INVALID_TOPIC_EXCEPTION),
        found("t", &[0, 1, 2, 3]),
    ];
    // The page is full: what comes next is told by the cursor, as in Kafka.
    assert_eq!(next, Some(("unknown".to_owned(), 0)));
    let hidden = failed("secret", ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    assert_eq!(topics, [&expected[..], &[hidden]].concat());
    let (all, next) = page(&node, &[], 2000, None).await;
    let names = all.iter().map(|(name, ..)| name.as_str());
    let names: Vec<_> = names.collect();
    assert!(names.is_sorted() && names.contains(&"t") && !names.contains(&"secret"));
    assert_eq!(next, None);
}

#[tokio::test(start_paused = true)]
async fn a_cursor_that_cannot_be_is_refused_for_every_topic() {
    let node = Node::start().await;
    for cursor in [("u", 0), ("t", -1)] {
        let (topics, next) = page(&node, &["t", "t"], 10, Some(cursor)).await;
        let refused = failed("t", ErrorCode::INVALID_REQUEST);
        assert_eq!(topics, [refused.clone(), refused]);
        assert_eq!(next, None);
    }
}
