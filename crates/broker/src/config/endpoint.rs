//! Addresses as configurations spell them.

use std::fmt;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// A name or an address, IPv6 without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl HostPort {
    /// Reads `host:port` or `[host]:port`, also behind `NAME://`.
    pub fn parse(text: &str) -> Option<Self> {
        let address = text.split_once("://").map_or(text, |(_, address)| address);
        let (host, port) = split_address(address)?;
        let host = host.to_owned();
        (!host.is_empty()).then_some(Self { host, port })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = (&self.host, self.port);
        if host.contains(':') {
            return write!(formatter, "[{host}]:{port}");
        }
        write!(formatter, "{host}:{port}")
    }
}

/// The host, which may be empty, and the port of `host:port` or `[host]:port`.
pub(super) fn split_address(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None => host,
    };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|_| digits)?;
    is_host(host).then_some((host, port))
}

/// Whether the text has only what names and addresses of hosts are made of.
pub(super) fn is_host(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-%._:".contains(&byte))
}
