//! The loggers of a node and their levels, which can be changed while it runs and are forgotten
//! when it stops (KIP-412).
//!
//! Not the job of this module: who may change them, and the log itself; it is chosen where the node
//! is put together.

use crate::config::ConfigChange;
use metadata::controller::{ApiError, ConfigOperation};
use protocol::ErrorCode;
use std::collections::BTreeMap;
use std::fmt::Debug;
use tracing::info;

/// The logger above all others. It always has a level.
pub const ROOT_LOGGER: &str = "root";

/// Down to which events a logger writes; the names are those of Kafka's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What ends the node. Nothing here is logged so.
    Fatal,
    /// What a human must look at.
    Error,
    /// What a human should know of.
    Warn,
    /// What the node does.
    Info,
    /// Why it does so.
    Debug,
    /// Everything.
    Trace,
}

/// The levels that can be set, in the order in which Kafka lists them.
const SETTABLE: [LogLevel; 6] = [
    LogLevel::Debug,
    LogLevel::Error,
    LogLevel::Fatal,
    LogLevel::Info,
    LogLevel::Trace,
    LogLevel::Warn,
];

/// The log of a process as far as its levels go.
pub trait Loggers: Debug + Send + Sync {
    /// All loggers that there are so far, each with the level that holds for it.
    fn levels(&self) -> BTreeMap<String, LogLevel>;

    /// Gives a logger a level of its own, or takes it away, so that the one above it counts.
    fn set_level(&self, name: &str, level: Option<LogLevel>);
}

/// A log without levels, such as that of a simulated node.
#[derive(Debug, Clone, Copy)]
pub struct NoLoggers;

impl Loggers for NoLoggers {
    fn levels(&self) -> BTreeMap<String, LogLevel> {
        BTreeMap::new()
    }

    fn set_level(&self, _: &str, _: Option<LogLevel>) {}
}

/// Changes levels, all or none of them.
///
/// # Errors
/// The code and the reason for the client, when one of them cannot be.
pub(crate) fn alter(
    loggers: &dyn Loggers,
    changes: &[ConfigChange<'_>],
    validate_only: bool,
) -> Result<(), ApiError> {
    let known = loggers.levels();
    let checked = changes.iter().map(|change| check(&known, change));
    let levels: Vec<Option<LogLevel>> = checked.collect::<Result<_, _>>()?;
    if validate_only {
        return Ok(());
    }
    for (change, level) in changes.iter().zip(levels) {
        loggers.set_level(change.name, level);
        let level = level.map_or("that of the logger above it", LogLevel::name);
        info!(logger = change.name, level, "set level of logger");
    }
    Ok(())
}

/// The level that a change asks for; none is for taking it away.
fn check(
    known: &BTreeMap<String, LogLevel>,
    change: &ConfigChange<'_>,
) -> Result<Option<LogLevel>, ApiError> {
    let ConfigChange {
        name, operation, ..
    } = *change;
    let not_allowed = |text: String| Err(ApiError::new(ErrorCode::INVALID_REQUEST, text));
    let invalid = |text: String| Err(ApiError::new(ErrorCode::INVALID_CONFIG, text));
    match ConfigOperation::from_code(operation) {
        Some(ConfigOperation::Set | ConfigOperation::Delete) if !known.contains_key(name) => {
            invalid(format!("Logger {name} does not exist!"))
        }
        Some(ConfigOperation::Delete) if name == ROOT_LOGGER => not_allowed(format!(
            "Removing the log level of the {ROOT_LOGGER} logger is not allowed"
        )),
        Some(ConfigOperation::Delete) => Ok(None),
        Some(ConfigOperation::Set) => {
            let value = change.value.unwrap_or_default();
            let level = SETTABLE.into_iter().find(|level| level.name() == value);
            level.map_or_else(
                || {
                    let all = SETTABLE.map(LogLevel::name).join(", ");
                    invalid(format!(
                        "Cannot set the log level of {name} to {value} as it is not a supported \
                         log level. Valid log levels are {all}"
                    ))
                },
                |level| Ok(Some(level)),
            )
        }
        Some(other) => not_allowed(format!(
            "{} operation is not allowed for the BROKER_LOGGER resource",
            other.name()
        )),
        None => not_allowed(format!(
            "Unknown operation type {operation} is not allowed for the BROKER_LOGGER resource"
        )),
    }
}

impl LogLevel {
    /// The name as Kafka writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Fatal => "FATAL",
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Debug)]
    struct Two(Mutex<BTreeMap<String, LogLevel>>);

    impl Loggers for Two {
        fn levels(&self) -> BTreeMap<String, LogLevel> {
            self.0.lock().unwrap().clone()
        }

        fn set_level(&self, name: &str, level: Option<LogLevel>) {
            let level = level.unwrap_or(LogLevel::Info);
            self.0.lock().unwrap().insert(name.to_owned(), level);
        }
    }

    fn loggers() -> Two {
        let names = [ROOT_LOGGER, "broker"].into_iter();
        let levels = names.map(|name| (name.to_owned(), LogLevel::Info));
        Two(Mutex::new(levels.collect()))
    }

    const fn change<'a>(name: &'a str, operation: i8, value: Option<&'a str>) -> ConfigChange<'a> {
        ConfigChange {
            name,
            operation,
            value,
        }
    }

    #[test]
    fn levels_change_together_or_not_at_all() {
        let loggers = loggers();
        let debug = change("broker", 0, Some("DEBUG"));
        let bad = change("nobody", 0, Some("DEBUG"));
        assert!(alter(&loggers, &[debug, bad], false).is_err());
        assert!(alter(&loggers, &[debug], true).is_ok());
        assert_eq!(loggers.levels()["broker"], LogLevel::Info);
        assert!(alter(&loggers, &[debug], false).is_ok());
        assert_eq!(loggers.levels()["broker"], LogLevel::Debug);
        assert!(alter(&loggers, &[change("broker", 1, None)], false).is_ok());
        assert_eq!(loggers.levels()["broker"], LogLevel::Info);
    }

    #[test]
    fn what_cannot_be_is_refused_in_kafkas_words() {
        let (config, request) = (ErrorCode::INVALID_CONFIG, ErrorCode::INVALID_REQUEST);
        for (change, code, text) in [
            (
                change("nobody", 0, Some("INFO")),
                config,
                "Logger nobody does not exist!",
            ),
            (
                change("nobody", 1, None),
                config,
                "Logger nobody does not exist!",
            ),
            (
                change("root", 0, Some("LOUD")),
                config,
                "Cannot set the log level of root to LOUD as it is not a supported log level. \
                 Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN",
            ),
            (
                change("root", 1, None),
                request,
                "Removing the log level of the root logger is not allowed",
            ),
            (
                change("root", 2, Some("INFO")),
                request,
                "APPEND operation is not allowed for the BROKER_LOGGER resource",
            ),
            (
                change("root", 9, Some("INFO")),
                request,
                "Unknown operation type 9 is not allowed for the BROKER_LOGGER resource",
            ),
        ] {
            let expected = ApiError::new(code, text);
            assert_eq!(alter(&loggers(), &[change], false), Err(expected));
        }
    }
}
