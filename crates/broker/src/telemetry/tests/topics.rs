//! Counters of topics, and labels.

use super::scrape;
use crate::telemetry::{Exposition, Family, Kind, Telemetry};
use std::sync::Arc;

const MESSAGES_IN: &str = "kafka_server_brokertopicmetrics_messagesin_total";

#[tokio::test]
async fn what_many_threads_add_at_once_is_all_counted() {
    let telemetry = Telemetry::default();
    let topic = telemetry.topics().handle("orders");
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    topic.appended(3, 50);
                }
            });
        }
    });
    let metrics = scrape(&telemetry).await;
    let labels = [("topic", "orders")];
    assert_eq!(metrics.value(MESSAGES_IN, &labels), Some(60_000.0));
    let bytes_in = metrics.value("kafka_server_brokertopicmetrics_bytesin_total", &labels);
    assert_eq!(bytes_in, Some(1_000_000.0));
}

#[tokio::test]
async fn each_event_of_a_topic_has_its_counter() {
    let telemetry = Telemetry::default();
    let topic = telemetry.topics().handle("orders");
    topic.produce_requested();
    topic.produce_failed();
    topic.fetch_requested();
    topic.fetch_failed();
    topic.appended(2, 30);
    topic.sent(400);
    topic.bytes_rejected(5_000);
    let metrics = scrape(&telemetry).await;
    for (name, value) in [
        ("totalproducerequests", 1.0),
        ("failedproducerequests", 1.0),
        ("totalfetchrequests", 1.0),
        ("failedfetchrequests", 1.0),
        ("messagesin", 2.0),
        ("bytesin", 30.0),
        ("bytesout", 400.0),
        ("bytesrejected", 5_000.0),
    ] {
        let name = format!("kafka_server_brokertopicmetrics_{name}_total");
        for labels in [&[][..], &[("topic", "orders")]] {
            assert_eq!(metrics.value(&name, labels), Some(value), "{name}");
        }
    }
}

#[tokio::test]
async fn a_topic_goes_with_its_last_handle_and_stays_in_the_sum() {
    let telemetry = Telemetry::default();
    let (one, same) = (
        telemetry.topics().handle("orders"),
        telemetry.topics().handle("orders"),
    );
    assert!(Arc::ptr_eq(&one, &same));
    one.appended(3, 50);
    drop(one);
    let orders = [("topic", "orders")];
    let metrics = scrape(&telemetry).await;
    assert_eq!(metrics.value(MESSAGES_IN, &orders), Some(3.0));
    drop(same);
    let metrics = scrape(&telemetry).await;
    assert_eq!(metrics.value(MESSAGES_IN, &orders), None);
    assert_eq!(metrics.value(MESSAGES_IN, &[]), Some(3.0));
    let again = telemetry.topics().handle("orders");
    again.appended(1, 1);
    let metrics = scrape(&telemetry).await;
    assert_eq!(metrics.value(MESSAGES_IN, &orders), Some(1.0));
    assert_eq!(metrics.value(MESSAGES_IN, &[]), Some(4.0));
}

#[tokio::test]
async fn labels_come_back_whatever_is_in_them() {
    static FAMILY: Family = Family {
        name: "a_gauge",
        kind: Kind::Gauge,
        help: "a \\ and a \n.",
    };
    let telemetry = Telemetry::default();
    let values = [
        "",
        "\"",
        "\\",
        "\\\"",
        "\n",
        "a\"b\\c\nd\"",
        "\\n",
        "ä{}=, 1",
    ];
    telemetry.add_source(Arc::new(move |exposition: &mut Exposition| {
        for (index, value) in values.iter().enumerate() {
            exposition.sample(&FAMILY, &[("name", value)], -(index as i64));
        }
    }));
    let metrics = scrape(&telemetry).await;
    for (index, value) in values.iter().enumerate() {
        let found = metrics.value("a_gauge", &[("name", value)]);
        assert_eq!(found, Some(-(index as f64)), "{value:?}");
    }
    assert!(
        telemetry
            .exposition()
            .await
            .contains("# HELP a_gauge a \\\\ and a \\n.\n")
    );
}
