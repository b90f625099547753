//! Two thousand clients that each announce 100 MiB and send one byte, alone in their process so
//! that its memory tells about nothing else.

#![allow(
    clippy::unwrap_used,
    reason = "what fails here fails a test, whichever function it is in"
)]

use net::BoxFuture;
use net::byte_budget::ByteBudget;
use net::request_context::{ConnectionContext, ListenerName, RequestContext};
use net::server::{
    Allowance, Answer, AnyRate, CloseReason, ConnectionLimits, Handled, Observer, PatienceConfig,
    Refusal, Reply, Request, RequestSizes, RequestTimes, Server, ServerConfig, ServerParts,
    Service,
};
use net::timers::Timers;
use net::transport::memory::{MemoryFaults, MemoryNetwork};
use net::transport::{Address, Connection, Transport};
use protocol::generated::ApiVersionsResponse;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CLIENT_COUNT: usize = 2_000;
const MEMORY_BYTES_MAX: usize = 128 << 20;
const BUDGET_BYTES: usize = 64 << 20;
/// ApiVersions in version 0, correlation id 7, no client id.
const GOOD_REQUEST: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff];

struct Plain;

struct Deaf;

impl Service for Plain {
    fn call(self: Arc<Self>, request: Request) -> BoxFuture<'static, Handled> {
        let response = ApiVersionsResponse::default();
        let reply = Reply::new(&request.context, &response, Vec::new()).unwrap();
        Box::pin(async { Handled::Done(Answer::from(reply)) })
    }
}

impl Observer for Deaf {
    fn connection_opened(&self, _: &ConnectionContext) {}
    fn connection_closed(&self, _: &ConnectionContext, _: &CloseReason) {}
    fn connection_refused(&self, _: &ListenerName, _: SocketAddr, _: Refusal) {}
    fn accept_failed(&self, _: &ListenerName, _: &io::Error) {}
    fn request_answered(&self, _: &RequestContext, _: &RequestTimes, _: RequestSizes) {}
}

#[tokio::test(start_paused = true)]
async fn announced_sizes_cost_next_to_nothing_and_do_not_use_the_budget_up() {
    let network = MemoryNetwork::new(1, MemoryFaults::default());
    let transport = network.node("here", [127, 0, 0, 1].into());
    let budget = ByteBudget::new(BUDGET_BYTES);
    let server = start(&transport, &budget).await;
    let address = Address::from(server.local_address());
    let before = data_bytes();
    let mut clients = Vec::new();
    for _ in 0..CLIENT_COUNT {
        let mut client = transport.connect(&address).await.unwrap();
        let announced = 100_i32 << 20;
        client
            .writer
            .write_all(&announced.to_be_bytes())
            .await
            .unwrap();
        client.writer.write_all(&[0]).await.unwrap();
        clients.push(client);
    }
    // A good client is served, and its answer comes behind all that was sent before.
    let mut good = transport.connect(&address).await.unwrap();
    serve_once(&mut good).await;
    let used = BUDGET_BYTES - budget.available_bytes();
    assert!(
        used >= CLIENT_COUNT,
        "only {used} bytes were charged: nothing was received"
    );
    assert!(used <= CLIENT_COUNT * 4096, "{used} bytes were charged");
    let grown = data_bytes().saturating_sub(before);
    assert!(grown < MEMORY_BYTES_MAX, "memory grew by {grown} bytes");
    // All are cut when they send no more; the good one is not.
    for client in &mut clients {
        let mut end = Vec::new();
        client.reader.read_to_end(&mut end).await.unwrap();
    }
    assert_eq!(budget.available_bytes(), BUDGET_BYTES);
    serve_once(&mut good).await;
}

async fn serve_once(client: &mut Connection) {
    client.writer.write_all(&GOOD_REQUEST).await.unwrap();
    let size = client.reader.read_i32().await.unwrap();
    let mut answer = vec![0; size as usize];
    client.reader.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[..4], [0, 0, 0, 7]);
}

async fn start(transport: &dyn Transport, budget: &ByteBudget) -> Server {
    let minute = Duration::from_secs(60);
    let limits = ConnectionLimits::new(
        Allowance::UNLIMITED,
        usize::MAX,
        BTreeMap::new(),
        Arc::new(AnyRate),
    );
    let parts = ServerParts {
        config: ServerConfig {
            listener: ListenerName::new("PLAINTEXT"),
            request_bytes_max: 100 << 20,
            in_flight_count_max: 8,
            patience: PatienceConfig {
                first_byte: minute / 2,
                frame_window: minute / 2,
                frame_bytes_min: 1024,
                idle: 10 * minute,
            },
        },
        service: Arc::new(Plain),
        observer: Arc::new(Deaf),
        budget: budget.clone(),
        limits: limits.for_clients(Allowance::UNLIMITED),
        connection_ids: Arc::new(AtomicU64::new(0)),
        timers: Timers::start(),
    };
    let listen = Address::new("127.0.0.1", 0);
    Server::start(transport.listen(&listen).await.unwrap(), parts)
}

/// What the process has mapped for data, touched or not.
fn data_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmData:"));
    let kib = line.unwrap().split_whitespace().nth(1).unwrap();
    kib.parse::<usize>().unwrap() << 10
}
