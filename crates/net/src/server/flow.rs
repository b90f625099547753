//! What the two directions of a server's connection tell each other.

use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;
use tokio::time::Instant;

#[derive(Debug)]
pub(super) struct Flow {
    in_flight_count: AtomicUsize,
    muted_until: watch::Sender<Option<Instant>>,
    reading_ended: watch::Sender<bool>,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self {
            in_flight_count: AtomicUsize::new(0),
            muted_until: watch::channel(None).0,
            reading_ended: watch::channel(false).0,
        }
    }

    pub(super) fn begin_request(&self) {
        self.in_flight_count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end_request(&self) {
        self.in_flight_count.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn has_requests(&self) -> bool {
        self.in_flight_count.load(Ordering::Relaxed) > 0
    }

    /// Nothing is read before `moment` (KIP-219).
    pub(super) fn mute_until(&self, moment: Instant) {
        self.muted_until
            .send_modify(|until| *until = (*until).max(Some(moment)));
    }

    pub(super) fn mute(&self) -> watch::Receiver<Option<Instant>> {
        self.muted_until.subscribe()
    }

    /// The client is gone or has to go: what is still waited for is of no use.
    pub(super) fn end_reading(&self) {
        self.reading_ended.send_replace(true);
    }

    pub(super) fn reading_end(&self) -> watch::Receiver<bool> {
        self.reading_ended.subscribe()
    }
}
