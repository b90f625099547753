//! How long a server waits for a client: for its first byte, for the rest of a frame, for the next
//! request.
//!
//! Pure: it is given the time. Kafka has one idle time of ten minutes for all of this, so that a
//! client which sends a byte now and then keeps its connection, and its buffer, for ever.

use super::observer::CloseReason;
use std::time::Duration;
use tokio::time::Instant;

/// The times a server waits.
#[derive(Debug, Clone)]
pub struct PatienceConfig {
    /// For the first byte of a connection.
    pub first_byte: Duration,
    /// For [`Self::frame_bytes_min`] more bytes of a frame that has begun, or for its end.
    pub frame_window: Duration,
    /// How many bytes of a frame each window has to bring.
    pub frame_bytes_min: usize,
    /// `connections.max.idle.ms`: for the next request, while none is in flight; also for a client
    /// to take some of its answers.
    pub idle: Duration,
}

#[derive(Debug)]
pub(super) struct Patience {
    config: PatienceConfig,
    since: Instant,
    waiting: Waiting,
}

#[derive(Debug)]
enum Waiting {
    FirstByte,
    NextRequest,
    RestOfFrame { window_bytes: usize },
}

impl Patience {
    pub(super) const fn new(config: PatienceConfig, now: Instant) -> Self {
        Self {
            config,
            since: now,
            waiting: Waiting::FirstByte,
        }
    }

    /// Bytes of a frame have come in.
    pub(super) const fn bytes(&mut self, count: usize, now: Instant) {
        let so_far = match self.waiting {
            Waiting::RestOfFrame { window_bytes } => window_bytes,
            Waiting::FirstByte | Waiting::NextRequest => {
                self.since = now;
                0
            }
        };
        let mut window_bytes = so_far + count;
        if window_bytes >= self.config.frame_bytes_min {
            self.since = now;
            window_bytes = 0;
        }
        self.waiting = Waiting::RestOfFrame { window_bytes };
    }

    /// A frame is complete.
    pub(super) const fn frame(&mut self, now: Instant) {
        self.since = now;
        self.waiting = Waiting::NextRequest;
    }

    /// The client could not go on for a while, and not by its own fault.
    pub(super) const fn excuse(&mut self, now: Instant) {
        self.since = now;
    }

    /// Why to wait no longer, if so. Requests in flight excuse a client that sends no more.
    pub(super) fn exhausted(&mut self, now: Instant, in_flight: bool) -> Option<CloseReason> {
        if now < self.deadline() {
            return None;
        }
        match self.waiting {
            Waiting::FirstByte => Some(CloseReason::Silent),
            Waiting::RestOfFrame { .. } => Some(CloseReason::SlowFrame),
            Waiting::NextRequest if in_flight => {
                self.since = now;
                None
            }
            Waiting::NextRequest => Some(CloseReason::Idle),
        }
    }

    /// When [`Self::exhausted`] has to be asked.
    pub(super) fn deadline(&self) -> Instant {
        self.since
            + match self.waiting {
                Waiting::FirstByte => self.config.first_byte,
                Waiting::NextRequest => self.config.idle,
                Waiting::RestOfFrame { .. } => self.config.frame_window,
            }
    }
}
