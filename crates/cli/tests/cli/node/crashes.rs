//! What is still there after SIGKILL and after an orderly stop.

use std::thread;

use protocol::ErrorCode;
use protocol::generated::DescribeConfigsRequest;
use protocol::generated::describe_configs_request::DescribeConfigsResource;
use protocol::records::ProducerFields;

use super::batches::{batch, batch_of};
use super::client::{ALL, Client};
use super::process::Node;
use crate::program::Place;

/// How many records are acknowledged before the node is killed.
const ACKNOWLEDGED_COUNT: i64 = 200;
const TOPIC_RESOURCE: i8 = 2;

#[test]
fn what_was_acknowledged_survives_two_kills() {
    let place = Place::new("kill-plain", "unused");
    let mut node = Node::start(&place, &[]);
    let client = Client::connect(node.address);
    assert_eq!(client.create_topic("topic", 1, &[]).0, ErrorCode::NONE);
    let mut acknowledged = Vec::new();
    for life in 0..2 {
        acknowledged.extend(produce_until_killed(node, move |number| {
            batch(&[value(life, number).as_bytes()])
        }));
        node = Node::start(&place, &[]);
        let read = Client::connect(node.address).read_all("topic");
        expect_dense(&read);
        for (offset, value) in &acknowledged {
            let at = &read[usize::try_from(*offset).unwrap()];
            assert_eq!((&at.0, &at.1), (offset, value));
        }
    }
    assert_eq!(node.stop().code(), Some(143));
}

#[test]
fn an_idempotent_producer_goes_on_after_each_of_two_kills_without_loss_or_repetition() {
    let place = Place::new("kill-idempotent", "unused");
    let mut node = Node::start(&place, &[]);
    let client = Client::connect(node.address);
    assert_eq!(client.create_topic("topic", 1, &[]).0, ErrorCode::NONE);
    let producer = client.producer();
    let mut next = 0;
    for _ in 0..2 {
        let acknowledged =
            produce_until_killed(node, move |number| sequenced(producer, next + number));
        next += i64::try_from(acknowledged.len()).unwrap();
        node = Node::start(&place, &[]);
        let client = Client::connect(node.address);
        // The one that was under way is sent again, as a client does; it may be there already.
        let (code, offset) = client.produce("topic", ALL, &sequenced(producer, next));
        assert_eq!((code, offset), (ErrorCode::NONE, next));
        next += 1;
        let expected: Vec<_> = (0..next)
            .map(|number| (number, value(0, number).into_bytes()))
            .collect();
        assert_eq!(client.read_all("topic"), expected);
        let other = client.producer();
        assert_ne!(other.id, producer.id);
    }
}

#[test]
fn an_orderly_stop_and_a_restart_keep_topics_records_offsets_and_configurations() {
    keeps_everything("restart", |node| {
        assert_eq!(node.stop().code(), Some(143));
    });
}

#[test]
fn a_kill_keeps_topics_records_offsets_and_configurations() {
    keeps_everything("kill-all", Node::kill);
}

fn keeps_everything(name: &str, end: fn(Node)) {
    let place = Place::new(name, "unused");
    let node = Node::start(&place, &[]);
    let client = Client::connect(node.address);
    let config = [("retention.ms", "12345678")];
    assert_eq!(client.create_topic("kept", 2, &config).0, ErrorCode::NONE);
    let records: Vec<_> = (0..10)
        .map(|number| (number, value(0, number).into_bytes()))
        .collect();
    for (offset, value) in &records {
        let produced = client.produce("kept", ALL, &batch(&[value]));
        assert_eq!(produced, (ErrorCode::NONE, *offset));
    }
    client.commit("group", "kept", 7);
    end(node);
    for _ in 0..2 {
        let node = Node::start(&place, &[]);
        let client = Client::connect(node.address);
        assert_eq!(client.read_all("kept"), records);
        assert_eq!(client.committed("group"), [("kept".to_owned(), 7)]);
        assert_eq!(retention_ms(&client, "kept"), "12345678");
        let again = client.create_topic("kept", 1, &[]).0;
        assert_eq!(again, ErrorCode::TOPIC_ALREADY_EXISTS);
        end(node);
    }
}

/// Produces with acks=all until the node, killed when enough was acknowledged, answers no more;
/// the offsets and values of what was acknowledged.
fn produce_until_killed(
    node: Node,
    make: impl Fn(i64) -> Vec<u8> + Send + 'static,
) -> Vec<(i64, Vec<u8>)> {
    let (sender, acknowledged) = std::sync::mpsc::channel();
    let address = node.address;
    let producing = thread::spawn(move || {
        let client = Client::connect(address);
        for number in 0.. {
            let batch = make(number);
            let Ok((code, offset)) = client.try_produce("topic", ALL, &batch) else {
                return;
            };
            assert_eq!(code, ErrorCode::NONE);
            let values = super::batches::values(&batch);
            sender.send((offset, values[0].1.clone())).unwrap();
        }
    });
    let mut kept: Vec<_> = acknowledged
        .iter()
        .take(usize::try_from(ACKNOWLEDGED_COUNT).unwrap())
        .collect();
    // The producer is in the middle of the next one.
    node.kill();
    producing.join().unwrap();
    kept.extend(acknowledged);
    assert!(kept.len() >= usize::try_from(ACKNOWLEDGED_COUNT).unwrap());
    kept
}

fn expect_dense(read: &[(i64, Vec<u8>)]) {
    let offsets = read.iter().map(|(offset, _)| *offset);
    assert!(
        offsets
            .zip(0..)
            .all(|(offset, expected)| offset == expected)
    );
}

fn sequenced(producer: ProducerFields, number: i64) -> Vec<u8> {
    let producer = ProducerFields {
        base_sequence: i32::try_from(number).unwrap(),
        ..producer
    };
    batch_of(producer, &[value(0, number).as_bytes()])
}

fn value(life: i32, number: i64) -> String {
    format!("life {life} record {number}")
}

fn retention_ms(client: &Client, topic: &str) -> String {
    let request = DescribeConfigsRequest {
        resources: vec![DescribeConfigsResource {
            resource_type: TOPIC_RESOURCE,
            resource_name: topic.into(),
            configuration_keys: Some(vec!["retention.ms".into()]),
        }],
        ..DescribeConfigsRequest::default()
    };
    let answer = client.ask(4, &request);
    let answer = answer.decode().unwrap();
    answer.results[0].configs[0]
        .value
        .clone()
        .unwrap()
        .into_owned()
}
