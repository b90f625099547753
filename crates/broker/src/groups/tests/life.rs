//! What members and committing consumers see of a coordinator that lives undisturbed.

use std::sync::Arc;
use std::time::Duration;

use crate::telemetry::{Exposition, GaugeSource};
use protocol::ErrorCode;
use storage::disk::simulated::SimulatedDisk;

use super::node::{
    LOCAL, Node, OTHER, TOPIC_ID, commit_error, elect, join_answer, records, remove,
};

#[tokio::test(start_paused = true)]
async fn two_members_share_a_group_and_one_that_is_not_heard_of_is_out() {
    let node = Node::alone().await;
    let (leader, follower) = node.stable_pair().await;
    assert_eq!(node.state().await, "Stable");
    assert_eq!(node.heartbeat(&leader).await, ErrorCode::NONE);
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(node.heartbeat(&leader).await, ErrorCode::NONE);
    tokio::time::advance(Duration::from_secs(6)).await;
    node.becomes("PreparingRebalance").await;
    let told = node.heartbeat(&leader).await;
    assert_eq!(told, ErrorCode::REBALANCE_IN_PROGRESS);
    assert_eq!(
        node.heartbeat(&follower).await,
        ErrorCode::UNKNOWN_MEMBER_ID
    );
}

#[tokio::test(start_paused = true)]
async fn offsets_and_members_outlive_a_loss_of_power() {
    let node = Node::alone().await;
    let (leader, follower) = node.stable_pair().await;
    assert_eq!(
        commit_error(node.commit("other", 42)).await,
        ErrorCode::NONE
    );
    let node = node.restart().await;
    assert_eq!(node.heartbeat(&follower).await, ErrorCode::NONE);
    assert_eq!(node.state().await, "Stable");
    assert_eq!(node.heartbeat(&leader).await, ErrorCode::NONE);
    assert_eq!(node.committed("other").await, Ok(42));
    assert_eq!(
        commit_error(node.commit("other", 43)).await,
        ErrorCode::NONE
    );
    assert_eq!(node.committed("other").await, Ok(43));
}

#[tokio::test(start_paused = true)]
async fn a_partition_that_is_led_elsewhere_has_no_coordinator() {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    let nowhere = Err(ErrorCode::NOT_COORDINATOR);
    assert_eq!(node.committed("g").await, nowhere);
    node.apply(&records(&[OTHER, LOCAL])).await;
    assert_eq!(node.committed("g").await, nowhere);
    assert_eq!(
        commit_error(node.commit("g", 1)).await,
        ErrorCode::NOT_COORDINATOR
    );
    node.apply(&[elect(LOCAL)]).await;
    node.loaded().await;
    assert_eq!(node.groups.led(), [0]);
    // Nothing was written that the other replica would have to have.
    assert_eq!(node.committed("g").await, Ok(-1));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_told_when_the_leadership_goes() {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    node.apply(&records(&[LOCAL, OTHER])).await;
    node.apply(&[elect(OTHER)]).await;
    node.apply(&[elect(LOCAL)]).await;
    node.loaded().await;
    // The other replica does not fetch: nothing is committed.
    let committing = node.commit("g", 1);
    assert_eq!(node.committed("g").await, Ok(-1));
    node.apply(&[elect(OTHER)]).await;
    assert_eq!(commit_error(committing).await, ErrorCode::NOT_COORDINATOR);
    assert!(node.groups.led().is_empty());
}

#[tokio::test(start_paused = true)]
async fn members_that_wait_are_told_when_the_node_stops() {
    let node = Node::alone().await;
    let (_, joining) = node.join_new().await;
    node.groups.close().await;
    let answer = join_answer(joining).await;
    assert_eq!(answer.error_code, ErrorCode::NOT_COORDINATOR);
    assert_eq!(node.committed("g").await, Err(ErrorCode::NOT_COORDINATOR));
}

#[tokio::test(start_paused = true)]
async fn offsets_of_a_deleted_topic_are_gone_for_good() {
    let node = Node::alone().await;
    assert_eq!(commit_error(node.commit("g", 5)).await, ErrorCode::NONE);
    node.apply(&[remove(TOPIC_ID)]).await;
    assert_eq!(node.committed("g").await, Ok(-1));
    let node = node.restart().await;
    assert_eq!(node.committed("g").await, Ok(-1));
}

#[tokio::test(start_paused = true)]
async fn groups_go_by_the_partitions_that_the_topic_has() {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    assert_eq!(node.groups.partition_for("abc"), 4);
    node.apply(&records(&[LOCAL])).await;
    assert_eq!(node.groups.partition_for("abc"), 0);
}

#[tokio::test(start_paused = true)]
async fn groups_and_offsets_are_counted_by_state() {
    async fn scrape(node: &Node) -> String {
        let mut exposition = Exposition::default();
        node.groups.collect(&mut exposition);
        // Those who were asked answer in their turn.
        for group in ["g", "h"] {
            let _ = node.committed(group).await;
        }
        exposition.finish()
    }
    let node = Node::alone().await;
    assert_eq!(commit_error(node.commit("h", 1)).await, ErrorCode::NONE);
    node.stable_pair().await;
    scrape(&node).await;
    let counted = scrape(&node).await;
    for line in [
        "kafka_coordinator_group_groupmetadatamanager_numgroups 2",
        "kafka_coordinator_group_groupmetadatamanager_numgroupsempty 1",
        "kafka_coordinator_group_groupmetadatamanager_numgroupsstable 1",
        "kafka_coordinator_group_groupmetadatamanager_numoffsets 1",
        "kafka_server_group_coordinator_metrics_group_count{protocol=\"classic\"} 2",
        "kafka_server_group_coordinator_metrics_num_partitions{state=\"loading\"} 0",
    ] {
        assert!(counted.contains(&format!("{line}\n")), "{line}: {counted}");
    }
}
