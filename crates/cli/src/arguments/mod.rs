//! The arguments of a tool: its options as a table, from which arguments are read and help is
//! written.
//!
//! Kafka's tools come in two dialects, by the library that they were written with. [`argparse`]
//! takes abbreviated long options and names of subcommands; [`jopt`] takes neither, but long
//! options behind a single dash. Not the job of this module: what a value means.

pub(crate) mod argparse;
pub(crate) mod jopt;
mod usage;

use std::fmt;
use std::str::FromStr;

pub(crate) use usage::help_of_options;

/// The version of Apache Kafka that tools say they are, for `--version`.
pub(crate) const KAFKA_VERSION: &str = "4.3.1";

/// An option of a tool. `--help` needs no row: every tool has it. Where it has one, as in the
/// tables for [`jopt`], it is for the help itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OptionSpec {
    /// Without its dashes.
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    /// What stands for its value in the help; none if it has no value. `[X]` is a value that may be
    /// left out, `X...` one or several.
    pub(crate) value: Option<&'static str>,
    pub(crate) is_required: bool,
    pub(crate) help: &'static str,
}

/// The options that were given, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    given: Vec<(&'static str, String)>,
}

/// Why arguments are refused, and how to do it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UsageError {
    pub(crate) usage: String,
    pub(crate) message: String,
}

impl Values {
    fn give(&mut self, long: &'static str, value: impl Into<String>) {
        self.given.push((long, value.into()));
    }

    /// Whether the option was given.
    pub(crate) fn has(&self, long: &str) -> bool {
        self.last(long).is_some()
    }

    /// The value of the option; the last one if it was given several times.
    pub(crate) fn last(&self, long: &str) -> Option<&str> {
        self.all(long).last()
    }

    /// The options with their values, in the order in which they were given.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let given = self.given.iter();
        given.map(|(long, value)| (*long, value.as_str()))
    }

    /// Which of two options was given, the new one or its forerunner.
    pub(crate) fn current(&self, new: &'static str, old: &'static str) -> &'static str {
        if self.has(old) { old } else { new }
    }

    /// The value of the option as a number; none if it was not given.
    ///
    /// # Errors
    /// When it is no number of that kind; the message says so.
    pub(crate) fn number<T: FromStr>(&self, long: &str) -> Result<Option<T>, String> {
        let Some(value) = self.last(long) else {
            return Ok(None);
        };
        let number = value.parse().map(Some);
        number.map_err(|_| format!("Cannot parse argument '{value}' of option {long}"))
    }

    /// All values of the option.
    pub(crate) fn all(&self, long: &str) -> impl Iterator<Item = &str> {
        let of_option = self.given.iter().filter(move |(given, _)| *given == long);
        of_option.map(|(_, value)| value.as_str())
    }
}

impl OptionSpec {
    pub(crate) const HELP: Self = Self::flag("help", "Show this text.");

    pub(crate) const VERSION: Self = Self::flag(
        "version",
        "Print the version of Apache Kafka that this is compatible with.",
    );

    pub(crate) const BOOTSTRAP_SERVER: Self = Self::required(
        "bootstrap-server",
        "HOST:PORT,...",
        "Brokers to connect to first.",
    );

    /// The brokers, of which there is no need where [`Self::BOOTSTRAP_CONTROLLER`] is given.
    pub(crate) const BOOTSTRAP_SERVER_OR: Self = Self {
        value: Some("BOOTSTRAP_SERVER"),
        ..Self::BOOTSTRAP_SERVER
    };

    pub(crate) const BOOTSTRAP_CONTROLLER: Self = Self::required(
        "bootstrap-controller",
        "BOOTSTRAP_CONTROLLER",
        "Controllers to connect to first, instead of brokers.",
    );

    /// A long option without a value, which may be left out.
    pub(crate) const fn flag(long: &'static str, help: &'static str) -> Self {
        Self {
            long,
            short: None,
            value: None,
            is_required: false,
            help,
        }
    }

    /// A long option with a value, which may be left out.
    pub(crate) const fn optional(
        long: &'static str,
        value: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            long,
            short: None,
            value: Some(value),
            is_required: false,
            help,
        }
    }

    /// A long option with a value, which may not be left out.
    pub(crate) const fn required(
        long: &'static str,
        value: &'static str,
        help: &'static str,
    ) -> Self {
        Self {
            is_required: true,
            ..Self::optional(long, value, help)
        }
    }

    /// Whether its value may be left out.
    fn has_optional_value(&self) -> bool {
        self.value.is_some_and(|value| value.starts_with('['))
    }

    /// Whether several values may stand behind it.
    fn has_several_values(&self) -> bool {
        self.value.is_some_and(|value| value.ends_with("..."))
    }

    /// How messages call it, such as `--config/-c`.
    fn names(&self) -> String {
        match self.short {
            Some(short) => format!("--{}/-{short}", self.long),
            None => format!("--{}", self.long),
        }
    }
}

impl fmt::Display for UsageError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n{}", self.usage, self.message)
    }
}

impl std::error::Error for UsageError {}
