//! What records that have arrived add up to, and the lines that are printed of it.

use crate::measures::{decimal, mebibytes};

/// Of so many records at most a latency is kept, for the percentiles.
const SAMPLE_COUNT_MAX: u64 = 500_000;

/// The sums of a test, and those since the last report.
#[derive(Debug)]
pub(super) struct Stats {
    start_ms: i64,
    /// One record in so many is a sample.
    sampling: u64,
    latencies_ms: Vec<i64>,
    reporting_interval_ms: i64,
    is_steady: bool,
    is_silent: bool,
    total: Sums,
    window: Sums,
    window_start_ms: i64,
}

#[derive(Debug, Default)]
struct Sums {
    count: u64,
    bytes: u64,
    latency_ms: i64,
    latency_ms_max: i64,
}

impl Stats {
    /// Of a test with `record_count` records, which is not 0.
    pub(super) fn new(
        record_count: u64,
        reporting_interval_ms: i64,
        is_steady: bool,
        start_ms: i64,
    ) -> Self {
        let sampling = record_count / record_count.clamp(1, SAMPLE_COUNT_MAX);
        Self {
            start_ms,
            sampling: sampling.max(1),
            latencies_ms: Vec::new(),
            reporting_interval_ms,
            is_steady,
            is_silent: false,
            total: Sums::default(),
            window: Sums::default(),
            window_start_ms: start_ms,
        }
    }

    /// From now on there are no reports but the last one.
    pub(super) fn suppress_reports(&mut self) {
        self.is_silent = true;
    }

    /// Adds a record that was sent at `sent_ms`, and a report to `lines` when it is time for one.
    pub(super) fn record(
        &mut self,
        sent_ms: i64,
        size_bytes: usize,
        now_ms: i64,
        lines: &mut String,
    ) {
        let latency_ms = now_ms - sent_ms;
        if self.total.count.is_multiple_of(self.sampling) {
            self.latencies_ms.push(latency_ms);
        }
        self.total.add(latency_ms, size_bytes);
        self.window.add(latency_ms, size_bytes);
        if now_ms - self.window_start_ms < self.reporting_interval_ms {
            return;
        }
        if self.is_steady && self.total.count == self.window.count {
            lines.push_str("In steady state.\n");
        }
        if !self.is_silent {
            lines.push_str(&self.window.report(now_ms - self.window_start_ms));
        }
        self.window = Sums::default();
        self.window_start_ms = now_ms;
    }

    /// The line about all records.
    pub(super) fn total(&mut self, now_ms: i64) -> String {
        let Sums {
            count,
            latency_ms,
            latency_ms_max,
            ..
        } = self.total;
        let what = if self.is_steady { " steady state" } else { "" };
        let [records, mebibytes] = self.total.rates(now_ms - self.start_ms);
        let average = latency_ms as f64 / count as f64;
        let percentiles = percentiles(&mut self.latencies_ms, [0.5, 0.95, 0.99, 0.999]);
        let [p50, p95, p99, p999] = percentiles;
        format!(
            "{count}{what} records sent, {} records/sec ({} MB/sec), {} ms avg latency, {} ms max \
             latency, {p50} ms 50th, {p95} ms 95th, {p99} ms 99th, {p999} ms 99.9th.\n",
            decimal(records, 6),
            decimal(mebibytes, 2),
            decimal(average, 2),
            decimal(latency_ms_max as f64, 2),
        )
    }
}

impl Sums {
    fn add(&mut self, latency_ms: i64, size_bytes: usize) {
        self.count += 1;
        self.bytes += size_bytes as u64;
        self.latency_ms += latency_ms;
        self.latency_ms_max = self.latency_ms_max.max(latency_ms);
    }

    /// Records and mebibytes a second.
    fn rates(&self, elapsed_ms: i64) -> [f64; 2] {
        let elapsed_ms = elapsed_ms as f64;
        [self.count as f64, mebibytes(self.bytes)].map(|amount| 1000.0 * amount / elapsed_ms)
    }

    fn report(&self, elapsed_ms: i64) -> String {
        let [records, mebibytes] = self.rates(elapsed_ms);
        format!(
            "{} records sent, {} records/sec ({} MB/sec), {} ms avg latency, {} ms max latency.\n",
            self.count,
            decimal(records, 1),
            decimal(mebibytes, 2),
            decimal(self.latency_ms as f64 / self.count as f64, 1),
            decimal(self.latency_ms_max as f64, 1),
        )
    }
}

/// The latency that this share of the samples stays below: the sample at that place, from 0 on.
fn percentiles<const COUNT: usize>(latencies_ms: &mut [i64], shares: [f64; COUNT]) -> [i64; COUNT] {
    latencies_ms.sort_unstable();
    shares.map(|share| {
        let place = (share * latencies_ms.len() as f64) as usize;
        latencies_ms.get(place).copied().unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats(record_count: u64, interval_ms: i64, is_steady: bool) -> Stats {
        Stats::new(record_count, interval_ms, is_steady, 0)
    }

    #[test]
    fn the_last_line_tells_rates_latencies_and_percentiles() {
        let mut stats = stats(1000, 5000, false);
        let mut lines = String::new();
        for latency_ms in 0..1000 {
            stats.record(2000 - latency_ms, 1024, 2000, &mut lines);
        }
        assert_eq!(lines, "");
        let expected = "1000 records sent, 500.000000 records/sec (0.49 MB/sec), 499.50 ms avg \
                        latency, 999.00 ms max latency, 500 ms 50th, 950 ms 95th, 990 ms 99th, \
                        999 ms 99.9th.\n";
        assert_eq!(stats.total(2000), expected);
    }

    #[test]
    fn a_report_comes_with_the_first_record_behind_the_interval() {
        let mut stats = stats(10, 1000, true);
        let mut lines = String::new();
        stats.record(0, 1 << 20, 999, &mut lines);
        assert_eq!(lines, "");
        stats.record(999, 1 << 20, 1000, &mut lines);
        let expected = "In steady state.\n2 records sent, 2.0 records/sec (2.00 MB/sec), 500.0 ms \
                        avg latency, 999.0 ms max latency.\n";
        assert_eq!(lines, expected);
        stats.suppress_reports();
        stats.record(2000, 1, 2000, &mut lines);
        assert_eq!(lines, expected);
        assert!(
            stats
                .total(2000)
                .starts_with("3 steady state records sent, 1.500000 ")
        );
    }

    #[test]
    fn of_many_records_only_some_are_samples() {
        let mut stats = stats(1_500_000, 5000, false);
        for _ in 0..30 {
            stats.record(0, 1, 1, &mut String::new());
        }
        assert_eq!(stats.latencies_ms.len(), 10);
    }
}
