//! Appends, reads, and waiting for either, at replication factor 1.

use super::node::*;
use protocol::ErrorCode;
use protocol::ids::{LeaderEpoch, Offset, ProducerId};
use protocol::records::BatchView;
use replica::{Acks, ClientRead, Isolation};
use std::sync::Arc;
use std::time::Duration;
use storage::disk::simulated::SimulatedDisk;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::partitions::{Ack, Found};

async fn started() -> Node {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    let applied = node.apply(&[broker(1), topic(), partition(0, &[1])]).await;
    assert!(applied.failures.is_empty(), "{:?}", applied.failures);
    node
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_is_led_takes_records_and_gives_them_back() {
    let node = started().await;
    let partition = node.find(0);
    assert!(partition.is_leader());
    for (value, acks) in [("a", Acks::None), ("b", Acks::Leader), ("c", Acks::All)] {
        let (_, ack) = append(&partition, value, acks).await.unwrap();
        assert!(
            matches!(ack, Ack::Ready),
            "{value}: the only replica has it"
        );
    }
    assert_eq!(partition.high_watermark(), Offset(3));
    let read = partition.read(&read_from(1), LIMITS).await.unwrap();
    assert_eq!(read.bounds.high_watermark, Offset(3));
    assert_eq!(read.bounds.log_start_offset, Offset(0));
    assert!(read.aborted.is_none());
    let bytes = bytes_of(&read).await;
    let first = BatchView::parse(&bytes).unwrap();
    assert_eq!(first.header().base_offset, 1);
    assert_eq!(first.header().partition_leader_epoch, 0);
    assert_eq!(bytes.len(), 2 * batch("b").len());
}

#[tokio::test(start_paused = true)]
async fn reads_say_what_is_wrong_with_them() {
    let node = started().await;
    let partition = node.find(0);
    append_acked(&partition, "a").await;
    let at_end = partition.read(&read_from(1), LIMITS).await.unwrap();
    assert!(matches!(at_end.found, Found::Nothing));
    let behind = partition.read(&read_from(2), LIMITS).await.unwrap_err();
    assert_eq!(behind, ErrorCode::OFFSET_OUT_OF_RANGE);
    let other_epoch = ClientRead {
        current_leader_epoch: Some(LeaderEpoch(1)),
        ..read_from(0)
    };
    let other_epoch = partition.read(&other_epoch, LIMITS).await.unwrap_err();
    assert_eq!(other_epoch, ErrorCode::UNKNOWN_LEADER_EPOCH);
    let committed = ClientRead {
        isolation: Isolation::ReadCommitted,
        ..read_from(0)
    };
    let committed = partition.read(&committed, LIMITS).await.unwrap();
    assert_eq!(committed.aborted, Some(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn who_is_not_here_is_unknown_or_led_elsewhere() {
    let node = started().await;
    let unknown = node.partitions.find(id(7)).unwrap_err();
    assert_eq!(unknown, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    node.apply(&[broker(2), partition(7, &[2])]).await;
    let elsewhere = node.partitions.find(id(7)).unwrap_err();
    assert_eq!(elsewhere, ErrorCode::NOT_LEADER_OR_FOLLOWER);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_fetch_is_told_once_by_an_append() {
    let node = started().await;
    let partition = node.find(0);
    let listener = Arc::new(Notify::new());
    let wait = partition
        .wait_for_records(
            Some(Isolation::ReadUncommitted),
            Offset(0),
            60_000,
            &listener,
        )
        .unwrap();
    assert!(wait.is_some(), "there is nothing yet");
    append_acked(&partition, "a").await;
    append_acked(&partition, "b").await;
    listener.notified().await;
    let again = timeout(Duration::from_secs(120), listener.notified()).await;
    assert!(
        again.is_err(),
        "neither the second append nor the deadline tells again"
    );
    let has_records = partition
        .wait_for_records(
            Some(Isolation::ReadUncommitted),
            Offset(0),
            60_000,
            &listener,
        )
        .unwrap();
    assert!(has_records.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_waiting_fetch_is_told_when_its_deadline_has_come() {
    let node = started().await;
    let partition = node.find(0);
    let listener = Arc::new(Notify::new());
    let begin = Instant::now();
    let deadline_ms = node.environment.clock.now().monotonic_ms + 500;
    let isolation = Some(Isolation::ReadUncommitted);
    let later = partition
        .wait_for_records(isolation, Offset(0), deadline_ms + 1_000, &listener)
        .unwrap();
    let _wait = partition
        .wait_for_records(isolation, Offset(0), deadline_ms, &listener)
        .unwrap();
    drop(later);
    listener.notified().await;
    let waited = begin.elapsed();
    assert!((500..=502).contains(&waited.as_millis()), "{waited:?}");
    let due = partition.with_core(|state, context| state.core.next_deadline_ms(context));
    assert_eq!(due, None, "nobody waits any more");
}

#[tokio::test(start_paused = true)]
async fn readers_of_committed_records_are_told_what_was_aborted() {
    let node = started().await;
    let partition = node.find(0);
    let committed = ClientRead {
        isolation: Isolation::ReadCommitted,
        ..read_from(0)
    };
    append_in_transaction(&partition, 7).await;
    let open = partition.read(&committed, LIMITS).await.unwrap();
    assert!(matches!(open.found, Found::Nothing));
    assert_eq!(open.bounds.last_stable_offset, Offset(0));
    assert_eq!(open.bounds.high_watermark, Offset(1));
    let listener = Arc::new(Notify::new());
    let isolation = Some(Isolation::ReadCommitted);
    let wait = partition.wait_for_records(isolation, Offset(0), 60_000, &listener);
    let _wait = wait.unwrap().unwrap();
    abort(&partition, 7).await;
    listener.notified().await;
    let aborted = partition.read(&committed, LIMITS).await.unwrap();
    assert!(matches!(aborted.found, Found::Records { .. }));
    let aborted = aborted.aborted.unwrap();
    assert_eq!(aborted.len(), 1);
    assert_eq!(aborted[0].producer_id, ProducerId(7));
    assert_eq!(aborted[0].first_offset, Offset(0));
    let uncommitted = partition.read(&read_from(0), LIMITS).await.unwrap();
    assert_eq!(uncommitted.aborted, None);
}
