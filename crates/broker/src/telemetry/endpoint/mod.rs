//! The metrics over HTTP: `/metrics`, and `/health` and `/ready` for whoever starts and stops
//! nodes.
//!
//! A server for a scraper or a probe, not for the world: one answer for each connection, no
//! encryption, nobody is asked who they are. `klamm.metrics.listener` says where, by default
//! nowhere.
//!
//! Invariants:
//! - At most 16 connections are open; others wait in the backlog.
//! - A connection has 10 seconds to ask, 30 to take its answer and one to close.
//! - Of a request no more than 8 KiB are kept.

mod request;
mod response;

use super::Telemetry;
use net::timers::Timers;
use net::transport::{Acceptor, Address, Connection, Transport};
use request::RequestError;
use response::{Response, Status};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::{AbortHandle, JoinSet};
use tracing::{debug, warn};

const CONNECTION_COUNT_MAX: usize = 16;
const READ_TIME: Duration = Duration::from_secs(10);
const WRITE_TIME: Duration = Duration::from_secs(30);
/// How long to leave the operating system alone when it cannot accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long, and how much, is still read from a client that has its answer.
const LINGER_TIME: Duration = Duration::from_secs(1);
const LINGER_BYTES_MAX: usize = 64 << 10;

/// The endpoint at work. Dropping it closes it.
#[derive(Debug)]
pub struct MetricsEndpoint {
    local_address: SocketAddr,
    task: AbortHandle,
}

#[derive(Clone)]
struct Context {
    telemetry: Arc<Telemetry>,
    timers: Timers,
}

impl MetricsEndpoint {
    /// Begins to accept at `address`.
    ///
    /// # Errors
    /// When the transport cannot listen there.
    pub async fn start(
        transport: &dyn Transport,
        address: &Address,
        telemetry: Arc<Telemetry>,
        timers: Timers,
    ) -> io::Result<Self> {
        let acceptor = transport.listen(address).await?;
        let local_address = acceptor.local_address();
        let context = Context { telemetry, timers };
        Ok(Self {
            local_address,
            task: tokio::spawn(accept(acceptor, context)).abort_handle(),
        })
    }

    /// Where it accepts.
    pub const fn local_address(&self) -> SocketAddr {
        self.local_address
    }
}

impl Drop for MetricsEndpoint {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(acceptor: Box<dyn Acceptor>, context: Context) {
    let mut connections = JoinSet::new();
    loop {
        let has_place = connections.len() < CONNECTION_COUNT_MAX;
        tokio::select! {
            biased;
            Some(_) = connections.join_next() => {}
            accepted = acceptor.accept(), if has_place => match accepted {
                Ok(connection) => {
                    connections.spawn(serve(connection, context.clone()));
                }
                Err(error) => {
                    warn!("accept connection for metrics: {error}");
                    context.timers.sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

async fn serve(mut connection: Connection, context: Context) {
    let peer = connection.peer;
    let timers = &context.timers;
    let asked = within(timers, READ_TIME, request::read(&mut connection.reader)).await;
    let response = match asked {
        Some(Ok(request)) => context.respond(&request).await,
        Some(Err(error)) => {
            debug!(%peer, "{error}");
            match Status::of(&error) {
                Some(status) => Response::plain(status),
                None => return,
            }
        }
        None => {
            debug!(%peer, "read request for metrics: out of time");
            Response::plain(Status::RequestTimeout)
        }
    };
    match within(timers, WRITE_TIME, send(&mut connection, &response)).await {
        Some(Ok(())) => {
            within(timers, LINGER_TIME, linger(&mut connection)).await;
        }
        Some(Err(error)) => debug!(%peer, "send metrics: {error}"),
        None => debug!(%peer, "send metrics: out of time"),
    }
}

impl Context {
    async fn respond(&self, request: &request::Request) -> Response {
        let response = match request.path.as_str() {
            "/metrics" => Response::metrics(self.telemetry.exposition().await),
            "/health" => Response::plain(Status::Ok),
            "/ready" if self.telemetry.is_ready() => Response::plain(Status::Ok),
            "/ready" => Response::plain(Status::ServiceUnavailable),
            _ => Response::plain(Status::NotFound),
        };
        match request.wants_body {
            true => response,
            false => response.without_body(),
        }
    }
}

async fn send(connection: &mut Connection, response: &Response) -> io::Result<()> {
    connection.writer.write_all(&response.to_bytes()).await?;
    connection.writer.shutdown().await
}

/// Reads and drops what the client still sends: closing with bytes unread would reset the
/// connection, and the answer could be lost with it.
async fn linger(connection: &mut Connection) {
    let mut dropped = [0; 1024];
    let mut dropped_count = 0;
    while dropped_count < LINGER_BYTES_MAX {
        match connection.reader.read(&mut dropped).await {
            Ok(0) | Err(_) => break,
            Ok(count) => dropped_count += count,
        }
    }
}

/// What comes of the future, if it is in time.
async fn within<T>(timers: &Timers, time: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        output = future => Some(output),
        () = timers.sleep(time) => None,
    }
}

impl Status {
    /// What to answer; nothing to a connection that has failed.
    const fn of(error: &RequestError) -> Option<Self> {
        match error {
            RequestError::Malformed => Some(Self::BadRequest),
            RequestError::UnknownMethod => Some(Self::MethodNotAllowed),
            RequestError::TooLarge => Some(Self::HeadTooLarge),
            RequestError::Cut | RequestError::Io(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
