//! What becomes of a coordinator whose records cannot be written.

use std::time::Duration;

use protocol::ErrorCode;

use super::node::{Node, TOPIC_ID, commit_error, join_answer, remove, set_on_offsets};

#[tokio::test(start_paused = true)]
async fn a_full_disk_fails_what_was_asked_and_nothing_after_there_is_room_again() {
    let node = Node::alone().await;
    assert_eq!(commit_error(node.commit("g", 1)).await, ErrorCode::NONE);
    node.disk.set_capacity(Some(0));
    let failing = [node.commit_many("g", 500, 2), node.commit_many("h", 500, 2)];
    for commit in failing {
        assert_ne!(commit_error(commit).await, ErrorCode::NONE);
    }
    let joined = join_answer(node.join("")).await;
    assert_eq!(joined.error_code, ErrorCode::MEMBER_ID_REQUIRED);
    assert_eq!(node.committed("g").await, Ok(1));
    node.disk.set_capacity(None);
    assert_eq!(commit_error(node.commit("g", 3)).await, ErrorCode::NONE);
    assert_eq!(node.committed("g").await, Ok(3));
    assert_eq!(node.committed("h").await, Ok(-1));
    let (_, follower) = node.stable_pair().await;
    let node = node.restart().await;
    assert_eq!(node.heartbeat(&follower).await, ErrorCode::NONE);
    assert_eq!(node.committed("g").await, Ok(3));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_too_large_for_the_topic_changes_nothing() {
    let node = Node::alone().await;
    let commit = node.commit_many("g", 50_000, 1);
    assert_eq!(commit_error(commit).await, ErrorCode::UNKNOWN_SERVER_ERROR);
    assert_eq!(node.committed("g").await, Ok(-1));
    assert_eq!(commit_error(node.commit("g", 2)).await, ErrorCode::NONE);
    assert_eq!(node.committed("g").await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn deletions_are_spread_over_as_many_batches_as_they_need() {
    let node = Node::alone().await;
    let commit = node.commit_many("g", 200, 1);
    assert_eq!(commit_error(commit).await, ErrorCode::NONE);
    node.apply(&[set_on_offsets("max.message.bytes", "500")])
        .await;
    let commit = node.commit_many("g", 200, 2);
    assert_eq!(commit_error(commit).await, ErrorCode::UNKNOWN_SERVER_ERROR);
    assert_eq!(node.committed("g").await, Ok(1));
    node.apply(&[remove(TOPIC_ID)]).await;
    assert_eq!(node.committed("g").await, Ok(-1));
    let node = node.restart().await;
    assert_eq!(node.committed("g").await, Ok(-1));
}

#[tokio::test(start_paused = true)]
async fn members_that_beat_in_time_survive_a_disk_that_stalls_for_longer_than_a_session() {
    let node = Node::alone().await;
    let (leader, follower) = node.stable_pair().await;
    node.disk.stall();
    let committing = node.commit("other", 1);
    let passing = async {
        tokio::time::advance(Duration::from_secs(11)).await;
        node.disk.resume();
    };
    let (of_leader, of_follower, ()) =
        tokio::join!(node.heartbeat(&leader), node.heartbeat(&follower), passing);
    assert_eq!((of_leader, of_follower), (ErrorCode::NONE, ErrorCode::NONE));
    assert_eq!(commit_error(committing).await, ErrorCode::NONE);
    assert_eq!(node.state().await, "Stable");
}
