//! Arguments as Kafka's tools that are written with jopt-simple take them: options by their full
//! names, behind two dashes or one, anywhere among the other arguments.

use super::{OptionSpec, Values};

/// The options and the other arguments.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) values: Values,
    pub(crate) others: Vec<String>,
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
    fn options_may_not_be_abbreviated_nor_be_without_their_value() {
        let check = |line, message: &str| assert_eq!(parse_line(line).unwrap_err(), message);
        check("--over a=1", "over is not a recognized option");
        check("--override", "option override requires an argument");
        check("--version=1", "option version takes no argument");
    }
}
