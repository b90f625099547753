//! Offsets are committed, fetched, deleted and expire.

use coordinator::{DeletedTopic, OffsetKey, Record, Response, TransactionResult};
use protocol::generated::group::{GroupKey, GroupValue, OffsetCommitKey, OffsetCommitValue};
use protocol::generated::offset_delete_request::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use protocol::generated::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use protocol::ids::{LeaderEpoch, ProducerId};
use protocol::wire::Writer;
use protocol::{ErrorCode, Uuid};

use crate::harness::{GROUP, Harness, WALL_MS, config};

const DAY_MS: u64 = 24 * 3_600_000;

pub(crate) fn offset_record(value: OffsetCommitValue, version: i16) -> Record {
    let key = GroupKey::OffsetCommit(OffsetCommitKey {
        group: GROUP.to_owned(),
        topic: "t".to_owned(),
        partition: 0,
    });
    let (mut key_writer, mut value_writer) = (Writer::new(), Writer::new());
    key.encode(&mut key_writer).unwrap();
    GroupValue::OffsetCommit(value)
        .encode(&mut value_writer, version)
        .unwrap();
    Record {
        key: key_writer.buffer().to_vec(),
        value: Some(value_writer.buffer().to_vec()),
    }
}

fn fetch_of(topic_id: Uuid) -> OffsetFetchRequestGroup<'static> {
    OffsetFetchRequestGroup {
        group_id: GROUP.into(),
        topics: Some(vec![OffsetFetchRequestTopics {
            name: "t".into(),
            topic_id,
            partition_indexes: vec![0],
        }]),
        ..OffsetFetchRequestGroup::default()
    }
}

#[test]
fn a_consumer_without_a_group_protocol_commits_while_the_group_is_empty() {
    let mut harness = Harness::new();
    let asked = harness.commit("", -1, 7);
    assert_eq!(harness.commit_error(asked), ErrorCode::NONE);
    assert_eq!(harness.committed_offset(), 7);
    let (leader, _) = harness.stable_pair();
    let asked = harness.commit("", -1, 8);
    assert_eq!(harness.commit_error(asked), ErrorCode::UNKNOWN_MEMBER_ID);
    let asked = harness.commit(&leader, 0, 8);
    assert_eq!(harness.commit_error(asked), ErrorCode::ILLEGAL_GENERATION);
    let asked = harness.commit_with(&leader, 1, 8, "longer than 8");
    assert_eq!(
        harness.commit_error(asked),
        ErrorCode::OFFSET_METADATA_TOO_LARGE
    );
    assert_eq!(harness.committed_offset(), 7);
    let asked = harness.commit(&leader, 1, 9);
    assert_eq!(harness.commit_error(asked), ErrorCode::NONE);
    assert_eq!(harness.committed_offset(), 9);
}

#[test]
fn a_generation_of_a_group_that_is_not_there_is_refused_by_version() {
    let mut harness = Harness::new();
    let asked = harness.commit("m", 3, 7);
    assert_eq!(harness.commit_error(asked), ErrorCode::GROUP_ID_NOT_FOUND);
    harness.api_version = 8;
    let asked = harness.commit("m", 3, 7);
    assert_eq!(harness.commit_error(asked), ErrorCode::ILLEGAL_GENERATION);
}

#[test]
fn offsets_of_an_empty_group_expire_a_retention_after_its_last_member() {
    let mut harness = Harness::new();
    let (leader, follower) = harness.stable_pair();
    let asked = harness.commit(&leader, 1, 5);
    assert_eq!(harness.commit_error(asked), ErrorCode::NONE);
    for _ in 0..3 * DAY_MS / 9_000 {
        harness.pass(9_000);
        harness.heartbeat(&leader, 1);
        harness.heartbeat(&follower, 1);
    }
    harness.leave(&leader, None);
    harness.leave(&follower, None);
    harness.pass(6 * DAY_MS);
    assert_eq!(harness.committed_offset(), 5);
    harness.pass(DAY_MS + 600_000);
    assert_eq!(harness.committed_offset(), -1);
    assert_eq!(harness.state(), "Dead");
    assert_eq!(harness.replayed(), *harness.coordinator.committed_state());
}

#[test]
fn an_offset_loaded_without_an_expiry_lives_by_the_retention() {
    // KAFKA-8069: such an offset was taken for expired as soon as its coordinator moved.
    let value = OffsetCommitValue {
        offset: 5,
        commit_timestamp: WALL_MS,
        ..OffsetCommitValue::default()
    };
    for version in 0..=4 {
        let mut harness = Harness::load(config(), &[offset_record(value.clone(), version)]);
        harness.pass(6 * DAY_MS);
        assert_eq!(harness.committed_offset(), 5, "version {version}");
        harness.pass(2 * DAY_MS);
        assert_eq!(harness.committed_offset(), -1, "version {version}");
    }
}

#[test]
fn an_offset_with_an_expiry_of_its_own_goes_by_it() {
    let value = OffsetCommitValue {
        offset: 5,
        commit_timestamp: WALL_MS,
        expire_timestamp: WALL_MS + 3_600_000,
        ..OffsetCommitValue::default()
    };
    let mut harness = Harness::load(config(), &[offset_record(value, 1)]);
    harness.pass(2 * 3_600_000);
    assert_eq!(harness.committed_offset(), -1);
}

#[test]
fn an_offset_of_a_topic_that_was_recreated_is_not_the_new_topics() {
    // franz-go 1426, KAFKA-19154: the consumer would skip all that the new topic has.
    let (old, new) = (Uuid::from_u128(7), Uuid::from_u128(8));
    let value = OffsetCommitValue {
        offset: 5,
        commit_timestamp: WALL_MS,
        topic_id: old,
        ..OffsetCommitValue::default()
    };
    let mut harness = Harness::load(config(), &[offset_record(value, 4)]);
    let committed = |harness: &Harness, topic_id| {
        let response = harness.coordinator.fetch_offsets(&fetch_of(topic_id));
        response.topics[0].partitions[0].committed_offset
    };
    assert_eq!(committed(&harness, old), 5);
    assert_eq!(committed(&harness, new), -1);
    for (id, remaining) in [(new, 5), (old, -1)] {
        let deleted = [DeletedTopic {
            name: "t".into(),
            id,
        }];
        let effects = harness.coordinator.on_topics_deleted(harness.now, &deleted);
        harness.carry_out(effects);
        assert_eq!(harness.committed_offset(), remaining);
    }
}

#[test]
fn offsets_are_deleted_for_topics_that_nobody_consumes() {
    let mut harness = Harness::new();
    harness.commit("", -1, 7);
    let request = OffsetDeleteRequest {
        group_id: GROUP.into(),
        topics: vec![OffsetDeleteRequestTopic {
            name: "t".into(),
            partitions: vec![OffsetDeleteRequestPartition { partition_index: 0 }],
        }],
    };
    let (leader, follower) = harness.stable_pair();
    for (expected, offset) in [
        (ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC, 7),
        (ErrorCode::NONE, -1),
    ] {
        let asked = harness.ask(|it, now, caller| it.delete_offsets(now, caller, &request));
        let Some(Response::DeleteOffsets(response)) = harness.answers.get(&asked) else {
            panic!("no answer");
        };
        assert_eq!(response.topics[0].partitions[0].error_code, expected);
        assert_eq!(harness.committed_offset(), offset);
        harness.leave(&leader, None);
        harness.leave(&follower, None);
    }
}

#[test]
fn an_offset_in_a_transaction_is_unstable_until_its_end_and_the_later_record_wins() {
    let producer = ProducerId(9);
    let value = |offset| OffsetCommitValue {
        offset,
        commit_timestamp: WALL_MS,
        ..OffsetCommitValue::default()
    };
    let key = OffsetKey {
        group: GROUP.into(),
        topic: "t".into(),
        partition: 0,
    };
    for (result, later, expected) in [
        (TransactionResult::Commit, None, 6),
        (TransactionResult::Abort, None, 5),
        (TransactionResult::Commit, Some(7), 7),
    ] {
        let mut coordinator = coordinator::Coordinator::new(config());
        coordinator
            .replay(&offset_record(value(5), 4), ProducerId::NONE)
            .unwrap();
        coordinator
            .replay(&offset_record(value(6), 4), producer)
            .unwrap();
        if let Some(later) = later {
            coordinator
                .replay(&offset_record(value(later), 4), ProducerId::NONE)
                .unwrap();
        }
        coordinator.end_transaction(producer, result);
        let _ = coordinator.on_loaded(Harness::new().now, LeaderEpoch(1));
        let committed = coordinator
            .committed_state()
            .committed_offset(&key)
            .unwrap();
        assert_eq!(committed.offset, expected);
    }
    let mut harness = Harness::new();
    harness.coordinator = coordinator::Coordinator::new(config());
    harness
        .coordinator
        .replay(&offset_record(value(6), 4), producer)
        .unwrap();
    let effects = harness.coordinator.on_loaded(harness.now, LeaderEpoch(2));
    harness.carry_out(effects);
    let request = fetch_of(Uuid::ZERO);
    let asked = harness.ask(|it, _, caller| it.fetch_stable_offsets(caller, &request));
    let Some(Response::FetchOffsets(response)) = harness.answers.get(&asked) else {
        panic!("no answer");
    };
    let error = response.topics[0].partitions[0].error_code;
    assert_eq!(error, ErrorCode::UNSTABLE_OFFSET_COMMIT);
}
