//! The settings of one partition's log, as its topic has them.
//!
//! Not the job of this module: names, parsing and defaults from the broker's configuration. The
//! defaults here are Apache Kafka's topic defaults.

use protocol::compression::Compression;

/// The settings of a log. Sizes are in bytes, times in milliseconds; `None` is "no limit".
#[derive(Debug, Clone, PartialEq)]
pub struct LogConfig {
    /// `segment.bytes`: a segment is rolled before it would grow beyond this.
    pub segment_bytes: u32,
    /// `segment.ms`: a segment is rolled when it is older than this.
    pub segment_ms: i64,
    /// `segment.jitter.ms`: taken off `segment_ms` at random, so that not all roll at once.
    pub segment_jitter_ms: i64,
    /// `segment.index.bytes`: the size indexes are preallocated to; a full index rolls the segment.
    pub segment_index_bytes: u32,
    /// `index.interval.bytes`: how many bytes of records lie between two index entries.
    pub index_interval_bytes: u32,
    /// `preallocate`: segments are allocated in full when they are created.
    pub preallocate: bool,
    /// `retention.ms`: closed segments with nothing newer than this are deleted.
    pub retention_ms: Option<i64>,
    /// `retention.bytes`: the oldest segments are deleted while the log is larger than this.
    pub retention_bytes: Option<u64>,
    /// `flush.messages`: the log is synced after this many records.
    pub flush_messages: Option<i64>,
    /// `flush.ms`: the log is synced when a record has waited this long.
    pub flush_ms: Option<i64>,
    /// `file.delete.delay.ms`: how long a removed file keeps its bytes under another name.
    pub file_delete_delay_ms: i64,
    /// `max.message.bytes`: the largest batch that is accepted.
    pub max_message_bytes: u32,
    /// `cleanup.policy` contains `delete`.
    pub delete: bool,
    /// `cleanup.policy` contains `compact`.
    pub compact: bool,
    /// `min.cleanable.dirty.ratio`: the log is cleaned when more than this part of it is new, from
    /// 0 to 1.
    pub dirty_ratio_min: f64,
    /// `min.compaction.lag.ms`: younger records are not cleaned.
    pub compaction_lag_ms_min: i64,
    /// `max.compaction.lag.ms`: records do not wait longer than this for a cleaning.
    pub compaction_lag_ms_max: i64,
    /// `delete.retention.ms`: how long a tombstone is kept from the first cleaning on that could
    /// have dropped it.
    pub delete_retention_ms: i64,
    /// `compression.type` with its level; none stands for `producer`: batches are stored as they
    /// come.
    pub compression: Option<Compression>,
    /// `message.timestamp.type` is `LogAppendTime`.
    pub log_append_time: bool,
    /// `message.timestamp.before.max.ms`.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`.
    pub timestamp_after_max_ms: i64,
}

impl Default for LogConfig {
    fn default() -> Self {
        const HOUR_MS: i64 = 60 * 60 * 1000;
        const WEEK_MS: i64 = 7 * 24 * HOUR_MS;
        Self {
            segment_bytes: 1 << 30,
            segment_ms: WEEK_MS,
            segment_jitter_ms: 0,
            segment_index_bytes: 10 << 20,
            index_interval_bytes: 4096,
            preallocate: false,
            retention_ms: Some(WEEK_MS),
            retention_bytes: None,
            flush_messages: None,
            flush_ms: None,
            file_delete_delay_ms: 60_000,
            max_message_bytes: 1_048_588,
            delete: true,
            compact: false,
            dirty_ratio_min: 0.5,
            compaction_lag_ms_min: 0,
            compaction_lag_ms_max: i64::MAX,
            delete_retention_ms: 24 * HOUR_MS,
            compression: None,
            log_append_time: false,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: HOUR_MS,
        }
    }
}
