//! Who asks what, over which connection: the context that goes with every request.
//!
//! Not the job of this module: deciding whether the principal may. It says who it is.

use protocol::ApiKey;
use protocol::generated::RequestHeader;
use protocol::wire::{DecodeError, Message, Reader};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use thiserror::Error;
use tokio::time::Instant;

/// Tells the connections of a process apart; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The name of a listener, as `listeners` has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerName(Arc<str>);

/// Who is authenticated on a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Principal {
    kind: Arc<str>,
    name: Arc<str>,
}

/// What a client calls its software (KIP-511).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSoftware {
    /// The name of the library.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What holds for all requests of a connection.
#[derive(Debug)]
pub struct ConnectionContext {
    /// Which connection.
    pub id: ConnectionId,
    /// The listener that accepted it.
    pub listener: ListenerName,
    /// The client's address.
    pub peer: SocketAddr,
    /// Who the client is.
    pub principal: Principal,
    /// Set by the first ApiVersions request that names it.
    pub software: OnceLock<ClientSoftware>,
}

/// What holds for one request.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// The connection it came on.
    pub connection: Arc<ConnectionContext>,
    /// The API it is for.
    pub api_key: ApiKey,
    /// The version it claims to be in, which that API need not have (KIP-511).
    pub api_version: i16,
    /// What the answer repeats.
    pub correlation_id: i32,
    /// What the client calls itself, for logs and quotas.
    pub client_id: Option<Arc<str>>,
    /// When its last byte had come in.
    pub received_at: Instant,
}

/// Why the front of a request cannot be read. The connection has to be closed: nobody can tell
/// what an answer would have to look like.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// An API that does not exist.
    #[error("read request header: there is no api key {0}")]
    UnknownApiKey(i16),
    /// Bytes that are no header.
    #[error("read request header: {0}")]
    Malformed(#[from] DecodeError),
}

impl ListenerName {
    /// Names a listener.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Principal {
    /// The principal of that kind (`User`, say) and name.
    pub fn new(kind: &str, name: &str) -> Self {
        Self {
            kind: kind.into(),
            name: name.into(),
        }
    }

    /// Who did not have to authenticate: `User:ANONYMOUS`.
    pub fn anonymous() -> Self {
        Self::new("User", "ANONYMOUS")
    }

    /// What it is, `User` nearly always.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl RequestContext {
    /// Reads the header of a request; the position of the body goes with it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn read(
        connection: &Arc<ConnectionContext>,
        frame: &[u8],
        received_at: Instant,
    ) -> Result<(Self, usize), HeaderError> {
        let mut front = Reader::new(frame);
        let (id, api_version) = (front.i16()?, front.i16()?);
        let api_key = ApiKey::from_id(id).ok_or(HeaderError::UnknownApiKey(id))?;
        let mut reader = Reader::new(frame);
        let header_version = api_key.request_header_version(api_version);
        let header = RequestHeader::decode(&mut reader, header_version)?;
        let context = Self {
            connection: Arc::clone(connection),
            api_key,
            api_version,
            correlation_id: header.correlation_id,
            client_id: header.client_id.map(|id| id.as_ref().into()),
            received_at,
        };
        Ok((context, frame.len() - reader.remaining()))
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for ListenerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::wire::Writer;

    fn connection() -> Arc<ConnectionContext> {
        Arc::new(ConnectionContext {
            id: ConnectionId(7),
            listener: ListenerName::new("PLAINTEXT"),
            peer: "10.0.0.1:5000".parse().unwrap(),
            principal: Principal::anonymous(),
            software: OnceLock::new(),
        })
    }

    fn read(frame: &[u8]) -> Result<(RequestContext, usize), HeaderError> {
        RequestContext::read(&connection(), frame, Instant::now())
    }

    fn header(key: i16, version: i16, header_version: i16) -> Vec<u8> {
        let mut writer = Writer::new();
        let header = RequestHeader {
            request_api_key: key,
            request_api_version: version,
            correlation_id: 42,
            client_id: Some("me".into()),
        };
        header.encode(&mut writer, header_version).unwrap();
        writer.into_parts().0
    }

    #[test]
    fn headers_of_both_versions_are_read_up_to_the_body() {
        for (version, header_version) in [(11, 1), (12, 2)] {
            let mut frame = header(ApiKey::Fetch.id(), version, header_version);
            let header_size = frame.len();
            frame.extend([1, 2, 3]);
            let (context, body) = read(&frame).unwrap();
            assert_eq!(
                (context.api_key, context.api_version),
                (ApiKey::Fetch, version)
            );
            assert_eq!((context.correlation_id, body), (42, header_size));
            assert_eq!(context.client_id.as_deref(), Some("me"));
            assert_eq!(context.connection.principal.to_string(), "User:ANONYMOUS");
        }
    }

    #[test]
    fn a_version_of_api_versions_that_nobody_knows_still_has_a_header() {
        let (context, _) = read(&header(ApiKey::ApiVersions.id(), 999, 2)).unwrap();
        assert_eq!(context.api_version, 999);
    }

    #[test]
    fn unknown_keys_and_cut_headers_are_errors() {
        assert_eq!(
            read(&header(4, 0, 1)).unwrap_err(),
            HeaderError::UnknownApiKey(4)
        );
        let whole = header(ApiKey::Fetch.id(), 12, 2);
        for length in 0..whole.len() {
            assert!(matches!(
                read(&whole[..length]),
                Err(HeaderError::Malformed(_))
            ));
        }
    }
}
