//! The groups of a partition are listed, by state and by type.

use coordinator::Coordinator;
use protocol::ErrorCode;
use protocol::generated::list_groups_request::ListGroupsRequest;

use crate::harness::{GROUP, Harness, config};

/// Names and states of the groups that pass the filters.
fn list(harness: &Harness, states: &[&str], types: &[&str]) -> Vec<(String, String)> {
    let request = ListGroupsRequest {
        states_filter: states.iter().map(|it| (*it).into()).collect(),
        types_filter: types.iter().map(|it| (*it).into()).collect(),
    };
    let response = harness.coordinator.list_groups(&request);
    assert_eq!(response.error_code, ErrorCode::NONE);
    let groups = response.groups.into_iter();
    groups
        .map(|group| {
            assert_eq!(group.group_type, "classic");
            (group.group_id.into_owned(), group.group_state.into_owned())
        })
        .collect()
}

#[test]
fn groups_are_listed_by_state_and_type_whatever_the_case_of_letters() {
    let mut harness = Harness::new();
    assert!(list(&harness, &[], &[]).is_empty());
    let (leader, follower) = harness.stable_pair();
    let stable = [(GROUP.to_owned(), "Stable".to_owned())];
    assert_eq!(list(&harness, &[], &[]), stable);
    assert_eq!(list(&harness, &["stable"], &["CLASSIC"]), stable);
    assert_eq!(list(&harness, &["Empty", " Stable "], &[]), stable);
    assert!(list(&harness, &["Empty"], &[]).is_empty());
    assert!(list(&harness, &[], &["consumer"]).is_empty());
    harness.leave(&leader, None);
    let preparing = [(GROUP.to_owned(), "PreparingRebalance".to_owned())];
    assert_eq!(list(&harness, &[], &[]), preparing);
    harness.leave(&follower, None);
    let empty = [(GROUP.to_owned(), "Empty".to_owned())];
    assert_eq!(list(&harness, &["empty"], &[]), empty);
}

#[test]
fn groups_keep_the_type_of_their_protocol_and_those_that_only_commit_have_none() {
    let mut harness = Harness::new();
    harness.commit("", -1, 5);
    let request = ListGroupsRequest::default();
    let listed = harness.coordinator.list_groups(&request);
    assert_eq!(listed.groups[0].protocol_type, "");
    let mut harness = Harness::new();
    harness.stable_pair();
    let harness = Harness::load(config(), &harness.log);
    let listed = harness.coordinator.list_groups(&request);
    assert_eq!(listed.groups[0].protocol_type, "consumer");
}

#[test]
fn nothing_is_listed_before_the_load_and_after_the_unload() {
    let request = ListGroupsRequest::default();
    let mut coordinator = Coordinator::new(config());
    let listed = coordinator.list_groups(&request);
    assert_eq!(
        (listed.error_code, listed.groups.len()),
        (ErrorCode::COORDINATOR_LOAD_IN_PROGRESS, 0)
    );
    let _ = coordinator.on_unloaded();
    let listed = coordinator.list_groups(&request);
    assert_eq!(listed.error_code, ErrorCode::NOT_COORDINATOR);
}
