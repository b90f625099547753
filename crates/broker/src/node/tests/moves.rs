//! Replicas move between the log directories of a whole node, its controller included.

use super::*;
use crate::partitions::{LocalPartition, ProduceAppend};
use protocol::compression::Compressor;
use protocol::generated::IncrementalAlterConfigsRequest;
use protocol::generated::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use protocol::ids::Offset;
use protocol::records::{BatchBuilder, BatchTemplate, NewRecord};
use protocol::topic::TopicPartition;
use replica::Acks;
use storage::directories::TopicIdPartition;
use storage::log::{AppendOrigin, Codecs, ReadOutcome, ReadRequest};

const DIRECTORIES: [&str; 2] = ["/data", "/other"];
const VALUE: [u8; 1000] = [7; 1000];

async fn started(disk: &Arc<SimulatedDisk>) -> Node {
    start(disk, &["log.dirs=/data,/other"]).await.unwrap()
}

fn find(node: &Node, index: i32) -> Arc<LocalPartition> {
    let published = node.broker.metadata.current();
    let topic_id = published.image.topics().by_name("t").unwrap().id;
    let partition = index;
    let id = TopicIdPartition {
        topic_id,
        partition,
    };
    node.partitions.find(id).unwrap()
}

fn place(node: &Node, index: i32) -> usize {
    let path = find(node, index).log().directory();
    let of = DIRECTORIES
        .iter()
        .position(|directory| path.starts_with(directory));
    of.unwrap()
}

/// What the controller knows of where a replica is.
fn known_place(node: &Node, index: i32) -> Option<usize> {
    let published = node.broker.metadata.current();
    let topic = published.image.topics().by_name("t").unwrap();
    let directory = topic.partitions[&index].directory(NODE)?;
    let directories = node.partitions.logs().directories();
    directories
        .iter()
        .position(|each| each.id() == Some(directory))
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            tokio::time::advance(Duration::from_millis(1)).await;
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), wait).await;
    assert!(waited.is_ok(), "{what}");
}

async fn alter(node: &Node, index: i32, path: &str) -> Result<(), ErrorCode> {
    let partition = TopicPartition {
        topic: "t".parse().unwrap(),
        partition: index,
    };
    node.partitions.alter_log_directory(&partition, path).await
}

async fn append(partition: &LocalPartition) -> Offset {
    let mut builder = BatchBuilder::new(BatchTemplate::new(0));
    let record = NewRecord {
        timestamp_ms: 1_795_003_200_000,
        key: None,
        value: Some(&VALUE),
        headers: &[],
    };
    builder.append(&record).unwrap();
    let mut batch = builder.finish(&mut Compressor::new()).unwrap();
    let append = ProduceAppend {
        acks: Acks::All,
        origin: AppendOrigin::Client,
        produce_version: 9,
        timeout_ms: 1_000,
    };
    let mut codecs = Codecs::default();
    let appended = partition.append(&mut batch, append, &mut codecs);
    let (appended, ack) = appended.await.unwrap();
    ack.wait().await.unwrap();
    appended.first_offset
}

/// The offsets of a log follow on each other without a gap; returns how many there are.
async fn count_records(partition: &LocalPartition) -> i64 {
    let log = partition.log();
    let end = log.log_end_offset();
    let mut offset = log.log_start_offset();
    assert_eq!(offset, Offset::ZERO);
    while offset < end {
        let request = ReadRequest {
            fetch_offset: offset,
            size_max: 1,
            upper_bound: end,
            at_least_one_batch: true,
        };
        let outcome = log.read(&request).await.unwrap();
        let ReadOutcome::Slice(slice) = outcome else {
            panic!("the log has {offset}");
        };
        let mut header = [0; 8];
        slice
            .file
            .read_at(&mut header, slice.position)
            .await
            .unwrap();
        assert_eq!(i64::from_be_bytes(header), offset.0);
        offset = offset.next();
    }
    end.0
}

#[tokio::test(start_paused = true)]
async fn replicas_move_under_load_and_through_restarts() {
    let disk = formatted_disk(&DIRECTORIES).await;
    let node = started(&disk).await;
    assert_eq!(create_topic(&node, "t", 4).await, ErrorCode::NONE);
    leaders(&node, "t").await;
    for index in 0..4 {
        let is_told = || known_place(&node, index) == Some(place(&node, index));
        until("the controller is told where replicas are created", is_told).await;
    }
    let partition = find(&node, 0);
    let before = place(&node, 0);
    for _ in 0..100 {
        append(&partition).await;
    }
    let mut acknowledged = 100;
    for destination in [1 - before, before] {
        alter(&node, 0, DIRECTORIES[destination]).await.unwrap();
        while place(&node, 0) != destination {
            assert_eq!(append(&partition).await.0, acknowledged);
            acknowledged += 1;
            assert!(acknowledged < 2_000, "the move does not end");
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(known_place(&node, 0), Some(destination));
        assert_eq!(count_records(&partition).await, acknowledged);
        append(&partition).await;
        acknowledged += 1;
    }
    assert!(acknowledged > 102, "nothing was appended meanwhile");
    alter(&node, 0, DIRECTORIES[1 - before]).await.unwrap();
    drop(partition);
    node.stop().await;
    let node = started(&disk).await;
    until("the move goes on", || place(&node, 0) == 1 - before).await;
    assert_eq!(count_records(&find(&node, 0)).await, acknowledged);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_throttled_move_is_slow_and_a_new_one_takes_its_place() {
    let disk = formatted_disk(&DIRECTORIES).await;
    let node = started(&disk).await;
    let throttle = IncrementalAlterConfigsRequest {
        resources: vec![AlterConfigsResource {
            resource_type: 4,
            resource_name: "".into(),
            configs: vec![AlterableConfig {
                name: "replica.alter.log.dirs.io.max.bytes.per.second".into(),
                config_operation: 0,
                value: Some("2500".into()),
            }],
        }],
        validate_only: false,
    };
    let controller = node.controller.channel();
    controller.ask(&throttle, 1).await.unwrap();
    assert_eq!(create_topic(&node, "t", 2).await, ErrorCode::NONE);
    leaders(&node, "t").await;
    let partition = find(&node, 0);
    let before = place(&node, 0);
    for _ in 0..10 {
        append(&partition).await;
    }
    let start = Instant::now();
    alter(&node, 0, DIRECTORIES[1 - before]).await.unwrap();
    let logs = node.partitions.logs();
    let [copy] = &logs.copies()[..] else {
        panic!("one replica moves");
    };
    let has_some = || copy.log().log_end_offset() > Offset(2);
    until("something is copied", has_some).await;
    assert!(copy.log().log_end_offset() < Offset(8));
    alter(&node, 0, DIRECTORIES[before]).await.unwrap();
    assert!(logs.copies().is_empty(), "it is where it is to be");
    alter(&node, 0, DIRECTORIES[1 - before]).await.unwrap();
    until("the move ends", || place(&node, 0) == 1 - before).await;
    let taken = start.elapsed();
    assert!(taken > Duration::from_secs(4), "{taken:?}");
    assert!(taken < Duration::from_secs(12), "{taken:?}");
    assert_eq!(count_records(&partition).await, 10);
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_partition_to_come_is_created_where_it_was_asked_for() {
    let disk = formatted_disk(&DIRECTORIES).await;
    let node = started(&disk).await;
    for (index, destination) in [(0, 1), (1, 1)] {
        let noted = alter(&node, index, DIRECTORIES[destination]).await;
        assert_eq!(noted, Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
    }
    assert_eq!(create_topic(&node, "t", 2).await, ErrorCode::NONE);
    leaders(&node, "t").await;
    assert_eq!([place(&node, 0), place(&node, 1)], [1, 1]);
    let nowhere = alter(&node, 0, "/nowhere").await;
    assert_eq!(nowhere, Err(ErrorCode::LOG_DIR_NOT_FOUND));
    node.stop().await;
}
