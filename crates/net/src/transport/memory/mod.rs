//! A network in memory, for the simulation of whole nodes: no socket, no real time, and the same
//! run for the same seed.
//!
//! A node is a name with an IP address. Connections between nodes have delays drawn from the seed,
//! can be held up by partitions (bytes wait, as TCP retransmits), reset, and end with the crash of
//! a node. Delays pass in tokio's time, which a simulation pauses.
//!
//! Not the job of this module: deciding which faults happen when; the simulation calls.

mod network;
mod pipe;
mod random;

use super::{Acceptor, Address, Connection, Transport};
use crate::BoxFuture;
use network::Shared;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};

/// The network; clones share it.
#[derive(Debug, Clone)]
pub struct MemoryNetwork {
    shared: Arc<Shared>,
}

/// What befalls bytes and connections without being asked for.
#[derive(Debug, Clone)]
pub struct MemoryFaults {
    /// The least a byte takes from node to node.
    pub delay_min: Duration,
    /// The most; each write draws its own delay, and order is kept.
    pub delay_max: Duration,
    /// How many of a million writes reset their connection.
    pub resets_per_million_writes: u32,
    /// How many bytes a connection takes before the reader has taken any.
    pub window_bytes: usize,
}

/// The network as one node sees it.
#[derive(Debug)]
pub struct MemoryTransport {
    shared: Arc<Shared>,
    node: IpAddr,
}

#[derive(Debug)]
struct MemoryAcceptor {
    shared: Arc<Shared>,
    local: SocketAddr,
    id: u64,
    arrivals: Mutex<mpsc::Receiver<Connection>>,
}

impl MemoryNetwork {
    /// A network without nodes.
    pub fn new(seed: u64, faults: MemoryFaults) -> Self {
        Self {
            shared: Arc::new(Shared::new(seed, faults)),
        }
    }

    /// Adds a node, or gives an existing one (after a crash) its network again.
    pub fn node(&self, name: &str, address: IpAddr) -> MemoryTransport {
        self.shared.name(name, address);
        MemoryTransport {
            shared: Arc::clone(&self.shared),
            node: address,
        }
    }

    /// From now on nothing that `from` sends reaches `to`, and neither do new connections; it
    /// waits. One direction only.
    pub fn hold(&self, from: IpAddr, to: IpAddr) {
        self.shared.hold(from, to);
    }

    /// Lets everything through again that [`Self::hold`] held up.
    pub fn release(&self, from: IpAddr, to: IpAddr) {
        self.shared.release(from, to);
    }

    /// Resets all connections between two nodes.
    pub fn reset(&self, one: IpAddr, other: IpAddr) {
        self.shared
            .reset(|from, to| (from == one && to == other) || (from == other && to == one));
    }

    /// The node is gone: its connections are reset and its listeners refuse.
    pub fn crash(&self, node: IpAddr) {
        self.shared.crash(node);
    }

    /// Changes what befalls connections from now on.
    pub fn set_faults(&self, faults: MemoryFaults) {
        self.shared.set_faults(faults);
    }
}

impl Default for MemoryFaults {
    /// A network without faults or delays.
    fn default() -> Self {
        Self {
            delay_min: Duration::ZERO,
            delay_max: Duration::ZERO,
            resets_per_million_writes: 0,
            window_bytes: 64 << 10,
        }
    }
}

impl Transport for MemoryTransport {
    fn listen<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, io::Result<Box<dyn Acceptor>>> {
        Box::pin(async move {
            let (local, id, arrivals) = self.shared.listen(self.node, address)?;
            Ok(Box::new(MemoryAcceptor {
                shared: Arc::clone(&self.shared),
                local,
                id,
                arrivals: Mutex::new(arrivals),
            }) as Box<dyn Acceptor>)
        })
    }

    fn connect<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, io::Result<Connection>> {
        Box::pin(async move {
            self.shared.way_free(self.node, address).await?;
            let (connection, accepted, backlog) = self.shared.connect(self.node, address)?;
            backlog
                .send(accepted)
                .await
                .map_err(|_| network::refused(address))?;
            Ok(connection)
        })
    }
}

impl Acceptor for MemoryAcceptor {
    fn accept(&self) -> BoxFuture<'_, io::Result<Connection>> {
        Box::pin(async {
            let arrival = self.arrivals.lock().await.recv().await;
            arrival.ok_or_else(|| io::Error::other("accept connection: the node has crashed"))
        })
    }

    fn local_address(&self) -> SocketAddr {
        self.local
    }
}

impl Drop for MemoryAcceptor {
    fn drop(&mut self) {
        self.shared.stop_listening(self.local, self.id);
    }
}
