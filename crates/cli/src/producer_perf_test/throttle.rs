//! Holds back a loop that goes faster than it should.

use std::time::Duration;

use tokio::time::Instant;

/// Shorter pauses are put together.
const PAUSE_MIN: Duration = Duration::from_millis(2);

/// How fast a loop may go, and how long it has yet to wait.
#[derive(Debug)]
pub(super) struct Throttle {
    /// Below 0, there is no limit; at 0, nothing passes.
    per_second: f64,
    start_ms: i64,
    due: Duration,
}

impl Throttle {
    pub(super) fn new(per_second: f64, start_ms: i64) -> Self {
        Self {
            per_second,
            start_ms,
            due: Duration::ZERO,
        }
    }

    /// Passes number `index`, at `now_ms`, perhaps later.
    pub(super) async fn pass(&mut self, index: u64, now_ms: i64) {
        if !self.is_too_fast(index, now_ms) {
            return;
        }
        if self.per_second == 0.0 {
            return std::future::pending().await;
        }
        self.due += Duration::try_from_secs_f64(self.per_second.recip()).unwrap_or(Duration::MAX);
        if self.due >= PAUSE_MIN {
            tokio::time::sleep_until(Instant::now() + self.due).await;
            self.due = Duration::ZERO;
        }
    }

    fn is_too_fast(&self, index: u64, now_ms: i64) -> bool {
        let elapsed_s = (now_ms - self.start_ms) as f64 / 1000.0;
        self.per_second >= 0.0 && index as f64 > self.per_second * elapsed_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_faster_than_asked_for_is_held_back() {
        let throttle = Throttle::new(100.0, 1000);
        assert!(!throttle.is_too_fast(100, 2000));
        assert!(throttle.is_too_fast(101, 2000));
        assert!(!Throttle::new(-1.0, 0).is_too_fast(1_000_000, 1));
    }

    /// Kafka's tool lets all of the first millisecond pass, which a quick client makes hundreds.
    #[test]
    fn the_first_millisecond_is_no_exception() {
        let throttle = Throttle::new(100.0, 1000);
        assert!(!throttle.is_too_fast(0, 1000));
        assert!(throttle.is_too_fast(1, 1000));
        assert!(throttle.is_too_fast(1, 1001));
    }
}
