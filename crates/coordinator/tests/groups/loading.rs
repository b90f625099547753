//! A coordinator takes over what the log of its partition has.

use coordinator::{Coordinator, Record, ReplayError};
use protocol::ErrorCode;
use protocol::generated::join_group_request::JoinGroupRequest;
use protocol::generated::offset_commit_request::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use protocol::ids::ProducerId;

use crate::harness::{GROUP, Harness, config};

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex
        .chars()
        .map(|digit| digit.to_digit(16).unwrap())
        .collect();
    let pairs = digits.chunks(2);
    pairs
        .map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap())
        .collect()
}

fn record(key: &str, value: Option<&str>) -> Record {
    Record {
        key: bytes(key),
        value: value.map(bytes),
    }
}

#[test]
fn a_restart_keeps_generation_members_and_assignments() {
    let mut harness = Harness::new();
    let (leader, follower) = harness.stable_pair();
    harness.commit(&leader, 1, 5);
    let described = harness.coordinator.describe_group(GROUP, 5);
    let mut harness = Harness::load(config(), &harness.log);
    assert_eq!(harness.coordinator.describe_group(GROUP, 5), described);
    assert_eq!(harness.committed_offset(), 5);
    assert_eq!(harness.heartbeat(&follower, 1), ErrorCode::NONE);
    let asked = harness.sync(&follower, 1, &[]);
    assert_eq!(*harness.sync_answer(asked).assignment, *b"right");
    // A session begins anew: who is not heard of is out.
    harness.pass(5_000);
    harness.heartbeat(&follower, 1);
    harness.pass(5_000);
    assert_eq!(harness.state(), "PreparingRebalance");
}

#[test]
fn records_are_written_as_kafka_writes_them() {
    let mut harness = Harness::new();
    harness.now.wall_ms = 0x01a1_f9b4_e39a;
    let request = JoinGroupRequest {
        group_id: "g-classic".into(),
        session_timeout_ms: 10_000,
        protocol_type: "consumer".into(),
        protocols: vec![Default::default()],
        ..Default::default()
    };
    harness.ask(|it, now, caller| it.handle_join(now, caller, &request, 0));
    let group = record(
        "00020009672d636c6173736963",
        Some("0003000000000000ffffffff000001a1f9b4e39a00000000"),
    );
    assert_eq!(harness.log, [group]);

    harness.log.clear();
    harness.now.wall_ms = 0x01a1_f9b4_fa4b;
    let partition = OffsetCommitRequestPartition {
        partition_index: 2,
        committed_offset: 0x39,
        committed_leader_epoch: 0,
        ..OffsetCommitRequestPartition::default()
    };
    let request = OffsetCommitRequest {
        group_id: "g-classic".into(),
        generation_id_or_member_epoch: -1,
        retention_time_ms: -1,
        topics: vec![OffsetCommitRequestTopic {
            name: "t1".into(),
            topic_id: protocol::Uuid::from_u128(0x858b_a827_d656_40ad_9e65_4521_defe_c705),
            partitions: vec![partition],
        }],
        ..Default::default()
    };
    harness.ask(|it, now, caller| it.commit_offsets(now, caller, &request));
    let offset = record(
        "00010009672d636c61737369630002743100000002",
        Some(concat!(
            "000400000000000000390000000001000001a1f9b4fa4b",
            "010010858ba827d65640ad9e654521defec705"
        )),
    );
    assert_eq!(harness.log, [offset]);
}

#[test]
fn records_of_other_groups_are_kept_and_their_groups_left_alone() {
    let others = [
        // A consumer group, and a type that nobody knows yet.
        record("0003000167", Some("000000000001")),
        record("03e70102", Some("0005ff")),
    ];
    let mut coordinator = Coordinator::new(config());
    for other in &others {
        coordinator.replay(other, ProducerId::NONE).unwrap();
    }
    let mut harness = Harness::load(config(), &others);
    let kept: Vec<(Vec<u8>, Vec<u8>)> = harness
        .coordinator
        .committed_state()
        .kept_records()
        .map(|(key, value)| (key.to_vec(), value.to_vec()))
        .collect();
    let expected = others.map(|record| (record.key, record.value.unwrap()));
    assert_eq!(kept, expected);
    let asked = harness.join_as("", None);
    let error = harness.join_answer(asked).error_code;
    assert_eq!(error, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
    harness.pass(8 * 24 * 3_600_000);
    assert_eq!(
        harness.coordinator.committed_state().kept_records().count(),
        2
    );
}

#[test]
fn offsets_under_the_first_kind_of_key_are_offsets() {
    let legacy = record(
        "0000000167000174 00000000".replace(' ', "").as_str(),
        Some("0000000000000000002a00000000000000000001"),
    );
    let harness = Harness::load(config(), std::slice::from_ref(&legacy));
    assert_eq!(harness.committed_offset(), 42);
    let tombstone = Record {
        value: None,
        ..legacy.clone()
    };
    let harness = Harness::load(config(), &[legacy, tombstone]);
    assert_eq!(harness.committed_offset(), -1);
}

#[test]
fn records_that_do_not_decode_or_contradict_themselves_stop_the_load() {
    let mut coordinator = Coordinator::new(config());
    let mut replay = |key: &str, value: &str| {
        let record = record(key, Some(value));
        coordinator.replay(&record, ProducerId::NONE).unwrap_err()
    };
    assert!(matches!(replay("0002", "0003"), ReplayError::Key { .. }));
    assert!(matches!(
        replay("0002000167", "0063"),
        ReplayError::Value { .. }
    ));
    assert!(matches!(
        replay("0002000167", "0003"),
        ReplayError::Value { .. }
    ));
    // Version 0: a member and no protocol.
    let member = "0001 6d 0000 0000 00000000 00000000 00000000".replace(' ', "");
    let group = format!("0000000000000001ffffffff00000001{member}");
    assert!(matches!(
        replay("0002000167", &group),
        ReplayError::Group { .. }
    ));
}

#[test]
fn requests_before_the_load_are_told_to_come_again() {
    let mut harness = Harness::new();
    harness.coordinator = Coordinator::new(config());
    let asked = harness.commit("", -1, 7);
    assert_eq!(
        harness.commit_error(asked),
        ErrorCode::COORDINATOR_LOAD_IN_PROGRESS
    );
    assert_eq!(harness.heartbeat("m", 1), ErrorCode::NONE);
    let asked = harness.join_as("", None);
    let error = harness.join_answer(asked).error_code;
    assert_eq!(error, ErrorCode::COORDINATOR_LOAD_IN_PROGRESS);
}
