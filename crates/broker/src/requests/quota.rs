//! How long a client is held back: the one question that every request asks (KIP-13, KIP-124,
//! KIP-219, KIP-599).
//!
//! Not the job of this module: holding back. The time goes into the answer, and the connection is
//! not read from until it is over.

use net::request_context::RequestContext;
use std::time::Duration;

/// What a client has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// One request.
    Request,
    /// Bytes of records that it has written.
    ProducedBytes(usize),
    /// Bytes of records that it was sent.
    FetchedBytes(usize),
}

/// Keeps account.
pub trait Quotas: Send + Sync {
    /// Notes what was used and says how long to hold the client back.
    fn throttle(&self, context: &RequestContext, usage: Usage) -> Duration;
}

/// Nobody is held back, as on a Kafka without quotas.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unlimited;

impl Quotas for Unlimited {
    fn throttle(&self, _: &RequestContext, _: Usage) -> Duration {
        Duration::ZERO
    }
}
