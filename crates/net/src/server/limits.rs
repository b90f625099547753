//! How many connections there may be: in all, for a listener, for an address.
//!
//! As in Kafka a full node or listener lets new connections wait, one of them accepted and the
//! others in the backlog, and an address with too many has the new one closed. Otherwise than
//! Kafka, which closes the least recently used connection of another listener when one between
//! brokers comes in, such listeners are not counted for the node.
//!
//! Not the job of this file: how fast connections are made.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The limits of a node; all its listeners share them.
#[derive(Debug)]
pub struct ConnectionLimits {
    /// `max.connections`.
    node: Arc<Semaphore>,
    /// `max.connections.per.ip`.
    per_address_max: usize,
    /// `max.connections.per.ip.overrides`.
    overrides: BTreeMap<IpAddr, usize>,
    by_address: Mutex<BTreeMap<IpAddr, usize>>,
}

/// The limit of one listener.
#[derive(Debug)]
pub struct ListenerLimits {
    node_limits: Arc<ConnectionLimits>,
    /// `listener.name.<name>.max.connections`.
    listener: Arc<Semaphore>,
    counts_for_node: bool,
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
}

impl ConnectionLimits {
    /// Limits of a node: in all, for an address, and for some addresses otherwise.
    pub fn new(
        node_max: usize,
        per_address_max: usize,
        overrides: BTreeMap<IpAddr, usize>,
    ) -> Arc<Self> {
        Arc::new(Self {
            node: semaphore(node_max),
            per_address_max,
            overrides: overrides
                .into_iter()
                .map(|(address, count)| (address.to_canonical(), count))
                .collect(),
            by_address: Mutex::new(BTreeMap::new()),
        })
    }

    /// A listener for clients, with a limit of its own.
    pub fn for_clients(self: &Arc<Self>, listener_max: usize) -> ListenerLimits {
        ListenerLimits {
            node_limits: Arc::clone(self),
            listener: semaphore(listener_max),
            counts_for_node: true,
        }
    }

    /// A listener for brokers and controllers, whose connections are not counted for the node.
    pub fn for_nodes(self: &Arc<Self>, listener_max: usize) -> ListenerLimits {
        ListenerLimits {
            counts_for_node: false,
            ..self.for_clients(listener_max)
        }
    }
}

impl ListenerLimits {
    /// Waits until one more connection may be served.
    pub(super) async fn turn(&self) -> Turn {
        let listener = acquire(&self.listener).await;
        let node = match self.counts_for_node {
            true => Some(acquire(&self.node_limits.node).await),
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

/// Kafka's default of 2,147,483,647 stands for no limit.
fn semaphore(count_max: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(count_max.min(Semaphore::MAX_PERMITS)))
}

async fn acquire(semaphore: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    let permit = Arc::clone(semaphore).acquire_owned().await;
    permit.expect("the semaphore is never closed")
}
