//! A rate over the last samples, as Kafka's metrics compute it: what was recorded in all samples by
//! the time since the oldest began, and at least by the time of all samples but the one under way.

use super::Windows;

/// Amounts in samples.
#[derive(Debug, Clone, Default)]
pub(super) struct Rate {
    /// At most one more than there are windows.
    samples: Vec<Sample>,
    current: usize,
}

#[derive(Debug, Clone)]
struct Sample {
    start_ms: u64,
    last_ms: u64,
    amount: f64,
}

impl Rate {
    /// Records an amount; a negative one takes back.
    pub(super) fn record(&mut self, windows: Windows, amount: f64, now_ms: u64) {
        let begun = self.samples.get(self.current).map(|sample| sample.start_ms);
        match begun {
            None => self.samples.push(Sample::beginning(now_ms)),
            Some(start_ms) if now_ms.saturating_sub(start_ms) >= windows.size_ms => {
                self.advance(windows, now_ms);
            }
            Some(_) => {}
        }
        let sample = &mut self.samples[self.current];
        sample.amount += amount;
        sample.last_ms = now_ms;
    }

    /// How long to wait until the rate is at most `limit` a second if nothing is recorded; 0 if it
    /// is already.
    pub(super) fn throttle_ms(&mut self, windows: Windows, limit: f64, now_ms: u64) -> u64 {
        let (rate, elapsed_ms) = self.measure(windows, now_ms);
        if rate <= limit {
            return 0;
        }
        ((rate - limit) / limit * elapsed_ms as f64).round() as u64
    }

    /// The rate a second, and the time that it is taken over.
    fn measure(&mut self, windows: Windows, now_ms: u64) -> (f64, u64) {
        for sample in &mut self.samples {
            if now_ms.saturating_sub(sample.last_ms) >= windows.span_ms() {
                *sample = Sample::beginning(now_ms);
            }
        }
        let oldest_ms = self.samples.iter().map(|sample| sample.start_ms).min();
        let elapsed_ms = now_ms.saturating_sub(oldest_ms.unwrap_or(now_ms));
        let full_windows = elapsed_ms / windows.size_ms;
        let missing = u64::from(windows.count - 1).saturating_sub(full_windows);
        let elapsed_ms = (elapsed_ms + missing * windows.size_ms).max(1);
        let amount: f64 = self.samples.iter().map(|sample| sample.amount).sum();
        (amount / (elapsed_ms as f64 / 1000.0), elapsed_ms)
    }

    fn advance(&mut self, windows: Windows, now_ms: u64) {
        self.current = (self.current + 1) % (windows.count as usize + 1);
        match self.samples.get_mut(self.current) {
            Some(sample) => *sample = Sample::beginning(now_ms),
            None => self.samples.push(Sample::beginning(now_ms)),
        }
    }
}

impl Sample {
    const fn beginning(now_ms: u64) -> Self {
        Self {
            start_ms: now_ms,
            last_ms: now_ms,
            amount: 0.0,
        }
    }
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
    fn a_new_rate_counts_over_all_windows_but_one() {
        let mut rate = Rate::default();
        rate.record(WINDOWS, 10_000.0, 5);
        assert_eq!(rate.measure(WINDOWS, 5), (1000.0, 10_000));
        assert_eq!(rate.throttle_ms(WINDOWS, 1000.0, 5), 0);
        assert_eq!(rate.throttle_ms(WINDOWS, 500.0, 5), 10_000);
        rate.record(WINDOWS, -5000.0, 6);
        assert_eq!(rate.throttle_ms(WINDOWS, 500.0, 6), 0);
    }

    #[test]
    fn samples_are_forgotten_when_they_are_as_old_as_all_windows() {
        let mut rate = Rate::default();
        rate.record(WINDOWS, 1000.0, 0);
        assert_eq!(rate.measure(WINDOWS, 10_999).0.round(), 91.0);
        assert_eq!(rate.measure(WINDOWS, 11_000), (0.0, 10_000));
    }

    proptest! {
        /// Whoever waits as long as he is told to keeps the rate, if he sends little at a time:
        /// what is waited for longer than the windows last is forgotten, as in Kafka.
        #[test]
        fn the_rate_is_kept_by_who_waits(
            seconds in prop::collection::vec(0.001_f64..0.5, 200..400),
            limit in 1_000.0_f64..100_000.0,
        ) {
            let (mut rate, mut now_ms, mut sent) = (Rate::default(), 0, 0.0);
            for seconds in seconds {
                let size = seconds * limit;
                rate.record(WINDOWS, size, now_ms);
                sent += size;
                now_ms += rate.throttle_ms(WINDOWS, limit, now_ms);
                prop_assert!(rate.samples.len() <= 12);
            }
            // The first seconds are free: nothing was recorded in the windows before.
            let free = limit * 21.0;
            prop_assert!(sent <= limit * now_ms as f64 / 1000.0 * 1.1 + free);
        }

        /// Nobody waits longer than it takes to forget everything, unless a single amount is large.
        #[test]
        fn nobody_below_the_limit_waits(
            steps in prop::collection::vec((1_u64..3_000, 0.0_f64..1.0), 1..200),
        ) {
            let (mut rate, mut now_ms) = (Rate::default(), 0);
            for (step_ms, share) in steps {
                now_ms += step_ms;
                rate.record(WINDOWS, share * step_ms as f64, now_ms);
                prop_assert_eq!(rate.throttle_ms(WINDOWS, 1_400.0, now_ms), 0);
            }
        }
    }
}
