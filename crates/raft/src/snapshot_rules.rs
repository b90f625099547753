//! When a snapshot is due (`metadata.log.max.record.bytes.between.snapshots`,
//! `metadata.log.max.snapshot.interval.ms`), and which older snapshots, and with them which part of
//! the log, are not needed any more (`metadata.max.retention.bytes`, `metadata.max.retention.ms`).

use protocol::time::Now;

use crate::snapshot_id::OffsetAndEpoch;

/// Says when the next snapshot is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotSchedule {
    bytes_max: u64,
    /// None stands for a limit of 0, which is no limit.
    interval_ms: Option<u64>,
    bytes_since: u64,
    last_ms: u64,
}

/// How long snapshots are kept. `None` is "for ever".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotRetention {
    /// `metadata.max.retention.bytes`: of the log and the snapshots together.
    pub bytes_max: Option<u64>,
    /// `metadata.max.retention.ms`.
    pub ms_max: Option<i64>,
}

/// What retention has to know of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetainedSnapshot {
    /// Which one it is.
    pub id: OffsetAndEpoch,
    /// Its size.
    pub size_bytes: u64,
    /// The timestamp of the last record that it stands for, in milliseconds since 1970.
    pub last_contained_log_timestamp_ms: i64,
}

impl SnapshotSchedule {
    /// `metadata.log.max.record.bytes.between.snapshots`, if it is not set.
    pub const BYTES_MAX: u64 = 20 << 20;
    /// `metadata.log.max.snapshot.interval.ms`, if it is not set.
    pub const INTERVAL_MS: u64 = 60 * 60 * 1000;

    /// A schedule that begins now. An interval of 0 is none.
    pub fn new(bytes_max: u64, interval_ms: u64, now: Now) -> Self {
        Self {
            bytes_max,
            interval_ms: Some(interval_ms).filter(|&interval_ms| interval_ms > 0),
            bytes_since: 0,
            last_ms: now.monotonic_ms,
        }
    }

    /// Notes records that were committed.
    pub const fn note_committed(&mut self, bytes: u64) {
        self.bytes_since = self.bytes_since.saturating_add(bytes);
    }

    /// Notes a snapshot that was taken or loaded.
    pub const fn note_snapshot(&mut self, now: Now) {
        self.bytes_since = 0;
        self.last_ms = now.monotonic_ms;
    }

    /// Whether a snapshot is due. Without new records none ever is.
    pub fn is_due(&self, now: Now) -> bool {
        let waited_ms = now.monotonic_ms.saturating_sub(self.last_ms);
        let is_late = self
            .interval_ms
            .is_some_and(|limit_ms| waited_ms >= limit_ms);
        self.bytes_since > 0 && (is_late || self.bytes_since >= self.bytes_max)
    }
}

impl SnapshotRetention {
    /// What holds if nothing is set: 100 MiB, 7 days.
    pub const DEFAULT: Self = Self {
        bytes_max: Some(100 << 20),
        ms_max: Some(7 * 24 * 60 * 60 * 1000),
    };
}

/// The first snapshot that has to stay, if any before it can go; then the log before it can go as
/// well. `snapshots` are in ascending order; the latest one always stays.
pub fn first_to_keep(
    snapshots: &[RetainedSnapshot],
    log_bytes: u64,
    retention: SnapshotRetention,
    now_ms: i64,
) -> Option<OffsetAndEpoch> {
    let mut size_bytes = snapshots.iter().fold(log_bytes, |sum, snapshot| {
        sum.saturating_add(snapshot.size_bytes)
    });
    let mut kept = None;
    for pair in snapshots.windows(2) {
        let (snapshot, next) = (pair[0], pair[1]);
        let is_too_much = retention.bytes_max.is_some_and(|limit| size_bytes > limit);
        let age_ms = now_ms.saturating_sub(snapshot.last_contained_log_timestamp_ms);
        let is_too_old = retention.ms_max.is_some_and(|limit_ms| age_ms > limit_ms);
        if !is_too_much && !is_too_old {
            break;
        }
        size_bytes -= snapshot.size_bytes;
        kept = Some(next.id);
    }
    kept
}

#[cfg(test)]
mod tests {
    use protocol::ids::{LeaderEpoch, Offset};

    use super::*;

    const fn at(monotonic_ms: u64) -> Now {
        Now {
            monotonic_ms,
            wall_ms: 0,
        }
    }

    const fn snapshot(offset: i64, timestamp_ms: i64) -> RetainedSnapshot {
        RetainedSnapshot {
            id: OffsetAndEpoch {
                offset: Offset(offset),
                epoch: LeaderEpoch(1),
            },
            size_bytes: 10,
            last_contained_log_timestamp_ms: timestamp_ms,
        }
    }

    #[test]
    fn a_snapshot_is_due_after_enough_bytes_or_enough_time_with_news() {
        let mut schedule = SnapshotSchedule::new(100, 1000, at(0));
        assert!(!schedule.is_due(at(5000)), "nothing was committed");
        schedule.note_committed(99);
        assert!(!schedule.is_due(at(999)));
        assert!(schedule.is_due(at(1000)));
        schedule.note_committed(1);
        assert!(schedule.is_due(at(1)));
        schedule.note_snapshot(at(1));
        assert!(!schedule.is_due(at(5000)));
    }

    #[test]
    fn an_interval_of_zero_is_none() {
        let mut schedule = SnapshotSchedule::new(100, 0, at(0));
        schedule.note_committed(1);
        assert!(!schedule.is_due(at(u64::MAX)));
    }

    #[test]
    fn snapshots_go_by_size_and_by_age_but_never_the_last_one() {
        let all = [snapshot(10, 100), snapshot(20, 200), snapshot(30, 300)];
        let check = |bytes_max, ms_max, now_ms| {
            let retention = SnapshotRetention { bytes_max, ms_max };
            first_to_keep(&all, 5, retention, now_ms).map(|id| id.offset.0)
        };
        assert_eq!(check(None, None, 10_000), None);
        assert_eq!(check(Some(35), None, 0), None);
        assert_eq!(check(Some(34), None, 0), Some(20));
        assert_eq!(check(Some(24), None, 0), Some(30));
        assert_eq!(check(Some(0), None, 0), Some(30));
        assert_eq!(check(None, Some(50), 150), None);
        assert_eq!(check(None, Some(50), 151), Some(20));
        assert_eq!(check(None, Some(50), 9000), Some(30));
        assert_eq!(
            first_to_keep(&all[..1], 5, SnapshotRetention::DEFAULT, i64::MAX),
            None
        );
    }
}
