//! Two replicas: what is in the log is not committed until the other one has it.

use std::sync::Arc;

use protocol::ErrorCode;
use storage::disk::simulated::SimulatedDisk;

use super::node::{LOCAL, Node, OTHER, commit_error, elect, records};

async fn with_another_replica() -> Node {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    node.apply(&records(&[LOCAL, OTHER])).await;
    node.loaded().await;
    node
}

#[tokio::test(start_paused = true)]
async fn commits_are_answered_and_shown_in_order_as_the_other_replica_has_them() {
    let node = with_another_replica().await;
    let mut first = node.commit("g", 1);
    let mut second = node.commit("g", 2);
    assert_eq!(node.committed("g").await, Ok(-1));
    assert!(first.try_recv().is_err() && second.try_recv().is_err());
    node.other_has(1).await;
    assert_eq!(commit_error(first).await, ErrorCode::NONE);
    assert_eq!(node.committed("g").await, Ok(1));
    assert!(second.try_recv().is_err());
    node.other_has(2).await;
    assert_eq!(commit_error(second).await, ErrorCode::NONE);
    assert_eq!(node.committed("g").await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn records_in_doubt_are_the_next_coordinators_if_the_log_keeps_them() {
    let node = with_another_replica().await;
    let committing = node.commit("g", 7);
    assert_eq!(node.committed("g").await, Ok(-1));
    // The task learns that it cannot go on before it is told.
    let resigned = node.apply_to_partitions(&[elect(OTHER)]).await;
    assert_eq!(resigned.resigned.len(), 1);
    assert_eq!(commit_error(committing).await, ErrorCode::NOT_COORDINATOR);
    assert_eq!(node.committed("g").await, Err(ErrorCode::NOT_COORDINATOR));
    node.apply(&[elect(LOCAL)]).await;
    let loading = Err(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS);
    assert_eq!(node.committed("g").await, loading);
    node.other_has(1).await;
    node.loaded().await;
    assert_eq!(node.committed("g").await, Ok(7));
    let committing = node.commit("g", 8);
    assert_eq!(node.committed("g").await, Ok(7));
    node.other_has(2).await;
    assert_eq!(commit_error(committing).await, ErrorCode::NONE);
}
