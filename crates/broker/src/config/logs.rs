//! The upkeep of logs, and compaction.
//!
//! Not the job of this module: what holds for single topics (`topic`).

use super::error::ConfigError;
use super::settings::Settings;

/// The upkeep of logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogsConfig {
    /// `log.retention.check.interval.ms`.
    pub retention_check_interval_ms: u64,
    /// `log.flush.scheduler.interval.ms`.
    pub flush_check_interval_ms: u64,
    /// `log.flush.offset.checkpoint.interval.ms`.
    pub recovery_point_checkpoint_interval_ms: u64,
    /// `log.flush.start.offset.checkpoint.interval.ms`.
    pub start_offset_checkpoint_interval_ms: u64,
    /// `log.initial.task.delay.ms`.
    pub initial_task_delay_ms: u64,
    /// `log.dir.failure.timeout.ms`.
    pub directory_failure_timeout_ms: u64,
    /// `num.recovery.threads.per.data.dir`.
    pub recoveries_per_directory: u32,
}

/// Compaction, as `log.cleaner.*` says.
#[derive(Debug, Clone, PartialEq)]
pub struct CleanerConfig {
    /// `enable`.
    pub enabled: bool,
    /// `threads`.
    pub thread_count: u32,
    /// `dedupe.buffer.size`.
    pub dedupe_bytes: u64,
    /// `io.buffer.load.factor`.
    pub dedupe_load_factor: f64,
    /// `io.buffer.size`.
    pub io_buffer_bytes: u32,
    /// `io.max.bytes.per.second`.
    pub io_bytes_per_second_max: f64,
    /// `backoff.ms`.
    pub backoff_ms: u64,
}

impl LogsConfig {
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let recovery_point = "log.flush.offset.checkpoint.interval.ms";
        let start_offset = "log.flush.start.offset.checkpoint.interval.ms";
        Ok(Self {
            retention_check_interval_ms: settings.number("log.retention.check.interval.ms")?,
            flush_check_interval_ms: settings.number("log.flush.scheduler.interval.ms")?,
            recovery_point_checkpoint_interval_ms: settings.number(recovery_point)?,
            start_offset_checkpoint_interval_ms: settings.number(start_offset)?,
            initial_task_delay_ms: settings.number("log.initial.task.delay.ms")?,
            directory_failure_timeout_ms: settings.number("log.dir.failure.timeout.ms")?,
            recoveries_per_directory: settings.number("num.recovery.threads.per.data.dir")?,
        })
    }
}

impl CleanerConfig {
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let config = Self {
            enabled: settings.boolean("log.cleaner.enable")?,
            thread_count: settings.number("log.cleaner.threads")?,
            dedupe_bytes: settings.number("log.cleaner.dedupe.buffer.size")?,
            dedupe_load_factor: settings.double("log.cleaner.io.buffer.load.factor")?,
            io_buffer_bytes: settings.number("log.cleaner.io.buffer.size")?,
            io_bytes_per_second_max: settings.double("log.cleaner.io.max.bytes.per.second")?,
            backoff_ms: settings.number("log.cleaner.backoff.ms")?,
        };
        let bytes_a_thread = config.dedupe_bytes.checked_div(config.thread_count.into());
        if bytes_a_thread.is_some_and(|bytes| bytes <= 1 << 20) {
            let text = "log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.";
            return Err(ConfigError::requirement(text));
        }
        Ok(config)
    }
}
