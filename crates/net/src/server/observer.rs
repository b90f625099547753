//! What a server tells about itself, for logs and metrics: it has no logger of its own.

use super::limits::Refusal;
use crate::framing::FrameError;
use crate::request_context::{ConnectionContext, HeaderError, ListenerName, RequestContext};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use thiserror::Error;
use tokio::time::Instant;

/// Is told what happens. Calls are made inline, so they have to be quick.
pub trait Observer: Send + Sync + 'static {
    /// A connection was accepted.
    fn connection_opened(&self, connection: &ConnectionContext);

    /// A connection has ended.
    fn connection_closed(&self, connection: &ConnectionContext, reason: &CloseReason);

    /// A connection was turned away.
    fn connection_refused(&self, listener: &ListenerName, peer: SocketAddr, refusal: Refusal);

    /// No connection can be accepted for now, for want of descriptors perhaps.
    fn accept_failed(&self, listener: &ListenerName, error: &io::Error);

    /// A request has been answered; its answer is with the transport.
    fn request_answered(&self, context: &RequestContext, times: &RequestTimes, sizes: RequestSizes);
}

/// The moments in the life of a request, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestTimes {
    /// Its last byte had come in.
    pub received_at: Instant,
    /// Its handler began.
    pub started_at: Instant,
    /// The handler let the next request begin.
    pub handled_at: Instant,
    /// Its answer was complete.
    pub completed_at: Instant,
    /// The answers before it had been sent.
    pub send_started_at: Instant,
    /// Its own answer had been sent.
    pub sent_at: Instant,
}

/// How large request and answer were, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestSizes {
    /// The request, without its size in front.
    pub request_bytes: usize,
    /// The answer with its size in front; 0 if there was none.
    pub response_bytes: usize,
}

/// Why a connection has ended.
#[derive(Debug, Error)]
pub enum CloseReason {
    /// The client closed it.
    #[error("the client closed the connection")]
    PeerClosed,
    /// What came in is no frame, or the connection failed.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// What came in is no request.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Nothing came in at all (Kafka waits for `connections.max.idle.ms`).
    #[error("nothing came in since the connection was opened")]
    Silent,
    /// Nothing happened for `connections.max.idle.ms`.
    #[error("idle for too long")]
    Idle,
    /// A frame has begun and comes in too slowly, or no longer.
    #[error("a frame comes in too slowly")]
    SlowFrame,
    /// The client does not take its answers.
    #[error("the client does not take its answers")]
    StalledWrite,
    /// An answer could not be sent.
    #[error("send answer: {0}")]
    Write(io::Error),
    /// The handler wants it closed.
    #[error("closed by the handler: {0}")]
    Handler(String),
    /// The server stops.
    #[error("the server stops")]
    Drained,
}

impl RequestTimes {
    /// `RequestQueueTimeMs`: from received to started.
    pub fn queue(&self) -> Duration {
        self.started_at - self.received_at
    }

    /// `LocalTimeMs`: from started to handled.
    pub fn local(&self) -> Duration {
        self.handled_at - self.started_at
    }

    /// `RemoteTimeMs`: from handled to complete.
    pub fn remote(&self) -> Duration {
        self.completed_at - self.handled_at
    }

    /// `ResponseQueueTimeMs`: from complete to the answer's turn.
    pub fn response_queue(&self) -> Duration {
        self.send_started_at - self.completed_at
    }

    /// `ResponseSendTimeMs`: from its turn to sent.
    pub fn send(&self) -> Duration {
        self.sent_at - self.send_started_at
    }

    /// `TotalTimeMs`.
    pub fn total(&self) -> Duration {
        self.sent_at - self.received_at
    }
}
