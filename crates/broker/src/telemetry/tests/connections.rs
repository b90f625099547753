//! What a server tells its observer, in the metrics and in the log.

use super::scrape;
use crate::telemetry::Telemetry;
use net::framing::FrameError;
use net::request_context::{
    ConnectionContext, ConnectionId, ListenerName, Principal, RequestContext,
};
use net::server::{CloseReason, Observer, Refusal, RequestSizes, RequestTimes};
use protocol::ApiKey;
use std::fmt::Write;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::Duration;
use tokio::time::Instant;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Metadata, Subscriber};

const MILLISECOND: Duration = Duration::from_millis(1);

/// Keeps what is logged: level, message, fields.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
}

struct Line(String);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.lines.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

fn peer() -> SocketAddr {
    "10.0.0.1:5000".parse().unwrap()
}

fn listener() -> ListenerName {
    ListenerName::new("PLAINTEXT")
}

fn connection() -> Arc<ConnectionContext> {
    Arc::new(ConnectionContext {
        id: ConnectionId(7),
        listener: listener(),
        peer: peer(),
        principal: Principal::anonymous(),
        software: OnceLock::new(),
    })
}

/// While there is one subscriber only, `tracing` lets the first thread that comes to a line decide
/// whether it is ever logged. These two, which nobody reads, keep other tests from deciding that.
static OTHER_SUBSCRIBERS: LazyLock<[Dispatch; 2]> =
    LazyLock::new(|| [Dispatch::new(Log::default()), Dispatch::new(Log::default())]);

fn observer(telemetry: &Telemetry) -> Arc<dyn Observer> {
    LazyLock::force(&OTHER_SUBSCRIBERS);
    telemetry.observer(&listener())
}

fn answer(observer: &dyn Observer, api_key: ApiKey, api_version: i16, sizes: (usize, usize)) {
    let received_at = Instant::now();
    let context = RequestContext {
        connection: connection(),
        api_key,
        api_version,
        correlation_id: 1,
        client_id: None,
        received_at,
    };
    let after = |count| received_at + count * MILLISECOND;
    let times = RequestTimes {
        received_at,
        started_at: after(1),
        handled_at: after(3),
        completed_at: after(7),
        send_started_at: after(15),
        sent_at: after(31),
    };
    let sizes = RequestSizes {
        request_bytes: sizes.0,
        response_bytes: sizes.1,
    };
    observer.request_answered(&context, &times, sizes);
}

#[tokio::test]
async fn an_answered_request_is_counted_with_its_stages_and_sizes() {
    let telemetry = Telemetry::default();
    let observer = observer(&telemetry);
    answer(&*observer, ApiKey::Fetch, 12, (100, 5_000));
    answer(&*observer, ApiKey::Fetch, 12, (10_000, 0));
    let metrics = scrape(&telemetry).await;
    let fetch = ("request", "Fetch");
    let requests = "kafka_network_requestmetrics_requests_total";
    let labels = [fetch, ("version", "12")];
    assert_eq!(metrics.value(requests, &labels), Some(2.0));
    for (stage, time, bound) in [
        ("requestqueuetimems", 1.0, 1.024),
        ("localtimems", 2.0, 2.048),
        ("remotetimems", 4.0, 4.096),
        ("responsequeuetimems", 8.0, 8.192),
        ("responsesendtimems", 16.0, 16.384),
        ("totaltimems", 31.0, 32.768),
    ] {
        let name = format!("kafka_network_requestmetrics_{stage}");
        let buckets = metrics.buckets(&name, fetch);
        assert!(buckets.is_sorted_by(|one, next| one.0 < next.0 && one.1 <= next.1));
        let first = buckets.iter().find(|(_, count)| *count > 0.0);
        assert_eq!(first, Some(&(bound, 2.0)), "{stage}");
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, 2.0)));
        let sum = metrics.value(&format!("{name}_sum"), &[fetch]);
        assert_eq!(sum, Some(2.0 * time));
        let count = metrics.value(&format!("{name}_count"), &[fetch]);
        assert_eq!(count, Some(2.0));
        assert_eq!(metrics.kinds[&name], "histogram");
    }
    let bytes = metrics.value("kafka_network_requestmetrics_requestbytes_sum", &[fetch]);
    assert_eq!(bytes, Some(10_100.0));
    for (direction, bytes) in [("incoming", 10_108.0), ("outgoing", 5_000.0)] {
        let name = format!("kafka_server_socket_server_metrics_{direction}_byte_total");
        let value = metrics.value(&name, &[("listener", "PLAINTEXT")]);
        assert_eq!(value, Some(bytes));
    }
}

#[tokio::test]
async fn versions_that_do_not_exist_are_counted_together() {
    let telemetry = Telemetry::default();
    let observer = observer(&telemetry);
    for version in [i16::MIN, -1, 999, i16::MAX] {
        answer(&*observer, ApiKey::ApiVersions, version, (10, 10));
    }
    answer(&*observer, ApiKey::ApiVersions, 0, (10, 10));
    for key in ApiKey::ALL {
        answer(&*observer, key, *key.versions().end(), (10, 10));
    }
    let metrics = scrape(&telemetry).await;
    let count = |key: ApiKey, version: &str| {
        let labels = [("request", key.name()), ("version", version)];
        metrics.value("kafka_network_requestmetrics_requests_total", &labels)
    };
    assert_eq!(count(ApiKey::ApiVersions, "unknown"), Some(4.0));
    assert_eq!(count(ApiKey::ApiVersions, "0"), Some(1.0));
    assert_eq!(count(ApiKey::ApiVersions, "1"), None);
    for key in ApiKey::ALL {
        assert_eq!(count(key, &key.versions().end().to_string()), Some(1.0));
    }
}

#[tokio::test]
async fn connections_are_counted_by_listener_and_reason() {
    let telemetry = Telemetry::default();
    let observer = observer(&telemetry);
    let connection = connection();
    for _ in 0..4 {
        observer.connection_opened(&connection);
    }
    observer.connection_closed(&connection, &CloseReason::Idle);
    observer.connection_closed(&connection, &CloseReason::Frame(FrameError::Empty));
    let refusal = Refusal::TooManyFromAddress(peer().ip());
    observer.connection_refused(&listener(), peer(), refusal);
    let error = io::Error::other("no descriptors");
    // A listener that is opened again goes on counting.
    let opened_again = telemetry.observer(&listener());
    opened_again.accept_failed(&listener(), &error);
    let metrics = scrape(&telemetry).await;
    let listener = ("listener", "PLAINTEXT");
    for (name, value) in [
        ("kafka_server_socket_server_metrics_connection_count", 2.0),
        (
            "kafka_server_socket_server_metrics_connection_creation_total",
            4.0,
        ),
        (
            "kafka_server_socket_server_metrics_connection_close_total",
            2.0,
        ),
        ("klamm_network_connections_refused_total", 1.0),
        ("klamm_network_accept_failures_total", 1.0),
    ] {
        assert_eq!(metrics.value(name, &[listener]), Some(value), "{name}");
    }
    for (reason, value) in [("idle", 1.0), ("malformed", 1.0), ("peer_closed", 0.0)] {
        let labels = [listener, ("reason", reason)];
        let count = metrics.value("klamm_network_connections_closed_total", &labels);
        assert_eq!(count, Some(value), "{reason}");
    }
}

fn check_logged(tell: impl FnOnce(&dyn Observer), expected: &str) {
    let log = Log::default();
    let observer = observer(&Telemetry::default());
    tracing::subscriber::with_default(log.clone(), || tell(&*observer));
    assert_eq!(*log.lines.lock().unwrap(), [expected]);
}

fn check_close_logged(reason: CloseReason, expected: &str) {
    let (level, cause) = expected.split_once(' ').unwrap();
    let line = format!(
        "{level} message=close connection: {cause} \
         connection=7 listener=PLAINTEXT peer=10.0.0.1:5000"
    );
    let tell = |observer: &dyn Observer| observer.connection_closed(&connection(), &reason);
    check_logged(tell, &line);
}

#[test]
fn ends_of_connections_are_logged_as_loud_as_they_matter() {
    let failed = || io::Error::other("reset");
    check_close_logged(
        CloseReason::PeerClosed,
        "DEBUG the client closed the connection",
    );
    check_close_logged(CloseReason::Idle, "DEBUG idle for too long");
    check_close_logged(CloseReason::Drained, "DEBUG the server stops");
    check_close_logged(CloseReason::Write(failed()), "DEBUG send answer: reset");
    check_close_logged(FrameError::Io(failed()).into(), "DEBUG read frame: reset");
    check_close_logged(
        FrameError::NegativeSize(-1).into(),
        "INFO read frame: its size is -1",
    );
    check_close_logged(
        CloseReason::Silent,
        "INFO nothing came in since the connection was opened",
    );
    check_close_logged(CloseReason::SlowFrame, "INFO a frame comes in too slowly");
    check_close_logged(
        CloseReason::Handler("no such version".to_owned()),
        "INFO closed by the handler: no such version",
    );
}

#[test]
fn refusals_and_failures_to_accept_are_logged() {
    check_logged(
        |observer| {
            let refusal = Refusal::TooManyFromAddress(peer().ip());
            observer.connection_refused(&listener(), peer(), refusal);
        },
        "INFO message=refuse connection: 10.0.0.1 has as many connections as it may \
         listener=PLAINTEXT peer=10.0.0.1:5000",
    );
    check_logged(
        |observer| observer.accept_failed(&listener(), &io::Error::other("no descriptors")),
        "WARN message=accept connection: no descriptors listener=PLAINTEXT",
    );
    check_logged(
        |observer| observer.connection_opened(&connection()),
        "DEBUG message=open connection connection=7 listener=PLAINTEXT peer=10.0.0.1:5000",
    );
}
