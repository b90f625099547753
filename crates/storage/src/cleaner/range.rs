//! Which part of a log may be cleaned, how much of it is new, and which log is to be cleaned first.
//!
//! Pure functions over what is known of segments. Only whole segments are cleaned; what is never
//! cleaned: the active segment, whatever holds records at or behind the last stable offset, and
//! segments with records younger than `min.compaction.lag.ms`, with all that follow.

use protocol::ids::Offset;

/// What is to be known of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentSummary {
    pub(crate) base_offset: Offset,
    pub(crate) size_bytes: u64,
    /// The newest time that anything in it is from, in milliseconds.
    pub(crate) newest_ms: i64,
}

/// What is to be known of a log.
#[derive(Debug, Clone)]
pub(crate) struct LogSummary {
    pub(crate) log_start_offset: Offset,
    pub(crate) log_end_offset: Offset,
    pub(crate) last_stable_offset: Offset,
    /// Up to where the log was cleaned; none if it never was.
    pub(crate) cleaned_to: Option<Offset>,
    /// Ascending; the last one is the active one.
    pub(crate) segments: Vec<SegmentSummary>,
}

/// The part of a log that a cleaning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CleaningRange {
    /// Below this offset the log was cleaned.
    pub first_dirty: Offset,
    /// The base offset of the first segment that is not cleaned.
    pub first_uncleanable: Offset,
    /// Bytes of the segments that begin below the first dirty offset.
    pub clean_bytes: u64,
    /// Bytes of the segments with something new that may be cleaned.
    pub cleanable_bytes: u64,
}

impl LogSummary {
    /// What of the log may be cleaned.
    pub(crate) fn cleaning_range(&self, lag_ms_min: i64, now_ms: i64) -> CleaningRange {
        let first_dirty = match self.cleaned_to {
            Some(offset) if self.log_start_offset <= offset && offset <= self.log_end_offset => {
                offset
            }
            _ => self.log_start_offset,
        };
        let active = self.segments.len() - 1;
        let too_young = |segment: &SegmentSummary| {
            lag_ms_min > 0 && segment.newest_ms > now_ms.saturating_sub(lag_ms_min)
        };
        let mut dirty = self.segments[self.floor(first_dirty).min(active)..active].iter();
        let young = dirty.find(|segment| too_young(segment));
        let limits = [
            Some(self.last_stable_offset),
            young.map(|segment| segment.base_offset),
        ];
        let limit = limits.into_iter().flatten().min().unwrap_or(first_dirty);
        let end = self.floor(limit.max(first_dirty)).min(active);
        let first_uncleanable = self.segments[end].base_offset;
        let first = self.floor(first_dirty).min(end);
        let bytes = |segments: &[SegmentSummary]| segments.iter().map(|one| one.size_bytes).sum();
        let is_clean = |segment: &SegmentSummary| segment.base_offset < first_dirty;
        let clean_count = self.segments.partition_point(is_clean);
        CleaningRange {
            first_dirty,
            first_uncleanable,
            clean_bytes: bytes(&self.segments[..clean_count]),
            cleanable_bytes: bytes(&self.segments[first..end]),
        }
    }

    /// The index of the segment that an offset lies in; of the first one for what lies before it.
    fn floor(&self, offset: Offset) -> usize {
        let behind = |segment: &SegmentSummary| segment.base_offset <= offset;
        self.segments.partition_point(behind).saturating_sub(1)
    }
}

impl CleaningRange {
    /// Which part of what a cleaning would read is new, from 0 to 1.
    pub fn dirty_ratio(&self) -> f64 {
        match self.clean_bytes + self.cleanable_bytes {
            0 => 0.0,
            total => self.cleanable_bytes as f64 / total as f64,
        }
    }
}

/// A log that could be cleaned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) range: CleaningRange,
    /// `min.cleanable.dirty.ratio`.
    pub(crate) dirty_ratio_min: f64,
    /// For how long records have waited longer than `max.compaction.lag.ms`; 0 if none has.
    pub(crate) overdue_ms: i64,
}

impl Candidate {
    /// Whether a cleaning is worth it, or must be.
    pub(crate) fn is_due(&self) -> bool {
        let is_overdue = self.overdue_ms > 0 && self.range.cleanable_bytes > 0;
        is_overdue || self.range.dirty_ratio() > self.dirty_ratio_min
    }
}

/// For how long the oldest new records have waited longer than they may, by the timestamps of the
/// first batches of their segments.
pub(crate) fn overdue_ms(first_timestamps: &[i64], lag_ms_max: i64, now_ms: i64) -> i64 {
    let with_time = first_timestamps.iter().filter(|timestamp| **timestamp > 0);
    let limit = now_ms.saturating_sub(lag_ms_max.max(0));
    with_time
        .min()
        .map_or(0, |earliest| limit.saturating_sub(*earliest).max(0))
}

/// The index of the dirtiest one that is due.
pub(crate) fn dirtiest(candidates: &[Candidate]) -> Option<usize> {
    let due = candidates.iter().enumerate();
    let due = due.filter(|(_, candidate)| candidate.is_due());
    let ratio = |candidate: &Candidate| candidate.range.dirty_ratio();
    due.max_by(|(_, a), (_, b)| ratio(a).total_cmp(&ratio(b)))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_000;

    /// Segments of ten offsets and a hundred bytes, the older the earlier.
    fn summary(cleaned_to: Option<i64>, last_stable: i64) -> LogSummary {
        let segment = |index: i64| SegmentSummary {
            base_offset: Offset(10 * index),
            size_bytes: 100,
            newest_ms: 100 * index,
        };
        LogSummary {
            log_start_offset: Offset(5),
            log_end_offset: Offset(55),
            last_stable_offset: Offset(last_stable),
            cleaned_to: cleaned_to.map(Offset),
            segments: (0..6).map(segment).collect(),
        }
    }

    fn ends(range: CleaningRange) -> (i64, i64, u64, u64) {
        let (first, end) = (range.first_dirty.0, range.first_uncleanable.0);
        (first, end, range.clean_bytes, range.cleanable_bytes)
    }

    #[test]
    fn everything_but_the_active_segment_may_be_cleaned() {
        let range = summary(None, 55).cleaning_range(0, NOW_MS);
        assert_eq!(ends(range), (5, 50, 100, 500));
        let range = summary(Some(30), 55).cleaning_range(0, NOW_MS);
        assert_eq!(ends(range), (30, 50, 300, 200));
        assert!((range.dirty_ratio() - 0.4).abs() < 1e-9);
    }

    #[test]
    fn the_segment_of_the_last_stable_offset_is_not_cleaned() {
        let range = summary(Some(30), 44).cleaning_range(0, NOW_MS);
        assert_eq!(ends(range), (30, 40, 300, 100));
        let range = summary(Some(30), 12).cleaning_range(0, NOW_MS);
        assert_eq!(ends(range), (30, 30, 300, 0));
    }

    #[test]
    fn young_segments_and_all_behind_them_are_not_cleaned() {
        let range = summary(None, 55).cleaning_range(750, NOW_MS);
        assert_eq!(ends(range), (5, 30, 100, 300));
        let range = summary(None, 55).cleaning_range(i64::MAX, NOW_MS);
        assert_eq!(ends(range), (5, 0, 100, 0));
    }

    #[test]
    fn a_checkpoint_outside_of_the_log_has_the_whole_log_cleaned() {
        for cleaned_to in [4, 56] {
            let range = summary(Some(cleaned_to), 55).cleaning_range(0, NOW_MS);
            assert_eq!(range.first_dirty, Offset(5));
        }
    }

    #[test]
    fn the_dirtiest_log_comes_first_and_clean_ones_only_when_they_must() {
        let candidate = |cleaned_to, dirty_ratio_min, overdue_ms| Candidate {
            range: summary(Some(cleaned_to), 55).cleaning_range(0, NOW_MS),
            dirty_ratio_min,
            overdue_ms,
        };
        let (clean, dirty) = (candidate(40, 0.5, 0), candidate(10, 0.5, 0));
        assert_eq!(dirtiest(&[clean, clean]), None);
        assert_eq!(dirtiest(&[clean, dirty, candidate(20, 0.5, 9)]), Some(1));
        assert_eq!(dirtiest(&[clean, candidate(40, 0.5, 9)]), Some(1));
        assert_eq!(dirtiest(&[candidate(50, 0.0, 9)]), None);
    }

    #[test]
    fn records_wait_no_longer_than_they_may() {
        assert_eq!(overdue_ms(&[400, -1, 300], 600, NOW_MS), 100);
        assert_eq!(overdue_ms(&[400, -1], 600, NOW_MS), 0);
        assert_eq!(overdue_ms(&[1], i64::MAX, NOW_MS), 0);
        assert_eq!(overdue_ms(&[], 0, NOW_MS), 0);
    }
}
