//! What the consumer has measured, by the names of Kafka's metrics.

use client::krafka::metrics::Metrics;

use crate::measures::{Metric, of_connections};

/// The metrics of a consumer; those that Kafka's has and krafka's has not are left out.
pub(super) fn of(metrics: &Metrics, client_id: &str) -> Vec<Metric> {
    let consumer = &metrics.consumer;
    let fetch_ms = consumer
        .fetch_latency
        .mean()
        .map_or(f64::NAN, |it| it.as_secs_f64() * 1e3);
    let fetch_ms_max = consumer.fetch_latency.max.as_secs_f64() * 1e3;
    let fetches = "consumer-fetch-manager-metrics";
    let group = "consumer-coordinator-metrics";
    let values = [
        (
            fetches,
            "bytes-consumed-total",
            consumer.bytes_received as f64,
        ),
        (fetches, "fetch-latency-avg", fetch_ms),
        (fetches, "fetch-latency-max", fetch_ms_max),
        (fetches, "fetch-total", consumer.fetches as f64),
        (
            fetches,
            "records-consumed-total",
            consumer.records_received as f64,
        ),
        (fetches, "records-lag-max", consumer.lag_max as f64),
        (
            group,
            "assigned-partitions",
            consumer.assigned_partitions as f64,
        ),
        (group, "commit-total", consumer.commits as f64),
        (group, "rebalance-total", consumer.rebalances as f64),
    ];
    let mut all = of_connections("consumer-metrics", client_id, &metrics.connections);
    all.extend(values.into_iter().map(|(group, name, value)| Metric {
        name: format!("{group}:{name}:{{client-id={client_id}}}"),
        value,
    }));
    all
}
