//! ListOffsets against a broker over a simulated disk, in virtual time.

use crate::api::harness::{Node, T, WALL_MS, batch_from};
use protocol::ErrorCode;
use protocol::generated::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use protocol::generated::list_offsets_response::ListOffsetsPartitionResponse;
use protocol::generated::metadata::{MetadataRecord, PartitionChangeRecord};
use protocol::generated::{ListOffsetsRequest, ListOffsetsResponse};
use protocol::records::{BatchTemplate, ProducerFields};
use storage::log::AppendOrigin;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;

fn at(partition_index: i32, timestamp: i64) -> ListOffsetsPartition {
    ListOffsetsPartition {
        partition_index,
        current_leader_epoch: -1,
        timestamp,
    }
}

fn request<'a>(topic: &'a str, partitions: Vec<ListOffsetsPartition>) -> ListOffsetsRequest<'a> {
    ListOffsetsRequest {
        replica_id: -1,
        topics: vec![ListOffsetsTopic {
            name: topic.into(),
            partitions,
        }],
        ..ListOffsetsRequest::default()
    }
}

async fn list(
    node: &Node,
    version: i16,
    request: &ListOffsetsRequest<'_>,
) -> Vec<ListOffsetsPartitionResponse> {
    let answer = node.send(version, request).await;
    let response: ListOffsetsResponse<'_> = answer.decode().unwrap();
    let topics = response.topics.into_iter();
    topics.flat_map(|topic| topic.partitions).collect()
}

/// Offset, timestamp and epoch of a look-up that has no error.
async fn find(node: &Node, version: i16, timestamp: i64) -> (i64, i64, i32) {
    let found = list(node, version, &request("t", vec![at(0, timestamp)])).await;
    assert_eq!(found[0].error_code, ErrorCode::NONE);
    (found[0].offset, found[0].timestamp, found[0].leader_epoch)
}

async fn error_of(
    node: &Node,
    version: i16,
    topic: &str,
    partition: ListOffsetsPartition,
) -> ErrorCode {
    let found = list(node, version, &request(topic, vec![partition])).await;
    assert_eq!((found[0].offset, found[0].timestamp), (-1, -1));
    found[0].error_code
}

#[tokio::test(start_paused = true)]
async fn offsets_are_found_by_name_and_by_time_in_every_version() {
    let node = Node::start().await;
    assert_eq!(find(&node, 7, MAX_TIMESTAMP).await, (-1, -1, -1));
    assert_eq!(find(&node, 7, 0).await, (-1, -1, -1));
    node.fill(T, 0, &["a", "b"]).await;
    for version in 1..=11 {
        let epoch = if version >= 4 { 0 } else { -1 };
        assert_eq!(find(&node, version, LATEST).await, (2, -1, epoch));
        assert_eq!(find(&node, version, EARLIEST).await, (0, -1, epoch));
        assert_eq!(find(&node, version, WALL_MS).await, (0, WALL_MS, epoch));
        assert_eq!(find(&node, version, WALL_MS + 1).await, (-1, -1, -1));
    }
    assert_eq!(find(&node, 7, MAX_TIMESTAMP).await, (0, WALL_MS, 0));
    assert_eq!(find(&node, 8, -4).await, (0, -1, 0), "earliest local");
    assert_eq!(find(&node, 9, -5).await, (-1, -1, -1), "latest tiered");
    assert_eq!(
        find(&node, 11, -6).await,
        (-1, -1, -1),
        "earliest pending upload"
    );
}

#[tokio::test(start_paused = true)]
async fn names_that_a_version_does_not_have_are_refused() {
    let node = Node::start().await;
    for (version, timestamp) in [
        (6, -3),
        (7, -4),
        (8, -5),
        (10, -6),
        (11, -7),
        (11, i64::MIN),
    ] {
        let refused = error_of(&node, version, "t", at(0, timestamp)).await;
        assert_eq!(refused, ErrorCode::UNSUPPORTED_VERSION, "{timestamp}");
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
        assert_eq!(error_of(&node, 8, topic, at(index, LATEST)).await, expected);
    }
    let ahead = ListOffsetsPartition {
        current_leader_epoch: 1,
        ..at(0, LATEST)
    };
    let unknown = error_of(&node, 8, "t", ahead).await;
    assert_eq!(unknown, ErrorCode::UNKNOWN_LEADER_EPOCH);
    let twice = vec![at(0, LATEST), at(1, LATEST), at(0, EARLIEST)];
    let found = list(&node, 8, &request("t", twice)).await;
    let errors: Vec<_> = found.iter().map(|found| found.error_code).collect();
    assert_eq!(errors, [ErrorCode::INVALID_REQUEST, ErrorCode::NONE]);
}

#[tokio::test(start_paused = true)]
async fn who_reads_committed_records_sees_up_to_the_first_open_transaction() {
    let node = Node::start().await;
    node.fill(T, 0, &["a"]).await;
    let template = BatchTemplate {
        transactional: true,
        producer: Some(ProducerFields {
            id: 7,
            epoch: 0,
            base_sequence: 0,
        }),
        ..BatchTemplate::new(0)
    };
    let mut open = batch_from(template, &["b"]);
    node.append(T, 0, AppendOrigin::Client, &mut open).await;
    for (isolation_level, expected) in [(0, 2), (1, 1)] {
        let latest = ListOffsetsRequest {
            isolation_level,
            ..request("t", vec![at(0, LATEST)])
        };
        assert_eq!(list(&node, 8, &latest).await[0].offset, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_isolation_level_that_does_not_exist_fails_all_partitions() {
    let node = Node::start().await;
    node.fill(T, 0, &["a"]).await;
    for version in 2..=11 {
        let unknown = ListOffsetsRequest {
            isolation_level: 7,
            ..request("t", vec![at(0, LATEST), at(99, LATEST)])
        };
        let found = list(&node, version, &unknown).await;
        let errors: Vec<_> = found.iter().map(|part| part.error_code).collect();
        assert_eq!(errors, [ErrorCode::UNKNOWN_SERVER_ERROR; 2], "{version}");
        assert!(found.iter().all(|part| part.offset == -1));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_known_so_early_in_an_epoch_has_an_error_that_old_clients_know() {
    let node = Node::start().await;
    node.fill(T, 3, &["a"]).await;
    let change = MetadataRecord::PartitionChange(PartitionChangeRecord {
        partition_id: 3,
        topic_id: T,
        leader: 1,
        ..PartitionChangeRecord::default()
    });
    node.apply(&[change]).await;
    let old = error_of(&node, 4, "t", at(3, LATEST)).await;
    assert_eq!(old, ErrorCode::LEADER_NOT_AVAILABLE);
    let new = error_of(&node, 5, "t", at(3, LATEST)).await;
    assert_eq!(new, ErrorCode::OFFSET_NOT_AVAILABLE);
    let by_replica = ListOffsetsRequest {
        replica_id: 2,
        ..request("t", vec![at(3, LATEST)])
    };
    let found = list(&node, 5, &by_replica).await;
    assert_eq!((found[0].error_code, found[0].offset), (ErrorCode::NONE, 1));
}
