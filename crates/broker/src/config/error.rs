//! Why a configuration is refused, and what is said about one that is not.

use thiserror::Error;

use super::key::Reason;

/// Why a node does not start with a configuration, or a change of one is refused.
///
/// The texts are for people and say which key is meant; where Apache Kafka has a text, it is that.
/// No value of a password is ever part of them.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// A value that its key does not take.
    #[error("Invalid value {value} for configuration {key}: {reason}")]
    Value {
        /// The key.
        key: String,
        /// What was given.
        value: String,
        /// What is allowed.
        reason: String,
    },
    /// A list that its key does not take.
    #[error("Configuration '{key}' {reason}")]
    List {
        /// The key.
        key: String,
        /// What is wrong with the list.
        reason: String,
    },
    /// A key that has to be set.
    #[error("Missing required configuration \"{0}\" which has no default value.")]
    Missing(&'static str),
    /// A key that asks for what is not there, so that serving without it would be less strict.
    #[error(
        "start with {key}: not implemented, and serving without it would be less strict than \
         configured"
    )]
    NotImplemented {
        /// The key, or the listener that asks for it.
        key: String,
    },
    /// Values that cannot be together.
    #[error("{0}")]
    Conflict(String),
    /// Text that is not of Java's properties format.
    #[error("read configuration: {0}")]
    Malformed(String),
}

impl ConfigError {
    pub(super) fn value(key: &str, value: &str, reason: impl Into<String>) -> Self {
        Self::Value {
            key: key.to_owned(),
            value: value.to_owned(),
            reason: reason.into(),
        }
    }

    /// Values that cannot be together, as Kafka's server says it.
    pub(super) fn requirement(text: &str) -> Self {
        Self::Conflict(format!("requirement failed: {text}"))
    }

    pub(super) fn list(key: &str, reason: impl Into<String>) -> Self {
        Self::List {
            key: key.to_owned(),
            reason: reason.into(),
        }
    }
}

/// What a user should know of a configuration that is taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigWarning {
    /// Nobody knows the key.
    #[error("configuration {key} is unknown{}", suggestion(.nearest))]
    UnknownKey {
        /// The key.
        key: String,
        /// A known key that is spelt almost so.
        nearest: Option<&'static str>,
    },
    /// An environment variable that looks like a key and is none.
    #[error("environment variable {variable} names no configuration{}", suggestion(.nearest))]
    UnknownVariable {
        /// The variable.
        variable: String,
        /// A known key that is spelt almost so.
        nearest: Option<&'static str>,
    },
    /// The key changes nothing here.
    #[error("configuration {key} has no meaning here: {}", .reason.text())]
    WithoutMeaning {
        /// The key.
        key: String,
        /// Why.
        reason: Reason,
    },
    /// The key has no effect so far.
    #[error("configuration {key} is not implemented yet and has no effect")]
    NotYet {
        /// The key.
        key: String,
    },
    /// A dynamic value that is passed over.
    #[error("dynamic configuration {key} is ignored: {reason}")]
    Ignored {
        /// The key.
        key: String,
        /// Why.
        reason: String,
    },
    /// Something that is allowed and unwise.
    #[error("{0}")]
    Unwise(String),
}

fn suggestion(nearest: &Option<&'static str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean {name}?"))
}
