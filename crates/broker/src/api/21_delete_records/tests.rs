//! Deletions over a connection: what each partition is answered.

use super::super::harness::{COMPACTED, Node, T};
use metadata::image::ResourceKind;
use protocol::ErrorCode;
use protocol::generated::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use protocol::generated::metadata::{ConfigRecord, MetadataRecord};
use protocol::generated::{DeleteRecordsRequest, DeleteRecordsResponse};

/// Deletes, and returns what became of each partition that is named, in their order.
async fn delete(
    node: &Node,
    version: i16,
    named: &[(&'static str, i32, i64)],
) -> Vec<(String, i32, i64, ErrorCode)> {
    let topics = named.iter().map(|&(name, partition_index, offset)| {
        let partition = DeleteRecordsPartition {
            partition_index,
            offset,
        };
        DeleteRecordsTopic {
            name: name.into(),
            partitions: vec![partition],
        }
    });
    let request = DeleteRecordsRequest {
        topics: topics.collect(),
        timeout_ms: 500,
    };
    let answer = node.send(version, &request).await;
    let answer: DeleteRecordsResponse<'_> = answer.decode().unwrap();
    let each = answer.topics.iter().flat_map(|topic| {
        let of_topic = topic.partitions.iter();
        of_topic.map(|it| {
            let name = topic.name.clone().into_owned();
            (name, it.partition_index, it.low_watermark, it.error_code)
        })
    });
    each.collect()
}

#[tokio::test(start_paused = true)]
async fn records_go_up_to_an_offset_or_the_high_watermark() {
    let node = Node::start().await;
    node.fill(T, 0, &["a", "b", "c"]).await;
    for (version, offset, low_watermark) in [(0, 1, 1), (1, 0, 1), (2, -1, 3)] {
        let deleted = delete(&node, version, &[("t", 0, offset)]).await;
        let expected = ("t".to_owned(), 0, low_watermark, ErrorCode::NONE);
        assert_eq!(deleted, [expected]);
    }
    assert_eq!(node.partition(T, 0).log().log_start_offset().0, 3);
}

#[tokio::test(start_paused = true)]
async fn each_partition_has_its_own_refusal() {
    let node = Node::start().await;
    node.fill(T, 0, &["a"]).await;
    let only_compacted = MetadataRecord::Config(ConfigRecord {
        resource_type: ResourceKind::TOPIC.0,
        resource_name: "compacted".to_owned(),
        name: "cleanup.policy".to_owned(),
        value: Some("compact".to_owned()),
    });
    node.apply(&[only_compacted]).await;
    let named = [
        ("t", 0, 2),
        ("t", 1, -2),
        ("t", 2, 0),
        ("t", 9, 0),
        ("compacted", 0, 0),
        ("__consumer_offsets", 0, 0),
        ("unknown", 0, 0),
        ("secret", 0, 0),
    ];
    let deleted = delete(&node, 2, &named).await;
    let codes = deleted
        .iter()
        .map(|(name, index, low_watermark, code)| (&**name, *index, *low_watermark, *code));
    let expected = [
        (
            "__consumer_offsets",
            0,
            -1,
            ErrorCode::INVALID_TOPIC_EXCEPTION,
        ),
        ("compacted", 0, -1, ErrorCode::POLICY_VIOLATION),
        ("secret", 0, -1, ErrorCode::TOPIC_AUTHORIZATION_FAILED),
        ("t", 0, -1, ErrorCode::OFFSET_OUT_OF_RANGE),
        ("t", 1, -1, ErrorCode::OFFSET_OUT_OF_RANGE),
        ("t", 2, -1, ErrorCode::NOT_LEADER_OR_FOLLOWER),
        ("t", 9, -1, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("unknown", 0, -1, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
    ];
    assert_eq!(codes.collect::<Vec<_>>(), expected);
    assert_eq!(node.partition(COMPACTED, 0).log().log_start_offset().0, 0);
}

#[tokio::test(start_paused = true)]
async fn of_a_partition_named_twice_the_last_offset_counts() {
    let node = Node::start().await;
    node.fill(T, 0, &["a", "b", "c"]).await;
    let deleted = delete(&node, 2, &[("t", 0, 3), ("t", 0, 1)]).await;
    assert_eq!(deleted, [("t".to_owned(), 0, 1, ErrorCode::NONE)]);
}
