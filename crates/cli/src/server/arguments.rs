//! The arguments of `klamm server start`, which are those of Kafka's `kafka-server-start`; there
//! the file has to be named, here a node can do without.

use std::path::PathBuf;

use crate::arguments::{OptionSpec, UsageError, help_of_options, jopt};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::optional(
        "override",
        "PROPERTY=VALUE",
        "A property that goes before the file; may be given several times.",
    ),
    OptionSpec::flag(
        "daemon",
        "Run it in the background, and wait until it is ready. Its output goes to \
         kafkaServer.out in $LOG_DIR, or else in ./logs.",
    ),
    OptionSpec::VERSION,
    OptionSpec::HELP,
];

const ABOUT: &str = "Starts a node: broker, controller or both. Without a file it is one node on \
                     127.0.0.1, with its data in ./klamm-data.";

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    Start(StartArguments),
    /// In the background.
    Launch(StartArguments),
    Version,
    Help(String),
}

/// Where the configuration comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StartArguments {
    /// The `server.properties`, if there is one.
    pub(crate) file: Option<PathBuf>,
    /// `key=value`, in their order.
    pub(crate) overrides: Vec<String>,
}

/// Reads the arguments behind `program`.
///
/// # Errors
/// When they are not arguments of this command.
pub(crate) fn parse(program: &str, arguments: &[String]) -> Result<Parsed, UsageError> {
    let usage =
        || format!("usage: {program} [-daemon] [server.properties] [--override PROPERTY=VALUE]...");
    let error = |message: String| UsageError {
        usage: usage(),
        message: format!("{program}: error: {message}"),
    };
    let parsed = jopt::parse(OPTIONS, arguments).map_err(error)?;
    if parsed.values.has("help") {
        return Ok(Parsed::Help(help_of_options(&usage(), ABOUT, OPTIONS)));
    }
    if parsed.values.has("version") {
        return Ok(Parsed::Version);
    }
    let file = match &parsed.others[..] {
        [] => None,
        [file] => Some(PathBuf::from(file)),
        [_, further @ ..] => {
            let further = further.join(",");
            return Err(error(format!("Found non argument parameters: {further}")));
        }
    };
    let overrides = parsed.values.all("override").map(str::to_owned);
    let arguments = StartArguments {
        file,
        overrides: overrides.collect(),
    };
    Ok(match parsed.values.has("daemon") {
        true => Parsed::Launch(arguments),
        false => Parsed::Start(arguments),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Parsed, UsageError> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse("klamm server start", &arguments)
    }

    #[test]
    fn the_file_may_be_left_out_and_overrides_keep_their_order() {
        let check = |line, file: Option<&str>, overrides: &[&str]| {
            let expected = StartArguments {
                file: file.map(PathBuf::from),
                overrides: overrides.iter().map(|text| (*text).to_owned()).collect(),
            };
            assert_eq!(parse_line(line), Ok(Parsed::Start(expected)), "{line}");
        };
        check("", None, &[]);
        check("x.properties", Some("x.properties"), &[]);
        check("--override a=1 --override=b=2=3", None, &["a=1", "b=2=3"]);
        check("x --override a=1", Some("x"), &["a=1"]);
    }

    #[test]
    fn a_node_is_for_the_background_with_one_dash_or_two() {
        let check = |line| {
            let expected = StartArguments {
                file: Some("x".into()),
                overrides: Vec::new(),
            };
            assert_eq!(parse_line(line), Ok(Parsed::Launch(expected)), "{line}");
        };
        check("-daemon x");
        check("x --daemon");
    }

    #[test]
    fn what_is_no_argument_is_refused_with_the_usage() {
        let check = |line, message: &str| {
            let error = parse_line(line).unwrap_err();
            assert_eq!(
                error.message,
                format!("klamm server start: error: {message}")
            );
            assert!(error.usage.starts_with("usage: klamm server start "));
        };
        check("x y z", "Found non argument parameters: y,z");
        check("-daemons x", "daemons is not a recognized option");
        check("x --override", "option override requires an argument");
    }

    #[test]
    fn version_and_help_start_nothing() {
        assert_eq!(parse_line("x --version"), Ok(Parsed::Version));
        let Ok(Parsed::Help(text)) = parse_line("--help") else {
            panic!("no help");
        };
        assert!(text.contains("  --override PROPERTY=VALUE\n"), "{text}");
    }
}
