//! Records through producer and consumer.

use std::collections::BTreeMap;

use client::krafka::Record;
use client::krafka::admin::{ListOffsetsOptions, OffsetSpec, TopicPartition};
use client::producer;

use super::{connect, consumer, create_topic, produce, properties, read, run, text};
use crate::node::process::Node;
use crate::program::Place;

#[test]
fn records_come_back_whatever_acks_and_codec_they_were_sent_with() {
    let place = Place::new("client-records", "unused");
    let node = Node::start(&place, &[]);
    run(async {
        let kafka = connect(node.address).await;
        create_topic(&kafka, "topic", 1).await;
        let mut expected = Vec::new();
        for acks in ["0", "1", "all"] {
            for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
                let settings = [("acks", acks), ("compression.type", codec)];
                let value = format!("{acks} {codec} {}", "x".repeat(1_000));
                produce(&kafka, &settings, "topic", &[("key", &value)]).await;
                expected.push(value);
            }
        }
        let consumer = consumer(&kafka, &[]).await;
        consumer.subscribe(["topic"]).await.unwrap();
        let records = read(&consumer, expected.len()).await;
        let values = records.iter().map(|record| text(record.value.as_deref()));
        assert_eq!(values.collect::<Vec<_>>(), expected);
        let offsets = records.iter().map(|record| record.offset);
        assert!(offsets.eq(0..15));
    });
}

#[test]
fn a_key_keeps_its_partition_and_its_order_and_headers_keep_theirs() {
    let place = Place::new("client-keys", "unused");
    let node = Node::start(&place, &[]);
    run(async {
        let kafka = connect(node.address).await;
        create_topic(&kafka, "topic", 3).await;
        let keys: Vec<String> = (0..60)
            .map(|number| format!("key-{}", number % 12))
            .collect();
        let values: Vec<String> = (0..60).map(|number| number.to_string()).collect();
        let records: Vec<_> = keys
            .iter()
            .zip(&values)
            .map(|(k, v)| (&**k, &**v))
            .collect();
        let places = produce(&kafka, &[], "topic", &records).await;
        let mut partitions = BTreeMap::new();
        for ((key, _), (partition, _)) in records.iter().zip(&places) {
            assert_eq!(partitions.entry(*key).or_insert(*partition), partition);
        }
        // Where Java's partitioner puts them: murmur2 of the key.
        assert_eq!(partitions["key-0"], 1);
        assert_eq!(partitions["key-1"], 0);

        let with_headers = Record::new("topic", "value").key("key-0").header("a", "1");
        let with_headers = with_headers
            .header("b", "2")
            .header("a", "3")
            .null_header("n");
        let builder = producer::builder(&kafka, &properties(&[])).unwrap();
        let producer = builder.build().await.unwrap();
        let _ = producer.send(with_headers).await.unwrap();
        producer.close().await.unwrap();

        let consumer = consumer(&kafka, &[]).await;
        consumer.subscribe(["topic"]).await.unwrap();
        let mut read = read(&consumer, 61).await;
        let place = read
            .iter()
            .position(|record| !record.headers.is_empty())
            .unwrap();
        let headers = read.remove(place).headers;
        let names: Vec<_> = headers.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["a", "b", "a", "n"]);
        for (key, values) in by_key(&read) {
            assert!(values.is_sorted(), "{key}: {values:?}");
            assert_eq!(values.len(), 5);
        }
    });
}

fn by_key(records: &[client::krafka::ConsumerRecord]) -> BTreeMap<String, Vec<u32>> {
    let mut by_key = BTreeMap::<String, Vec<u32>>::new();
    for record in records {
        let key = text(record.key.as_deref());
        let value = text(record.value.as_deref()).parse().unwrap();
        by_key.entry(key).or_default().push(value);
    }
    by_key
}

#[test]
fn everything_is_there_again_after_a_restart() {
    let place = Place::new("client-restart", "unused");
    let node = Node::start(&place, &[]);
    let before = [("a", "1"), ("b", "2")];
    run(async {
        let kafka = connect(node.address).await;
        create_topic(&kafka, "topic", 1).await;
        produce(&kafka, &[], "topic", &before).await;
        let consumer = consumer(&kafka, &[("group.id", "group")]).await;
        consumer.subscribe(["topic"]).await.unwrap();
        assert_eq!(read(&consumer, 2).await.len(), 2);
        consumer.commit().await.unwrap();
        consumer.close().await.unwrap();
    });
    assert_eq!(node.stop().code(), Some(143));
    let node = Node::start(&place, &[]);
    run(async {
        let kafka = connect(node.address).await;
        let sent = produce(&kafka, &[], "topic", &[("c", "3")]).await;
        assert_eq!(sent, [(0, 2)]);
        let ends = [(TopicPartition::new("topic", 0), OffsetSpec::Latest)];
        let ends = kafka
            .admin()
            .list_offsets(ends, ListOffsetsOptions::default())
            .await
            .unwrap();
        assert_eq!(ends.into_values().next().unwrap().unwrap().offset, 3);
        let consumer = consumer(&kafka, &[("group.id", "group")]).await;
        consumer.subscribe(["topic"]).await.unwrap();
        let records = read(&consumer, 1).await;
        assert_eq!(text(records[0].value.as_deref()), "3");
        consumer.close().await.unwrap();
    });
}
