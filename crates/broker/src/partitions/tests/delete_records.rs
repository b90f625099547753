//! Records are deleted on request.

use super::node::*;
use protocol::ErrorCode;
use protocol::generated::metadata::{BrokerRegistrationChangeRecord, MetadataRecord};
use protocol::ids::Offset;
use std::sync::Arc;
use storage::disk::simulated::SimulatedDisk;

use crate::partitions::Ack;

async fn started(replicas: &[i32]) -> Node {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    node.apply(&[broker(1), broker(2), topic(), partition(0, replicas)])
        .await;
    node
}

#[tokio::test(start_paused = true)]
async fn records_below_the_high_watermark_are_deleted_and_no_others() {
    let node = started(&[1]).await;
    let partition = node.find(0);
    for _ in 0..3 {
        append_acked(&partition, "a").await;
    }
    let behind = partition.delete_records(Some(Offset(4)), 100).await;
    assert_eq!(behind.unwrap_err(), ErrorCode::OFFSET_OUT_OF_RANGE);
    let some = partition.delete_records(Some(Offset(2)), 100).await;
    assert!(matches!(some, Ok(Ack::Ready)));
    assert_eq!(partition.low_watermark(), Ok(Offset(2)));
    let gone = partition.read(&read_from(1), LIMITS).await.unwrap_err();
    assert_eq!(gone, ErrorCode::OFFSET_OUT_OF_RANGE);
    partition.delete_records(None, 100).await.unwrap();
    assert_eq!(partition.low_watermark(), Ok(Offset(3)));
    node.apply(&[config("cleanup.policy", "compact")]).await;
    let compacted = partition.delete_records(None, 100).await.unwrap_err();
    assert_eq!(compacted, ErrorCode::POLICY_VIOLATION);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_waits_for_live_replicas_only() {
    let node = started(&[1, 2]).await;
    let partition = node.find(0);
    append_at(&partition, WALL_MS).await;
    follower_fetches(&partition, 1).await.unwrap();
    let ack = partition.delete_records(None, 1_000).await.unwrap();
    assert!(matches!(ack, Ack::Waiting(_)));
    assert_eq!(partition.low_watermark(), Ok(Offset(0)));
    let fenced = MetadataRecord::BrokerRegistrationChange(BrokerRegistrationChangeRecord {
        broker_id: 2,
        broker_epoch: 10,
        fenced: 1,
        ..BrokerRegistrationChangeRecord::default()
    });
    node.apply(&[fenced]).await;
    assert_eq!(ack.wait().await, Ok(()));
    assert_eq!(partition.low_watermark(), Ok(Offset(1)));
}
