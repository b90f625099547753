//! A bucket of tokens (KIP-599): it fills at the rate of the quota up to what all windows hold, may
//! be overdrawn once, and then nothing is taken before it is at zero again.

use super::Windows;

#[derive(Debug, Clone)]
pub(super) struct TokenBucket {
    tokens: f64,
    filled_ms: u64,
}

impl TokenBucket {
    pub(super) fn full(windows: Windows, limit: f64, now_ms: u64) -> Self {
        Self {
            tokens: capacity(windows, limit),
            filled_ms: now_ms,
        }
    }

    /// Takes so many tokens, whether they are there or not.
    pub(super) fn take(&mut self, windows: Windows, limit: f64, count: f64, now_ms: u64) {
        self.fill(windows, limit, now_ms);
        self.tokens = (self.tokens - count).min(capacity(windows, limit));
    }

    /// How long until the bucket is not overdrawn; 0 if it is not.
    pub(super) fn throttle_ms(&mut self, windows: Windows, limit: f64, now_ms: u64) -> u64 {
        self.fill(windows, limit, now_ms);
        (-self.tokens / limit * 1000.0).round().max(0.0) as u64
    }

    fn fill(&mut self, windows: Windows, limit: f64, now_ms: u64) {
        let seconds = now_ms.saturating_sub(self.filled_ms) as f64 / 1000.0;
        self.tokens = (self.tokens + limit * seconds).min(capacity(windows, limit));
        self.filled_ms = now_ms;
    }
}

fn capacity(windows: Windows, limit: f64) -> f64 {
    windows.span_ms() as f64 / 1000.0 * limit
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WINDOWS: Windows = Windows {
        count: 11,
        size_ms: 1000,
    };

    #[test]
    fn a_bucket_is_overdrawn_once_and_fills_up_again() {
        let mut bucket = TokenBucket::full(WINDOWS, 2.0, 0);
        bucket.take(WINDOWS, 2.0, 20.0, 0);
        assert_eq!(bucket.throttle_ms(WINDOWS, 2.0, 0), 0);
        bucket.take(WINDOWS, 2.0, 10.0, 0);
        assert_eq!(bucket.throttle_ms(WINDOWS, 2.0, 0), 4000);
        assert_eq!(bucket.throttle_ms(WINDOWS, 2.0, 3000), 1000);
        assert_eq!(bucket.throttle_ms(WINDOWS, 2.0, 4000), 0);
    }

    proptest! {
        #[test]
        fn who_waits_takes_no_more_than_the_rate_and_one_burst(
            counts in prop::collection::vec(1.0_f64..30.0, 1..200),
            limit in 0.5_f64..20.0,
        ) {
            let (mut bucket, mut now_ms) = (TokenBucket::full(WINDOWS, limit, 0), 0);
            let mut taken = 0.0;
            for count in counts {
                now_ms += bucket.throttle_ms(WINDOWS, limit, now_ms);
                bucket.take(WINDOWS, limit, count, now_ms);
                taken += count;
            }
            let burst = limit * 11.0 + 30.0;
            prop_assert!(taken <= limit * (now_ms as f64 + 1.0) / 1000.0 + burst + 1.0);
        }
    }
}
