//! What has been read so far, and the lines that are printed of it.

use crate::measures::{decimal, mebibytes};

use super::date_pattern::DatePattern;

/// Everything read, and how much of it at the last report.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) record_count: u64,
    bytes: u64,
    reported: Reported,
}

#[derive(Debug)]
struct Reported {
    record_count: u64,
    bytes: u64,
    at_ms: i64,
}

/// When a test began and ended, and how long it had no partitions meanwhile.
#[derive(Debug)]
pub(super) struct Total {
    pub(super) start_ms: i64,
    pub(super) end_ms: i64,
    pub(super) rebalance_ms: i64,
}

/// The names of the columns.
pub(super) fn header(is_detailed: bool) -> String {
    let times = if is_detailed {
        "time, threadId"
    } else {
        "start.time, end.time"
    };
    format!(
        "{times}, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, \
         rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec"
    )
}

impl Progress {
    pub(super) fn new(now_ms: i64) -> Self {
        Self {
            record_count: 0,
            bytes: 0,
            reported: Reported {
                record_count: 0,
                bytes: 0,
                at_ms: now_ms,
            },
        }
    }

    /// Adds a record.
    pub(super) fn add(&mut self, size_bytes: usize) {
        self.record_count += 1;
        self.bytes += size_bytes as u64;
    }

    /// The line about what came since the last report.
    pub(super) fn report(&mut self, now_ms: i64, rebalance_ms: i64, dates: &DatePattern) -> String {
        let elapsed_ms = now_ms - self.reported.at_ms;
        let fetch_ms = elapsed_ms - rebalance_ms;
        let records = (self.record_count - self.reported.record_count) as f64;
        let read = mebibytes(self.bytes - self.reported.bytes);
        let fetch_rate = |amount: f64| match fetch_ms {
            ..=0 => 0.0,
            _ => 1000.0 * amount / fetch_ms as f64,
        };
        let line = format!(
            "{}, 0, {}, {}, {}, {}, {rebalance_ms}, {fetch_ms}, {}, {}",
            dates.format(now_ms),
            decimal(mebibytes(self.bytes), 4),
            decimal(1000.0 * read / elapsed_ms as f64, 4),
            self.record_count,
            decimal(1000.0 * records / elapsed_ms as f64, 4),
            decimal(fetch_rate(read), 4),
            decimal(fetch_rate(records), 4),
        );
        self.reported = Reported {
            record_count: self.record_count,
            bytes: self.bytes,
            at_ms: now_ms,
        };
        line
    }

    /// When the last report was, or the beginning.
    pub(super) fn report_ms(&self) -> i64 {
        self.reported.at_ms
    }

    /// The line about all of it.
    pub(super) fn total(&self, total: &Total, dates: &DatePattern) -> String {
        let elapsed_ms = total.end_ms - total.start_ms;
        let fetch_ms = elapsed_ms - total.rebalance_ms;
        let [elapsed_s, fetch_s] = [elapsed_ms, fetch_ms].map(|ms| ms as f64 / 1000.0);
        let read = mebibytes(self.bytes);
        let records = self.record_count as f64;
        format!(
            "{}, {}, {}, {}, {}, {}, {}, {fetch_ms}, {}, {}",
            dates.format(total.start_ms),
            dates.format(total.end_ms),
            decimal(read, 4),
            decimal(read / elapsed_s, 4),
            self.record_count,
            decimal(records / elapsed_s, 4),
            total.rebalance_ms,
            decimal(read / fetch_s, 4),
            decimal(records / fetch_s, 4),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates() -> DatePattern {
        DatePattern::parse("yyyy-MM-dd HH:mm:ss:SSS").unwrap()
    }

    #[test]
    fn all_of_it_is_told_with_and_without_the_time_of_rebalances() {
        let mut progress = Progress::new(0);
        (0..1024).for_each(|_| progress.add(1024));
        let total = Total {
            start_ms: 1_000,
            end_ms: 3_000,
            rebalance_ms: 1_000,
        };
        let expected = "1970-01-01 00:00:01:000, 1970-01-01 00:00:03:000, 1.0000, 0.5000, 1024, \
                        512.0000, 1000, 1000, 1.0000, 1024.0000";
        assert_eq!(progress.total(&total, &dates()), expected);
    }

    #[test]
    fn a_report_is_of_what_came_since_the_last_one() {
        let mut progress = Progress::new(0);
        progress.add(1 << 20);
        let line =
            "1970-01-01 00:00:01:000, 0, 1.0000, 1.0000, 1, 1.0000, 500, 500, 2.0000, 2.0000";
        assert_eq!(progress.report(1000, 500, &dates()), line);
        progress.add(1 << 20);
        let line = "1970-01-01 00:00:03:000, 0, 2.0000, 0.5000, 2, 0.5000, 2000, 0, 0.0000, 0.0000";
        assert_eq!(progress.report(3000, 2000, &dates()), line);
    }
}
