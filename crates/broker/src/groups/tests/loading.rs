//! Taking a partition over from its log.

use std::sync::Arc;

use protocol::ErrorCode;
use storage::disk::simulated::SimulatedDisk;

use super::node::{LOCAL, Node, OTHER, commit_error, elect, records};

#[tokio::test(start_paused = true)]
async fn whoever_asks_while_the_log_is_read_is_told_to_come_again() {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    node.apply(&records(&[LOCAL])).await;
    node.loaded().await;
    assert_eq!(commit_error(node.commit("g", 7)).await, ErrorCode::NONE);
    node.apply(&[elect(LOCAL)]).await;
    node.disk.stall();
    let loading = Err(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS);
    assert_eq!(node.committed("g").await, loading);
    let error = commit_error(node.commit("g", 8)).await;
    assert_eq!(error, ErrorCode::COORDINATOR_LOAD_IN_PROGRESS);
    node.disk.resume();
    node.loaded().await;
    assert_eq!(node.committed("g").await, Ok(7));
}

#[tokio::test(start_paused = true)]
async fn a_leadership_that_goes_while_the_log_is_read_ends_the_reading() {
    let node = Node::alone().await;
    assert_eq!(commit_error(node.commit("g", 7)).await, ErrorCode::NONE);
    node.apply(&[elect(LOCAL)]).await;
    node.disk.stall();
    assert!(node.committed("g").await.is_err());
    node.groups.close().await;
    assert_eq!(node.committed("g").await, Err(ErrorCode::NOT_COORDINATOR));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_committed_yet_is_waited_for() {
    let node = Node::start(&Arc::new(SimulatedDisk::new(1))).await;
    node.apply(&records(&[LOCAL, OTHER])).await;
    node.loaded().await;
    let committing = node.commit("g", 7);
    // Whoever looks now comes behind the commit.
    assert_eq!(node.committed("g").await, Ok(-1));
    // The record is in the log, which the next coordinator takes over.
    node.apply(&[elect(LOCAL)]).await;
    assert_eq!(commit_error(committing).await, ErrorCode::NOT_COORDINATOR);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    let loading = Err(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS);
    assert_eq!(node.committed("g").await, loading);
}
