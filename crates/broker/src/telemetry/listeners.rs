//! Connections and bytes of a listener, in Kafka's `socket-server-metrics` and a few of our own.

use super::exposition::Exposition;
use super::families;
use super::sharded::Sharded;
use net::framing::FrameError;
use net::request_context::ListenerName;
use net::server::{CloseReason, RequestSizes};
use std::sync::atomic::{AtomicU64, Ordering};

/// The size in front of each request, which its own size leaves out.
const SIZE_BYTES: usize = 4;

#[derive(Debug, Default)]
pub(super) struct ListenerMetrics {
    opened: AtomicU64,
    /// In the order of [`CloseKind::ALL`].
    closed: [AtomicU64; CloseKind::ALL.len()],
    refused: AtomicU64,
    accept_failures: AtomicU64,
    bytes: Sharded<Bytes>,
}

#[derive(Debug, Default)]
struct Bytes {
    incoming: AtomicU64,
    outgoing: AtomicU64,
}

/// Why connections end, as far as metrics and the log tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CloseKind {
    PeerClosed,
    ConnectionFailed,
    Malformed,
    Silent,
    Idle,
    SlowFrame,
    StalledWrite,
    Handler,
    Drained,
}

impl ListenerMetrics {
    pub(super) fn opened(&self) {
        self.opened.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn closed(&self, kind: CloseKind) {
        // Released, so that whoever reads it also reads that the connection was opened.
        self.closed[kind as usize].fetch_add(1, Ordering::Release);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn accept_failed(&self) {
        self.accept_failures.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn answered(&self, sizes: RequestSizes) {
        let request_bytes = (SIZE_BYTES + sizes.request_bytes) as u64;
        let bytes = self.bytes.own();
        bytes.incoming.fetch_add(request_bytes, Ordering::Relaxed);
        let response_bytes = sizes.response_bytes as u64;
        bytes.outgoing.fetch_add(response_bytes, Ordering::Relaxed);
    }

    pub(super) fn collect(&self, listener: &ListenerName, exposition: &mut Exposition) {
        let listener = [("listener", listener.as_str())];
        let mut closed_count = 0;
        for (kind, closed) in CloseKind::ALL.iter().zip(&self.closed) {
            let count = closed.load(Ordering::Acquire);
            closed_count += count;
            let labels = [listener[0], ("reason", kind.name())];
            exposition.sample(&families::CLOSES_BY_REASON, &labels, count);
        }
        let opened_count = self.opened.load(Ordering::Relaxed);
        let bytes = &self.bytes;
        for (family, value) in [
            (&families::CONNECTION_COUNT, opened_count - closed_count),
            (&families::CONNECTION_CREATIONS, opened_count),
            (&families::CONNECTION_CLOSES, closed_count),
            (
                &families::INCOMING_BYTES,
                bytes.sum(|bytes| &bytes.incoming),
            ),
            (
                &families::OUTGOING_BYTES,
                bytes.sum(|bytes| &bytes.outgoing),
            ),
            (
                &families::CONNECTIONS_REFUSED,
                self.refused.load(Ordering::Relaxed),
            ),
            (
                &families::ACCEPT_FAILURES,
                self.accept_failures.load(Ordering::Relaxed),
            ),
        ] {
            exposition.sample(family, &listener, value);
        }
    }
}

impl CloseKind {
    const ALL: [Self; 9] = [
        Self::PeerClosed,
        Self::ConnectionFailed,
        Self::Malformed,
        Self::Silent,
        Self::Idle,
        Self::SlowFrame,
        Self::StalledWrite,
        Self::Handler,
        Self::Drained,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::PeerClosed => "peer_closed",
            Self::ConnectionFailed => "connection_failed",
            Self::Malformed => "malformed",
            Self::Silent => "silent",
            Self::Idle => "idle",
            Self::SlowFrame => "slow_frame",
            Self::StalledWrite => "stalled_write",
            Self::Handler => "handler",
            Self::Drained => "drained",
        }
    }
}

impl From<&CloseReason> for CloseKind {
    fn from(reason: &CloseReason) -> Self {
        match reason {
            CloseReason::PeerClosed => Self::PeerClosed,
            CloseReason::Frame(FrameError::Cut { .. } | FrameError::Io(_))
            | CloseReason::Write(_) => Self::ConnectionFailed,
            CloseReason::Frame(
                FrameError::NegativeSize(_) | FrameError::Empty | FrameError::TooLarge { .. },
            )
            | CloseReason::Header(_) => Self::Malformed,
            CloseReason::Silent => Self::Silent,
            CloseReason::Idle => Self::Idle,
            CloseReason::SlowFrame => Self::SlowFrame,
            CloseReason::StalledWrite => Self::StalledWrite,
            CloseReason::Handler(_) => Self::Handler,
            CloseReason::Drained => Self::Drained,
        }
    }
}
