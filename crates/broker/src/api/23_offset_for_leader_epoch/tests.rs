//! OffsetForLeaderEpoch against a broker over a simulated disk, in virtual time.

use crate::api::harness::{Node, T};
use protocol::ErrorCode;
use protocol::generated::metadata::{MetadataRecord, PartitionChangeRecord};
use protocol::generated::offset_for_leader_epoch_request::{
    OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use protocol::generated::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};
use std::sync::atomic::Ordering;

/// Error, epoch and end offset that are answered for an epoch.
async fn end_of(
    node: &Node,
    version: i16,
    topic: &str,
    asked: OffsetForLeaderPartition,
) -> (ErrorCode, i32, i64) {
    let request = OffsetForLeaderEpochRequest {
        topics: vec![OffsetForLeaderTopic {
            topic: topic.into(),
            partitions: vec![asked],
        }],
        ..OffsetForLeaderEpochRequest::default()
    };
    let answer = node.send(version, &request).await;
    let response: OffsetForLeaderEpochResponse<'_> = answer.decode().unwrap();
    assert_eq!(response.topics[0].topic, topic);
    let end = &response.topics[0].partitions[0];
    (end.error_code, end.leader_epoch, end.end_offset)
}

fn at(partition: i32, current_leader_epoch: i32, leader_epoch: i32) -> OffsetForLeaderPartition {
    OffsetForLeaderPartition {
        partition,
        current_leader_epoch,
        leader_epoch,
    }
}

#[tokio::test(start_paused = true)]
async fn each_epoch_ends_where_the_next_begins() {
    let node = Node::start().await;
    node.fill(T, 0, &["a", "b"]).await;
    let change = MetadataRecord::PartitionChange(PartitionChangeRecord {
        partition_id: 0,
        topic_id: T,
        leader: 1,
        ..PartitionChangeRecord::default()
    });
    node.apply(&[change]).await;
    node.fill(T, 0, &["c"]).await;
    for version in 2..=4 {
        let none = ErrorCode::NONE;
        assert_eq!(
            end_of(&node, version, "t", at(0, -1, 0)).await,
            (none, 0, 2)
        );
        assert_eq!(end_of(&node, version, "t", at(0, 1, 1)).await, (none, 1, 3));
        assert_eq!(
            end_of(&node, version, "t", at(0, 1, 5)).await,
            (none, -1, -1)
        );
        let fenced = ErrorCode::FENCED_LEADER_EPOCH;
        assert_eq!(
            end_of(&node, version, "t", at(0, 0, 0)).await,
            (fenced, -1, -1)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn partitions_that_cannot_be_asked_are_errors() {
    let node = Node::start().await;
    let cases = [
        ("nobody", 0, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("t", 99, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ("t", 2, ErrorCode::NOT_LEADER_OR_FOLLOWER),
        ("secret", 0, ErrorCode::TOPIC_AUTHORIZATION_FAILED),
    ];
    for (topic, index, expected) in cases {
        let end = end_of(&node, 4, topic, at(index, -1, 0)).await;
        assert_eq!(end, (expected, -1, -1));
    }
    node.rights.cluster.store(true, Ordering::Relaxed);
    let end = end_of(&node, 4, "secret", at(0, -1, 0)).await;
    assert_eq!(end, (ErrorCode::NONE, 0, 0));
}
