//! What the nodes of a network in memory share: names, listeners, pipes, partitions, chance.
//!
//! Invariant: everything is kept in order, so that the same calls draw the same chances.

use super::MemoryFaults;
use super::pipe::{self, Pipe};
use super::random::Random;
use crate::transport::{Address, Connection};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// Connections that wait to be accepted.
const BACKLOG_COUNT: usize = 50;
const FIRST_FREE_PORT: u16 = 32768;

#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// Told when a partition ends or a node changes.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    random: Random,
    faults: MemoryFaults,
    names: BTreeMap<String, IpAddr>,
    listeners: BTreeMap<SocketAddr, Listener>,
    held: BTreeSet<(IpAddr, IpAddr)>,
    pipes: Vec<Weak<Pipe>>,
    next_port: BTreeMap<IpAddr, u16>,
    next_id: u64,
}

#[derive(Debug)]
struct Listener {
    id: u64,
    arrivals: mpsc::Sender<Connection>,
}

impl Shared {
    pub(super) fn new(seed: u64, faults: MemoryFaults) -> Self {
        Self {
            state: Mutex::new(State {
                random: Random::new(seed),
                faults,
                names: BTreeMap::new(),
                listeners: BTreeMap::new(),
                held: BTreeSet::new(),
                pipes: Vec::new(),
                next_port: BTreeMap::new(),
                next_id: 0,
            }),
            changed: Notify::new(),
        }
    }

    pub(super) fn name(&self, name: &str, address: IpAddr) {
        self.lock().names.insert(name.to_owned(), address);
    }

    pub(super) fn set_faults(&self, faults: MemoryFaults) {
        self.lock().faults = faults;
    }

    pub(super) fn listen(
        &self,
        node: IpAddr,
        address: &Address,
    ) -> io::Result<(SocketAddr, u64, mpsc::Receiver<Connection>)> {
        let mut state = self.lock();
        if !address.host.is_empty() && state.resolve(address)?.ip() != node {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        }
        let port = match address.port {
            0 => state.free_port(node),
            port => port,
        };
        let local = SocketAddr::new(node, port);
        if state.listeners.contains_key(&local) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let (sender, arrivals) = mpsc::channel(BACKLOG_COUNT);
        state.next_id += 1;
        let id = state.next_id;
        let listener = Listener {
            id,
            arrivals: sender,
        };
        state.listeners.insert(local, listener);
        Ok((local, id, arrivals))
    }

    pub(super) fn stop_listening(&self, local: SocketAddr, id: u64) {
        let mut state = self.lock();
        if state
            .listeners
            .get(&local)
            .is_some_and(|listener| listener.id == id)
        {
            state.listeners.remove(&local);
        }
    }

    /// Waits while a partition lies between a node and an address.
    pub(super) async fn way_free(&self, node: IpAddr, address: &Address) -> io::Result<()> {
        loop {
            let changed = self.changed.notified();
            {
                let state = self.lock();
                let peer = state.resolve(address)?.ip();
                if !state.held.contains(&(node, peer)) && !state.held.contains(&(peer, node)) {
                    return Ok(());
                }
            }
            changed.await;
        }
    }

    /// Both ends of a new connection, and where the far one is to be handed in.
    pub(super) fn connect(
        self: &Arc<Self>,
        node: IpAddr,
        address: &Address,
    ) -> io::Result<(Connection, Connection, mpsc::Sender<Connection>)> {
        let mut state = self.lock();
        let peer = state.resolve(address)?;
        let listener = state.listeners.get(&peer).ok_or_else(|| refused(address))?;
        let arrivals = listener.arrivals.clone();
        let local = SocketAddr::new(node, state.free_port(node));
        let there = state.pipe(local, peer);
        let back = state.pipe(peer, local);
        let near = Connection {
            peer,
            local,
            reader: Box::new(pipe::Reader::new(Arc::clone(&back))),
            writer: Box::new(pipe::Writer::new(Arc::clone(&there), Arc::clone(self))),
        };
        let far = Connection {
            peer: local,
            local: peer,
            reader: Box::new(pipe::Reader::new(there)),
            writer: Box::new(pipe::Writer::new(back, Arc::clone(self))),
        };
        Ok((near, far, arrivals))
    }

    pub(super) fn hold(&self, from: IpAddr, to: IpAddr) {
        let mut state = self.lock();
        state.held.insert((from, to));
        state.set_held(from, to, true);
    }

    pub(super) fn release(&self, from: IpAddr, to: IpAddr) {
        let mut state = self.lock();
        state.held.remove(&(from, to));
        state.set_held(from, to, false);
        drop(state);
        self.changed.notify_waiters();
    }

    pub(super) fn crash(&self, node: IpAddr) {
        self.lock().listeners.retain(|local, _| local.ip() != node);
        self.reset(|from, to| from == node || to == node);
        self.changed.notify_waiters();
    }

    /// Resets the connections of which one direction is chosen.
    pub(super) fn reset(&self, is_chosen: impl Fn(IpAddr, IpAddr) -> bool) {
        for pipe in self.lock().live_pipes() {
            if is_chosen(pipe.from.ip(), pipe.to.ip()) {
                pipe.reset();
            }
        }
    }

    /// What befalls one write: a delay, or none if it resets its connection.
    pub(super) fn draw(&self) -> Option<Duration> {
        let mut state = self.lock();
        let resets = u64::from(state.faults.resets_per_million_writes);
        if resets > 0 && state.random.below(1_000_000) < resets {
            return None;
        }
        let MemoryFaults {
            delay_min,
            delay_max,
            ..
        } = state.faults;
        let spread_us = delay_max.saturating_sub(delay_min).as_micros() as u64;
        let drawn_us = state.random.below(spread_us + 1);
        Some(delay_min + Duration::from_micros(drawn_us))
    }

    /// Resets both directions of the connection that `pipe` is one of.
    pub(super) fn reset_connection(&self, pipe: &Pipe) {
        for other in self.lock().live_pipes() {
            let is_same = other.from == pipe.from && other.to == pipe.to;
            let is_back = other.from == pipe.to && other.to == pipe.from;
            if is_same || is_back {
                other.reset();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics under this lock")
    }
}

impl State {
    fn free_port(&mut self, node: IpAddr) -> u16 {
        let next = self.next_port.entry(node).or_insert(FIRST_FREE_PORT);
        let port = *next;
        *next = next.checked_add(1).unwrap_or(FIRST_FREE_PORT);
        port
    }

    fn pipe(&mut self, from: SocketAddr, to: SocketAddr) -> Arc<Pipe> {
        let is_held = self.held.contains(&(from.ip(), to.ip()));
        let pipe = Arc::new(Pipe::new(from, to, self.faults.window_bytes, is_held));
        self.pipes.retain(|pipe| pipe.strong_count() > 0);
        self.pipes.push(Arc::downgrade(&pipe));
        pipe
    }

    fn set_held(&self, from: IpAddr, to: IpAddr, is_held: bool) {
        for pipe in self.live_pipes() {
            if pipe.from.ip() == from && pipe.to.ip() == to {
                pipe.set_held(is_held);
            }
        }
    }

    fn live_pipes(&self) -> impl Iterator<Item = Arc<Pipe>> {
        self.pipes.iter().filter_map(Weak::upgrade)
    }

    fn resolve(&self, address: &Address) -> io::Result<SocketAddr> {
        let literal = address.host.parse().ok();
        let ip = literal.or_else(|| self.names.get(&address.host).copied());
        let ip = ip.ok_or_else(|| {
            let message = format!("resolve {address}: no such node");
            io::Error::new(io::ErrorKind::NotFound, message)
        })?;
        Ok(SocketAddr::new(ip, address.port))
    }
}

/// Nobody listens at the address.
pub(super) fn refused(address: &Address) -> io::Error {
    let message = format!("connect to {address}: nobody listens there");
    io::Error::new(io::ErrorKind::ConnectionRefused, message)
}
