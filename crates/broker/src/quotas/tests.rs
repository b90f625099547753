//! Quotas as requests meet them, in virtual time.

use super::*;
use crate::clock::WallClock;
use metadata::image::MetadataImage;
use net::request_context::{ConnectionContext, ConnectionId, ListenerName};
use protocol::ApiKey;
use protocol::generated::metadata::client_quota_record::EntityData;
use protocol::generated::metadata::{ClientQuotaRecord, MetadataRecord};
use std::sync::OnceLock;
use tokio::time::{Instant, advance};

#[derive(Debug)]
struct Noon;

impl WallClock for Noon {
    fn wall_ms(&self) -> i64 {
        0
    }
}

fn quotas(limits: &[(&str, Option<&str>, &str, f64)]) -> ClientQuotas {
    let mut image = MetadataImage::default();
    for (kind, name, key, value) in limits {
        let record = ClientQuotaRecord {
            entity: vec![EntityData {
                entity_type: (*kind).to_owned(),
                entity_name: name.map(str::to_owned),
            }],
            key: (*key).to_owned(),
            value: *value,
            remove: false,
        };
        image.replay(&MetadataRecord::ClientQuota(record)).unwrap();
    }
    let settings = QuotaSettings {
        client: Windows::default(),
        controller: Windows::default(),
    };
    let quotas = ClientQuotas::new(settings, Clock::new(Arc::new(Noon)));
    quotas.apply(image.client_quotas());
    quotas
}

fn context(client_id: &str) -> RequestContext {
    RequestContext {
        connection: Arc::new(ConnectionContext {
            id: ConnectionId(1),
            listener: ListenerName::new("PLAINTEXT"),
            peer: "10.0.0.7:5000".parse().unwrap(),
            principal: Principal::anonymous(),
            software: OnceLock::new(),
        }),
        api_key: ApiKey::Produce,
        api_version: 9,
        correlation_id: 1,
        client_id: Some(client_id.into()),
        received_at: Instant::now(),
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_as_told_keeps_its_rate() {
    let quotas = quotas(&[("client-id", Some("c"), "producer_byte_rate", 1000.0)]);
    let (start, mut bytes) = (Instant::now(), 0);
    for _ in 0..300 {
        let throttle = quotas.throttle(&context("c"), Usage::ProducedBytes(500));
        bytes += 500;
        advance(throttle.max(Duration::from_millis(1))).await;
        let other = quotas.throttle(&context("d"), Usage::ProducedBytes(500));
        assert_eq!(other, Duration::ZERO);
    }
    let rate = f64::from(bytes) / start.elapsed().as_secs_f64();
    assert!((950.0..1100.0).contains(&rate), "{rate}");
}

#[tokio::test(start_paused = true)]
async fn bytes_that_were_not_sent_are_given_back() {
    let quotas = quotas(&[("user", Some("ANONYMOUS"), "consumer_byte_rate", 1000.0)]);
    let context = context("c");
    assert_eq!(quotas.fetch_bytes_max(&context), 10_000);
    let throttle = quotas.throttle(&context, Usage::FetchedBytes(20_000));
    assert_eq!(throttle, 10 * SECOND);
    quotas.throttle(&context, Usage::UnsentBytes(20_000));
    let throttle = quotas.throttle(&context, Usage::FetchedBytes(10_000));
    assert_eq!(throttle, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn time_of_requests_is_throttled_for_a_window_at_most() {
    let quotas = quotas(&[("client-id", None, "request_percentage", 10.0)]);
    assert!(quotas.measures_requests());
    let context = context("c");
    assert_eq!(quotas.throttle(&context, Usage::Request), Duration::ZERO);
    quotas.throttle(&context, Usage::Handling(SECOND));
    assert_eq!(quotas.throttle(&context, Usage::Request), Duration::ZERO);
    quotas.throttle(&context, Usage::Handling(SECOND / 100));
    let throttle = quotas.throttle(&context, Usage::Request);
    assert_eq!(throttle, Duration::from_millis(100));
    quotas.throttle(&context, Usage::Handling(5 * SECOND));
    assert_eq!(quotas.throttle(&context, Usage::Request), SECOND);
}

#[tokio::test(start_paused = true)]
async fn mutations_are_refused_or_only_delayed() {
    let quotas = quotas(&[("user", None, "controller_mutation_rate", 1.0)]);
    let user = Principal::anonymous();
    let charge = |count, is_strict| quotas.charge_mutations(&user, "c", count, is_strict);
    assert_eq!(charge(13, true), Duration::ZERO);
    assert_eq!(charge(1, true), 2 * SECOND);
    assert_eq!(charge(1, true), 2 * SECOND);
    assert_eq!(charge(1, false), 3 * SECOND);
    advance(3 * SECOND).await;
    assert_eq!(charge(1, true), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn addresses_make_connections_at_their_rate() {
    let quotas = quotas(&[
        ("ip", Some("10.0.0.7"), "connection_creation_rate", 1.0),
        ("ip", None, "connection_creation_rate", 1000.0),
    ]);
    let slow = IpAddr::from([10, 0, 0, 7]);
    let taken = (0..100).filter(|_| quotas.pause_before(slow) == Duration::ZERO);
    assert_eq!(taken.count(), 10);
    assert_eq!(quotas.pause_before(slow), SECOND);
    let other = IpAddr::from([10, 0, 0, 8]);
    assert_eq!(quotas.pause_before(other), Duration::ZERO);
}
