//! The endpoint against clients that are right, wrong, slow or too many.

use super::*;
use crate::telemetry::BrokerState;
use net::transport::memory::{MemoryFaults, MemoryNetwork, MemoryTransport};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

struct Node {
    transport: MemoryTransport,
    telemetry: Arc<Telemetry>,
    endpoint: MetricsEndpoint,
    timers: Timers,
}

async fn start() -> Node {
    start_with(MemoryFaults::default()).await
}

async fn start_with(faults: MemoryFaults) -> Node {
    let transport = MemoryNetwork::new(1, faults).node("node", [10, 0, 0, 1].into());
    let telemetry = Arc::new(Telemetry::default());
    let address = Address::new("node", 9404);
    let (shared, timers) = (Arc::clone(&telemetry), Timers::start());
    let endpoint = MetricsEndpoint::start(&transport, &address, shared, timers.clone());
    Node {
        endpoint: endpoint.await.unwrap(),
        transport,
        telemetry,
        timers,
    }
}

impl Node {
    async fn connect(&self) -> Connection {
        let address = self.endpoint.local_address().into();
        self.transport.connect(&address).await.unwrap()
    }

    /// Everything that comes back for these bytes.
    async fn ask(&self, bytes: &[u8]) -> String {
        let mut connection = self.connect().await;
        connection.writer.write_all(bytes).await.unwrap();
        answer(&mut connection).await
    }

    async fn check_status(&self, bytes: &[u8], status: &str) {
        let answer = self.ask(bytes).await;
        let expected = format!("HTTP/1.1 {status}\r\n");
        assert!(answer.starts_with(&expected), "{answer}");
    }
}

async fn answer(connection: &mut Connection) -> String {
    let mut answer = String::new();
    connection.reader.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(start_paused = true)]
async fn the_metrics_are_served_with_their_length_and_media_type() {
    let node = start().await;
    let answer = node
        .ask(b"GET /metrics HTTP/1.1\r\nHost: node\r\n\r\n")
        .await;
    let body = node.telemetry.exposition().await;
    assert!(body.contains("kafka_server_kafkaserver_brokerstate 0\n"));
    let length = body.len();
    assert_eq!(
        answer,
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    );
    let head = node.ask(b"HEAD /metrics HTTP/1.1\r\n\r\n").await;
    assert_eq!(head, answer.strip_suffix(&body).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_node_is_healthy_at_once_and_ready_while_its_broker_runs() {
    let node = start().await;
    let ready = b"GET /ready HTTP/1.1\r\n\r\n";
    node.check_status(b"GET /health HTTP/1.1\r\n\r\n", "200 OK")
        .await;
    node.check_status(ready, "503 Service Unavailable").await;
    node.telemetry.set_broker_state(BrokerState::Running);
    node.check_status(ready, "200 OK").await;
    node.telemetry.set_broker_state(BrokerState::ShuttingDown);
    node.check_status(ready, "503 Service Unavailable").await;
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_otherwise_is_told_what_is_wrong() {
    let node = start().await;
    node.check_status(b"GET / HTTP/1.1\r\n\r\n", "404 Not Found")
        .await;
    node.check_status(b"GET /metrics/ HTTP/1.1\r\n\r\n", "404 Not Found")
        .await;
    node.check_status(b"\x16\x03\x01\x02", "400 Bad Request")
        .await;
    node.check_status(b"GET /metrics\r\n\r\n", "400 Bad Request")
        .await;
    let answer = node.ask(b"DELETE /metrics HTTP/1.1\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
    assert!(answer.contains("\r\nAllow: GET, HEAD\r\n"), "{answer}");
    let too_large = "431 Request Header Fields Too Large";
    let endless = [&b"GET /metrics HTTP/1.1\r\nA: "[..], &[b'a'; 60_000]].concat();
    node.check_status(&endless, too_large).await;
    // It works on.
    node.check_status(b"GET /health HTTP/1.1\r\n\r\n", "200 OK")
        .await;
}

#[tokio::test(start_paused = true)]
async fn silent_and_dripping_clients_are_cut() {
    let node = start().await;
    let begin = Instant::now();
    let mut silent = node.connect().await;
    assert!(answer(&mut silent).await.starts_with("HTTP/1.1 408 "));
    assert_eq!(begin.elapsed(), READ_TIME);

    let begin = Instant::now();
    let Connection {
        mut reader,
        mut writer,
        ..
    } = node.connect().await;
    let timers = node.timers.clone();
    let dripping = tokio::spawn(async move {
        while writer.write_all(b"A").await.is_ok() {
            timers.sleep(SECOND).await;
        }
    });
    let mut answer = String::new();
    reader.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert_eq!(begin.elapsed(), READ_TIME);
    dripping.await.unwrap();
    assert!(begin.elapsed() <= READ_TIME + LINGER_TIME + 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_take_its_answer_is_cut() {
    let node = start_with(MemoryFaults {
        window_bytes: 16,
        ..MemoryFaults::default()
    })
    .await;
    let mut connection = node.connect().await;
    let begin = Instant::now();
    connection
        .writer
        .write_all(b"GET /metrics HTTP/1.1\r\n\r\n")
        .await
        .unwrap();
    let closed = async {
        while connection.writer.write_all(b"A").await.is_ok() {
            node.timers.sleep(SECOND).await;
        }
    };
    tokio::time::timeout(60 * SECOND, closed).await.unwrap();
    let elapsed = begin.elapsed();
    assert!(
        (WRITE_TIME..WRITE_TIME + 2 * SECOND).contains(&elapsed),
        "{elapsed:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn beyond_the_limit_connections_wait_for_their_turn() {
    let node = start().await;
    let mut silent = Vec::new();
    for _ in 0..CONNECTION_COUNT_MAX {
        silent.push(node.connect().await);
    }
    let begin = Instant::now();
    let health = b"GET /health HTTP/1.1\r\n\r\n";
    let waiting = node.ask(health);
    let first_leaves = async {
        node.timers.sleep(3 * SECOND).await;
        silent.pop();
    };
    let (answer, ()) = tokio::join!(waiting, first_leaves);
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(begin.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_endpoint_is_closed_with_its_connections() {
    let Node {
        transport,
        endpoint,
        timers,
        ..
    } = start().await;
    let address = endpoint.local_address().into();
    let mut open = transport.connect(&address).await.unwrap();
    // Accepted, not only waiting.
    open.writer.write_all(b"GET ").await.unwrap();
    timers.sleep(Duration::from_millis(1)).await;
    drop(endpoint);
    let begin = Instant::now();
    let mut rest = Vec::new();
    // End or reset, whichever the transport makes of it.
    let _ = open.reader.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert!(transport.connect(&address).await.is_err());
}
