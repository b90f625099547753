//! How bytes get from node to node: a trait, chosen where the node is put together, so that the
//! whole node also runs on a network in memory.
//!
//! Not the job of this module: frames, requests, or when a connection has lasted long enough.
//!
//! What every transport keeps (the contract suite in `tests/transport` holds them to it):
//! - Bytes arrive in order, once, or the connection fails.
//! - Shutting the write half down, or dropping it, ends the peer's stream behind all that was
//!   written; the other direction goes on.
//! - Reading and writing are cancel safe: what was not reported as done was not done, but for
//!   [`WriteHalf::send_file`], after whose cancellation the connection is to be closed.

mod address;
pub mod memory;
pub mod tcp;

use crate::BoxFuture;
use crate::file_slice::FileSlice;
use std::fmt::{self, Debug};
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncWrite};

pub use address::Address;

/// A network.
pub trait Transport: Debug + Send + Sync {
    /// Accepts connections at an address; an empty host means all of the node's addresses, port 0 a
    /// free port.
    fn listen<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, io::Result<Box<dyn Acceptor>>>;

    /// Connects to an address.
    fn connect<'a>(&'a self, address: &'a Address) -> BoxFuture<'a, io::Result<Connection>>;
}

/// An address that connections are accepted at; it is free again when this is dropped.
pub trait Acceptor: Debug + Send + Sync {
    /// The next connection. Cancel safe.
    fn accept(&self) -> BoxFuture<'_, io::Result<Connection>>;

    /// Where it accepts.
    fn local_address(&self) -> SocketAddr;
}

/// An open connection.
pub struct Connection {
    /// The other end.
    pub peer: SocketAddr,
    /// This end.
    pub local: SocketAddr,
    /// What the peer sends.
    pub reader: Box<dyn AsyncRead + Send + Unpin>,
    /// What the peer receives.
    pub writer: Box<dyn WriteHalf>,
}

/// The direction to the peer.
pub trait WriteHalf: AsyncWrite + Send + Unpin {
    /// Sends the first bytes of a slice and returns how many, at least one of a slice that is not
    /// empty. Nothing written before is overtaken.
    ///
    /// # Errors
    /// When the connection or the file fails, and with `UnexpectedEof` when the file ends within
    /// the slice. The peer was promised those bytes, so the connection is to be closed then.
    fn send_file<'a>(&'a mut self, slice: &'a FileSlice) -> BoxFuture<'a, io::Result<usize>>;
}

impl Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Connection({} to {})", self.local, self.peer)
    }
}
