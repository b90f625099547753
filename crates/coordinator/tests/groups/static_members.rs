//! Members with an instance id (KIP-345, KIP-814).

use protocol::ErrorCode;

use crate::harness::Harness;

fn stable_static(harness: &mut Harness) -> String {
    let joined = harness.join_as("", Some("i"));
    harness.pass(3_000);
    let id = harness.join_answer(joined).member_id.into_owned();
    harness.sync(&id, 1, &[(&id, "all")]);
    id
}

#[test]
fn a_static_member_restarts_without_a_rebalance() {
    let mut harness = Harness::new();
    let old = stable_static(&mut harness);
    let joined = harness.join_as("", Some("i"));
    let answer = harness.join_answer(joined);
    assert_eq!((answer.generation_id, answer.skip_assignment), (1, true));
    assert_ne!(answer.member_id, old.as_str());
    let asked = harness.sync(&answer.member_id, 1, &[]);
    assert_eq!(*harness.sync_answer(asked).assignment, *b"all");
    assert_eq!(harness.state(), "Stable");
    let fenced = harness.join_as(&old, Some("i"));
    assert_eq!(
        harness.join_answer(fenced).error_code,
        ErrorCode::FENCED_INSTANCE_ID
    );
    assert_eq!(harness.heartbeat(&old, 1), ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(harness.replayed(), *harness.coordinator.committed_state());
}

#[test]
fn a_static_leader_of_an_old_version_is_not_told_that_it_leads() {
    let mut harness = Harness::new();
    harness.api_version = 8;
    let old = stable_static(&mut harness);
    let joined = harness.join_as("", Some("i"));
    let answer = harness.join_answer(joined);
    assert_eq!(
        (&*answer.leader, answer.skip_assignment),
        (old.as_str(), false)
    );
    assert_eq!(answer.members.len(), 0);
}

#[test]
fn a_static_member_whose_record_fails_keeps_its_old_id() {
    let mut harness = Harness::new();
    let old = stable_static(&mut harness);
    harness.commits_at_once = false;
    let joined = harness.join_as("", Some("i"));
    assert_eq!(harness.answers.get(&joined), None);
    harness.fail_appends(ErrorCode::NOT_ENOUGH_REPLICAS);
    let error = harness.join_answer(joined).error_code;
    assert_eq!(error, ErrorCode::COORDINATOR_NOT_AVAILABLE);
    assert_eq!(harness.heartbeat(&old, 1), ErrorCode::NONE);
}

#[test]
fn a_static_member_leaves_by_its_instance_id() {
    let mut harness = Harness::new();
    stable_static(&mut harness);
    harness.leave("", Some("i"));
    assert_eq!(harness.state(), "Empty");
}

#[test]
fn a_join_under_the_old_id_is_fenced_while_it_waits() {
    let mut harness = Harness::new();
    let first = harness.join_as("", Some("i"));
    let second = harness.join_as("", Some("i"));
    assert_eq!(
        harness.join_answer(first).error_code,
        ErrorCode::FENCED_INSTANCE_ID
    );
    harness.pass(6_000);
    assert_eq!(harness.join_answer(second).generation_id, 1);
}
