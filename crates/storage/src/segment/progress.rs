//! How far a segment has come: its size, timestamps, and when it is full or old enough.

use protocol::ids::Offset;

use super::scan::BatchAt;

/// How far a segment has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    /// Bytes of batches.
    pub(crate) size: u64,
    /// The largest timestamp of a batch, if any batch has one.
    pub(crate) largest: Option<LargestTimestamp>,
    /// The largest timestamp of the first batch, in milliseconds.
    pub(crate) first_timestamp: Option<i64>,
    /// When this process created or opened it, in milliseconds.
    pub(crate) created_ms: i64,
    /// Bytes of batches from the one of the last index entry on.
    pub(crate) bytes_since_entry: u64,
}

/// The largest timestamp so far, and the last offset of the first batch that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LargestTimestamp {
    pub(crate) timestamp: i64,
    pub(crate) last_offset: Offset,
}

/// What is about to be appended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NextAppend {
    pub(crate) bytes: u64,
    pub(crate) max_timestamp: i64,
    pub(crate) last_offset: Offset,
    pub(crate) now_ms: i64,
}

/// When a segment is full or old enough.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RollLimits {
    pub(crate) segment_bytes: u64,
    /// `segment.ms` less the jitter of this segment.
    pub(crate) segment_ms: i64,
    pub(crate) index_bytes: u32,
}

impl Progress {
    pub(crate) const fn empty(now_ms: i64) -> Self {
        Self {
            size: 0,
            largest: None,
            first_timestamp: None,
            created_ms: now_ms,
            bytes_since_entry: 0,
        }
    }

    /// Counts a batch, and returns whether it gets an index entry.
    pub(crate) fn note(&mut self, batch: &BatchAt, interval_bytes: u32) -> bool {
        let timestamp = batch.header.max_timestamp_ms;
        if timestamp >= 0
            && self
                .largest
                .is_none_or(|largest| timestamp > largest.timestamp)
        {
            let last_offset = batch.last_offset();
            self.largest = Some(LargestTimestamp {
                timestamp,
                last_offset,
            });
        }
        if self.size == 0 {
            self.first_timestamp = Some(timestamp);
        }
        let indexed = self.bytes_since_entry > u64::from(interval_bytes);
        if indexed {
            self.bytes_since_entry = 0;
        }
        let size = batch.header.size() as u64;
        self.bytes_since_entry += size;
        self.size += size;
        indexed
    }

    pub(crate) fn is_roll_due(&self, next: &NextAppend, limits: &RollLimits) -> bool {
        let full = self.size + next.bytes > limits.segment_bytes;
        full || self.size > 0 && self.waited_ms(next) > limits.segment_ms
    }

    /// How long the segment has waited to be rolled: by the timestamps of its records if they have
    /// any, so that the segments of a log that is replicated anew are as long as they were.
    const fn waited_ms(&self, next: &NextAppend) -> i64 {
        match self.first_timestamp {
            Some(first) if first >= 0 => next.max_timestamp.saturating_sub(first),
            _ => next.now_ms.saturating_sub(self.created_ms),
        }
    }

    /// The newest time that anything in the segment is from, in milliseconds.
    ///
    /// Kafka takes the file's modification time where records have no timestamps; here it is the
    /// time of creation or opening, so such segments live longer by up to a restart.
    pub(crate) fn newest_ms(&self) -> i64 {
        self.largest
            .map_or(self.created_ms, |largest| largest.timestamp)
    }
}
