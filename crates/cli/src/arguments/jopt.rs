//! Arguments as Kafka's tools that are written with jopt-simple take them: options by their full
//! names, behind two dashes or one, anywhere among the other arguments.

use client::exception::Exception;

use super::{OptionSpec, UsageError, Values, help_of_options};

/// A tool: what it does, and its options.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) about: &'static str,
    pub(crate) options: &'static [OptionSpec],
}

/// The options and the other arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) values: Values,
    pub(crate) others: Vec<String>,
}

impl Tool {
    /// Reads the arguments behind `program`. All options that are required are there then, unless
    /// the version is asked for.
    ///
    /// # Errors
    /// When they are not arguments of this tool; also for `--help`, which Kafka's tools answer on
    /// standard error and with the exit code of a failure.
    pub(crate) fn read(&self, program: &str, arguments: &[String]) -> Result<Parsed, UsageError> {
        if arguments.iter().any(|argument| argument == "--help") {
            return Err(self.refusal(program, self.about));
        }
        let parsed = parse(self.options, arguments);
        let parsed = parsed.map_err(|message| self.refusal(program, &message))?;
        let is_version_asked = parsed.values.has("version");
        let is_needed = |option: &&OptionSpec| option.is_required && !is_version_asked;
        let mut required = self.options.iter().filter(is_needed);
        match required.find(|option| !parsed.values.has(option.long)) {
            None => Ok(parsed),
            Some(option) => {
                let message = format!("Missing required argument \"[{}]\"", option.long);
                Err(self.refusal(program, &message))
            }
        }
    }

    /// Refuses a combination of arguments: the message, then how the tool is used.
    pub(crate) fn refusal(&self, program: &str, message: &str) -> UsageError {
        let usage = format!("usage: {program} [OPTION]...");
        UsageError {
            usage: message.to_owned(),
            message: help_of_options(&usage, self.about, self.options),
        }
    }
}

impl Parsed {
    /// The value of an option that may be given once.
    ///
    /// # Errors
    /// When it was given several times.
    pub(crate) fn single(&self, long: &str) -> Result<Option<&str>, Exception> {
        let mut values = self.values.all(long);
        let value = values.next();
        match values.next() {
            None => Ok(value),
            Some(_) => Err(Exception {
                class: "joptsimple.MultipleArgumentsForOptionException",
                message: format!(
                    "Found multiple arguments for option {long}, but you asked for only one"
                ),
            }),
        }
    }

    /// The number that an option was given, which may be given once.
    ///
    /// # Errors
    /// When it was given several times, or is no number of 32 bits.
    pub(crate) fn integer(&self, long: &str) -> Result<Option<i32>, Exception> {
        let Some(text) = self.single(long)? else {
            return Ok(None);
        };
        let number = text.parse().map(Some);
        number.map_err(|_| Exception {
            class: "joptsimple.OptionArgumentConversionException",
            message: format!("Cannot parse argument '{text}' of option {long}"),
        })
    }
}

/// Reads arguments.
///
/// # Errors
/// When an option is not known or its value is missing or too much; the message says which.
pub(crate) fn parse(
    options: &'static [OptionSpec],
    arguments: &[String],
) -> Result<Parsed, String> {
    let mut parsed = Parsed::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let name = argument.strip_prefix("--").or(argument.strip_prefix('-'));
        let Some(name) = name.filter(|_| argument != "-") else {
            parsed.others.push(argument.clone());
            continue;
        };
        if name.is_empty() {
            parsed.others.extend(rest.cloned());
            break;
        }
        let (name, joined) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (name, None),
        };
        let option = options.iter().find(|option| option.long == name);
        let option = option.ok_or_else(|| format!("{name} is not a recognized option"))?;
        let value = match (option.value, joined) {
            (None, None) => "",
            (None, Some(_)) => return Err(format!("option {name} takes no argument")),
            (Some(_), Some(value)) => value,
            (Some(_), None) if option.has_optional_value() => {
                let next = rest.as_slice().first();
                match next.filter(|next| *next == "-" || !next.starts_with('-')) {
                    None => "",
                    Some(value) => {
                        rest.next();
                        value
                    }
                }
            }
            (Some(_), None) => {
                let value = rest.next();
                value.ok_or_else(|| format!("option {name} requires an argument"))?
            }
        };
        parsed.values.give(option.long, value);
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &[OptionSpec] = &[
        OptionSpec {
            long: "override",
            short: None,
            value: Some("PROPERTY=VALUE"),
            is_required: false,
            help: "A property.",
        },
        OptionSpec {
            long: "version",
            short: None,
            value: None,
            is_required: false,
            help: "The version.",
        },
        OptionSpec::optional("state", "[STATES]", "The states."),
    ];

    fn parse_line(line: &str) -> Result<Parsed, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(OPTIONS, &arguments)
    }

    #[test]
    fn options_stand_anywhere_behind_one_dash_or_two() {
        for line in [
            "file --override a=1",
            "file --override=a=1",
            "file -override a=1",
            "-override=a=1 file",
        ] {
            let parsed = parse_line(line).unwrap();
            assert_eq!(parsed.others, ["file"], "{line}");
            assert_eq!(parsed.values.last("override"), Some("a=1"), "{line}");
        }
    }

    #[test]
    fn behind_two_dashes_and_for_a_single_one_there_is_no_option() {
        let parsed = parse_line("- -- --version").unwrap();
        assert_eq!(parsed.others, ["-", "--version"]);
    }

    #[test]
    fn a_value_that_is_one_or_a_number_is_checked_when_it_is_asked_for() {
        let parsed = parse_line("--override 7").unwrap();
        assert_eq!(parsed.integer("override"), Ok(Some(7)));
        assert_eq!(parsed.single("version"), Ok(None));
        let of = |line| parse_line(line).unwrap().integer("override").unwrap_err();
        let twice = "Found multiple arguments for option override, but you asked for only one";
        assert_eq!(of("--override 1 --override 1").message, twice);
        let no_number = "Cannot parse argument 'x' of option override";
        assert_eq!(of("--override x").message, no_number);
    }

    #[test]
    fn a_value_that_may_be_left_out_is_empty_then() {
        let check = |line, state| {
            let parsed = parse_line(line).unwrap();
            assert_eq!(parsed.values.last("state"), Some(state), "{line}");
        };
        check("--state", "");
        check("--state --version", "");
        check("--state=Empty", "Empty");
        check("--state Empty --version", "Empty");
    }

    #[test]
    fn options_may_not_be_abbreviated_nor_be_without_their_value() {
        let check = |line, message: &str| assert_eq!(parse_line(line).unwrap_err(), message);
        check("--over a=1", "over is not a recognized option");
        check("--override", "option override requires an argument");
        check("--version=1", "option version takes no argument");
    }
}
