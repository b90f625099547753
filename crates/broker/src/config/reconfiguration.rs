//! What a running node cannot be changed to, although it could be started so, and what is cut to
//! size instead of being refused.
//!
//! Not the job of this module: carrying a change out. The words are Kafka's, which wraps those of
//! the part that refuses.

use super::broker::BrokerConfig;
use super::error::{ConfigError, ConfigWarning};
use super::settings::Settings;

/// Threads may at most double or halve at a time. Here no threads follow from most of them.
const THREAD_COUNTS: &[&str] = &[
    "num.network.threads",
    "num.io.threads",
    "num.replica.fetchers",
    "num.recovery.threads.per.data.dir",
    "background.threads",
];
const CLEANER_THREADS: &str = "log.cleaner.threads";
const CONNECTION_LIMITS: &[&str] = &["max.connections", "max.connection.creation.rate"];
const CORDONED: &str = "cordoned.log.dirs";

/// Checks that a node can go from one configuration to another.
pub(super) fn check_change(now: &BrokerConfig, next: &BrokerConfig) -> Result<(), ConfigError> {
    if now.listeners != next.listeners {
        let text = "change listeners: not implemented while the node runs, set them in its file";
        return Err(ConfigError::Conflict(text.to_owned()));
    }
    for name in CONNECTION_LIMITS {
        let limit: i64 = next.settings().number(name)?;
        if limit <= 0 {
            return Err(refused(&format!("Invalid {name} {limit}")));
        }
    }
    for name in THREAD_COUNTS {
        check_thread_count(name, now, next)?;
    }
    check_cordoned(next)?;
    check_cleaner_threads(now, next)
}

/// Intervals between assignments of groups that lie outside of their bounds are cut to these, as in
/// Kafka, and that is told.
pub(super) fn clamp_assignment_intervals(settings: &mut Settings) -> Vec<ConfigWarning> {
    const INTERVALS: [[&str; 3]; 3] = [
        [
            "group.consumer.assignment.interval.ms",
            "group.consumer.min.assignment.interval.ms",
            "group.consumer.max.assignment.interval.ms",
        ],
        [
            "group.share.assignment.interval.ms",
            "group.share.min.assignment.interval.ms",
            "group.share.max.assignment.interval.ms",
        ],
        [
            "group.streams.assignment.interval.ms",
            "group.streams.min.assignment.interval.ms",
            "group.streams.max.assignment.interval.ms",
        ],
    ];
    let mut warnings = Vec::new();
    for [name, min, max] in INTERVALS {
        let numbers = (
            settings.number::<i64>(name),
            settings.number::<i64>(min),
            settings.number::<i64>(max),
        );
        let (Ok(interval_ms), Ok(min), Ok(max)) = numbers else {
            continue;
        };
        let taken = interval_ms.min(max).max(min);
        if taken != interval_ms && settings.given(name).is_some() {
            settings.replace(name, &taken.to_string());
            warnings.push(ConfigWarning::Unwise(format!(
                "{name} is {interval_ms}, which is not between {min} and {max}: {taken} is taken"
            )));
        }
    }
    warnings
}

fn check_thread_count(
    name: &'static str,
    now: &BrokerConfig,
    next: &BrokerConfig,
) -> Result<(), ConfigError> {
    let old: i64 = now.settings().number(name)?;
    let new: i64 = next.settings().number(name)?;
    if new == old {
        return Ok(());
    }
    let text = if new < old / 2 {
        format!("value should be at least half the current value {old}")
    } else if new > old * 2 {
        format!("value should not be greater than double the current value {old}")
    } else {
        return Ok(());
    };
    Err(refused(&format!(
        "Dynamic thread count update validation failed for {name}={new}, {text}"
    )))
}

fn check_cleaner_threads(now: &BrokerConfig, next: &BrokerConfig) -> Result<(), ConfigError> {
    let old: i64 = now.settings().number(CLEANER_THREADS)?;
    let new: i64 = next.settings().number(CLEANER_THREADS)?;
    if new == old {
        Ok(())
    } else if new < 1 {
        Err(refused("Log cleaner threads should be at least 1"))
    } else if new < old / 2 {
        Err(refused(&format!(
            "Log cleaner threads cannot be reduced to less than half the current value {old}"
        )))
    } else if new > old * 2 {
        Err(refused(&format!(
            "Log cleaner threads cannot be increased to more than double the current value {old}"
        )))
    } else {
        Ok(())
    }
}

/// Only what is a log directory can be cordoned (KIP-1066); an asterisk stands for all.
fn check_cordoned(next: &BrokerConfig) -> Result<(), ConfigError> {
    let cordoned = next.settings().list(CORDONED)?.unwrap_or_default();
    if cordoned.iter().any(|dir| dir == "*") {
        return match cordoned.len() {
            1 => Ok(()),
            _ => Err(ConfigError::requirement(&format!(
                "When {CORDONED} is set to *, it must not contain other values"
            ))),
        };
    }
    let dirs = next.node.log_dirs.iter();
    let known: Vec<_> = dirs.map(|dir| dir.to_string_lossy()).collect();
    let is_strange = |dir: &&String| !known.iter().any(|known| known == dir.as_str());
    let strange: Vec<&str> = cordoned
        .iter()
        .filter(is_strange)
        .map(String::as_str)
        .collect();
    if strange.is_empty() {
        return Ok(());
    }
    Err(ConfigError::requirement(&format!(
        "All entries in {CORDONED} must be present in log.dirs or log.dir. Missing entries : {}",
        strange.join(", ")
    )))
}

/// As Kafka tells that a part of the node refuses.
fn refused(text: &str) -> ConfigError {
    let value = format!("org.apache.kafka.common.config.ConfigException: {text}");
    ConfigError::Conflict(format!(
        "Invalid value {value} for configuration Invalid dynamic configuration"
    ))
}
