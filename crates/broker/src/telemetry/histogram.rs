//! Histograms with fixed buckets: bounds are the powers of two from 64 to 2^25, microseconds or
//! bytes, and everything above. Finding a bucket is counting bits.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const FIRST_EXPONENT: u32 = 6;
const LAST_EXPONENT: u32 = 25;
const BOUND_COUNT: usize = (LAST_EXPONENT - FIRST_EXPONENT + 1) as usize;

/// What a histogram's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Observed as durations: bounds in microseconds, sum in nanoseconds; shown in milliseconds.
    Milliseconds,
    /// Bounds and sum in bytes.
    Bytes,
}

/// How often which values were seen.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// One for each bound, and one for what is above all of them.
    counts: [AtomicU64; BOUND_COUNT + 1],
    sum: AtomicU64,
}

/// What histograms held when they were read.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct HistogramSnapshot {
    counts: [u64; BOUND_COUNT + 1],
    sum: u64,
}

/// One line of a histogram: how many values are at most `bound`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bucket {
    /// None above all bounds.
    pub(super) bound: Option<f64>,
    pub(super) count: u64,
}

impl Histogram {
    pub(super) fn observe_duration(&self, duration: Duration) {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        // Bounds are whole microseconds, so rounding up does not change the bucket.
        self.observe(nanoseconds.div_ceil(1_000), nanoseconds);
    }

    pub(super) fn observe_bytes(&self, count: usize) {
        self.observe(count as u64, count as u64);
    }

    fn observe(&self, value: u64, amount: u64) {
        self.counts[bucket_of(value)].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(amount, Ordering::Relaxed);
    }
}

impl HistogramSnapshot {
    /// Takes the values of one more histogram in.
    pub(super) fn add(&mut self, histogram: &Histogram) {
        for (count, more) in self.counts.iter_mut().zip(&histogram.counts) {
            *count += more.load(Ordering::Relaxed);
        }
        self.sum = self.sum.wrapping_add(histogram.sum.load(Ordering::Relaxed));
    }

    /// Counts that include those of the smaller bounds; the last one is the count of all.
    pub(super) fn buckets(&self, unit: Unit) -> impl Iterator<Item = Bucket> {
        self.counts
            .iter()
            .enumerate()
            .scan(0, move |count, (index, more)| {
                *count += more;
                let bound = (index < BOUND_COUNT).then(|| bound(index, unit));
                Some(Bucket {
                    bound,
                    count: *count,
                })
            })
    }

    pub(super) fn sum(&self, unit: Unit) -> f64 {
        match unit {
            Unit::Milliseconds => self.sum as f64 / 1e6,
            Unit::Bytes => self.sum as f64,
        }
    }
}

fn bucket_of(value: u64) -> usize {
    // The number of bits of the value below is the exponent of the first bound that is not smaller.
    let exponent = u64::BITS - value.saturating_sub(1).leading_zeros();
    let index = exponent.saturating_sub(FIRST_EXPONENT) as usize;
    index.min(BOUND_COUNT)
}

fn bound(index: usize, unit: Unit) -> f64 {
    let bound = (1_u64 << (FIRST_EXPONENT as usize + index)) as f64;
    match unit {
        Unit::Milliseconds => bound / 1e3,
        Unit::Bytes => bound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bound of the bucket that one value is counted in.
    fn bound_for(observe: impl FnOnce(&Histogram), unit: Unit) -> Option<f64> {
        let histogram = Histogram::default();
        observe(&histogram);
        let mut snapshot = HistogramSnapshot::default();
        snapshot.add(&histogram);
        let mut buckets = snapshot.buckets(unit);
        buckets.find(|bucket| bucket.count == 1).unwrap().bound
    }

    #[test]
    fn a_value_is_counted_at_the_first_bound_that_is_not_smaller() {
        for (bytes, bound) in [
            (0, Some(64.0)),
            (1, Some(64.0)),
            (64, Some(64.0)),
            (65, Some(128.0)),
            (1 << 25, Some(33_554_432.0)),
            ((1 << 25) + 1, None),
            (usize::MAX, None),
        ] {
            let found = bound_for(|histogram| histogram.observe_bytes(bytes), Unit::Bytes);
            assert_eq!(found, bound, "{bytes}");
        }
    }

    #[test]
    fn a_time_just_above_a_bound_is_not_counted_there() {
        for (nanoseconds, bound) in [
            (0, Some(0.064)),
            (64_000, Some(0.064)),
            (64_001, Some(0.128)),
            (33_554_432_000, Some(33_554.432)),
            (33_554_432_001, None),
        ] {
            let duration = Duration::from_nanos(nanoseconds);
            let observe = |histogram: &Histogram| histogram.observe_duration(duration);
            let found = bound_for(observe, Unit::Milliseconds);
            assert_eq!(found, bound, "{nanoseconds}");
        }
    }

    #[test]
    fn the_sum_keeps_what_the_buckets_round_away() {
        let histogram = Histogram::default();
        histogram.observe_duration(Duration::from_nanos(1_500));
        histogram.observe_duration(Duration::from_nanos(2_250));
        histogram.observe_duration(Duration::MAX);
        let mut snapshot = HistogramSnapshot::default();
        snapshot.add(&histogram);
        let counts: Vec<u64> = snapshot
            .buckets(Unit::Milliseconds)
            .map(|bucket| bucket.count)
            .collect();
        assert_eq!((counts[0], counts[BOUND_COUNT]), (2, 3));
        let two = Histogram::default();
        two.observe_duration(Duration::from_nanos(1_500));
        two.observe_duration(Duration::from_nanos(2_250));
        let mut snapshot = HistogramSnapshot::default();
        snapshot.add(&two);
        assert_eq!(snapshot.sum(Unit::Milliseconds), 0.00375);
    }
}
