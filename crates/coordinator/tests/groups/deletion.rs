//! Groups and offsets that are deleted on request.

use coordinator::{Coordinator, Response};
use protocol::ErrorCode;
use protocol::generated::DeleteGroupsRequest;
use protocol::generated::offset_delete_request::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};

use crate::harness::{GROUP, Harness, config};

fn delete_group(harness: &mut Harness) -> ErrorCode {
    let request = DeleteGroupsRequest {
        groups_names: vec![GROUP.into()],
    };
    let asked = harness.ask(|it, now, caller| it.delete_groups(now, caller, &request));
    match harness.answers.get(&asked) {
        Some(Response::DeleteGroups(response)) => response.results[0].error_code,
        other => panic!("no answer to a deletion: {other:?}"),
    }
}

/// The error of the group, or else that of the one partition.
fn delete_offset(harness: &mut Harness, group_id: &str, topic: &str) -> ErrorCode {
    let request = OffsetDeleteRequest {
        group_id: group_id.into(),
        topics: vec![OffsetDeleteRequestTopic {
            name: topic.into(),
            partitions: vec![OffsetDeleteRequestPartition { partition_index: 0 }],
        }],
    };
    let asked = harness.ask(|it, now, caller| it.delete_offsets(now, caller, &request));
    match harness.answers.get(&asked) {
        Some(Response::DeleteOffsets(response)) => match response.topics.first() {
            None => response.error_code,
            Some(topic) => topic.partitions[0].error_code,
        },
        other => panic!("no answer to a deletion: {other:?}"),
    }
}

#[test]
fn a_group_that_has_only_offsets_is_deleted_with_them_and_can_begin_again() {
    let mut harness = Harness::new();
    harness.commit("", -1, 7);
    let written = harness.log.len();
    assert_eq!(delete_group(&mut harness), ErrorCode::NONE);
    let tombstones = &harness.log[written..];
    assert_eq!(tombstones.len(), 2, "one of the offset, one of the group");
    assert!(tombstones.iter().all(|record| record.value.is_none()));
    assert_eq!(harness.committed_offset(), -1);
    assert_eq!(delete_group(&mut harness), ErrorCode::GROUP_ID_NOT_FOUND);
    harness.commit("", -1, 9);
    assert_eq!(harness.committed_offset(), 9);
    assert_eq!(harness.replayed(), *harness.coordinator.committed_state());
}

#[test]
fn a_group_with_members_is_not_deleted_in_any_state() {
    let mut harness = Harness::new();
    harness.commit("", -1, 7);
    let (member, joined) = harness.join_new();
    assert_eq!(harness.state(), "PreparingRebalance");
    assert_eq!(delete_group(&mut harness), ErrorCode::NON_EMPTY_GROUP);
    harness.pass(6_000);
    assert_eq!(harness.state(), "CompletingRebalance");
    assert_eq!(delete_group(&mut harness), ErrorCode::NON_EMPTY_GROUP);
    let generation = harness.join_answer(joined).generation_id;
    harness.sync(&member, generation, &[]);
    assert_eq!(harness.state(), "Stable");
    assert_eq!(delete_group(&mut harness), ErrorCode::NON_EMPTY_GROUP);
    assert_eq!(harness.committed_offset(), 7);
    harness.leave(&member, None);
    assert_eq!(delete_group(&mut harness), ErrorCode::NONE);
    assert_eq!(harness.committed_offset(), -1);
}

#[test]
fn offsets_are_deleted_only_of_a_group_that_has_a_name_and_is_there() {
    let mut harness = Harness::new();
    let error = delete_offset(&mut harness, "", "t");
    assert_eq!(error, ErrorCode::INVALID_GROUP_ID);
    let error = delete_offset(&mut harness, GROUP, "t");
    assert_eq!(error, ErrorCode::GROUP_ID_NOT_FOUND);
}

#[test]
fn what_no_member_consumes_can_be_deleted_once_it_is_known_what_they_consume() {
    let mut harness = Harness::new();
    harness.commit("", -1, 7);
    let (member, joined) = harness.join_new();
    let error = delete_offset(&mut harness, GROUP, "u");
    assert_eq!(error, ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC);
    harness.pass(6_000);
    let generation = harness.join_answer(joined).generation_id;
    harness.sync(&member, generation, &[]);
    let error = delete_offset(&mut harness, GROUP, "u");
    assert_eq!(error, ErrorCode::NONE);
    let error = delete_offset(&mut harness, GROUP, "t");
    assert_eq!(error, ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC);
    assert_eq!(harness.committed_offset(), 7);
}

#[test]
fn a_deletion_before_the_load_or_after_the_unload_is_sent_elsewhere() {
    let mut harness = Harness::new();
    let effects = harness.coordinator.on_unloaded();
    harness.carry_out(effects);
    for error in [
        ErrorCode::NOT_COORDINATOR,
        ErrorCode::COORDINATOR_LOAD_IN_PROGRESS,
    ] {
        assert_eq!(delete_group(&mut harness), error);
        assert_eq!(delete_offset(&mut harness, GROUP, "t"), error);
        harness.coordinator = Coordinator::new(config());
    }
}
