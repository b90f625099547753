//! A server whose service does what the client's software name says, and a record of what it told.

use net::BoxFuture;
use net::byte_budget::ByteBudget;
use net::file_slice::FileSlice;
use net::request_connection::{RequestConnection, RequestConnectionOptions};
use net::request_context::{ConnectionContext, ListenerName, RequestContext};
use net::server::{
    Allowance, Answer, AnyRate, CloseReason, ConnectionLimits, Handled, Observer, Outcome,
    PatienceConfig, Refusal, Reply, Request, RequestSizes, RequestTimes, Server, ServerConfig,
    ServerParts, Service,
};
use net::timers::Timers;
use net::transport::memory::{MemoryFaults, MemoryNetwork, MemoryTransport};
use net::transport::{Address, Transport};
use protocol::generated::{ApiVersionsRequest, ApiVersionsResponse, FetchResponse, fetch_response};
use protocol::wire::{Message, Reader, Records};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// Answers ApiVersions; the name says how: `now`, `later <ms>`, `silent`, `close`, `throttle <ms>`,
/// `hold` (keeps its frame for ever). Answers Fetch with the slice it has.
pub(crate) struct Script {
    pub(crate) timers: Timers,
    pub(crate) begun: Mutex<Vec<i32>>,
    pub(crate) slice: Option<FileSlice>,
}

/// What a server told.
pub(crate) struct Record {
    pub(crate) events: mpsc::Sender<String>,
    pub(crate) times: Mutex<Vec<RequestTimes>>,
}

/// A server and what is around it.
pub(crate) struct Node {
    pub(crate) server: Server,
    pub(crate) address: Address,
    pub(crate) script: Arc<Script>,
    pub(crate) record: Arc<Record>,
    pub(crate) events: mpsc::Receiver<String>,
    pub(crate) budget: ByteBudget,
    pub(crate) timers: Timers,
}

pub(crate) fn config() -> ServerConfig {
    ServerConfig {
        listener: ListenerName::new("PLAINTEXT"),
        request_bytes_max: 100 << 20,
        in_flight_count_max: 8,
        patience: PatienceConfig {
            first_byte: 30 * SECOND,
            frame_window: 30 * SECOND,
            frame_bytes_min: 1024,
            idle: 600 * SECOND,
        },
    }
}

pub(crate) async fn start(transport: &dyn Transport, config: ServerConfig) -> Node {
    start_with(transport, config, (Allowance::UNLIMITED, usize::MAX), None).await
}

/// With as many connections in all, and as many for an address; and with a slice to fetch.
pub(crate) async fn start_with(
    transport: &dyn Transport,
    config: ServerConfig,
    (node_limit, per_address_max): (Allowance, usize),
    slice: Option<FileSlice>,
) -> Node {
    let limits = ConnectionLimits::new(
        node_limit,
        per_address_max,
        BTreeMap::new(),
        Arc::new(AnyRate),
    );
    start_limited(transport, config, &limits, slice).await
}

/// With limits of its own.
pub(crate) async fn start_limited(
    transport: &dyn Transport,
    config: ServerConfig,
    limits: &Arc<ConnectionLimits>,
    slice: Option<FileSlice>,
) -> Node {
    let timers = Timers::start();
    let budget = ByteBudget::new(32 << 20);
    let script = Arc::new(Script {
        timers: timers.clone(),
        begun: Mutex::default(),
        slice,
    });
    let (sender, events) = mpsc::channel(10_000);
    let record = Arc::new(Record {
        events: sender,
        times: Mutex::default(),
    });
    let parts = ServerParts {
        config,
        service: Arc::clone(&script) as Arc<dyn Service>,
        observer: Arc::clone(&record) as Arc<dyn Observer>,
        budget: budget.clone(),
        limits: limits.for_clients(Allowance::UNLIMITED),
        connection_ids: Arc::new(AtomicU64::new(0)),
        timers: timers.clone(),
    };
    let listen = Address::new("127.0.0.1", 0);
    let server = Server::start(transport.listen(&listen).await.unwrap(), parts);
    Node {
        address: server.local_address().into(),
        server,
        script,
        record,
        events,
        budget,
        timers,
    }
}

/// A network without faults in which everything is at 127.0.0.1.
pub(crate) fn memory() -> MemoryTransport {
    MemoryNetwork::new(1, MemoryFaults::default()).node("here", [127, 0, 0, 1].into())
}

pub(crate) async fn client(transport: &dyn Transport, node: &Node) -> RequestConnection {
    let options = RequestConnectionOptions {
        client_id: "test".to_owned(),
        response_bytes_max: 100 << 20,
        in_flight_count_max: 100,
        connect_timeout: 10 * SECOND,
    };
    let opened = RequestConnection::open(transport, &node.address, options, &node.timers).await;
    opened.unwrap()
}

pub(crate) fn command(text: &str) -> ApiVersionsRequest<'_> {
    ApiVersionsRequest {
        client_software_name: text.into(),
        client_software_version: "1".into(),
    }
}

impl Node {
    /// The next thing the server told that begins with `prefix`.
    pub(crate) async fn told(&mut self, prefix: &str) -> String {
        loop {
            let event = self.events.recv().await.unwrap();
            if event.starts_with(prefix) {
                return event;
            }
        }
    }
}

impl Service for Script {
    fn call(self: Arc<Self>, request: Request) -> BoxFuture<'static, Handled> {
        Box::pin(async move {
            let context = request.context.clone();
            self.begun.lock().unwrap().push(context.correlation_id);
            if let Some(slice) = &self.slice {
                return Handled::Done(fetched(&context, slice.clone()));
            }
            let mut reader = Reader::new(request.body());
            let asked = ApiVersionsRequest::decode(&mut reader, context.api_version).unwrap();
            let name = asked.client_software_name.clone().into_owned();
            let (verb, argument) = name.split_once(' ').unwrap_or((&name, "0"));
            let duration = Duration::from_millis(argument.parse().unwrap());
            let reply = || {
                let response = ApiVersionsResponse::default();
                Answer::from(Reply::new(&context, &response, Vec::new()).unwrap())
            };
            match verb {
                "now" => Handled::Done(reply()),
                "silent" => Handled::Done(Answer::of(Outcome::NoReply)),
                "close" => Handled::Done(Answer::close("as asked")),
                "throttle" => Handled::Done(Answer {
                    throttle: duration,
                    ..reply()
                }),
                "hold" => Handled::Later(Box::pin(async move {
                    let _request = request;
                    std::future::pending().await
                })),
                "later" => {
                    let (sleep, reply) = (self.timers.sleep(duration), reply());
                    Handled::Later(Box::pin(async move {
                        sleep.await;
                        reply
                    }))
                }
                other => panic!("no such command: {other}"),
            }
        })
    }
}

fn fetched(context: &RequestContext, slice: FileSlice) -> Answer {
    let external = || {
        let size = slice.size;
        Some(Records::External { token: 0, size })
    };
    let partition = |index| fetch_response::PartitionData {
        partition_index: index,
        records: external(),
        ..Default::default()
    };
    let response = FetchResponse {
        responses: vec![fetch_response::FetchableTopicResponse {
            partitions: vec![partition(0), partition(1)],
            ..Default::default()
        }],
        ..Default::default()
    };
    Reply::new(context, &response, vec![slice.clone()])
        .unwrap()
        .into()
}

impl Record {
    fn tell(&self, event: String) {
        self.events.try_send(event).unwrap();
    }
}

impl Observer for Record {
    fn connection_opened(&self, connection: &ConnectionContext) {
        self.tell(format!("opened {}", connection.id));
    }

    fn connection_closed(&self, connection: &ConnectionContext, reason: &CloseReason) {
        self.tell(format!("closed {}: {reason}", connection.id));
    }

    fn connection_refused(&self, listener: &ListenerName, _: SocketAddr, refusal: Refusal) {
        self.tell(format!("refused {listener}: {refusal}"));
    }

    fn accept_failed(&self, listener: &ListenerName, error: &io::Error) {
        self.tell(format!("accept failed {listener}: {error}"));
    }

    fn request_answered(&self, _: &RequestContext, times: &RequestTimes, sizes: RequestSizes) {
        self.times.lock().unwrap().push(*times);
        self.tell(format!("answered {}", sizes.response_bytes));
    }
}
