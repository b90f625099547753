//! What a listener tells, put into metrics and the log.
//!
//! Ordinary ends of connections are logged at debug, clients that misbehave at info: anybody can
//! bring that about, so nobody has to get up for it. A system that accepts nothing is a warning.

use super::listeners::{CloseKind, ListenerMetrics};
use super::requests::RequestMetrics;
use net::request_context::{ConnectionContext, ListenerName, RequestContext};
use net::server::{CloseReason, Observer, Refusal, RequestSizes, RequestTimes};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tracing::{debug, info, warn};

pub(super) struct ListenerObserver {
    listener: Arc<ListenerMetrics>,
    requests: Arc<RequestMetrics>,
}

impl ListenerObserver {
    pub(super) const fn new(listener: Arc<ListenerMetrics>, requests: Arc<RequestMetrics>) -> Self {
        Self { listener, requests }
    }
}

impl Observer for ListenerObserver {
    fn connection_opened(&self, connection: &ConnectionContext) {
        self.listener.opened();
        let ConnectionContext {
            id, listener, peer, ..
        } = connection;
        debug!(connection = %id, %listener, %peer, "open connection");
    }

    fn connection_closed(&self, connection: &ConnectionContext, reason: &CloseReason) {
        let kind = CloseKind::from(reason);
        self.listener.closed(kind);
        let ConnectionContext {
            id, listener, peer, ..
        } = connection;
        match kind {
            CloseKind::Malformed
            | CloseKind::Silent
            | CloseKind::SlowFrame
            | CloseKind::StalledWrite
            | CloseKind::Handler => {
                info!(connection = %id, %listener, %peer, "close connection: {reason}");
            }
            CloseKind::PeerClosed
            | CloseKind::ConnectionFailed
            | CloseKind::Idle
            | CloseKind::Drained => {
                debug!(connection = %id, %listener, %peer, "close connection: {reason}");
            }
        }
    }

    fn connection_refused(&self, listener: &ListenerName, peer: SocketAddr, refusal: Refusal) {
        self.listener.refused();
        info!(%listener, %peer, "{refusal}");
    }

    fn accept_failed(&self, listener: &ListenerName, error: &io::Error) {
        self.listener.accept_failed();
        warn!(%listener, "accept connection: {error}");
    }

    fn request_answered(
        &self,
        context: &RequestContext,
        times: &RequestTimes,
        sizes: RequestSizes,
    ) {
        self.listener.answered(sizes);
        let (key, version) = (context.api_key, context.api_version);
        self.requests.answered(key, version, times, sizes);
    }
}
