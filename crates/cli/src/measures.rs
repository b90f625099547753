//! What the tools that measure have in common: numbers and tables of metrics as Java prints them.

use client::krafka::metrics::ConnectionMetrics;

/// One metric of a client, by the name that Kafka's clients have for it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metric {
    /// `group:name:{tags}`.
    pub(crate) name: String,
    pub(crate) value: f64,
}

/// A number with so many digits behind the point.
pub(crate) fn decimal(value: f64, digit_count: usize) -> String {
    if value.is_infinite() {
        return if value < 0.0 { "-Infinity" } else { "Infinity" }.to_owned();
    }
    format!("{value:.digit_count$}")
}

pub(crate) fn mebibytes(byte_count: u64) -> f64 {
    byte_count as f64 / (1024.0 * 1024.0)
}

/// The metrics in the order of their names, below an empty line.
pub(crate) fn table(mut metrics: Vec<Metric>) -> String {
    metrics.sort_by(|a, b| a.name.cmp(&b.name));
    let width = metrics
        .iter()
        .map(|metric| metric.name.len())
        .max()
        .unwrap_or(0);
    let mut text = format!("\n{:width$}   Value\n", "Metric Name");
    for Metric { name, value } in &metrics {
        text.push_str(&format!("{name:width$} : {}\n", decimal(*value, 3)));
    }
    text
}

/// What is known of a client's connections, as metrics of `group`.
pub(crate) fn of_connections(
    group: &str,
    client_id: &str,
    connections: &ConnectionMetrics,
) -> Vec<Metric> {
    let values = [
        ("connection-count", connections.active_connections),
        ("connection-creation-total", connections.connections_created),
        ("connection-close-total", connections.connections_closed),
    ];
    let metrics = values.into_iter().map(|(name, value)| Metric {
        name: format!("{group}:{name}:{{client-id={client_id}}}"),
        value: value as f64,
    });
    metrics.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_java_prints_them() {
        assert_eq!(decimal(19_193.857_965, 2), "19193.86");
        assert_eq!(decimal(f64::INFINITY, 2), "Infinity");
        assert_eq!(decimal(f64::NAN, 2), "NaN");
    }

    #[test]
    fn metrics_are_in_the_order_of_their_names() {
        let metric = |name: &str, value| Metric {
            name: name.to_owned(),
            value,
        };
        let expected = "
Metric Name   Value
a:b:{c=d}   : 1.000
long-name:x : 0.500
";
        let metrics = vec![metric("long-name:x", 0.5), metric("a:b:{c=d}", 1.0)];
        assert_eq!(table(metrics), expected);
    }
}
