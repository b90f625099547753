//! How fast connections may be made (KIP-612).
//!
//! The average over a window is limited, as in Kafka: who was quiet for that long may make the
//! connections of the whole window at once, and then one after the other at the rate.
//!
//! Invariant: a connection that has to wait is counted when it comes, so that those behind it wait
//! longer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The window that Kafka has by default: 11 samples of a second, of which one is under way.
const WINDOW: Duration = Duration::from_secs(10);
/// What a connection waits at most for its own sake, as in Kafka: the length of a sample.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// A limit, and what has been made of it.
#[derive(Debug)]
pub(super) struct CreationRate {
    interval: Duration,
    window: Duration,
    /// When the connections so far are all due, at the rate; none before the first.
    due: Mutex<Option<Instant>>,
}

impl CreationRate {
    /// So many connections a second; with 0 one after the other, a second apart, as in Kafka.
    pub(super) fn new(per_second_max: u32) -> Self {
        let (interval, window) = match per_second_max {
            0 => (WAIT_MAX, Duration::ZERO),
            _ => (Duration::from_secs(1) / per_second_max, WINDOW),
        };
        Self {
            interval,
            window,
            due: Mutex::new(None),
        }
    }

    /// Counts a connection, and says how long it has to wait.
    pub(super) fn count(&self, now: Instant) -> Duration {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let next = due.unwrap_or(now).max(now) + self.interval;
        *due = Some(next);
        next.saturating_duration_since(now + self.window)
            .min(WAIT_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_window_may_come_at_once_and_the_rest_at_the_rate() {
        let (rate, start) = (CreationRate::new(5), Instant::now());
        for _ in 0..50 {
            assert_eq!(rate.count(start), Duration::ZERO);
        }
        assert_eq!(rate.count(start), Duration::from_millis(200));
        assert_eq!(rate.count(start), Duration::from_millis(400));
        let later = start + Duration::from_millis(300);
        assert_eq!(rate.count(later), Duration::from_millis(300));
        let much_later = start + Duration::from_secs(60);
        assert_eq!(rate.count(much_later), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_a_second_and_a_rate_of_nothing_is_one_a_second() {
        let (rate, start) = (CreationRate::new(1), Instant::now());
        let waits: Vec<_> = (0..30).map(|_| rate.count(start)).collect();
        assert_eq!(waits[9], Duration::ZERO);
        assert!(
            waits[10..]
                .iter()
                .all(|wait| *wait == Duration::from_secs(1))
        );
        let none = CreationRate::new(0);
        assert_eq!(none.count(start), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_largest_rate_is_no_limit() {
        let (rate, start) = (CreationRate::new(i32::MAX as u32), Instant::now());
        assert!((0..1_000_000).all(|_| rate.count(start).is_zero()));
    }
}
