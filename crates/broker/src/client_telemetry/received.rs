//! What is shown of the metrics that clients have pushed: the last number of each, or the sum of
//! its increases.
//!
//! Invariant: clients, numbers of a client and the bytes of their names are bounded; what does not
//! fit is counted and dropped.

use super::otlp::{Point, PointKind};
use crate::telemetry::{Exposition, families};
use protocol::Uuid;
use std::collections::BTreeMap;

const CLIENT_COUNT_MAX: usize = 1000;
const POINTS_PER_CLIENT_MAX: usize = 1000;
/// Of a name with its attributes.
const NAME_BYTES_MAX: usize = 1024;
const BYTES_MAX: usize = 16 << 20;

/// Numbers of clients.
#[derive(Debug, Default)]
pub(super) struct Received {
    clients: BTreeMap<Uuid, Client>,
    bytes: usize,
    dropped_count: u64,
}

#[derive(Debug)]
struct Client {
    client_id: String,
    points: BTreeMap<Name, Number>,
    bytes: usize,
    expires_ms: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    metric: String,
    /// In the order of their names, each once.
    attributes: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy)]
struct Number {
    value: f64,
    is_total: bool,
}

impl Received {
    /// Takes in what a client has pushed.
    pub(super) fn add(&mut self, id: Uuid, client_id: &str, points: Vec<Point>, expires_ms: u64) {
        let is_known = self.clients.contains_key(&id);
        if !is_known && self.clients.len() >= CLIENT_COUNT_MAX {
            self.dropped_count += points.len() as u64;
            return;
        }
        let client = self.clients.entry(id).or_insert_with(|| Client {
            client_id: client_id.chars().take(NAME_BYTES_MAX / 4).collect(),
            points: BTreeMap::new(),
            bytes: 0,
            expires_ms,
        });
        client.expires_ms = expires_ms;
        for point in points {
            let name = Name {
                attributes: point.attributes.into_iter().collect(),
                metric: point.metric,
            };
            if let Some(known) = client.points.get_mut(&name) {
                known.update(point.value, point.kind);
                continue;
            }
            let bytes = name.bytes();
            let has_room = client.points.len() < POINTS_PER_CLIENT_MAX
                && bytes <= NAME_BYTES_MAX
                && self.bytes + bytes <= BYTES_MAX;
            if !has_room {
                self.dropped_count += 1;
                continue;
            }
            self.bytes += bytes;
            client.bytes += bytes;
            client
                .points
                .insert(name, Number::of(point.value, point.kind));
        }
    }

    /// Forgets the clients that are not heard of any more.
    pub(super) fn forget_expired(&mut self, now_ms: u64) {
        let bytes = &mut self.bytes;
        self.clients.retain(|_, client| {
            let is_kept = now_ms < client.expires_ms;
            if !is_kept {
                *bytes -= client.bytes;
            }
            is_kept
        });
    }

    pub(super) fn collect(&self, exposition: &mut Exposition) {
        exposition.sample(&families::CLIENT_METRICS_DROPPED, &[], self.dropped_count);
        for (id, client) in &self.clients {
            let id = id.to_string();
            for (name, number) in &client.points {
                let family = match number.is_total {
                    true => &families::CLIENT_COUNTER,
                    false => &families::CLIENT_GAUGE,
                };
                let attributes = name.attributes.iter();
                let attributes: Vec<(String, &str)> = attributes
                    .map(|(name, value)| (format!("attribute_{}", label(name)), &**value))
                    .collect();
                let mut labels = vec![
                    ("client_instance_id", &*id),
                    ("client_id", &*client.client_id),
                    ("metric", &*name.metric),
                ];
                let mut last = "";
                for (name, value) in &attributes {
                    // Two names may come to one label.
                    if name != last {
                        labels.push((name, value));
                    }
                    last = name;
                }
                exposition.sample(family, &labels, number.value);
            }
        }
    }
}

impl Name {
    fn bytes(&self) -> usize {
        let attributes = self.attributes.iter();
        let attributes = attributes.map(|(name, value)| name.len() + value.len());
        self.metric.len() + attributes.sum::<usize>()
    }
}

impl Number {
    const fn of(value: f64, kind: PointKind) -> Self {
        Self {
            value,
            is_total: !matches!(kind, PointKind::Gauge),
        }
    }

    fn update(&mut self, value: f64, kind: PointKind) {
        match kind {
            PointKind::Increase => self.value += value,
            PointKind::Gauge | PointKind::Total => self.value = value,
        }
    }
}

/// Letters, digits and underscores.
fn label(name: &str) -> String {
    let characters = name.chars();
    characters
        .map(|character| match character.is_ascii_alphanumeric() {
            true => character,
            false => '_',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(metric: &str, value: f64, kind: PointKind) -> Point {
        Point {
            metric: metric.to_owned(),
            attributes: vec![("node.id".to_owned(), "1\"".to_owned())],
            value,
            kind,
        }
    }

    fn shown(received: &Received) -> String {
        let mut exposition = Exposition::default();
        received.collect(&mut exposition);
        exposition.finish()
    }

    #[test]
    fn increases_are_added_and_gauges_replaced_until_the_client_is_gone() {
        let mut received = Received::default();
        let id = Uuid::from_u128(7);
        for _ in 0..2 {
            let points = vec![
                point("sent", 2.0, PointKind::Increase),
                point("rate", 3.5, PointKind::Gauge),
            ];
            received.add(id, "c", points, 100);
        }
        let text = shown(&received);
        let labels = format!("client_instance_id=\"{id}\",client_id=\"c\"");
        let sent = format!(
            "klamm_client_counter_total{{{labels},metric=\"sent\",attribute_node_id=\"1\\\"\"}} 4"
        );
        assert!(text.contains(&sent), "{text}");
        let rate = format!(
            "klamm_client_gauge{{{labels},metric=\"rate\",attribute_node_id=\"1\\\"\"}} 3.5"
        );
        assert!(text.contains(&rate), "{text}");
        received.forget_expired(100);
        assert!(!shown(&received).contains("rate"));
        assert_eq!(received.bytes, 0);
    }

    #[test]
    fn what_hostile_clients_push_is_bounded() {
        let mut received = Received::default();
        let long = "x".repeat(NAME_BYTES_MAX);
        received.add(
            Uuid::from_u128(1),
            "c",
            vec![point(&long, 1.0, PointKind::Gauge)],
            100,
        );
        assert_eq!(received.dropped_count, 1);
        for client in 0..2000_u128 {
            let points =
                (0..20).map(|number| point(&format!("{number:0900}"), 1.0, PointKind::Gauge));
            received.add(Uuid::from_u128(client), "c", points.collect(), 100);
            assert!(received.bytes <= BYTES_MAX);
        }
        assert_eq!(received.clients.len(), CLIENT_COUNT_MAX);
        let many = (0..5000).map(|number| point(&number.to_string(), 1.0, PointKind::Gauge));
        let mut received = Received::default();
        received.add(Uuid::from_u128(1), "c", many.collect(), 100);
        assert_eq!(received.dropped_count, 4000);
    }
}
