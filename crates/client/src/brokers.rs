//! Single brokers, asked directly: what krafka has no call for, such as the API versions that a
//! broker serves. Plaintext only; who needs security goes through krafka.
//!
//! Not the job of this module: retries, and finding out whom to ask.
//!
//! Invariant: properties that ask for security are refused; nothing is sent in the clear then.

use std::time::Duration;

use net::request_connection::{RequestConnection, RequestConnectionOptions, RequestError};
use net::timers::Timers;
use net::transport::Address;
use net::transport::tcp::{TcpOptions, TcpTransport};
use thiserror::Error;

use crate::properties::{Properties, PropertyError};

const PLAINTEXT: &str = "PLAINTEXT";

/// As `max.response.size` of krafka: far above what brokers answer.
const RESPONSE_BYTES_MAX: usize = 100 * 1024 * 1024;

/// Why there is no connection.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The properties ask for what a plain connection does not have.
    #[error(transparent)]
    Property(#[from] PropertyError),
    /// The broker does not take it.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// Connects to a broker by `host:port`; requests are those of the crate protocol.
///
/// # Errors
/// When the properties ask for security, or there is no connection within the time given.
pub async fn connect(
    (host, port): (&str, u16),
    properties: &Properties,
    timeout: Duration,
) -> Result<RequestConnection, ConnectError> {
    let name = "security.protocol";
    let protocol = properties.get(name).unwrap_or(PLAINTEXT);
    if !protocol.eq_ignore_ascii_case(PLAINTEXT) {
        let reason = format!("{protocol}; this asks brokers over {PLAINTEXT} alone");
        return Err(PropertyError::Unsupported { name, reason }.into());
    }
    let options = RequestConnectionOptions {
        client_id: properties.get("client.id").unwrap_or_default().to_owned(),
        response_bytes_max: RESPONSE_BYTES_MAX,
        in_flight_count_max: 5,
        connect_timeout: timeout,
    };
    let transport = TcpTransport::new(TcpOptions {
        send_buffer_bytes: None,
        receive_buffer_bytes: None,
        listen_backlog_size: 0,
    });
    let address = Address::new(host, port);
    let timers = Timers::start();
    Ok(RequestConnection::open(&transport, &address, options, &timers).await?)
}
