//! The properties that a client is configured with, by the names of Kafka's Java clients.
//!
//! Not the job of this module: which names there are, and what their values do.
//!
//! Invariant: values are not printed, not even by `Debug`; only a refused one that is no secret
//! is, by [`PropertyError::Invalid`].

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// Properties by name. Reading one notes its name, so that those which nobody reads can be told.
#[derive(Clone, Default)]
pub struct Properties {
    values: BTreeMap<String, String>,
    read: RefCell<BTreeSet<String>>,
}

/// Why a property cannot be applied.
#[derive(Debug, Error)]
pub enum PropertyError {
    /// The value is none of those that the property takes. Not for secrets: the message has it.
    #[error("Invalid value {value} for configuration {name}: {reason}")]
    Invalid {
        /// Its name.
        name: &'static str,
        /// What was given.
        value: String,
        /// What it must be.
        reason: String,
    },
    /// A secret is missing or malformed.
    #[error("read {name}: {reason}")]
    Secret {
        /// The name of the property.
        name: &'static str,
        /// What is wrong, without the value.
        reason: &'static str,
    },
    /// The property asks for something that is not done here.
    #[error("{name} is not supported: {reason}")]
    Unsupported {
        /// Its name.
        name: &'static str,
        /// What to do instead.
        reason: String,
    },
}

impl Properties {
    /// No properties.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a property; the earlier value is forgotten.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.values.insert(name.into(), value.into());
    }

    /// Sets a property if it has no value yet.
    pub fn set_default(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        self.values.entry(name.to_owned()).or_insert(value);
    }

    /// The value; none if it was not given.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name)?;
        self.read.borrow_mut().insert(name.to_owned());
        Some(value)
    }

    /// The names that were given and that nothing has read so far.
    pub fn unread(&self) -> Vec<&str> {
        let read = self.read.borrow();
        let names = self.values.keys().map(String::as_str);
        names.filter(|name| !read.contains(*name)).collect()
    }

    /// A number.
    ///
    /// # Errors
    /// When the value is no number of that kind.
    pub fn number<T: std::str::FromStr>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, PropertyError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let number = value.trim().parse().map(Some);
        number.map_err(|_| invalid(name, value, "Not a number of this type"))
    }

    /// A time in milliseconds.
    ///
    /// # Errors
    /// When the value is no number, or negative.
    pub fn milliseconds(&self, name: &'static str) -> Result<Option<Duration>, PropertyError> {
        Ok(self.number(name)?.map(Duration::from_millis))
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// When the value is neither.
    pub fn boolean(&self, name: &'static str) -> Result<Option<bool>, PropertyError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.trim().to_ascii_lowercase().as_str() {
            "true" => Ok(Some(true)),
            "false" => Ok(Some(false)),
            _ => Err(invalid(
                name,
                value,
                "Expected value to be either true or false",
            )),
        }
    }
}

/// The refusal of a value.
pub(crate) fn invalid(name: &'static str, value: &str, reason: impl Into<String>) -> PropertyError {
    PropertyError::Invalid {
        name,
        value: value.to_owned(),
        reason: reason.into(),
    }
}

impl fmt::Debug for Properties {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.values.keys()).finish()
    }
}

impl<N: Into<String>, V: Into<String>> Extend<(N, V)> for Properties {
    fn extend<T: IntoIterator<Item = (N, V)>>(&mut self, pairs: T) {
        for (name, value) in pairs {
            self.set(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_reads_is_known() {
        let mut properties = Properties::new();
        properties.extend([("acks", "1"), ("colour", "blue")]);
        properties.set_default("acks", "all");
        assert_eq!(properties.get("acks"), Some("1"));
        assert_eq!(properties.unread(), ["colour"]);
    }

    #[test]
    fn values_have_their_types() {
        let mut properties = Properties::new();
        properties.extend([
            ("linger.ms", "5"),
            ("enable.idempotence", "TRUE"),
            ("x", "y"),
        ]);
        let linger = properties.milliseconds("linger.ms").unwrap();
        assert_eq!(linger, Some(Duration::from_millis(5)));
        assert_eq!(
            properties.boolean("enable.idempotence").unwrap(),
            Some(true)
        );
        assert!(properties.number::<i32>("x").is_err());
        assert!(properties.boolean("x").is_err());
        assert_eq!(properties.number::<i32>("absent").unwrap(), None);
    }

    #[test]
    fn no_value_is_printed() {
        let mut properties = Properties::new();
        properties.set("ssl.key.password", "hush");
        assert_eq!(format!("{properties:?}"), r#"{"ssl.key.password"}"#);
    }
}
