//! What the producer has measured, by the names of Kafka's metrics.

use client::krafka::metrics::Metrics;

use crate::measures::{Metric, of_connections};

const GROUP: &str = "producer-metrics";

/// The metrics of a producer; those that Kafka's has and krafka's has not are left out.
pub(super) fn of(metrics: &Metrics, client_id: &str) -> Vec<Metric> {
    let producer = &metrics.producer;
    let batch_bytes = match producer.batches_sent {
        0 => f64::NAN,
        count => producer.bytes_sent as f64 / count as f64,
    };
    let values = [
        ("record-send-total", producer.records_sent as f64),
        ("batch-size-avg", batch_bytes),
        (
            "compression-rate-avg",
            producer.compression_ratio().unwrap_or(1.0),
        ),
    ];
    let mut all = of_connections(GROUP, client_id, &metrics.connections);
    all.extend(values.into_iter().map(|(name, value)| Metric {
        name: format!("{GROUP}:{name}:{{client-id={client_id}}}"),
        value,
    }));
    for topic in &producer.topics {
        let tags = format!("{{client-id={client_id}, topic={}}}", topic.topic);
        let values = [
            ("record-send-total", topic.records_sent),
            ("byte-total", topic.bytes_sent),
        ];
        all.extend(values.into_iter().map(|(name, value)| Metric {
            name: format!("producer-topic-metrics:{name}:{tags}"),
            value: value as f64,
        }));
    }
    all
}
