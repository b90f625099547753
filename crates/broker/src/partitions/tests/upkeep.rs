//! What the upkeep does unasked.

use super::node::*;
use protocol::generated::metadata::{MetadataRecord, RemoveTopicRecord};
use protocol::ids::Offset;
use replica::Isolation;
use std::sync::Arc;
use std::time::Duration;
use storage::disk::simulated::SimulatedDisk;
use storage::disk::{Disk, read_whole};
use tokio::sync::Notify;

use crate::partitions::Upkeep;

/// The default of `log.cleaner.backoff.ms`.
const COMPACTION_BACKOFF_MS: u64 = 15_000;

async fn started() -> (Node, Upkeep) {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    let upkeep = Upkeep::start(&node.partitions, UPKEEP, Arc::new(|_, _| ()));
    node.apply(&[broker(1), topic(), partition(0, &[1])]).await;
    (node, upkeep)
}

async fn pass(node: &Node, ms: u64) {
    node.environment
        .timers
        .sleep(Duration::from_millis(ms))
        .await;
}

#[tokio::test(start_paused = true)]
async fn old_segments_go_and_their_files_after_the_delay() {
    let (node, upkeep) = started().await;
    node.apply(&[config("retention.ms", "100")]).await;
    let partition = node.find(0);
    append_at(&partition, WALL_MS - 1_000).await;
    let directory = partition.log().directory();
    pass(&node, UPKEEP.retention_check_interval_ms + 1).await;
    assert_eq!(partition.log().log_start_offset(), Offset(1));
    let names = async || {
        let entries = node.disk.list(&directory).await.unwrap();
        entries
            .into_iter()
            .map(|entry| entry.name)
            .collect::<Vec<_>>()
    };
    let deleted = |name: &String| name.ends_with(".deleted");
    assert!(names().await.iter().any(deleted));
    pass(&node, 60_001).await;
    assert!(!names().await.iter().any(deleted));
    upkeep.end().await;
}

#[tokio::test(start_paused = true)]
async fn the_directory_of_a_deleted_topic_goes_after_the_delay() {
    let (node, upkeep) = started().await;
    let directory = node.find(0).log().directory();
    let parent = directory.parent().unwrap();
    let remove = MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: TOPIC_ID });
    node.apply(&[remove]).await;
    let is_left = async || {
        let entries = node.disk.list(parent).await.unwrap();
        entries.iter().any(|entry| entry.name.ends_with("-delete"))
    };
    assert!(is_left().await);
    pass(&node, 60_001).await;
    assert!(!is_left().await);
    upkeep.end().await;
}

#[tokio::test(start_paused = true)]
async fn high_watermarks_reach_the_checkpoint() {
    let (node, _upkeep) = started().await;
    append_acked(&node.find(0), "a").await;
    pass(&node, UPKEEP.high_watermark_checkpoint_interval_ms + 1).await;
    let directory = node.find(0).log().directory();
    let path = directory
        .parent()
        .unwrap()
        .join("replication-offset-checkpoint");
    let content = read_whole(node.disk.as_ref(), &path, 1_000).await;
    let content = String::from_utf8(content.unwrap().unwrap()).unwrap();
    assert_eq!(content, "0\n1\nt 0 1\n");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_to_be_flushed_soon_is_flushed() {
    let (node, upkeep) = started().await;
    node.apply(&[config("flush.ms", "1000")]).await;
    let partition = node.find(0);
    append_acked(&partition, "a").await;
    assert_eq!(partition.log().recovery_point(), Offset(0));
    pass(&node, UPKEEP.flush_check_interval_ms + 1).await;
    assert_eq!(partition.log().recovery_point(), Offset(1));
    upkeep.end().await;
}

#[tokio::test(start_paused = true)]
async fn an_upkeep_that_ends_leaves_nothing_behind_that_sleeps() {
    let (node, upkeep) = started().await;
    pass(&node, 1).await;
    let listener = Arc::new(Notify::new());
    let wait =
        node.find(0)
            .wait_for_records(Some(Isolation::ReadUncommitted), Offset(0), 9, &listener);
    drop(wait);
    upkeep.end().await;
    pass(&node, 20).await;
    assert_eq!(node.environment.timers.armed_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_compacted_log_is_cleaned_when_enough_of_it_is_new() {
    let (node, upkeep) = started().await;
    node.apply(&[config("cleanup.policy", "compact")]).await;
    let partition = node.find(0);
    for _ in 0..3 {
        append_keyed(&partition, b"key").await;
    }
    partition.log().roll(WALL_MS).await.unwrap();
    append_keyed(&partition, b"key").await;
    assert_eq!(partition.log().cleaned_to(), None);
    let before = partition.log().size_bytes();
    pass(&node, COMPACTION_BACKOFF_MS + 1_000).await;
    assert_eq!(partition.log().cleaned_to(), Some(Offset(3)));
    assert_eq!(partition.log().log_end_offset(), Offset(4));
    assert!(partition.log().size_bytes() < before);
    let compaction = node.partitions.compaction();
    assert_eq!(compaction.last_cleanings().len(), 1);
    let directory = partition.partition_log.directory();
    assert_eq!(node.partitions.uncleanable(&directory).count, 0);
    let path = directory.path().join("cleaner-offset-checkpoint");
    let checkpoint = read_whole(node.disk.as_ref(), &path, 1 << 10)
        .await
        .unwrap();
    let checkpoint = String::from_utf8(checkpoint.unwrap()).unwrap();
    assert!(checkpoint.ends_with(" 0 3\n"), "{checkpoint}");
    upkeep.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_cleaned_is_left_alone_and_said_to_be() {
    let (node, upkeep) = started().await;
    node.apply(&[config("cleanup.policy", "compact")]).await;
    let partition = node.find(0);
    append_keyed(&partition, b"key").await;
    partition.log().roll(WALL_MS).await.unwrap();
    let path = partition.log().directory().join("00000000000000000000.log");
    node.disk.flip_bit(&path, 65, 0).unwrap();
    pass(&node, COMPACTION_BACKOFF_MS + 1_000).await;
    let directory = partition.partition_log.directory();
    let uncleanable = node.partitions.uncleanable(&directory);
    assert_eq!(uncleanable.count, 1);
    assert_eq!(uncleanable.bytes, partition.log().size_bytes());
    assert!(directory.is_online());
    node.disk.flip_bit(&path, 65, 0).unwrap();
    pass(&node, COMPACTION_BACKOFF_MS + 1_000).await;
    assert_eq!(partition.log().cleaned_to(), None);
    upkeep.end().await;
}
