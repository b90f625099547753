//! Whole clients against a whole node: the crate `client`, as tools and services use it.

mod groups;
mod records;
mod topics;

use std::net::SocketAddr;
use std::time::Duration;

use client::krafka::admin::{CreateTopicsOptions, NewTopic};
use client::krafka::consumer::{Consumer, ConsumerRecord};
use client::krafka::{Kafka, Record};
use client::{Properties, connection, consumer, producer};

use crate::node::process::PATIENCE;

/// How long one poll waits; a test goes on as soon as there is something.
const POLL: Duration = Duration::from_millis(200);

/// Runs a test's work, which has to be done in time.
fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let in_time = async { tokio::time::timeout(PATIENCE, work).await };
    runtime.unwrap().block_on(in_time).unwrap()
}

fn properties(pairs: &[(&str, &str)]) -> Properties {
    let mut properties = Properties::new();
    properties.extend(pairs.iter().copied());
    properties
}

async fn connect(address: SocketAddr) -> Kafka {
    let builder = connection::builder(&address.to_string(), &Properties::new());
    connection::connect(builder.unwrap()).await.unwrap()
}

async fn create_topic(kafka: &Kafka, name: &str, partition_count: i32) {
    let topic = NewTopic::new(name, partition_count, 1).unwrap();
    let admin = kafka.admin();
    let results = admin.create_topics([topic], CreateTopicsOptions::default());
    for (_, result) in results.await.unwrap() {
        result.unwrap();
    }
}

/// Sends records with keys and values, in this order; where each of them went.
async fn produce(
    kafka: &Kafka,
    settings: &[(&str, &str)],
    topic: &str,
    records: &[(&str, &str)],
) -> Vec<(i32, i64)> {
    let builder = producer::builder(kafka, &properties(settings)).unwrap();
    let producer = builder.build().await.unwrap();
    let mut places = Vec::new();
    for (key, value) in records {
        let record = Record::new(topic, value.to_string()).key(key.to_string());
        let sent = producer.send(record).await.unwrap();
        places.push((sent.partition, sent.offset));
    }
    producer.close().await.unwrap();
    places
}

/// A consumer that begins at the beginning unless something is committed.
async fn consumer(kafka: &Kafka, settings: &[(&str, &str)]) -> Consumer {
    let mut properties = properties(settings);
    properties.set_default("auto.offset.reset", "earliest");
    let builder = consumer::builder(kafka, &properties).unwrap();
    builder.build().await.unwrap()
}

/// Polls until there are this many records.
async fn read(consumer: &Consumer, count: usize) -> Vec<ConsumerRecord> {
    let mut records = Vec::new();
    while records.len() < count {
        records.extend(consumer.poll(POLL).await.unwrap());
    }
    records
}

fn text(bytes: Option<&[u8]>) -> String {
    String::from_utf8(bytes.unwrap().to_vec()).unwrap()
}
