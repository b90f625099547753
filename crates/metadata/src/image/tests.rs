//! Transactions, refused records, deltas and snapshots of images.

use protocol::Uuid;
use protocol::generated::metadata::{
    BeginTransactionRecord, EndTransactionRecord, PartitionChangeRecord, PartitionRecord,
    RemoveTopicRecord, TopicRecord,
};

use super::*;

const TOPIC_ID: Uuid = Uuid::from_u128(500);

fn topic(name: &str, topic_id: Uuid) -> MetadataRecord {
    let name = name.to_owned();
    MetadataRecord::Topic(TopicRecord { name, topic_id })
}

fn partition(index: i32, replicas: &[i32], leader: i32) -> MetadataRecord {
    MetadataRecord::Partition(PartitionRecord {
        partition_id: index,
        topic_id: TOPIC_ID,
        replicas: replicas.to_vec(),
        isr: replicas.to_vec(),
        leader,
        leader_epoch: 0,
        partition_epoch: 0,
        ..PartitionRecord::default()
    })
}

fn image(records: &[MetadataRecord]) -> MetadataImage {
    let mut image = MetadataImage::default();
    for record in records {
        image.replay(record).unwrap();
    }
    image
}

fn at(offset: i64) -> Provenance {
    Provenance {
        offset,
        epoch: 1,
        appended_wall_ms: 0,
    }
}

#[test]
fn a_transaction_shows_all_of_its_records_or_none() {
    let begin = MetadataRecord::BeginTransaction(BeginTransactionRecord { name: None });
    let end = MetadataRecord::EndTransaction(EndTransactionRecord {});
    let mut reader = MetadataReader::default();
    reader.replay(&begin, at(0)).unwrap();
    reader.replay(&topic("t", TOPIC_ID), at(1)).unwrap();
    assert_eq!(reader.image(), &MetadataImage::default());
    assert!(reader.latest().topics().by_name("t").is_some());
    assert_eq!(reader.transaction_start_offset(), Some(0));
    let nested = reader.replay(&begin, at(2));
    assert_eq!(nested, Err(ReplayError::TransactionOpen { since: 0 }));
    reader.replay(&end, at(2)).unwrap();
    assert!(reader.image().topics().by_name("t").is_some());
    assert_eq!(reader.replay(&end, at(3)), Err(ReplayError::NoTransaction));
    assert_eq!(reader.provenance(), Some(at(2)));
}

#[test]
fn a_record_that_contradicts_the_image_changes_nothing() {
    let mut image = image(&[topic("t", TOPIC_ID), partition(0, &[1], 1)]);
    let before = image.clone();
    let topic_id = Uuid::from_u128(501);
    let change = |partition_id, replicas| {
        MetadataRecord::PartitionChange(PartitionChangeRecord {
            topic_id: TOPIC_ID,
            partition_id,
            replicas,
            directories: Some(vec![Uuid::from_u128(900)]),
            ..PartitionChangeRecord::default()
        })
    };
    let refused = [
        topic("t", topic_id),
        topic("u", TOPIC_ID),
        change(7, None),
        change(0, Some(vec![1, 2])),
        MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id }),
    ];
    for record in refused {
        assert!(image.replay(&record).is_err(), "{record:?}");
        assert_eq!(image, before);
    }
}

#[test]
fn a_delta_says_what_a_broker_leads_follows_and_loses() {
    let before = image(&[
        topic("t", TOPIC_ID),
        partition(0, &[1, 2], 1),
        partition(1, &[1, 2], 2),
        partition(2, &[1], 1),
    ]);
    let mut after = before.clone();
    let change = |partition_id, leader, replicas| {
        MetadataRecord::PartitionChange(PartitionChangeRecord {
            topic_id: TOPIC_ID,
            partition_id,
            leader,
            replicas,
            ..PartitionChangeRecord::default()
        })
    };
    after.replay(&change(0, 2, None)).unwrap();
    after.replay(&change(1, 1, None)).unwrap();
    after.replay(&change(2, 3, Some(vec![3]))).unwrap();
    let delta = MetadataDelta::between(&before, &after);
    let indexes = |replicas: &[LocalReplica]| -> Vec<(i32, bool)> {
        replicas
            .iter()
            .map(|each| (each.index, each.is_newly_elected))
            .collect()
    };
    let local = delta.local_changes(1);
    assert_eq!(indexes(&local.leaders), [(1, true)]);
    assert_eq!(indexes(&local.followers), [(0, true)]);
    assert_eq!(local.deleted.len(), 1);
    assert_eq!(indexes(&delta.local_changes(3).leaders), [(2, true)]);
}

/// KAFKA-12257: a topic that is created anew under its name is another topic.
#[test]
fn a_topic_created_anew_is_one_deleted_and_one_created() {
    let before = image(&[topic("t", TOPIC_ID), partition(0, &[1], 1)]);
    let mut after = before.clone();
    let remove = MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id: TOPIC_ID });
    after.replay(&remove).unwrap();
    after.replay(&topic("t", Uuid::from_u128(501))).unwrap();
    let delta = MetadataDelta::between(&before, &after);
    assert_eq!(delta.topics.len(), 2);
    assert!(delta.topics[0].after.is_none() && delta.topics[1].before.is_none());
    assert_eq!(delta.local_changes(1).deleted.len(), 1);
}

#[test]
fn unknown_records_come_out_of_a_snapshot_as_they_came() {
    let unknown = MetadataRecord::Unknown {
        id: 999,
        version: 3,
        bytes: vec![1, 2, 3],
    };
    let image = image(std::slice::from_ref(&unknown));
    let snapshot = image.to_records(MetadataVersion::LATEST);
    assert_eq!(
        snapshot.records.last().map(|each| &each.record),
        Some(&unknown)
    );
}

#[test]
fn an_older_version_says_what_its_snapshot_misses() {
    let mut image = image(&[topic("t", TOPIC_ID)]);
    let MetadataRecord::Partition(mut record) = partition(0, &[1], 1) else {
        panic!("it is a partition");
    };
    record.directories = vec![Uuid::from_u128(900)];
    image.replay(&MetadataRecord::Partition(record)).unwrap();
    let snapshot = image.to_records(MetadataVersion::MIN);
    assert_eq!(snapshot.losses, ["directories of replicas"]);
    assert!(image.to_records(MetadataVersion::LATEST).losses.is_empty());
}
