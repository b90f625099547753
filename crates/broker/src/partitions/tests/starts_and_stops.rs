//! A node starts again on what it has left.

use super::node::*;
use protocol::ids::Offset;
use std::sync::Arc;
use storage::disk::Disk;
use storage::disk::simulated::SimulatedDisk;

use crate::partitions::{Found, Upkeep};

/// Applies the node's metadata as the first image of its next life.
async fn start_again(disk: &Arc<SimulatedDisk>, before: &Node) -> Node {
    let node = Node::start(disk).await;
    let published = before.metadata.current();
    let strays = node.partitions.set_strays_aside(&published.image).await;
    assert!(strays.is_empty(), "{strays:?}");
    node.apply_image(&published.image).await;
    node
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_stopped_keeps_records_and_high_watermark() {
    let disk = Arc::new(SimulatedDisk::new(1));
    let node = Node::start(&disk).await;
    let upkeep = Upkeep::start(&node.partitions, UPKEEP, Arc::new(|_, _| ()));
    node.apply(&[
        broker(1),
        broker(2),
        topic(),
        partition(0, &[1]),
        partition(1, &[1, 2]),
    ])
    .await;
    append_acked(&node.find(0), "a").await;
    append_at(&node.find(1), 10).await;
    upkeep.end().await;
    for report in node.partitions.close().await {
        assert!(report.failure.is_none(), "{:?}", report.failure);
    }
    let node = start_again(&disk, &node).await;
    let partition = node.find(0);
    assert_eq!(partition.high_watermark(), Offset(1));
    let read = partition.read(&read_from(0), LIMITS).await.unwrap();
    assert!(matches!(read.found, Found::Records { .. }));
    let uncommitted = node.find(1);
    assert_eq!(uncommitted.log().log_end_offset(), Offset(1));
    assert_eq!(uncommitted.high_watermark(), Offset(0));
    assert_eq!(append_acked(&partition, "b").await, Offset(1));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_has_crashed_has_what_was_flushed() {
    let disk = Arc::new(SimulatedDisk::new(1));
    let node = Node::start(&disk).await;
    node.apply(&[broker(1), topic(), partition(0, &[1])]).await;
    append_acked(&node.find(0), "a").await;
    let log_end = node.find(0).log().log_end_offset();
    node.find(0).log().flush(log_end, WALL_MS).await.unwrap();
    disk.crash();
    let node = start_again(&disk, &node).await;
    assert_eq!(
        node.find(0).high_watermark(),
        Offset(1),
        "its only replica has it"
    );
    assert_eq!(append_acked(&node.find(0), "b").await, Offset(1));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_nobody_has_assigned_is_set_aside_and_kept() {
    let disk = Arc::new(SimulatedDisk::new(1));
    let node = Node::start(&disk).await;
    let replicas = [partition(0, &[1]), partition(1, &[1])];
    node.apply(&[&[broker(1), topic()][..], &replicas].concat())
        .await;
    append_acked(&node.find(1), "a").await;
    node.partitions.close().await;

    let node = Node::start(&disk).await;
    let image = image_of(&[broker(1), topic(), partition(0, &[1]), partition(1, &[2])]);
    let strays = node.partitions.set_strays_aside(&image).await;
    let names: Vec<_> = strays
        .iter()
        .map(|stray| stray.topic_partition.to_string())
        .collect();
    assert_eq!(names, ["t-1"]);
    assert!(strays[0].failure.is_none());
    node.apply_image(&image).await;
    let mut kept = Vec::new();
    for path in PATHS {
        let entries = disk.list(path.as_ref()).await.unwrap();
        kept.extend(entries.into_iter().filter(|entry| entry.is_directory));
    }
    kept.retain(|entry| entry.name.starts_with("t-"));
    let mut stages: Vec<_> = kept
        .iter()
        .map(|entry| entry.name.rsplit('-').next())
        .collect();
    stages.sort();
    assert_eq!(stages, [Some("0"), Some("stray")]);
}
