//! The listeners of a node: opened first, so that an address that is taken stops the start before
//! anything else begins, and served last, when the node can answer.
//!
//! Not the job of this module: connections (crate `net`) and requests (`requests`).

use super::{StartError, connection_limits};
use crate::config::{BrokerConfig, Listener};
use crate::environment::Environment;
use net::byte_budget::ByteBudget;
use net::request_context::ListenerName;
use net::server::{
    Allowance, ConnectionLimits, ListenerLimits, PatienceConfig, Server, ServerConfig, ServerParts,
    Service,
};
use net::transport::{Acceptor, Address};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// What requests in flight may hold when `queued.max.request.bytes` does not say.
const REQUEST_BYTES: usize = 64 << 20;
/// What is kept of it for controllers and brokers.
const RESERVE_SHARE: usize = 4;
/// So many requests of a connection may be without their answer.
const IN_FLIGHT_COUNT_MAX: usize = 32;
/// A connection on which nothing comes in at all is closed after this time.
const FIRST_BYTE_WAIT: Duration = Duration::from_secs(60);
/// In each such time a frame that has begun brings at least so many bytes, or ends.
const FRAME_WINDOW: Duration = Duration::from_secs(30);
const FRAME_BYTES_MIN: usize = 16 << 10;

/// A listener whose address is taken, and that does not accept yet.
pub(super) struct OpenListener {
    name: ListenerName,
    is_controllers: bool,
    acceptor: Box<dyn Acceptor>,
}

/// What all listeners of a node share.
pub(super) struct ListenerParts {
    config: Arc<BrokerConfig>,
    environment: Environment,
    limits: Arc<ConnectionLimits>,
    for_clients: ByteBudget,
    reserve: ByteBudget,
    connection_ids: Arc<AtomicU64>,
}

/// A listener at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundListener {
    /// Its name.
    pub name: ListenerName,
    /// Where it accepts.
    pub address: SocketAddr,
    /// Whether it is for controllers.
    pub is_controllers: bool,
}

/// Takes the addresses of all listeners.
pub(super) async fn open(
    environment: &Environment,
    config: &BrokerConfig,
) -> Result<Vec<OpenListener>, StartError> {
    let mut open = Vec::new();
    for listener in &config.listeners.listeners {
        let address = Address::new(listener.host.clone().unwrap_or_default(), listener.port);
        let acceptor = environment.transport.listen(&address).await;
        open.push(OpenListener {
            name: ListenerName::new(&listener.name),
            is_controllers: config.listeners.controller_names.contains(&listener.name),
            acceptor: acceptor.map_err(|source| StartError::Listen {
                name: listener.name.clone(),
                address,
                source,
            })?,
        });
    }
    Ok(open)
}

/// Where clients are told to connect, with the port that the system has chosen for a port of 0.
pub(super) fn advertised<'a>(
    listeners: &'a [Listener],
    open: &'a [OpenListener],
) -> impl Iterator<Item = (&'a Listener, u16)> {
    listeners.iter().map(|listener| {
        let of_name = open.iter().find(|each| each.name.as_str() == listener.name);
        let bound = of_name.map_or(0, |each| each.acceptor.local_address().port());
        (
            listener,
            if listener.port == 0 {
                bound
            } else {
                listener.port
            },
        )
    })
}

impl OpenListener {
    pub(super) const fn name(&self) -> &ListenerName {
        &self.name
    }

    pub(super) const fn is_controllers(&self) -> bool {
        self.is_controllers
    }

    pub(super) fn bound(&self) -> BoundListener {
        BoundListener {
            name: self.name.clone(),
            address: self.acceptor.local_address(),
            is_controllers: self.is_controllers,
        }
    }
}

impl ListenerParts {
    pub(super) fn new(
        environment: &Environment,
        config: &Arc<BrokerConfig>,
        limits: &Arc<ConnectionLimits>,
    ) -> Self {
        let network = &config.network;
        let configured = network.queued_request_bytes_max;
        let bytes = configured.map_or(REQUEST_BYTES, |bytes| bytes as usize);
        let (for_clients, reserve) = ByteBudget::with_reserve(bytes, bytes / RESERVE_SHARE);
        Self {
            config: Arc::clone(config),
            environment: environment.clone(),
            limits: Arc::clone(limits),
            for_clients,
            reserve,
            connection_ids: Arc::default(),
        }
    }

    /// Begins to accept.
    pub(super) fn serve(
        &self,
        open: OpenListener,
        service: Arc<dyn Service>,
        observer: Arc<dyn net::server::Observer>,
    ) -> Server {
        let budget = if open.is_controllers {
            &self.reserve
        } else {
            &self.for_clients
        };
        let parts = ServerParts {
            config: self.server_config(&open.name),
            service,
            observer,
            budget: budget.clone(),
            limits: self.listener_limits(&open.name, open.is_controllers),
            connection_ids: Arc::clone(&self.connection_ids),
            timers: self.environment.timers.clone(),
        };
        Server::start(open.acceptor, parts)
    }

    /// What is said for all listeners holds for each of them, too, as in Kafka.
    fn listener_limits(&self, name: &ListenerName, is_controllers: bool) -> ListenerLimits {
        let (network, listeners) = (&self.config.network, &self.config.listeners);
        let own = network.by_listener.get(name.as_str());
        let own = own.copied().unwrap_or_default();
        let of_node = connection_limits::allowance(network);
        let is_brokers = name.as_str() == listeners.inter_broker_name;
        let has_other = listeners.of_broker().nth(1).is_some();
        let is_for_nodes = is_controllers || is_brokers && has_other;
        // Those of clients are counted for the node as well, whose limit may change.
        let count_max = match is_for_nodes {
            true => of_node.count_max,
            false => Allowance::UNLIMITED.count_max,
        };
        let allowance = Allowance {
            count_max: own
                .connections_max
                .map_or(count_max, |count| count as usize),
            per_second_max: own
                .connection_creation_rate_max
                .unwrap_or(of_node.per_second_max),
        };
        match is_for_nodes {
            true => self.limits.for_nodes(allowance),
            false => self.limits.for_clients(allowance),
        }
    }

    fn server_config(&self, name: &ListenerName) -> ServerConfig {
        let network = &self.config.network;
        // What is never idle is looked at once in a century.
        let never = Duration::from_secs(100 * 365 * 24 * 60 * 60);
        let idle = network
            .connection_idle_ms_max
            .map_or(never, Duration::from_millis);
        ServerConfig {
            listener: name.clone(),
            request_bytes_max: network.request_bytes_max as usize,
            in_flight_count_max: IN_FLIGHT_COUNT_MAX,
            patience: PatienceConfig {
                first_byte: FIRST_BYTE_WAIT.min(idle),
                frame_window: FRAME_WINDOW,
                frame_bytes_min: FRAME_BYTES_MIN,
                idle,
            },
        }
    }
}
