//! Responses that rest on records leave when the records are committed, or say why they are not.

use protocol::ErrorCode;
use protocol::ids::LeaderEpoch;

use crate::harness::{Harness, config};

#[test]
fn an_offset_is_acknowledged_and_readable_when_its_record_is_committed() {
    let mut harness = Harness::new();
    harness.commits_at_once = false;
    let asked = harness.commit("", -1, 7);
    assert_eq!(harness.answers.get(&asked), None);
    assert_eq!(harness.committed_offset(), -1);
    harness.commit_one();
    assert_eq!(harness.commit_error(asked), ErrorCode::NONE);
    assert_eq!(harness.committed_offset(), 7);
}

#[test]
fn a_failed_append_takes_all_behind_it_along_and_leaves_the_view_before() {
    let mut harness = Harness::new();
    harness.commit("", -1, 7);
    harness.commits_at_once = false;
    let first = harness.commit("", -1, 8);
    let second = harness.commit("", -1, 9);
    harness.fail_appends(ErrorCode::NOT_LEADER_OR_FOLLOWER);
    for asked in [first, second] {
        assert_eq!(harness.commit_error(asked), ErrorCode::NOT_COORDINATOR);
    }
    harness.commits_at_once = true;
    assert_eq!(harness.committed_offset(), 7);
    harness.commit("", -1, 10);
    assert_eq!(harness.committed_offset(), 10);
    assert_eq!(harness.replayed(), *harness.coordinator.committed_state());
}

#[test]
fn a_group_whose_deletion_fails_is_there_again() {
    let mut harness = Harness::new();
    harness.commit("", -1, 7);
    harness.commits_at_once = false;
    let request = protocol::generated::delete_groups_request::DeleteGroupsRequest {
        groups_names: vec!["g".into()],
    };
    harness.ask(|it, now, caller| it.delete_groups(now, caller, &request));
    assert_eq!(harness.state(), "Dead");
    harness.fail_appends(ErrorCode::KAFKA_STORAGE_ERROR);
    assert_eq!(harness.state(), "Empty");
    assert_eq!(harness.committed_offset(), 7);
}

#[test]
fn members_get_an_assignment_only_after_it_is_in_the_log() {
    let mut harness = Harness::new();
    let (leader, _) = harness.join_new();
    let (follower, _) = harness.join_new();
    harness.pass(6_000);
    harness.commits_at_once = false;
    let waiting = harness.sync(&follower, 1, &[]);
    let asked = harness.sync(&leader, 1, &[(&leader, "left"), (&follower, "right")]);
    assert_eq!(harness.answers.get(&asked), None);
    harness.fail_appends(ErrorCode::NOT_ENOUGH_REPLICAS);
    for asked in [waiting, asked] {
        let error = harness.sync_answer(asked).error_code;
        assert_eq!(error, ErrorCode::COORDINATOR_NOT_AVAILABLE);
    }
    assert_eq!(harness.state(), "PreparingRebalance");
}

#[test]
fn an_assignment_that_a_rebalance_overtook_is_nobodys() {
    let mut harness = Harness::new();
    let (leader, _) = harness.join_new();
    harness.pass(3_000);
    harness.commits_at_once = false;
    let asked = harness.sync(&leader, 1, &[(&leader, "all")]);
    harness.join_new();
    let error = harness.sync_answer(asked).error_code;
    assert_eq!(error, ErrorCode::REBALANCE_IN_PROGRESS);
    harness.commit_one();
    assert_eq!(harness.state(), "PreparingRebalance");
}

#[test]
fn an_assignment_that_comes_a_generation_late_is_nobodys() {
    let mut harness = Harness::new();
    let (leader, _) = harness.join_new();
    harness.pass(3_000);
    harness.commits_at_once = false;
    harness.sync(&leader, 1, &[(&leader, "all")]);
    harness.join_new();
    let joined = harness.join_as(&leader, None);
    assert_eq!(harness.join_answer(joined).generation_id, 2);
    harness.commit_one();
    assert_eq!(harness.state(), "CompletingRebalance");
}

#[test]
fn a_first_join_whose_record_fails_is_told_so() {
    let mut harness = Harness::new();
    harness.commits_at_once = false;
    harness.api_version = 3;
    let asked = harness.join_as("", None);
    harness.fail_appends(ErrorCode::NOT_ENOUGH_REPLICAS);
    let error = harness.join_answer(asked).error_code;
    assert_eq!(error, ErrorCode::COORDINATOR_NOT_AVAILABLE);
}

#[test]
fn records_of_an_earlier_leadership_never_acknowledge_anything() {
    // KAFKA-20634: the high watermark passed records that the new leader had truncated.
    let mut harness = Harness::new();
    harness.commits_at_once = false;
    let asked = harness.commit("", -1, 7);
    let (stale, _) = harness.unwritten.remove(0);
    let effects = harness.coordinator.on_unloaded();
    harness.carry_out(effects);
    assert_eq!(harness.commit_error(asked), ErrorCode::NOT_COORDINATOR);
    let effects = harness.coordinator.on_committed(harness.now, stale);
    harness.carry_out(effects);

    harness.coordinator = coordinator::Coordinator::new(config());
    let effects = harness.coordinator.on_loaded(harness.now, LeaderEpoch(2));
    harness.carry_out(effects);
    let asked = harness.commit("", -1, 8);
    let effects = harness.coordinator.on_committed(harness.now, stale);
    harness.carry_out(effects);
    assert_eq!(harness.answers.get(&asked), None);
}

#[test]
fn unloading_answers_all_who_wait() {
    let mut harness = Harness::new();
    let (leader, _) = harness.join_new();
    let (follower, _) = harness.join_new();
    harness.pass(6_000);
    let waiting = harness.sync(&follower, 1, &[]);
    let effects = harness.coordinator.on_unloaded();
    harness.carry_out(effects);
    let error = harness.sync_answer(waiting).error_code;
    assert_eq!(error, ErrorCode::NOT_COORDINATOR);
    assert_eq!(harness.heartbeat(&leader, 1), ErrorCode::NOT_COORDINATOR);
    assert_eq!(harness.answers.len() as u64, harness.asked);
}
