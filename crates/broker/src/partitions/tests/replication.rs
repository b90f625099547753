//! Two replicas: the second one is its fetches.

use super::node::*;
use metadata::image::NO_LEADER_CHANGE;
use protocol::ErrorCode;
use protocol::generated::metadata::{MetadataRecord, PartitionChangeRecord};
use protocol::ids::{LeaderEpoch, Offset};
use replica::{Acks, Isolation};
use std::sync::Arc;
use std::time::Duration;
use storage::disk::simulated::SimulatedDisk;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::partitions::{Ack, Found};

async fn started(records: &[MetadataRecord]) -> Node {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    let setup = [broker(1), broker(2), topic(), partition(0, &[1, 2])];
    let applied = node.apply(&[&setup, records].concat()).await;
    assert!(applied.failures.is_empty(), "{:?}", applied.failures);
    node
}

fn change(record: PartitionChangeRecord) -> MetadataRecord {
    MetadataRecord::PartitionChange(PartitionChangeRecord {
        partition_id: 0,
        topic_id: TOPIC_ID,
        ..record
    })
}

#[tokio::test(start_paused = true)]
async fn an_append_is_acknowledged_when_the_second_replica_has_it_too() {
    let node = started(&[]).await;
    let partition = node.find(0);
    let (_, of_leader) = append(&partition, "a", Acks::Leader).await.unwrap();
    assert!(matches!(of_leader, Ack::Ready));
    let (_, of_all) = append(&partition, "b", Acks::All).await.unwrap();
    assert!(matches!(of_all, Ack::Waiting(_)));
    let fetched = follower_fetches(&partition, 0).await.unwrap();
    assert_eq!(bytes_of(&fetched).await.len(), 2 * batch("a").len());
    assert_eq!(partition.high_watermark(), Offset(0));
    let nothing = partition.read(&read_from(0), LIMITS).await.unwrap();
    assert!(
        matches!(nothing.found, Found::Nothing),
        "nothing is committed"
    );
    follower_fetches(&partition, 2).await.unwrap();
    assert_eq!(of_all.wait().await, Ok(()));
    assert_eq!(partition.high_watermark(), Offset(2));
    let committed = partition.read(&read_from(0), LIMITS).await.unwrap();
    assert!(matches!(committed.found, Found::Records { .. }));
}

#[tokio::test(start_paused = true)]
async fn a_consumer_waits_for_the_high_watermark_and_a_follower_for_the_log_end() {
    let node = started(&[]).await;
    let partition = node.find(0);
    let (consumer, follower) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let begin = Instant::now();
    let uncommitted = Some(Isolation::ReadUncommitted);
    let of_consumer = partition.wait_for_records(uncommitted, Offset(0), 10_000, &consumer);
    let of_follower = partition.wait_for_records(None, Offset(0), 10_000, &follower);
    let _waits = (of_consumer.unwrap().unwrap(), of_follower.unwrap().unwrap());
    append(&partition, "a", Acks::Leader).await.unwrap();
    follower.notified().await;
    let told = tokio::select! {
        biased;
        () = consumer.notified() => true,
        () = tokio::task::yield_now() => false,
    };
    assert!(!told, "nothing is committed");
    follower_fetches(&partition, 1).await.unwrap();
    consumer.notified().await;
    assert_eq!(
        begin.elapsed().as_millis(),
        0,
        "nobody has waited for a deadline"
    );
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_that_does_not_come_times_out() {
    let node = started(&[]).await;
    let partition = node.find(0);
    for _ in 0..2 {
        let begin = Instant::now();
        let (_, ack) = append(&partition, "a", Acks::All).await.unwrap();
        let outcome = timeout(Duration::from_secs(10), ack.wait()).await;
        assert_eq!(outcome, Ok(Err(ErrorCode::REQUEST_TIMED_OUT)));
        let waited = begin.elapsed();
        assert!((1_000..=1_002).contains(&waited.as_millis()), "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn too_few_replicas_in_sync_take_no_record_that_all_are_to_have() {
    let two = config("min.insync.replicas", "2");
    let alone = change(PartitionChangeRecord {
        leader: NO_LEADER_CHANGE,
        isr: Some(vec![1]),
        ..PartitionChangeRecord::default()
    });
    let node = started(&[two, alone]).await;
    let partition = node.find(0);
    let refused = append(&partition, "a", Acks::All).await.unwrap_err();
    assert_eq!(refused.error_code, ErrorCode::NOT_ENOUGH_REPLICAS);
    assert_eq!(partition.log().log_end_offset(), Offset(0));
    append(&partition, "a", Acks::Leader).await.unwrap();
    assert_eq!(
        partition.high_watermark(),
        Offset(0),
        "min.insync.replicas holds it"
    );
    node.apply(&[config("min.insync.replicas", "1")]).await;
    assert_eq!(partition.high_watermark(), Offset(1));
    let (_, ack) = append(&partition, "b", Acks::All).await.unwrap();
    assert_eq!(ack.wait().await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_told_when_leadership_goes() {
    let node = started(&[]).await;
    let partition = node.find(0);
    let listener = Arc::new(Notify::new());
    let uncommitted = Some(Isolation::ReadUncommitted);
    let wait = partition.wait_for_records(uncommitted, Offset(0), 60_000, &listener);
    let _wait = wait.unwrap().unwrap();
    let (_, ack) = append(&partition, "a", Acks::All).await.unwrap();
    let applied = node.apply(&[elected(0, 2)]).await;
    assert!(applied.led.is_empty());
    assert_eq!(applied.resigned[0].id, id(0));
    assert_eq!(applied.resigned[0].leader_epoch, LeaderEpoch(1));
    listener.notified().await;
    let not_leader = ErrorCode::NOT_LEADER_OR_FOLLOWER;
    assert_eq!(ack.wait().await, Err(not_leader));
    let refused = append(&partition, "b", Acks::Leader).await.unwrap_err();
    assert_eq!(refused.error_code, not_leader);
    let read = partition.read(&read_from(0), LIMITS).await;
    assert_eq!(read.unwrap_err(), not_leader);
    let again = partition.wait_for_records(uncommitted, Offset(0), 60_000, &listener);
    assert_eq!(again.unwrap_err(), not_leader);
}

#[tokio::test(start_paused = true)]
async fn a_new_epoch_begins_at_the_log_end_and_is_in_the_log_before_any_record() {
    let node = started(&[]).await;
    let partition = node.find(0);
    append(&partition, "a", Acks::Leader).await.unwrap();
    let applied = node.apply(&[elected(0, 1)]).await;
    assert_eq!(applied.led[0].leader_epoch, LeaderEpoch(1));
    assert!(applied.resigned.is_empty());
    let began = partition.log().latest_epoch();
    assert_eq!(began, Some((LeaderEpoch(1), Offset(1))));
    let old = follower_fetches(&partition, 1).await.unwrap_err();
    assert_eq!(old, ErrorCode::FENCED_LEADER_EPOCH);
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_stops_fetching_is_no_reason_to_panic() {
    let node = started(&[]).await;
    let partition = node.find(0);
    append(&partition, "a", Acks::Leader).await.unwrap();
    let timers = &node.environment.timers;
    let beyond_lag = Duration::from_millis(2 * LAG_MS_MAX);
    timers.sleep(beyond_lag).await;
    // The proposal to leave it out has no answer, so that both still count.
    let (_, ack) = append(&partition, "b", Acks::All).await.unwrap();
    assert!(matches!(ack, Ack::Waiting(_)));
    follower_fetches(&partition, 2).await.unwrap();
    assert_eq!(ack.wait().await, Ok(()));
}
