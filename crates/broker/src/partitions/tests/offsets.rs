//! Look-ups of offsets.

use super::node::*;
use protocol::ErrorCode;
use protocol::ids::{LeaderEpoch, Offset};
use replica::{Acks, Isolation};
use std::sync::Arc;
use storage::disk::simulated::SimulatedDisk;

use crate::partitions::{FoundOffset, OffsetLookup, OffsetQuery};

/// Partition 0 has only this node, partition 1 another one that has fetched nothing. Each has
/// records with the timestamps 10, 30 and 20, in epoch 0.
async fn started() -> Node {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    let partitions = [partition(0, &[1]), partition(1, &[1, 2])];
    let brokers = [broker(1), broker(2), topic()];
    node.apply(&[&brokers[..], &partitions].concat()).await;
    for index in [0, 1] {
        for timestamp_ms in [10, 30, 20] {
            append_at(&node.find(index), timestamp_ms).await;
        }
    }
    node
}

fn lookup(timestamp: i64) -> OffsetLookup {
    OffsetLookup {
        query: OffsetQuery::of_timestamp(timestamp).unwrap(),
        isolation: Some(Isolation::ReadUncommitted),
        current_leader_epoch: None,
    }
}

fn found(timestamp: Option<i64>, offset: i64) -> Option<FoundOffset> {
    Some(FoundOffset {
        timestamp,
        offset: Offset(offset),
        leader_epoch: Some(LeaderEpoch(0)),
    })
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_look_up_finds_its_offset() {
    let node = started().await;
    let partition = node.find(0);
    let expected = [
        (-1, found(None, 3)),
        (-2, found(None, 0)),
        (-3, found(Some(30), 1)),
        (-4, found(None, 0)),
        (-5, None),
        (-6, None),
        (0, found(Some(10), 0)),
        (11, found(Some(30), 1)),
        (31, None),
    ];
    for (timestamp, expected) in expected {
        let answer = partition.look_up_offset(&lookup(timestamp)).await;
        assert_eq!(answer, Ok(expected), "{timestamp}");
    }
    assert_eq!(OffsetQuery::of_timestamp(-7), None);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_committed_is_shown_to_replicas_only() {
    let node = started().await;
    let partition = node.find(1);
    for (timestamp, expected) in [(-1, found(None, 0)), (-3, None), (5, None)] {
        let answer = partition.look_up_offset(&lookup(timestamp)).await;
        assert_eq!(answer, Ok(expected), "{timestamp}");
    }
    let replica = OffsetLookup {
        isolation: None,
        ..lookup(-1)
    };
    let end = partition.look_up_offset(&replica).await;
    assert_eq!(end, Ok(found(None, 3)));
}

#[tokio::test(start_paused = true)]
async fn the_latest_offset_is_not_known_before_the_epoch_s_start_is_committed() {
    let node = started().await;
    node.apply(&[elected(1, 1)]).await;
    let partition = node.find(1);
    for timestamp in [-1, 31] {
        let answer = partition.look_up_offset(&lookup(timestamp)).await;
        assert_eq!(answer, Err(ErrorCode::OFFSET_NOT_AVAILABLE), "{timestamp}");
    }
    let old_epoch = OffsetLookup {
        current_leader_epoch: Some(LeaderEpoch(0)),
        ..lookup(-5)
    };
    let answer = partition.look_up_offset(&old_epoch).await;
    assert_eq!(answer, Err(ErrorCode::FENCED_LEADER_EPOCH));
}

#[tokio::test(start_paused = true)]
async fn epochs_end_where_the_next_one_begins() {
    let node = started().await;
    node.apply(&[elected(0, 1)]).await;
    let partition = node.find(0);
    append(&partition, "a", Acks::Leader).await.unwrap();
    let end = |epoch| {
        let end = partition.end_offset_of(None, LeaderEpoch(epoch)).unwrap();
        end.map(|end| (end.epoch.0, end.end_offset.0))
    };
    assert_eq!(end(0), Some((0, 3)));
    assert_eq!(end(1), Some((1, 4)));
    assert_eq!(end(2), None);
    let fenced = partition.end_offset_of(Some(LeaderEpoch(0)), LeaderEpoch(0));
    assert_eq!(fenced, Err(ErrorCode::FENCED_LEADER_EPOCH));
}
