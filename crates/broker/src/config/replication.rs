//! Replicas, and the life of brokers in their cluster.

use super::error::{ConfigError, ConfigWarning};
use super::settings::Settings;

/// Replicas and the life of brokers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicationConfig {
    /// `replica.lag.time.max.ms`.
    pub lag_ms_max: u64,
    /// `replica.high.watermark.checkpoint.interval.ms`.
    pub high_watermark_checkpoint_interval_ms: u64,
    /// `broker.heartbeat.interval.ms`.
    pub heartbeat_interval_ms: u64,
    /// `broker.session.timeout.ms`.
    pub session_timeout_ms: u64,
    /// `initial.broker.registration.timeout.ms`.
    pub registration_timeout_ms: u64,
    /// `num.replica.alter.log.dirs.threads`; none for as many as there are log directories.
    pub log_directory_move_count: Option<usize>,
    /// `controlled.shutdown.enable`.
    pub controlled_shutdown: bool,
}

impl ReplicationConfig {
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let checkpoint_interval = "replica.high.watermark.checkpoint.interval.ms";
        let config = Self {
            lag_ms_max: settings.number("replica.lag.time.max.ms")?,
            high_watermark_checkpoint_interval_ms: settings.number(checkpoint_interval)?,
            heartbeat_interval_ms: settings.number("broker.heartbeat.interval.ms")?,
            session_timeout_ms: settings.number("broker.session.timeout.ms")?,
            registration_timeout_ms: settings.number("initial.broker.registration.timeout.ms")?,
            log_directory_move_count: settings.limit("num.replica.alter.log.dirs.threads")?,
            controlled_shutdown: settings.boolean("controlled.shutdown.enable")?,
        };
        let wait_ms: u64 = settings.number("replica.fetch.wait.max.ms")?;
        if wait_ms > settings.number("replica.socket.timeout.ms")? {
            let text = "replica.socket.timeout.ms should always be at least \
                        replica.fetch.wait.max.ms to prevent unnecessary socket timeouts";
            return Err(ConfigError::Conflict(text.to_owned()));
        }
        if wait_ms > config.lag_ms_max {
            let text = "replica.fetch.wait.max.ms should always be less than or equal to \
                        replica.lag.time.max.ms to prevent frequent changes in ISR";
            return Err(ConfigError::Conflict(text.to_owned()));
        }
        Ok(config)
    }

    pub(super) fn warn(&self, warnings: &mut Vec<ConfigWarning>) {
        let (interval_ms, timeout_ms) = (self.heartbeat_interval_ms, self.session_timeout_ms);
        if interval_ms.saturating_mul(2) > timeout_ms {
            warnings.push(ConfigWarning::Unwise(format!(
                "broker.heartbeat.interval.ms ({interval_ms} ms) is more than half of \
                 broker.session.timeout.ms ({timeout_ms} ms): one heartbeat that is lost fences \
                 the broker"
            )));
        }
    }
}
