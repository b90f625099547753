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
//! How many there may be can be changed while connections are open. A limit that is lowered closes
//! none: it holds when so many have gone by themselves.
//!
//! Not the job of this file: measuring how fast connections are made ([`ConnectionRates`]).

use super::creation_rate::CreationRate;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
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
    node: Arc<Places>,
    addresses: Mutex<Addresses>,
    rates: Arc<dyn ConnectionRates>,
}

/// How many connections each address may have, and has.
#[derive(Debug)]
struct Addresses {
    /// `max.connections.per.ip`.
    count_max: usize,
    /// `max.connections.per.ip.overrides`.
    overrides: BTreeMap<IpAddr, usize>,
    counts: BTreeMap<IpAddr, usize>,
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
    listener: Arc<Places>,
    counts_for_node: bool,
}

/// What is left of an allowance.
#[derive(Debug)]
struct Places {
    free: Arc<Semaphore>,
    extent: Mutex<Extent>,
    rate: CreationRate,
}

#[derive(Debug)]
struct Extent {
    count_max: usize,
    /// So many places are gone as soon as they are free.
    excess: usize,
}

/// Leave to serve one connection.
#[derive(Debug)]
pub(super) struct Turn {
    _listener: Leave,
    _node: Option<Leave>,
}

/// One of the places, given back when dropped.
#[derive(Debug)]
struct Leave {
    places: Arc<Places>,
    permit: Option<OwnedSemaphorePermit>,
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
            addresses: Mutex::new(Addresses {
                count_max: per_address_max,
                overrides: canonical(overrides),
                counts: BTreeMap::new(),
            }),
            rates,
        })
    }

    /// Puts other numbers of connections in place of these.
    pub fn change(
        &self,
        node_max: usize,
        per_address_max: usize,
        overrides: BTreeMap<IpAddr, usize>,
    ) {
        self.node.resize(node_max);
        let mut addresses = lock(&self.addresses);
        addresses.count_max = per_address_max;
        addresses.overrides = canonical(overrides);
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
        let mut addresses = lock(&limits.addresses);
        let count_max = addresses.overrides.get(&address).copied();
        let count_max = count_max.unwrap_or(addresses.count_max);
        let count = addresses.counts.get(&address).copied().unwrap_or(0);
        if count >= count_max {
            return Err(Refusal::TooManyFromAddress(address));
        }
        addresses.counts.insert(address, count + 1);
        Ok(Place {
            limits: Arc::clone(limits),
            address,
            _turn: turn,
        })
    }
}

impl Places {
    fn new(allowance: Allowance) -> Arc<Self> {
        // Kafka's default of 2,147,483,647 stands for no limit.
        let count_max = allowance.count_max.min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            free: Arc::new(Semaphore::new(count_max)),
            extent: Mutex::new(Extent {
                count_max,
                excess: 0,
            }),
            rate: CreationRate::new(allowance.per_second_max),
        })
    }

    async fn acquire(self: &Arc<Self>) -> Leave {
        let permit = Arc::clone(&self.free).acquire_owned().await;
        Leave {
            places: Arc::clone(self),
            permit: Some(permit.expect("the semaphore is never closed")),
        }
    }

    fn resize(&self, count_max: usize) {
        let count_max = count_max.min(Semaphore::MAX_PERMITS);
        let mut extent = lock(&self.extent);
        let (more, fewer) = (
            count_max.saturating_sub(extent.count_max),
            extent.count_max.saturating_sub(count_max),
        );
        let kept = more.min(extent.excess);
        extent.excess -= kept;
        self.free.add_permits(more - kept);
        extent.excess += fewer - self.free.forget_permits(fewer);
        extent.count_max = count_max;
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        let mut extent = lock(&self.places.extent);
        if extent.excess > 0
            && let Some(permit) = self.permit.take()
        {
            extent.excess -= 1;
            permit.forget();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let counts = &mut lock(&self.limits.addresses).counts;
        match counts.get_mut(&self.address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&self.address)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no code panics under this lock")
}

fn canonical(overrides: BTreeMap<IpAddr, usize>) -> BTreeMap<IpAddr, usize> {
    let overrides = overrides.into_iter();
    overrides
        .map(|(address, count)| (address.to_canonical(), count))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits_of(node_max: usize, per_address_max: usize) -> Arc<ConnectionLimits> {
        let node = Allowance::of(node_max);
        ConnectionLimits::new(node, per_address_max, BTreeMap::new(), Arc::new(AnyRate))
    }

    fn free(limits: &ConnectionLimits) -> usize {
        limits.node.free.available_permits()
    }

    #[tokio::test]
    async fn a_limit_that_is_lowered_holds_when_enough_have_gone() {
        let limits = limits_of(3, usize::MAX);
        let listener = limits.for_clients(Allowance::UNLIMITED);
        let (first, second) = (listener.turn().await, listener.turn().await);
        limits.change(1, usize::MAX, BTreeMap::new());
        assert_eq!(free(&limits), 0);
        drop(first);
        assert_eq!(free(&limits), 0);
        drop(second);
        assert_eq!(free(&limits), 1);
    }

    #[tokio::test]
    async fn a_limit_that_is_raised_again_gives_back_what_was_not_gone_yet() {
        let limits = limits_of(2, usize::MAX);
        let listener = limits.for_clients(Allowance::UNLIMITED);
        let (first, second) = (listener.turn().await, listener.turn().await);
        limits.change(0, usize::MAX, BTreeMap::new());
        limits.change(3, usize::MAX, BTreeMap::new());
        assert_eq!(free(&limits), 1);
        drop((first, second));
        assert_eq!(free(&limits), 3);
        limits.change(usize::MAX, usize::MAX, BTreeMap::new());
        assert_eq!(free(&limits), Semaphore::MAX_PERMITS);
    }

    #[tokio::test]
    async fn addresses_go_by_the_limit_of_the_moment() {
        let address = IpAddr::from([127, 0, 0, 1]);
        let limits = limits_of(9, 1);
        let listener = limits.for_clients(Allowance::of(9));
        let first = listener.admit(listener.turn().await, address).unwrap();
        let refused = listener.admit(listener.turn().await, address);
        assert_eq!(refused.unwrap_err(), Refusal::TooManyFromAddress(address));
        limits.change(9, 1, BTreeMap::from([(address, 2)]));
        let second = listener.admit(listener.turn().await, address).unwrap();
        limits.change(9, 1, BTreeMap::new());
        drop(first);
        assert!(listener.admit(listener.turn().await, address).is_err());
        drop(second);
        assert!(listener.admit(listener.turn().await, address).is_ok());
    }
}
