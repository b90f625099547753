//! A log directory fails, and what it takes along.

use super::node::*;
use crate::partitions::Upkeep;
use metadata::image::DIRECTORY_UNASSIGNED;
use protocol::ErrorCode;
use protocol::generated::metadata::{MetadataRecord, RemoveTopicRecord};
use protocol::ids::Offset;
use replica::{Acks, Isolation};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use storage::disk::DiskErrorKind;
use storage::disk::simulated::{Fault, Operation, SimulatedDisk};
use tokio::sync::Notify;

/// Two partitions in each of the two directories.
async fn started() -> Node {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    let partitions = (0..4).map(|index| partition(index, &[1]));
    let records: Vec<_> = [broker(1), topic()].into_iter().chain(partitions).collect();
    let applied = node.apply(&records).await;
    assert!(applied.failures.is_empty(), "{:?}", applied.failures);
    node
}

fn directory_of(node: &Node, index: i32) -> PathBuf {
    let path = node.find(index).log().directory();
    path.parent().unwrap().to_owned()
}

/// The next write to a partition's segments fails.
fn break_disk_of(node: &Node, index: i32, kind: DiskErrorKind) {
    node.disk.order_fault(Fault {
        operation: Operation::Write,
        path_suffix: format!("t-{index}/00000000000000000000.log"),
        successes_before: 0,
        kind,
    });
}

#[tokio::test(start_paused = true)]
async fn a_failed_directory_takes_its_partitions_along_and_no_others() {
    let node = started().await;
    let in_same = |index: &i32| directory_of(&node, *index) == directory_of(&node, 0);
    let (same, other): (Vec<i32>, Vec<i32>) = (0..4).partition(in_same);
    assert_eq!((same.len(), other.len()), (2, 2));
    let listener = Arc::new(Notify::new());
    let neighbour = node.find(same[1]);
    let uncommitted = Some(Isolation::ReadUncommitted);
    let wait = neighbour.wait_for_records(uncommitted, Offset(0), 60_000, &listener);
    let _wait = wait.unwrap().unwrap();
    break_disk_of(&node, 0, DiskErrorKind::Failed);
    let failed = append(&node.find(0), "a", Acks::All).await.unwrap_err();
    assert_eq!(failed.error_code, ErrorCode::KAFKA_STORAGE_ERROR);
    assert!(!node.find(0).is_leader(), "it does not wait to be told");
    listener.notified().await;
    for index in same {
        let partition = node.find(index);
        let read = partition.read(&read_from(0), LIMITS).await;
        assert_eq!(read.unwrap_err(), ErrorCode::KAFKA_STORAGE_ERROR);
        assert!(!partition.is_leader());
    }
    for index in other {
        append_acked(&node.find(index), "b").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_partition_in_a_failed_directory_is_given_no_role_any_more() {
    let node = started().await;
    break_disk_of(&node, 0, DiskErrorKind::Failed);
    append(&node.find(0), "a", Acks::All).await.unwrap_err();
    let applied = node.apply(&[elected(0, 1)]).await;
    assert!(applied.led.is_empty(), "{:?}", applied.led);
    assert!(applied.failures.is_empty(), "nothing was tried");
    let refused = append(&node.find(0), "a", Acks::All).await.unwrap_err();
    assert_eq!(refused.error_code, ErrorCode::KAFKA_STORAGE_ERROR);
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_no_directory_takes_answers_a_storage_error() {
    let node = started().await;
    for index in [0, 1] {
        break_disk_of(&node, index, DiskErrorKind::Failed);
        append(&node.find(index), "a", Acks::All).await.unwrap_err();
    }
    let applied = node.apply(&[partition(4, &[1])]).await;
    assert_eq!(applied.failures.len(), 1);
    let failed = node.partitions.find(id(4)).unwrap_err();
    assert_eq!(failed, ErrorCode::KAFKA_STORAGE_ERROR);
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_refuses_the_append_and_nothing_else() {
    let node = started().await;
    break_disk_of(&node, 0, DiskErrorKind::NoSpace);
    let partition = node.find(0);
    let refused = append(&partition, "a", Acks::All).await.unwrap_err();
    assert_eq!(refused.error_code, ErrorCode::KAFKA_STORAGE_ERROR);
    assert!(partition.is_leader());
    assert_eq!(append_acked(&partition, "a").await, Offset(0));
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_may_lie_in_a_failed_directory_is_not_created_elsewhere() {
    let node = started().await;
    let failed = PATHS
        .iter()
        .position(|path| directory_of(&node, 0) == Path::new(path));
    let failed = failed.unwrap();
    break_disk_of(&node, 0, DiskErrorKind::Failed);
    append(&node.find(0), "a", Acks::All).await.unwrap_err();
    let assigned = [
        directory_id(failed),
        directory_id(1 - failed),
        DIRECTORY_UNASSIGNED,
    ];
    let records = assigned.into_iter().zip(4..).map(|(directory, index)| {
        let mut registration = registration(index, &[1]);
        registration.directories = vec![directory];
        MetadataRecord::Partition(registration)
    });
    let applied = node.apply(&records.collect::<Vec<_>>()).await;
    let failures: Vec<_> = applied.failures.iter().map(|failure| failure.id).collect();
    assert_eq!(failures, [id(4)]);
    let error = node.partitions.find(id(4)).unwrap_err();
    assert_eq!(error, ErrorCode::KAFKA_STORAGE_ERROR);
    for index in [5, 6] {
        append_acked(&node.find(index), "a").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_replica_that_a_full_disk_had_no_room_for_is_created_when_there_is_some() {
    let node = started().await;
    append_acked(&node.find(0), "before").await;
    node.disk.set_capacity(Some(0));
    let applied = node
        .apply(&[partition(4, &[1]), partition(5, &[2, 1])])
        .await;
    assert_eq!(applied.failures.len(), 2);
    assert!(node.partitions.lacks_space());
    let refused = node.partitions.find(id(4)).unwrap_err();
    assert_eq!(refused, ErrorCode::KAFKA_STORAGE_ERROR);
    let image = &node.metadata.current().image;
    for _ in 0..3 {
        let still_full = node.partitions.retry(image).await;
        assert!(still_full.led.is_empty() && still_full.failures.is_empty());
    }
    for directory in node.partitions.logs().directories() {
        assert!(directory.is_online(), "a full directory has not failed");
    }
    node.disk.set_capacity(None);
    let created = node.partitions.retry(image).await;
    assert!(created.failures.is_empty(), "{:?}", created.failures);
    let led: Vec<_> = created.led.iter().map(|replica| replica.id).collect();
    assert_eq!(led, [id(4)]);
    assert!(!node.partitions.lacks_space());
    assert!(!node.find(5).is_leader());
    for index in [0, 4] {
        append_acked(&node.find(index), "after").await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_full_directory_beside_one_that_has_failed_is_reason_to_wait_for_space() {
    let node = started().await;
    break_disk_of(&node, 0, DiskErrorKind::Failed);
    append(&node.find(0), "a", Acks::All).await.unwrap_err();
    node.disk.set_capacity(Some(0));
    let mut unassigned = registration(4, &[1]);
    unassigned.directories = vec![DIRECTORY_UNASSIGNED];
    let applied = node.apply(&[MetadataRecord::Partition(unassigned)]).await;
    assert_eq!(applied.failures.len(), 1);
    assert!(node.partitions.lacks_space());
    node.disk.set_capacity(None);
    let created = node.partitions.retry(&node.metadata.current().image).await;
    assert_eq!(created.led.len(), 1);
    append_acked(&node.find(4), "a").await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_space_is_forgotten_with_its_topic_and_what_a_failure_left_is_not_tried() {
    let node = started().await;
    node.disk.set_capacity(Some(0));
    node.apply(&[partition(4, &[1])]).await;
    assert!(node.partitions.lacks_space());
    let removal = MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: TOPIC_ID });
    node.apply(&[removal]).await;
    assert!(!node.partitions.lacks_space());
    let node = started().await;
    for index in [0, 1] {
        break_disk_of(&node, index, DiskErrorKind::Failed);
        append(&node.find(index), "a", Acks::All).await.unwrap_err();
    }
    node.apply(&[partition(4, &[1])]).await;
    assert!(!node.partitions.lacks_space());
}

#[tokio::test(start_paused = true)]
async fn a_stalled_directory_holds_up_no_acknowledgement_in_another_one() {
    let node = started().await;
    let slow = directory_of(&node, 0);
    let fast = (0..4).find(|index| directory_of(&node, *index) != slow);
    let fast = node.find(fast.unwrap());
    node.disk.stall_below(&slow);
    let stuck = node.find(0);
    let stuck = tokio::spawn(async move { append(&stuck, "a", Acks::All).await.map(|_| ()) });
    let upkeep = Upkeep::start(&node.partitions, UPKEEP, Arc::new(|_, _| ()));
    // Long enough for all that is done from time to time to get stuck as well.
    for _ in 0..20 {
        tokio::time::advance(Duration::from_secs(60)).await;
        append_acked(&fast, "b").await;
    }
    assert!(!stuck.is_finished());
    node.disk.resume();
    stuck.await.unwrap().unwrap();
    upkeep.end().await;
}
