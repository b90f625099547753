//! Clients that ask and push, in virtual time.

use super::otlp::{AnyValue, Data, KeyValue, Metric, MetricsData, Number, NumberDataPoint};
use super::otlp::{ResourceMetrics, ScopeMetrics, Sum, Value};
use super::*;
use crate::clock::WallClock;
use metadata::image::{MetadataImage, ResourceKind};
use net::request_context::{
    ClientSoftware, ConnectionContext, ConnectionId, ListenerName, Principal,
};
use proptest::prelude::*;
use prost::Message as _;
use protocol::ApiKey;
use protocol::compression::{Compression, Compressor};
use protocol::generated::metadata::{ConfigRecord, MetadataRecord};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::time::{Instant, advance};

#[derive(Debug)]
struct Noon;

impl WallClock for Noon {
    fn wall_ms(&self) -> i64 {
        0
    }
}

const ID: Uuid = Uuid::from_u128(0x1234_5678_9abc_def0);
const INTERVAL: Duration = Duration::from_secs(1);

fn telemetry(subscriptions: &[(&str, &str, &str)]) -> ClientTelemetry {
    let settings = ClientTelemetrySettings {
        bytes_max: 10_000,
        is_received: true,
    };
    let telemetry = ClientTelemetry::new(settings, Clock::new(Arc::new(Noon)));
    assert_eq!(configure(&telemetry, subscriptions), [""; 0]);
    telemetry
}

fn configure(telemetry: &ClientTelemetry, values: &[(&str, &str, &str)]) -> Vec<String> {
    let mut image = MetadataImage::default();
    for (resource, name, value) in values {
        let record = ConfigRecord {
            resource_type: ResourceKind::CLIENT_METRICS.0,
            resource_name: (*resource).to_owned(),
            name: (*name).to_owned(),
            value: Some((*value).to_owned()),
        };
        image.replay(&MetadataRecord::Config(record)).unwrap();
    }
    telemetry.apply(image.configs())
}

fn context(connection: u64) -> RequestContext {
    let software = ClientSoftware {
        name: "apache-kafka-java".to_owned(),
        version: "4.3.1".to_owned(),
    };
    RequestContext {
        connection: Arc::new(ConnectionContext {
            id: ConnectionId(connection),
            listener: ListenerName::new("PLAINTEXT"),
            peer: "10.0.0.7:5000".parse().unwrap(),
            principal: Principal::anonymous(),
            software: OnceLock::from(software),
        }),
        api_key: ApiKey::PushTelemetry,
        api_version: 0,
        correlation_id: 1,
        client_id: Some("c1".into()),
        received_at: Instant::now(),
    }
}

fn ask(telemetry: &ClientTelemetry) -> GetTelemetrySubscriptionsResponse<'static> {
    telemetry.subscription(&context(1), ID, Uuid::from_u128(9))
}

fn payload(name: &str, value: i64) -> Vec<u8> {
    let point = NumberDataPoint {
        attributes: vec![KeyValue {
            key: "topic".to_owned(),
            value: Some(AnyValue {
                value: Some(Value::String("t".to_owned())),
            }),
        }],
        value: Some(Number::AsInt(value)),
    };
    let sum = Sum {
        data_points: vec![point],
        aggregation_temporality: 1,
        is_monotonic: true,
    };
    let metric = Metric {
        name: name.to_owned(),
        data: Some(Data::Sum(sum)),
    };
    let scope_metrics = vec![ScopeMetrics {
        metrics: vec![metric],
    }];
    let resource_metrics = vec![ResourceMetrics { scope_metrics }];
    MetricsData { resource_metrics }.encode_to_vec()
}

fn pushed(subscription_id: i32, codec: Codec, metrics: &[u8]) -> PushTelemetryRequest<'static> {
    let compression = Compression::with_default_level(codec);
    let mut compressed = Vec::new();
    let mut compressor = Compressor::new();
    compressor
        .compress(compression, metrics, &mut compressed)
        .unwrap();
    PushTelemetryRequest {
        client_instance_id: ID,
        subscription_id,
        terminating: false,
        compression_type: Codec::ALL.iter().position(|each| *each == codec).unwrap() as i8,
        metrics: compressed.into(),
    }
}

fn shown(telemetry: &ClientTelemetry) -> String {
    let mut exposition = Exposition::default();
    telemetry.collect(&mut exposition);
    exposition.finish()
}

#[tokio::test(start_paused = true)]
async fn clients_are_asked_for_what_all_subscriptions_that_match_them_want() {
    let telemetry = telemetry(&[
        ("a", "metrics", "org.apache.kafka.producer., x"),
        ("a", "interval.ms", "1000"),
        (
            "a",
            "match",
            "client_id=c[0-9],client_software_name=apache-.*",
        ),
        ("b", "metrics", "y"),
        ("b", "interval.ms", "100"),
        ("b", "match", "client_id=c"),
    ]);
    let response = ask(&telemetry);
    assert_eq!(response.error_code, ErrorCode::NONE);
    assert_eq!(
        response.requested_metrics,
        ["org.apache.kafka.producer.", "x"]
    );
    assert_eq!(
        (response.push_interval_ms, response.telemetry_max_bytes),
        (1000, 10_000)
    );
    assert_eq!(response.accepted_compression_types, [4, 3, 1, 2]);
    let stranger = telemetry.subscription(&context(2), Uuid::ZERO, Uuid::from_u128(9));
    assert_eq!(stranger.client_instance_id, Uuid::from_u128(9));
    configure(&telemetry, &[("a", "metrics", "x,*")]);
    let response = ask(&telemetry);
    assert_eq!(response.requested_metrics, ["*"]);
    assert_eq!(response.push_interval_ms, 300_000);
    let unreadable = configure(
        &telemetry,
        &[("a", "match", "client_id=("), ("b", "match", "x")],
    );
    assert_eq!(unreadable.len(), 2);
    configure(&telemetry, &[]);
    assert_eq!(ask(&telemetry).requested_metrics, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn who_asks_or_pushes_too_early_is_throttled() {
    let telemetry = telemetry(&[("a", "metrics", "*"), ("a", "interval.ms", "1000")]);
    let id = ask(&telemetry).subscription_id;
    assert_eq!(
        ask(&telemetry).error_code,
        ErrorCode::THROTTLING_QUOTA_EXCEEDED
    );
    let push = pushed(id, Codec::Zstd, &payload("sent", 2));
    let context = context(1);
    advance(INTERVAL / 2).await;
    assert_eq!(telemetry.push(&context, &push), ErrorCode::NONE);
    assert_eq!(
        telemetry.push(&context, &push),
        ErrorCode::THROTTLING_QUOTA_EXCEEDED
    );
    advance(INTERVAL).await;
    assert_eq!(telemetry.push(&context, &push), ErrorCode::NONE);
    assert!(shown(&telemetry).contains("metric=\"sent\",attribute_topic=\"t\"} 4"));
    let last = PushTelemetryRequest {
        terminating: true,
        ..push.clone()
    };
    assert_eq!(telemetry.push(&context, &last), ErrorCode::NONE);
    advance(INTERVAL).await;
    assert_eq!(telemetry.push(&context, &push), ErrorCode::INVALID_REQUEST);
    advance(60 * INTERVAL).await;
    assert!(!shown(&telemetry).contains("sent"));
    assert!(shown(&telemetry).contains("instance_count 0"));
}

#[tokio::test(start_paused = true)]
async fn pushes_that_cannot_be_are_refused_and_mended_by_asking_again() {
    let telemetry = telemetry(&[("a", "metrics", "*"), ("a", "interval.ms", "1000")]);
    let id = ask(&telemetry).subscription_id;
    let context = context(1);
    let good = pushed(id, Codec::Gzip, &payload("sent", 2));
    let reserved = PushTelemetryRequest {
        client_instance_id: Uuid::ZERO,
        ..good.clone()
    };
    assert_eq!(
        telemetry.push(&context, &reserved),
        ErrorCode::INVALID_REQUEST
    );
    let stale = pushed(id + 1, Codec::Gzip, &payload("sent", 2));
    assert_eq!(
        telemetry.push(&context, &stale),
        ErrorCode::UNKNOWN_SUBSCRIPTION_ID
    );
    assert_eq!(ask(&telemetry).error_code, ErrorCode::NONE);
    let cases = [
        (7, vec![], ErrorCode::UNSUPPORTED_COMPRESSION_TYPE),
        (0, vec![0; 10_001], ErrorCode::TELEMETRY_TOO_LARGE),
        (0, vec![0xff; 10], ErrorCode::INVALID_RECORD),
        (1, vec![1, 2, 3], ErrorCode::INVALID_RECORD),
    ];
    for (compression_type, metrics, expected) in cases {
        advance(INTERVAL).await;
        let push = PushTelemetryRequest {
            compression_type,
            metrics: metrics.into(),
            ..good.clone()
        };
        assert_eq!(telemetry.push(&context, &push), expected);
    }
    advance(INTERVAL).await;
    let bomb = pushed(id, Codec::Zstd, &vec![0; 1 << 20]);
    assert!(bomb.metrics.len() < 10_000);
    assert_eq!(telemetry.push(&context, &bomb), ErrorCode::INVALID_RECORD);
}

#[tokio::test(start_paused = true)]
async fn many_clients_take_bounded_room() {
    let telemetry = telemetry(&[]);
    for client in 0..20_000 {
        telemetry.subscription(&context(1), Uuid::from_u128(100 + client), Uuid::ZERO);
    }
    assert!(shown(&telemetry).contains("instance_count 16384"));
}

proptest! {
    #[test]
    fn no_payload_makes_it_panic(payload in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = otlp::read(&payload);
    }

    #[test]
    fn a_payload_that_was_cut_or_changed_makes_it_not_panic(
        position in 0_usize..60,
        byte in any::<u8>(),
    ) {
        let mut payload = payload("org.apache.kafka.producer", 7);
        let position = position.min(payload.len() - 1);
        payload[position] = byte;
        let _ = otlp::read(&payload);
        let _ = otlp::read(&payload[..position]);
    }
}
