//! How many connections there may be: in all, for a listener, for an address; and how fast they may
//! be made, in all and for a listener.
//!
//! As in Kafka a full node or listener lets new connections wait, one of them accepted and the
//! others in the backlog, and an address with too many has the new one closed. Otherwise than
//! Kafka, which closes the least recently used connection of another listener when one between
//! brokers comes in, such listeners are not counted for the node.
//!
//! An address that makes connections too fast has the new one closed after a pause (KIP-612).
//!
//! Not the job of this file: measuring how fast connections are made ([`ConnectionRates`]).

use super::creation_rate::CreationRate;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How many connections there may be of some kind, and how fast they may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// `max.connections`.
    pub count_max: usize,
    /// `max.connection.creation.rate`, connections a second (KIP-612).
    pub per_second_max: u32,
}

/// The limits of a node; all its listeners share them.
#[derive(Debug)]
pub struct ConnectionLimits {
    node: Places,
    /// `max.connections.per.ip`.
    per_address_max: usize,
    /// `max.connections.per.ip.overrides`.
    overrides: BTreeMap<IpAddr, usize>,
    by_address: Mutex<BTreeMap<IpAddr, usize>>,
    rates: Arc<dyn ConnectionRates>,
}

/// Knows how fast an address may make connections.
pub trait ConnectionRates: Send + Sync + fmt::Debug {
    /// Notes one more connection of a client; if it comes too fast, it is not noted, and closed
    /// after this time.
    fn pause_before(&self, address: IpAddr) -> Duration;
}

/// Connections are made as fast as clients like.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyRate;

impl ConnectionRates for AnyRate {
    fn pause_before(&self, _: IpAddr) -> Duration {
        Duration::ZERO
    }
}

/// The limits of one listener, `listener.name.<name>.max.connections` and the like.
#[derive(Debug)]
pub struct ListenerLimits {
    node_limits: Arc<ConnectionLimits>,
    listener: Places,
    counts_for_node: bool,
}

/// What is left of an allowance.
#[derive(Debug)]
struct Places {
    free: Arc<Semaphore>,
    rate: CreationRate,
}

/// Leave to serve one connection.
#[derive(Debug)]
pub(super) struct Turn {
    _listener: OwnedSemaphorePermit,
    _node: Option<OwnedSemaphorePermit>,
}

/// The place of an open connection, free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    limits: Arc<ConnectionLimits>,
    address: IpAddr,
    _turn: Turn,
}

/// Why a connection was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Its address has as many as it may.
    #[error("refuse connection: {0} has as many connections as it may")]
    TooManyFromAddress(IpAddr),
    /// Its address makes connections too fast.
    #[error("refuse connection: {address} makes connections too fast")]
    TooFast {
        /// The address.
        address: IpAddr,
        /// When it is closed.
        pause: Duration,
    },
}

impl Allowance {
    /// As many as there may be, as fast as they come.
    pub const UNLIMITED: Self = Self {
        count_max: usize::MAX,
        per_second_max: i32::MAX as u32,
    };

    /// So many, as fast as they come.
    pub const fn of(count_max: usize) -> Self {
        Self {
            count_max,
            ..Self::UNLIMITED
        }
    }
}

impl ConnectionLimits {
    /// Limits of a node: in all, for an address, and for some addresses otherwise.
    pub fn new(
        node: Allowance,
        per_address_max: usize,
        overrides: BTreeMap<IpAddr, usize>,
        rates: Arc<dyn ConnectionRates>,
    ) -> Arc<Self> {
        Arc::new(Self {
            node: Places::new(node),
            per_address_max,
            overrides: overrides
                .into_iter()
                .map(|(address, count)| (address.to_canonical(), count))
                .collect(),
            by_address: Mutex::new(BTreeMap::new()),
            rates,
        })
    }

    /// A listener for clients, with limits of its own.
    pub fn for_clients(self: &Arc<Self>, listener: Allowance) -> ListenerLimits {
        ListenerLimits {
            node_limits: Arc::clone(self),
            listener: Places::new(listener),
            counts_for_node: true,
        }
    }

    /// A listener for brokers and controllers, whose connections are not counted for the node.
    pub fn for_nodes(self: &Arc<Self>, listener: Allowance) -> ListenerLimits {
        ListenerLimits {
            counts_for_node: false,
            ..self.for_clients(listener)
        }
    }
}

impl ListenerLimits {
    /// Counts a connection that has come, and says how long it is to wait for having come so soon.
    pub(super) fn pace(&self, now: Instant) -> Duration {
        let of_listener = self.listener.rate.count(now);
        match self.counts_for_node {
            true => of_listener.max(self.node_limits.node.rate.count(now)),
            false => of_listener,
        }
    }

    /// Waits until one more connection may be served.
    pub(super) async fn turn(&self) -> Turn {
        let listener = self.listener.acquire().await;
        let node = match self.counts_for_node {
            true => Some(self.node_limits.node.acquire().await),
            false => None,
        };
        Turn {
            _listener: listener,
            _node: node,
        }
    }

    /// Takes a place for a connection from `address`.
    pub(super) fn admit(&self, turn: Turn, address: IpAddr) -> Result<Place, Refusal> {
        // An IPv4 client of a socket for both families is the same client.
        let address = address.to_canonical();
        let limits = &self.node_limits;
        let pause = limits.rates.pause_before(address);
        if pause > Duration::ZERO {
            return Err(Refusal::TooFast { address, pause });
        }
        let count_max = limits.overrides.get(&address).copied();
        let count_max = count_max.unwrap_or(limits.per_address_max);
        let mut by_address = limits
            .by_address
            .lock()
            .expect("no code panics under this lock");
        let count = by_address.get(&address).copied().unwrap_or(0);
        if count >= count_max {
            return Err(Refusal::TooManyFromAddress(address));
        }
        by_address.insert(address, count + 1);
        Ok(Place {
            limits: Arc::clone(limits),
            address,
            _turn: turn,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = self
            .limits
            .by_address
            .lock()
            .expect("no code panics under this lock");
        match by_address.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(by_address.remove(&self.address)),
        }
    }
}

impl Places {
    fn new(allowance: Allowance) -> Self {
        // Kafka's default of 2,147,483,647 stands for no limit.
        let count_max = allowance.count_max.min(Semaphore::MAX_PERMITS);
        Self {
            free: Arc::new(Semaphore::new(count_max)),
            rate: CreationRate::new(allowance.per_second_max),
        }
    }

    async fn acquire(&self) -> OwnedSemaphorePermit {
        let permit = Arc::clone(&self.free).acquire_owned().await;
        permit.expect("the semaphore is never closed")
    }
}
