//! Single brokers, asked directly: what krafka has no call for, such as the API versions that a
//! broker serves. Plaintext only; who needs security goes through krafka.
//!
//! Not the job of this module: retries, and finding out whom to ask.

use std::time::Duration;

use net::request_connection::{RequestConnection, RequestConnectionOptions, RequestError};
use net::timers::Timers;
use net::transport::Address;
use net::transport::tcp::{TcpOptions, TcpTransport};

/// As `max.response.size` of krafka: far above what brokers answer.
const RESPONSE_BYTES_MAX: usize = 100 * 1024 * 1024;

/// Connects to a broker by `host:port`; requests are those of the crate protocol.
///
/// # Errors
/// When there is no connection within the time given.
pub async fn connect(
    host: &str,
    port: u16,
    client_id: &str,
    timeout: Duration,
) -> Result<RequestConnection, RequestError> {
    let options = RequestConnectionOptions {
        client_id: client_id.to_owned(),
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
    RequestConnection::open(&transport, &address, options, &Timers::start()).await
}
