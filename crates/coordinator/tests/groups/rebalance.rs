//! Members come, go and vanish.

use protocol::ErrorCode;

use crate::harness::{Harness, config};

#[test]
fn two_members_that_start_together_share_one_generation() {
    let mut harness = Harness::new();
    let (leader, first) = harness.join_new();
    let (follower, second) = harness.join_new();
    assert_eq!(harness.state(), "PreparingRebalance");
    harness.pass(6_000);
    let (first, second) = (harness.join_answer(first), harness.join_answer(second));
    assert_eq!((first.generation_id, second.generation_id), (1, 1));
    assert_eq!(first.members.len(), 2);
    assert_eq!(second.members.len(), 0);
    assert_eq!(first.protocol_name.as_deref(), Some("range"));

    let waiting = harness.sync(&follower, 1, &[]);
    assert_eq!(harness.answers.get(&waiting), None);
    let asked = harness.sync(&leader, 1, &[(&leader, "left"), (&follower, "right")]);
    assert_eq!(*harness.sync_answer(waiting).assignment, *b"right");
    assert_eq!(*harness.sync_answer(asked).assignment, *b"left");
    assert_eq!(harness.state(), "Stable");
    assert_eq!(harness.heartbeat(&follower, 1), ErrorCode::NONE);
}

#[test]
fn a_third_member_makes_the_others_join_again() {
    let mut harness = Harness::new();
    let (leader, follower) = harness.stable_pair();
    let (third, joined) = harness.join_new();
    assert_eq!(
        harness.heartbeat(&leader, 1),
        ErrorCode::REBALANCE_IN_PROGRESS
    );
    // A cooperative member keeps committing what it still owns (KIP-429).
    let asked = harness.commit(&leader, 1, 5);
    assert_eq!(harness.commit_error(asked), ErrorCode::NONE);
    harness.join_as(&leader, None);
    assert_eq!(harness.answers.get(&joined), None);
    harness.join_as(&follower, None);
    let answer = harness.join_answer(joined);
    assert_eq!(
        (answer.generation_id, &*answer.leader),
        (2, leader.as_str())
    );
    let early = harness.commit(&third, 2, 6);
    assert_eq!(
        harness.commit_error(early),
        ErrorCode::REBALANCE_IN_PROGRESS
    );
    // More members than partitions: who gets nothing is in the group with an empty assignment.
    harness.sync(&leader, 2, &[(&leader, "left"), (&follower, "right")]);
    let idle = harness.sync(&third, 2, &[]);
    assert_eq!(harness.sync_answer(idle).error_code, ErrorCode::NONE);
    assert_eq!(harness.sync_answer(idle).assignment.len(), 0);
    let stale = harness.sync(&follower, 1, &[]);
    assert_eq!(
        harness.sync_answer(stale).error_code,
        ErrorCode::ILLEGAL_GENERATION
    );
}

#[test]
fn a_leader_that_crashes_is_replaced_after_its_session() {
    let mut harness = Harness::new();
    let (_, follower) = harness.stable_pair();
    harness.pass(9_000);
    assert_eq!(harness.heartbeat(&follower, 1), ErrorCode::NONE);
    harness.pass(1_000);
    assert_eq!(
        harness.heartbeat(&follower, 1),
        ErrorCode::REBALANCE_IN_PROGRESS
    );
    let joined = harness.join_as(&follower, None);
    let answer = harness.join_answer(joined);
    assert_eq!(
        (answer.generation_id, &*answer.leader),
        (2, follower.as_str())
    );
    assert_eq!(answer.members.len(), 1);
}

#[test]
fn a_leader_that_never_assigns_is_out_and_the_others_rebalance() {
    let mut harness = Harness::new();
    let (leader, _) = harness.join_new();
    let (follower, _) = harness.join_new();
    harness.pass(6_000);
    let waiting = harness.sync(&follower, 1, &[]);
    for _ in 0..12 {
        harness.pass(5_000);
        harness.heartbeat(&leader, 1);
    }
    let answer = harness.sync_answer(waiting);
    assert_eq!(answer.error_code, ErrorCode::REBALANCE_IN_PROGRESS);
    assert_eq!(harness.heartbeat(&leader, 1), ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn members_that_do_not_join_again_in_time_are_out() {
    let mut harness = Harness::new();
    let (leader, follower) = harness.stable_pair();
    let joined = harness.join_with(&leader, None, &["sticky", "range"]);
    for _ in 0..12 {
        harness.pass(5_000);
        harness.heartbeat(&follower, 1);
    }
    let answer = harness.join_answer(joined);
    assert_eq!((answer.generation_id, answer.members.len()), (2, 1));
    assert_eq!(answer.protocol_name.as_deref(), Some("sticky"));
    assert_eq!(
        harness.heartbeat(&follower, 1),
        ErrorCode::UNKNOWN_MEMBER_ID
    );
}

#[test]
fn a_group_whose_last_member_leaves_is_empty_and_deleted_on_request() {
    let mut harness = Harness::new();
    let (leader, follower) = harness.stable_pair();
    harness.leave(&leader, None);
    harness.leave(&follower, None);
    assert_eq!(harness.state(), "Empty");
    assert_eq!(harness.coordinator.describe_group("g", 6).members.len(), 0);
    let request = protocol::generated::delete_groups_request::DeleteGroupsRequest {
        groups_names: vec!["g".into(), "g".into()],
    };
    let asked = harness.ask(|it, now, caller| it.delete_groups(now, caller, &request));
    let Some(coordinator::Response::DeleteGroups(response)) = harness.answers.get(&asked) else {
        panic!("no answer");
    };
    let errors: Vec<_> = response
        .results
        .iter()
        .map(|result| result.error_code)
        .collect();
    assert_eq!(errors, [ErrorCode::NONE, ErrorCode::GROUP_ID_NOT_FOUND]);
    let described = harness.coordinator.describe_group("g", 6);
    assert_eq!(described.error_code, ErrorCode::GROUP_ID_NOT_FOUND);
    assert_eq!(described.group_state, "Dead");
    assert_eq!(harness.replayed(), *harness.coordinator.committed_state());
}

#[test]
fn most_votes_choose_among_the_protocols_that_all_offer() {
    let mut harness = Harness::new();
    harness.api_version = 3;
    let asked = harness.join_with("", None, &["own", "range", "sticky"]);
    harness.join_with("", None, &["sticky", "range"]);
    harness.join_with("", None, &["sticky", "range"]);
    let odd = harness.join_with("", None, &["other"]);
    let error = harness.join_answer(odd).error_code;
    assert_eq!(error, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
    harness.pass(9_000);
    let answer = harness.join_answer(asked);
    assert_eq!(answer.protocol_name.as_deref(), Some("sticky"));
}

#[test]
fn an_answer_that_was_lost_is_given_again_to_the_same_member() {
    let mut harness = Harness::new();
    let (leader, first) = harness.join_new();
    harness.pass(3_000);
    let again = harness.join_as(&leader, None);
    assert_eq!(harness.join_answer(again), harness.join_answer(first));
}

#[test]
fn ids_that_nobody_was_given_and_bad_requests_are_refused() {
    let mut harness = Harness::new();
    let asked = harness.join_as("stranger", None);
    let error = harness.join_answer(asked).error_code;
    assert_eq!(error, ErrorCode::UNKNOWN_MEMBER_ID);
    harness.stable_pair();
    assert_eq!(
        harness.heartbeat("stranger", 1),
        ErrorCode::UNKNOWN_MEMBER_ID
    );
    let asked = harness.join_with("", None, &[]);
    let error = harness.join_answer(asked).error_code;
    assert_eq!(error, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
}

#[test]
fn a_full_group_takes_nobody_in() {
    let mut full = config();
    full.group_size_max = 2;
    let mut harness = Harness::load(full, &[]);
    let (leader, _) = harness.stable_pair();
    let asked = harness.join_as("", None);
    let error = harness.join_answer(asked).error_code;
    assert_eq!(error, ErrorCode::GROUP_MAX_SIZE_REACHED);
    assert_eq!(harness.heartbeat(&leader, 1), ErrorCode::NONE);
}

#[test]
fn a_pending_member_that_does_not_join_is_forgotten() {
    let mut harness = Harness::new();
    let (leader, _) = harness.stable_pair();
    let asked = harness.join_as("", None);
    let pending = harness.join_answer(asked).member_id.into_owned();
    for _ in 0..2 {
        harness.pass(5_000);
        harness.heartbeat(&leader, 1);
    }
    let asked = harness.join_as(&pending, None);
    let error = harness.join_answer(asked).error_code;
    assert_eq!(error, ErrorCode::UNKNOWN_MEMBER_ID);
}

#[test]
fn a_thousand_members_make_a_generation_and_keep_it_by_heartbeats() {
    let mut harness = Harness::new();
    harness.api_version = 3;
    let joins: Vec<u64> = (0..1_000).map(|_| harness.join_as("", None)).collect();
    harness.pass(6_000);
    let ids: Vec<String> = joins
        .iter()
        .map(|asked| harness.join_answer(*asked).member_id.into_owned())
        .collect();
    harness.sync(&ids[0], 1, &[]);
    for id in &ids {
        harness.sync(id, 1, &[]);
    }
    for _ in 0..20 {
        harness.pass(5_000);
        for id in &ids {
            assert_eq!(harness.heartbeat(id, 1), ErrorCode::NONE);
        }
    }
    assert_eq!(harness.state(), "Stable");
}
