//! What a node was given: its file, its environment and its command line, one over the other.
//!
//! Not the job of this module: reading files and the environment; what keys mean together.
//!
//! Invariants:
//! - A key of the command line wins over the environment, that over the file.
//! - Values of passwords, of keys that nobody knows, and what came from a provider are never shown.
//!
//! Departure from Kafka: a file may be UTF-8 (Java reads ISO-8859-1 only).

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use storage::checkpoint::properties;

use super::environment::{self, Variable};
use super::error::{ConfigError, ConfigWarning};
use super::key::{ConfigKey, Reason, Standing};
use super::keys::{self, base_name, broker_key, broker_keys, names_elsewhere};
use super::nearest::nearest;
use super::network::OF_LISTENERS;
use super::providers;
use super::value::{Password, Value};

/// Where the configuration of a node comes from.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// What everything else stands on.
    pub base: Base<'a>,
    /// The environment, in any order; what does not begin with `KAFKA_` is passed over.
    pub environment: &'a [(String, String)],
    /// `--override`: `key=value`.
    pub overrides: &'a [String],
}

/// The lowest layer of a configuration.
#[derive(Clone, Copy)]
pub enum Base<'a> {
    /// The content of a `server.properties`.
    File(&'a [u8]),
    /// No file: one node on this machine, with its data in this directory.
    Standalone(&'a Path),
}

/// The keys that are set, by name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Settings {
    values: BTreeMap<String, String>,
    /// The values with variables in them, as they were before a provider was asked.
    variables: BTreeMap<String, String>,
}

/// Keys that say the same in two ways: when one of them is set, the other's preset gives way.
const ALTERNATIVES: &[[&str; 2]] = &[
    ["log.dirs", "log.dir"],
    ["node.id", "broker.id"],
    [
        "controller.quorum.bootstrap.servers",
        "controller.quorum.voters",
    ],
];

impl Settings {
    /// Puts the sources one over the other and names what is odd about them.
    ///
    /// # Errors
    /// When the file or an override is not of its format, a value is not of its key's type, or a
    /// key asks for security that is not there.
    pub fn collect(sources: &Sources<'_>) -> Result<(Self, Vec<ConfigWarning>), ConfigError> {
        let mut warnings = Vec::new();
        let mut given = match sources.base {
            Base::File(bytes) => parse_properties(bytes)?,
            Base::Standalone(_) => BTreeMap::new(),
        };
        let mut environment: Vec<_> = sources.environment.iter().collect();
        environment.sort_unstable();
        for (variable, value) in environment {
            match environment::recognise(variable) {
                Variable::Key(key) => {
                    given.insert(key, value.clone());
                }
                Variable::Unknown(key) => warnings.push(ConfigWarning::UnknownVariable {
                    variable: variable.clone(),
                    nearest: nearest_key(&key),
                }),
                Variable::Foreign => {}
            }
        }
        for text in sources.overrides {
            let Some((key, value)) = text.split_once('=') else {
                let reason = "an override is key=value".to_owned();
                return Err(ConfigError::Malformed(reason));
            };
            given.insert(key.trim().to_owned(), value.to_owned());
        }
        if let Base::Standalone(directory) = sources.base {
            let is_one = |name: &&str| !name.contains(',');
            let Some(name) = directory.to_str().filter(is_one) else {
                let reason = "the name of a directory is UTF-8 and has no comma";
                let shown = directory.to_string_lossy();
                return Err(ConfigError::value("log.dirs", &shown, reason));
            };
            add_presets(&mut given, name);
        }
        let variables = providers::resolve(&mut given, sources.environment)?;
        let settings = Self {
            values: given,
            variables,
        };
        settings.check()?;
        settings.warn(&mut warnings);
        Ok((settings, warnings))
    }

    pub(super) fn new(values: BTreeMap<String, String>) -> Self {
        Self {
            values,
            variables: BTreeMap::new(),
        }
    }

    /// Sets one key, in place of what has the same meaning in other units.
    pub(super) fn replace(&mut self, name: &str, value: &str) {
        for synonym in keys::same_meaning(name) {
            self.values.remove(*synonym);
        }
        self.values.insert(name.to_owned(), value.to_owned());
        self.variables.remove(name);
    }

    /// What was set for a key.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// All that was set. Values may be secrets.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The value of a key, set or default.
    ///
    /// # Errors
    /// When the key does not take what was set, or has to be set and is not.
    pub(super) fn value(&self, name: &'static str) -> Result<Option<Value>, ConfigError> {
        let key = broker_key(name).expect("the table has every key that the node reads");
        match self.given(name) {
            Some(text) => Value::parse(key, text).map(Some),
            None if key.default == super::key::DefaultValue::Required => {
                Err(ConfigError::Missing(key.name))
            }
            None => Ok(Value::default_of(key)),
        }
    }

    pub(super) fn boolean(&self, name: &'static str) -> Result<bool, ConfigError> {
        Ok(self.value(name)? == Some(Value::Boolean(true)))
    }

    /// A number; what is negative where that means nothing is refused.
    pub(super) fn number<T: TryFrom<i64>>(&self, name: &'static str) -> Result<T, ConfigError> {
        match self.value(name)? {
            Some(Value::Integer(number)) => T::try_from(number).map_err(|_| {
                ConfigError::value(name, &number.to_string(), "Value must be at least 0")
            }),
            _ => Err(ConfigError::Missing(name)),
        }
    }

    /// The numbers that single listeners have for a key, with the names of the listeners as they
    /// stand in the keys.
    pub(super) fn numbers_of_listeners<T: TryFrom<i64>>(
        &self,
        name: &'static str,
    ) -> Result<Vec<(&str, T)>, ConfigError> {
        let key = broker_key(name).expect("the table has every key that the node reads");
        let mut numbers = Vec::new();
        for (own, text) in self.all() {
            let Some(listener) = keys::listener_of(own, name) else {
                continue;
            };
            let number = match Value::parse(key, text)? {
                Value::Integer(number) => T::try_from(number).ok(),
                _ => None,
            };
            let reason = "Value must be at least 0";
            let number = number.ok_or_else(|| ConfigError::value(own, text, reason))?;
            numbers.push((listener, number));
        }
        Ok(numbers)
    }

    /// A number of which every negative value says "none".
    pub(super) fn limit<T: TryFrom<i64>>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, ConfigError> {
        match self.value(name)? {
            Some(Value::Integer(number)) => Ok(T::try_from(number).ok().filter(|_| number >= 0)),
            _ => Ok(None),
        }
    }

    pub(super) fn double(&self, name: &'static str) -> Result<f64, ConfigError> {
        match self.value(name)? {
            Some(Value::Double(number)) => Ok(number),
            _ => Err(ConfigError::Missing(name)),
        }
    }

    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, ConfigError> {
        Ok(self.value(name)?.map(|value| value.to_string()))
    }

    pub(super) fn list(&self, name: &'static str) -> Result<Option<Vec<String>>, ConfigError> {
        match self.value(name)? {
            Some(Value::List(parts)) => Ok(Some(parts)),
            _ => Ok(None),
        }
    }

    /// Checks the type of all that is set, and that nothing asks for security that is not there.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        for (name, text) in self.all() {
            let Some(key) = known_key(name) else {
                if keys::standing_elsewhere(base_name(name)) == Some(Standing::Refused)
                    && !text.trim().is_empty()
                {
                    let key = name.to_owned();
                    return Err(ConfigError::NotImplemented { key });
                }
                continue;
            };
            let value = match (Value::parse(key, text), self.variables.get(name)) {
                (Err(_), Some(variables)) => {
                    let reason = "the key does not take what its variables stand for";
                    return Err(ConfigError::value(name, variables, reason));
                }
                (parsed, _) => parsed?,
            };
            if key.standing == Standing::Refused && asks_for_something(key, &value) {
                let key = name.to_owned();
                return Err(ConfigError::NotImplemented { key });
            }
        }
        Ok(())
    }

    fn warn(&self, warnings: &mut Vec<ConfigWarning>) {
        for (name, text) in self.all() {
            if providers::is_of_provider(name) {
                continue;
            }
            let key = name.to_owned();
            let known = known_key(name);
            let is_default = known
                .is_some_and(|known| Value::parse(known, text).ok() == Value::default_of(known));
            let standing = match known {
                Some(known) if known.name != name && known.standing == Standing::Used => {
                    match OF_LISTENERS.contains(&known.name) {
                        true => Some(Standing::Used),
                        false => Some(Standing::WithoutMeaning(Reason::AllListeners)),
                    }
                }
                Some(known) => Some(known.standing),
                None => keys::standing_elsewhere(name),
            };
            match standing {
                None => warnings.push(ConfigWarning::UnknownKey {
                    nearest: nearest_key(name),
                    key,
                }),
                Some(Standing::WithoutMeaning(reason)) if !is_default => {
                    warnings.push(ConfigWarning::WithoutMeaning { key, reason });
                }
                Some(Standing::NotYet) if !is_default => {
                    warnings.push(ConfigWarning::NotYet { key });
                }
                // What has its default asks for nothing.
                Some(_) => {}
            }
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.all().map(|(name, text)| {
            let is_open = known_key(name).is_some_and(|key| !key.is_sensitive())
                && !self.variables.contains_key(name);
            (name, if is_open { text } else { Password::HIDDEN })
        });
        formatter.debug_map().entries(shown).finish()
    }
}

impl fmt::Debug for Base<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A file can hold passwords.
            Self::File(bytes) => write!(formatter, "File({} bytes)", bytes.len()),
            Self::Standalone(directory) => write!(formatter, "Standalone({})", directory.display()),
        }
    }
}

/// The key of the table that a name means, also one of a single listener and mechanism.
pub(super) fn known_key(name: &str) -> Option<&'static ConfigKey> {
    let base = base_name(name);
    broker_key(base).or_else(|| {
        let is_of_mechanism = |key: &&ConfigKey| {
            let rest = base.strip_suffix(key.name);
            base != name && rest.is_some_and(|rest| rest.ends_with('.'))
        };
        broker_keys().find(is_of_mechanism)
    })
}

/// Reads Java's properties format; of a key that occurs twice, the later value counts.
///
/// # Errors
/// When the bytes are not of that format.
pub fn parse_properties(bytes: &[u8]) -> Result<BTreeMap<String, String>, ConfigError> {
    let escaped;
    let latin = match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_ascii() => {
            escaped = escape(text);
            escaped.as_bytes()
        }
        _ => bytes,
    };
    let pairs = properties::parse(latin);
    let pairs = pairs.map_err(|error| ConfigError::Malformed(error.to_string()))?;
    Ok(pairs.into_iter().collect())
}

/// Writes what is not ASCII as `\uXXXX`, which Java's format takes everywhere.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut is_escaped = false;
    for character in text.chars() {
        if !character.is_ascii() {
            if is_escaped {
                escaped.pop();
            }
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04X}"));
            }
        } else {
            escaped.push(character);
        }
        is_escaped = character == '\\' && !is_escaped;
    }
    escaped
}

/// Whether a value that nothing here carries out differs from doing nothing.
fn asks_for_something(key: &ConfigKey, value: &Value) -> bool {
    let is_empty = match value {
        Value::Text(text) => text.is_empty(),
        Value::List(parts) => parts.is_empty(),
        Value::Password(password) => password.reveal().is_empty(),
        Value::Boolean(_) | Value::Integer(_) | Value::Double(_) => false,
    };
    !is_empty && Value::default_of(key).as_ref() != Some(value)
}

/// What one node on one machine is configured with: Kafka's own `server.properties` for that.
fn add_presets(given: &mut BTreeMap<String, String>, directory: &str) {
    let presets = [
        ("process.roles", "broker,controller"),
        ("node.id", "1"),
        ("controller.quorum.bootstrap.servers", "127.0.0.1:9093"),
        (
            "listeners",
            "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
        ),
        ("controller.listener.names", "CONTROLLER"),
        ("log.dirs", directory),
        ("offsets.topic.replication.factor", "1"),
        ("share.coordinator.state.topic.min.isr", "1"),
        ("share.coordinator.state.topic.replication.factor", "1"),
        ("transaction.state.log.min.isr", "1"),
        ("transaction.state.log.replication.factor", "1"),
    ];
    for (key, value) in presets {
        let mut alternatives = ALTERNATIVES.iter().filter(|pair| pair[0] == key);
        let is_replaced = alternatives.any(|pair| given.contains_key(pair[1]));
        if !is_replaced && !given.contains_key(key) {
            given.insert(key.to_owned(), value.to_owned());
        }
    }
}

fn nearest_key(name: &str) -> Option<&'static str> {
    let names = broker_keys().map(|key| key.name);
    nearest(name, names.chain(names_elsewhere()))
}
