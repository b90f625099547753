//! The clocks of a node: monotonic time is tokio's, so that a runtime with paused time runs a node
//! in virtual time; wall time comes from whoever put the node together.
//!
//! This is the only place of the crate that reads a clock.

use protocol::time::Now;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Says what time it is where people live.
pub trait WallClock: Send + Sync {
    /// Milliseconds since 1970; may jump.
    fn wall_ms(&self) -> i64;
}

/// Both clocks; clones show the same time.
#[derive(Clone)]
pub struct Clock {
    /// Moment zero of monotonic time.
    origin: Instant,
    wall: Arc<dyn WallClock>,
}

/// The clock of the operating system.
#[derive(Debug)]
struct SystemWallClock;

impl Clock {
    /// Monotonic time begins now.
    pub fn new(wall: Arc<dyn WallClock>) -> Self {
        Self {
            origin: Instant::now(),
            wall,
        }
    }

    /// With the wall clock of the operating system.
    pub fn system() -> Self {
        Self::new(Arc::new(SystemWallClock))
    }

    /// This moment, on both clocks.
    pub fn now(&self) -> Now {
        Now {
            monotonic_ms: self.origin.elapsed().as_millis() as u64,
            wall_ms: self.wall.wall_ms(),
        }
    }

    /// The moment that the monotonic clock shows as `monotonic_ms`; none if it never comes.
    pub fn instant_at(&self, monotonic_ms: u64) -> Option<Instant> {
        self.origin.checked_add(Duration::from_millis(monotonic_ms))
    }
}

impl WallClock for SystemWallClock {
    fn wall_ms(&self) -> i64 {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Clock({:?})", self.now())
    }
}
