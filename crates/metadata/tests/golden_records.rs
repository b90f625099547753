//! Replays what Apache Kafka's own classes wrote, edge values and all: nothing of it may panic, and
//! what the image takes in must come out of a snapshot again.

#![allow(
    clippy::unwrap_used,
    reason = "a sample that cannot be read fails the test"
)]

use metadata::features::MetadataVersion;
use metadata::image::{MetadataImage, MetadataReader, Provenance};
use protocol::generated::metadata::{MetadataRecord, TopicRecord};

/// Each type of record: its number and its samples.
const SAMPLES: &[(u8, &str)] = &[
    (
        0,
        include_str!("../../protocol/tests/golden/RegisterBrokerRecord.txt"),
    ),
    (
        1,
        include_str!("../../protocol/tests/golden/UnregisterBrokerRecord.txt"),
    ),
    (
        2,
        include_str!("../../protocol/tests/golden/TopicRecord.txt"),
    ),
    (
        3,
        include_str!("../../protocol/tests/golden/PartitionRecord.txt"),
    ),
    (
        4,
        include_str!("../../protocol/tests/golden/ConfigRecord.txt"),
    ),
    (
        5,
        include_str!("../../protocol/tests/golden/PartitionChangeRecord.txt"),
    ),
    (
        7,
        include_str!("../../protocol/tests/golden/FenceBrokerRecord.txt"),
    ),
    (
        8,
        include_str!("../../protocol/tests/golden/UnfenceBrokerRecord.txt"),
    ),
    (
        9,
        include_str!("../../protocol/tests/golden/RemoveTopicRecord.txt"),
    ),
    (
        10,
        include_str!("../../protocol/tests/golden/DelegationTokenRecord.txt"),
    ),
    (
        11,
        include_str!("../../protocol/tests/golden/UserScramCredentialRecord.txt"),
    ),
    (
        12,
        include_str!("../../protocol/tests/golden/FeatureLevelRecord.txt"),
    ),
    (
        14,
        include_str!("../../protocol/tests/golden/ClientQuotaRecord.txt"),
    ),
    (
        15,
        include_str!("../../protocol/tests/golden/ProducerIdsRecord.txt"),
    ),
    (
        17,
        include_str!("../../protocol/tests/golden/BrokerRegistrationChangeRecord.txt"),
    ),
    (
        18,
        include_str!("../../protocol/tests/golden/AccessControlEntryRecord.txt"),
    ),
    (
        19,
        include_str!("../../protocol/tests/golden/RemoveAccessControlEntryRecord.txt"),
    ),
    (
        20,
        include_str!("../../protocol/tests/golden/NoOpRecord.txt"),
    ),
    (
        21,
        include_str!("../../protocol/tests/golden/ZkMigrationStateRecord.txt"),
    ),
    (
        22,
        include_str!("../../protocol/tests/golden/RemoveUserScramCredentialRecord.txt"),
    ),
    (
        23,
        include_str!("../../protocol/tests/golden/BeginTransactionRecord.txt"),
    ),
    (
        24,
        include_str!("../../protocol/tests/golden/EndTransactionRecord.txt"),
    ),
    (
        25,
        include_str!("../../protocol/tests/golden/AbortTransactionRecord.txt"),
    ),
    (
        26,
        include_str!("../../protocol/tests/golden/RemoveDelegationTokenRecord.txt"),
    ),
    (
        27,
        include_str!("../../protocol/tests/golden/RegisterControllerRecord.txt"),
    ),
    (
        28,
        include_str!("../../protocol/tests/golden/ClearElrRecord.txt"),
    ),
];

const PROVENANCE: Provenance = Provenance {
    offset: 0,
    epoch: 0,
    appended_wall_ms: 0,
};

/// All samples as records.
fn samples() -> Vec<MetadataRecord> {
    let mut records = Vec::new();
    for (id, text) in SAMPLES {
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            let version: u8 = words.next().unwrap().parse().unwrap();
            let hex = words.nth(1).unwrap_or_default();
            let mut bytes = vec![1, *id, version];
            let digits = (0..hex.len()).step_by(2);
            bytes.extend(digits.map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()));
            records.push(MetadataRecord::decode_frame(&bytes).unwrap().0);
        }
    }
    records
}

/// A topic for each record that is about one.
fn needed_topic(record: &MetadataRecord) -> Option<MetadataRecord> {
    let topic_id = match record {
        MetadataRecord::Partition(record) => record.topic_id,
        MetadataRecord::PartitionChange(record) => record.topic_id,
        MetadataRecord::RemoveTopic(record) => record.topic_id,
        _ => return None,
    };
    let name = format!("topic-{topic_id}");
    Some(MetadataRecord::Topic(TopicRecord { name, topic_id }))
}

#[test]
fn samples_are_taken_in_or_refused_and_what_was_taken_in_survives_a_snapshot() {
    let mut image = MetadataImage::default();
    let (mut taken, mut refused) = (0, 0);
    for record in samples() {
        if let Some(topic) = needed_topic(&record) {
            // It may be there already.
            let _ = image.replay(&topic);
        }
        match image.replay(&record) {
            Ok(()) => taken += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(
        taken > 100 && refused > 0,
        "taken {taken}, refused {refused}"
    );
    for version in [MetadataVersion::MIN, MetadataVersion::LATEST] {
        let snapshot = image.to_records(version);
        let records = snapshot.records.iter().map(|each| &each.record);
        let read = MetadataReader::from_snapshot(records, PROVENANCE).unwrap();
        assert_eq!(read.image().to_records(version).records, snapshot.records);
        assert_eq!(read.image().to_records(version).losses, [""; 0]);
    }
}

#[test]
fn samples_do_not_panic_in_any_order() {
    let mut records = samples();
    for turn in 0..records.len() {
        records.rotate_left(turn % 7 + 1);
        let mut reader = MetadataReader::default();
        let taken = records
            .iter()
            .filter(|each| reader.replay(each, PROVENANCE).is_ok())
            .count();
        assert!(taken > 0);
    }
}
