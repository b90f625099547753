//! Arguments as Kafka's tools that are written with argparse4j take them: a subcommand, then its
//! options. Long options and subcommands may be abbreviated; short options may be joined.
//!
//! Left out: `@file`, which takes further arguments from a file.

#[cfg(test)]
mod tests;

use super::{OptionSpec, UsageError, Values, usage};

/// A tool with subcommands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    pub(crate) about: &'static str,
    /// What may stand before the name of a subcommand: its name is empty.
    pub(crate) before: Subcommand,
    pub(crate) subcommands: &'static [Subcommand],
}

/// One of the things that a tool does; or all of it, if the tool has no subcommands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subcommand {
    /// Empty if the tool has no subcommands.
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) options: &'static [OptionSpec],
    /// The long names of options of which at most one may be given. If they are required, one of
    /// them has to be.
    pub(crate) exclusive: &'static [&'static str],
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    Run {
        /// The name of the subcommand.
        subcommand: &'static str,
        values: Values,
    },
    /// This text.
    Help(String),
}

/// Options and what follows them, read from the front.
struct Reader<'a> {
    subcommand: &'static Subcommand,
    rest: std::slice::Iter<'a, String>,
    values: Values,
}

/// Whether to go on reading.
enum Step {
    Next,
    Help,
}

impl Tool {
    /// Reads the arguments behind the name of the program, which is called `program` in messages.
    ///
    /// # Errors
    /// When they are not arguments of this tool.
    pub(crate) fn parse(
        &'static self,
        program: &str,
        arguments: &[String],
    ) -> Result<Parsed, UsageError> {
        let error = |message: String| UsageError {
            usage: usage::of_tool(program, self),
            message: format!("{program}: error: {message}"),
        };
        let mut reader = Reader::new(&self.before, arguments);
        while let Some(argument) = reader.rest.next() {
            if is_option(argument) {
                match reader.take(argument).map_err(error)? {
                    Step::Next => continue,
                    Step::Help => return Ok(Parsed::Help(usage::help_of_tool(program, self))),
                }
            }
            let subcommand = self.find(argument).map_err(error)?;
            let parsed = subcommand.parse(program, reader.rest.as_slice())?;
            let Parsed::Run { subcommand, values } = parsed else {
                return Ok(parsed);
            };
            reader.check_required().map_err(error)?;
            reader.values.given.extend(values.given);
            return Ok(Parsed::Run {
                subcommand,
                values: reader.values,
            });
        }
        Err(error("too few arguments".to_owned()))
    }

    /// The number behind an option of a subcommand, if that was given.
    ///
    /// # Errors
    /// When it is no number of 32 bits.
    pub(crate) fn integer(
        &'static self,
        program: &str,
        (subcommand, values): (&str, &Values),
        long: &str,
    ) -> Result<Option<i32>, UsageError> {
        let Some(text) = values.last(long) else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            let mut all = self.subcommands.iter();
            let subcommand = all.find(|each| each.name == subcommand);
            let subcommand = subcommand.unwrap_or(&self.before);
            let names = subcommand.option(long).map(OptionSpec::names);
            let names = names.unwrap_or_default();
            let message = format!(
                "argument {names}: could not convert '{text}' to Integer (For input string: \
                 \"{text}\")"
            );
            subcommand.refusal(program, &message)
        })
    }

    fn find(&'static self, given: &str) -> Result<&'static Subcommand, String> {
        let all = self.subcommands;
        if let Some(exact) = all.iter().find(|each| each.name == given) {
            return Ok(exact);
        }
        let names = |found: &[&Subcommand], quote: &str| {
            let names = found
                .iter()
                .map(|each| format!("{quote}{}{quote}", each.name));
            names.collect::<Vec<_>>().join(", ")
        };
        let found: Vec<_> = all
            .iter()
            .filter(|each| each.name.starts_with(given))
            .collect();
        match found[..] {
            [only] => Ok(only),
            [] => {
                let choices = names(&all.iter().collect::<Vec<_>>(), "'");
                Err(format!("invalid choice: '{given}' (choose from {choices})"))
            }
            _ => {
                let choices = names(&found, "");
                Err(format!("ambiguous command: {given} could match {choices}"))
            }
        }
    }
}

impl<'a> Reader<'a> {
    fn new(subcommand: &'static Subcommand, arguments: &'a [String]) -> Self {
        Self {
            subcommand,
            rest: arguments.iter(),
            values: Values::default(),
        }
    }

    fn take(&mut self, argument: &str) -> Result<Step, String> {
        if let Some(name) = argument.strip_prefix("--").filter(|name| !name.is_empty()) {
            return self.take_long(name);
        }
        if is_option(argument) {
            return self.take_short(argument);
        }
        Err(format!("unrecognized arguments: '{argument}'"))
    }

    fn take_long(&mut self, argument: &str) -> Result<Step, String> {
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (argument, None),
        };
        let longs = || self.subcommand.options.iter().map(|option| option.long);
        let mut found: Vec<_> = longs().chain(["help"]).collect();
        found.retain(|long| long.starts_with(name));
        if found.contains(&name) {
            found = vec![name];
        }
        match found[..] {
            [] => Err(format!("unrecognized arguments: '--{argument}'")),
            ["help"] => take_help(value),
            [only] => {
                let option = self.subcommand.option(only);
                self.give(option.ok_or_else(|| only.to_owned())?, value)
            }
            _ => {
                let candidates: Vec<_> = found.iter().map(|long| format!("--{long}")).collect();
                let candidates = candidates.join(", ");
                Err(format!(
                    "ambiguous option: --{name} could match {candidates}"
                ))
            }
        }
    }

    /// `-c value`, `-cvalue`, `-c=value`, and flags joined as in `-sg`.
    fn take_short(&mut self, argument: &str) -> Result<Step, String> {
        let mut rest = argument[1..].chars();
        while let Some(short) = rest.next() {
            let joined = rest.as_str();
            let value = match joined.strip_prefix('=') {
                Some(value) => Some(value),
                None => Some(joined).filter(|joined| !joined.is_empty()),
            };
            if short == 'h' {
                return take_help(value);
            }
            let mut options = self.subcommand.options.iter();
            let option = options.find(|option| option.short == Some(short));
            let option = option.ok_or_else(|| format!("unrecognized arguments: '{argument}'"))?;
            if option.value.is_some() || joined.starts_with('=') {
                return self.give(option, value);
            }
            self.give(option, None)?;
        }
        Ok(Step::Next)
    }

    fn give(&mut self, option: &'static OptionSpec, joined: Option<&str>) -> Result<Step, String> {
        self.check_exclusive(option)?;
        let value = match (option.value, joined) {
            (None, None) => "",
            (None, Some(value)) => return Err(superfluous(&option.names(), value)),
            (Some(_), Some(value)) => value,
            (Some(_), None) => {
                let number = if option.has_several_values() {
                    "1"
                } else {
                    "one"
                };
                let plural = if option.has_several_values() {
                    "(s)"
                } else {
                    ""
                };
                let names = option.names();
                let missing = || format!("argument {names}: expected {number} argument{plural}");
                self.next_value().ok_or_else(missing)?
            }
        };
        self.values.give(option.long, value);
        while option.has_several_values()
            && joined.is_none()
            && let Some(value) = self.next_value()
        {
            self.values.give(option.long, value);
        }
        Ok(Step::Next)
    }

    /// The next argument, if it can be a value.
    fn next_value(&mut self) -> Option<&'a str> {
        let next = self.rest.as_slice().first()?;
        if is_option(next) && !is_negative_number(next) {
            return None;
        }
        self.rest.next();
        Some(next)
    }

    fn check_exclusive(&self, option: &OptionSpec) -> Result<(), String> {
        let exclusive = self.subcommand.exclusive;
        if !exclusive.contains(&option.long) {
            return Ok(());
        }
        let mut others = exclusive.iter().filter(|other| **other != option.long);
        let other = others.find(|other| self.values.has(other));
        match other.and_then(|other| self.subcommand.option(other)) {
            Some(other) => {
                let (names, others) = (option.names(), other.names());
                Err(format!(
                    "argument {names}: not allowed with argument {others}"
                ))
            }
            None => Ok(()),
        }
    }

    fn check_required(&self) -> Result<(), String> {
        let exclusive = self.subcommand.exclusive;
        let options = self.subcommand.options.iter();
        let is_missing = |option: &&OptionSpec| match exclusive.contains(&option.long) {
            true => !exclusive.iter().any(|long| self.values.has(long)),
            false => !self.values.has(option.long),
        };
        let mut missing = options
            .filter(|option| option.is_required)
            .filter(is_missing);
        match missing.next() {
            None => Ok(()),
            Some(missing) if exclusive.contains(&missing.long) => {
                let options = exclusive.iter();
                let options = options.filter_map(|long| self.subcommand.option(long));
                let names: Vec<String> = options.map(OptionSpec::names).collect();
                let names = names.join(" ");
                Err(format!("one of the arguments {names} is required"))
            }
            Some(missing) => Err(format!("argument {} is required", missing.names())),
        }
    }
}

impl Subcommand {
    /// No options before the name of a subcommand.
    pub(crate) const NONE: Self = Self {
        name: "",
        about: "",
        options: &[],
        exclusive: &[],
    };

    /// Reads the arguments behind the name of the subcommand, or of the program.
    ///
    /// # Errors
    /// When they are not arguments of this subcommand.
    pub(crate) fn parse(
        &'static self,
        program: &str,
        arguments: &[String],
    ) -> Result<Parsed, UsageError> {
        let mut reader = Reader::new(self, arguments);
        while let Some(argument) = reader.rest.next() {
            match reader.take(argument) {
                Ok(Step::Next) => {}
                Ok(Step::Help) => {
                    return Ok(Parsed::Help(usage::help_of_subcommand(program, self)));
                }
                Err(message) => return Err(self.refusal(program, &message)),
            }
        }
        let checked = reader.check_required();
        checked.map_err(|message| self.refusal(program, &message))?;
        Ok(Parsed::Run {
            subcommand: self.name,
            values: reader.values,
        })
    }

    /// Refuses a combination of arguments.
    pub(crate) fn refusal(&self, program: &str, message: &str) -> UsageError {
        UsageError {
            usage: usage::of_subcommand(program, self),
            message: format!("{program}: error: {message}"),
        }
    }

    fn option(&self, long: &str) -> Option<&'static OptionSpec> {
        self.options.iter().find(|option| option.long == long)
    }
}

fn take_help(value: Option<&str>) -> Result<Step, String> {
    match value {
        Some(value) => Err(superfluous("-h/--help", value)),
        None => Ok(Step::Help),
    }
}

fn superfluous(names: &str, value: &str) -> String {
    format!("argument {names}: ignore implicit argument '{value}'")
}

fn is_option(argument: &str) -> bool {
    argument.len() > 1 && argument.starts_with('-')
}

fn is_negative_number(argument: &str) -> bool {
    let number = argument.strip_prefix('-').unwrap_or_default();
    !number.is_empty()
        && number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}
