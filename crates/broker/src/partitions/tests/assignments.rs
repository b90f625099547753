//! Replicas come, go, and are told apart by their topic's id.

use super::node::*;
use protocol::generated::metadata::{MetadataRecord, RemoveTopicRecord, TopicRecord};
use protocol::ids::{LeaderEpoch, Offset};
use protocol::{ErrorCode, Uuid};
use replica::Acks;
use std::sync::Arc;
use storage::directories::TopicIdPartition;
use storage::disk::simulated::SimulatedDisk;

use crate::partitions::{Found, PartitionRead};

fn remove_topic() -> MetadataRecord {
    MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: TOPIC_ID })
}

#[tokio::test(start_paused = true)]
async fn only_the_replicas_of_this_node_come_to_be_here() {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    let replicas = [
        partition(0, &[1]),
        partition(1, &[2]),
        partition(2, &[2, 1]),
    ];
    let brokers = [broker(1), broker(2), topic()];
    let applied = node.apply(&[&brokers[..], &replicas].concat()).await;
    assert!(applied.failures.is_empty());
    let led: Vec<_> = applied.led.iter().map(|replica| replica.id).collect();
    assert_eq!(led, [id(0)]);
    let here: Vec<_> = node.partitions.all().iter().map(|each| each.id()).collect();
    assert_eq!(here, [id(0), id(2)]);
    assert!(!node.find(2).is_leader());
    assert_eq!(node.find(2).leader_epoch(), LeaderEpoch(0));
}

#[tokio::test(start_paused = true)]
async fn many_partitions_are_created_and_found_again() {
    let disk = Arc::new(SimulatedDisk::new(1));
    let records: Vec<_> = [broker(1), topic()]
        .into_iter()
        .chain((0..200).map(|index| partition(index, &[1])))
        .collect();
    let node = Node::start(&disk).await;
    let applied = node.apply(&records).await;
    assert_eq!((applied.led.len(), applied.failures.len()), (200, 0));
    let directories = node.partitions.logs().directories();
    let counts = directories.iter().map(|each| each.partition_count());
    assert_eq!(counts.collect::<Vec<_>>(), [100, 100]);
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_created_anew_inherits_nothing() {
    const ANEW: Uuid = Uuid::from_u128(501);
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    node.apply(&[broker(1), topic(), partition(0, &[1])]).await;
    let old = node.find(0);
    append_acked(&old, "a").await;
    let anew = MetadataRecord::Topic(TopicRecord {
        name: "t".to_owned(),
        topic_id: ANEW,
    });
    let mut registration = registration(0, &[1]);
    registration.topic_id = ANEW;
    let anew = [
        remove_topic(),
        anew,
        MetadataRecord::Partition(registration),
    ];
    let applied = node.apply(&anew).await;
    assert!(applied.failures.is_empty(), "{:?}", applied.failures);
    assert_eq!(applied.resigned[0].id, id(0));
    let unknown = node.partitions.find(id(0)).unwrap_err();
    assert_eq!(unknown, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let late = append(&old, "b", Acks::Leader).await.unwrap_err();
    assert_eq!(late.error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let found = node.partitions.find(TopicIdPartition {
        topic_id: ANEW,
        partition: 0,
    });
    let found = found.unwrap();
    assert_eq!(found.high_watermark(), Offset(0));
    let read: PartitionRead = found.read(&read_from(0), LIMITS).await.unwrap();
    assert!(matches!(read.found, Found::Nothing));
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_configured_otherwise_configures_its_logs() {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    let created = [
        broker(1),
        topic(),
        config("retention.ms", "5"),
        partition(0, &[1]),
    ];
    node.apply(&created).await;
    assert_eq!(node.find(0).log().config().retention_ms, Some(5));
    node.apply(&[config("retention.ms", "6")]).await;
    assert_eq!(node.find(0).log().config().retention_ms, Some(6));
}

#[tokio::test(start_paused = true)]
async fn an_assignment_that_contradicts_itself_is_reported_and_not_taken() {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    let mut registration = registration(0, &[1]);
    registration.isr = vec![1, 2];
    let records = [broker(1), topic(), MetadataRecord::Partition(registration)];
    let applied = node.apply(&records).await;
    assert_eq!(applied.failures[0].id, id(0));
    assert!(applied.led.is_empty());
    let refused = append(&node.find(0), "a", Acks::Leader).await.unwrap_err();
    assert_eq!(refused.error_code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
}
