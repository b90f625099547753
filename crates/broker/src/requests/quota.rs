//! How long a client is held back: the one question that every request asks (KIP-13, KIP-124,
//! KIP-219, KIP-599).
//!
//! Not the job of this module: holding back. The time goes into the answer, and the connection is
//! not read from until it is over.

use net::request_context::{Principal, RequestContext};
use std::time::Duration;

/// What a client has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// One request, about to be handled.
    Request,
    /// The time in which a request was handled, without what it waited for.
    Handling(Duration),
    /// Bytes of a request with records to be written.
    ProducedBytes(usize),
    /// Bytes of records that it was sent.
    FetchedBytes(usize),
    /// Bytes of records that it was not sent after all.
    UnsentBytes(usize),
}

/// Keeps account.
pub trait Quotas: Send + Sync {
    /// Notes what was used and says how long to hold the client back.
    fn throttle(&self, context: &RequestContext, usage: Usage) -> Duration;

    /// More than so many bytes of records at a time would always be throttled.
    fn fetch_bytes_max(&self, _context: &RequestContext) -> usize {
        usize::MAX
    }

    /// Whether [`Usage::Handling`] is of any interest.
    fn measures_requests(&self) -> bool {
        false
    }

    /// Notes that partitions are to be created or deleted, and says how long to hold the client
    /// back; with `is_strict` that means that it is refused, and nothing is noted.
    fn charge_mutations(
        &self,
        _principal: &Principal,
        _client_id: &str,
        _partition_count: usize,
        _is_strict: bool,
    ) -> Duration {
        Duration::ZERO
    }
}

/// Nobody is held back: for tests of what has nothing to do with quotas.
#[cfg(test)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Unlimited;

#[cfg(test)]
impl Quotas for Unlimited {
    fn throttle(&self, _: &RequestContext, _: Usage) -> Duration {
        Duration::ZERO
    }
}
