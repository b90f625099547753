//! A host and a port, as configuration and metadata name them.
//!
//! Not the job of this file: finding the machine behind a name.

use std::fmt;
use std::net::SocketAddr;

/// Where to listen or to connect.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// A name or an IP address, without brackets; empty means all of a node's addresses.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Address {
    /// Names `port` of `host`.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        let host = host.into();
        Self { host, port }
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self::new(address.ip().to_string(), address.port())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(formatter, "[{}]:{}", self.host, self.port);
        }
        write!(formatter, "{}:{}", self.host, self.port)
    }
}
