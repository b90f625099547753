//! The arguments of the tool, and which of them go together.

use std::io::{self, Write};
use std::time::Duration;

use anyhow::Result;
use client::exception::Exception;

use crate::arguments::jopt::{Parsed, Tool};
use crate::arguments::{OptionSpec, Values};

pub(super) const TOOL: Tool = Tool {
    about: "Lists, describes and deletes consumer groups, and moves or deletes their offsets.",
    options: &[
        OptionSpec::flag("all-groups", "All consumer groups are meant."),
        OptionSpec::flag(
            "all-topics",
            "All topics that the group has offsets of are meant.",
        ),
        OptionSpec::optional(
            "bootstrap-server",
            "HOST:PORT,...",
            "Brokers to connect to first. Required, except for --validate-regex.",
        ),
        OptionSpec::optional(
            "by-duration",
            "DURATION",
            "Move offsets to what was written this long ago; a duration such as P1DT2H3M4S.",
        ),
        OptionSpec::optional("command-config", "FILE", "Properties of the admin client."),
        OptionSpec::flag(
            "delete",
            "Delete groups, with all that they have committed.",
        ),
        OptionSpec::flag(
            "delete-offsets",
            "Delete the offsets of one group for some topics.",
        ),
        OptionSpec::flag(
            "describe",
            "Describe groups: by default their offsets and lag.",
        ),
        OptionSpec::flag(
            "dry-run",
            "With --reset-offsets: only show what would be done.",
        ),
        OptionSpec::flag("execute", "With --reset-offsets: do it."),
        OptionSpec::flag(
            "export",
            "With --reset-offsets: print the new offsets as CSV.",
        ),
        OptionSpec::optional("from-file", "FILE", "Move offsets to those of a CSV file."),
        OptionSpec::optional("group", "GROUP", "A group; may be given several times."),
        OptionSpec::HELP,
        OptionSpec::flag("list", "List the consumer groups."),
        OptionSpec::flag("members", "With --describe: the members."),
        OptionSpec::flag("offsets", "With --describe: the offsets."),
        OptionSpec::flag(
            "reset-offsets",
            "Move the offsets of groups without members.",
        ),
        OptionSpec::optional(
            "shift-by",
            "COUNT",
            "Move offsets by so much, forth or back.",
        ),
        OptionSpec::optional(
            "state",
            "[STATE,...]",
            "With --describe: the state. With --list: show states, and only groups in these.",
        ),
        OptionSpec::optional(
            "timeout",
            "MS",
            "How long anything may take; 30000 by default.",
        ),
        OptionSpec::flag(
            "to-current",
            "Move offsets to where they are, or to the end.",
        ),
        OptionSpec::optional(
            "to-datetime",
            "DATETIME",
            "Move offsets to what was written since; such as 2026-11-20T18:30:00.000.",
        ),
        OptionSpec::flag("to-earliest", "Move offsets to the first that there are."),
        OptionSpec::flag("to-latest", "Move offsets to the end."),
        OptionSpec::optional("to-offset", "OFFSET", "Move offsets to this one."),
        OptionSpec::optional(
            "topic",
            "TOPIC",
            "A topic, or partitions of it as in topic:0,1; may be given several times.",
        ),
        OptionSpec::optional(
            "type",
            "[TYPE,...]",
            "With --list: show types, and only groups of these: classic, consumer.",
        ),
        OptionSpec::optional(
            "validate-regex",
            "REGEX",
            "Say whether this is an expression.",
        ),
        OptionSpec::flag("verbose", "With --describe: show more."),
        OptionSpec::VERSION,
    ],
};

/// What can be done, of which a call does one thing.
const ACTIONS: [&str; 6] = [
    "list",
    "describe",
    "delete",
    "reset-offsets",
    "delete-offsets",
    "validate-regex",
];

/// Where offsets can be moved to.
pub(super) const SCENARIOS: [&str; 8] = [
    "to-offset",
    "to-datetime",
    "by-duration",
    "to-earliest",
    "to-latest",
    "to-current",
    "shift-by",
    "from-file",
];

const TIMEOUT_MS: u64 = 30_000;

/// How long a request may take.
///
/// # Errors
/// When the option was given several times.
pub(super) fn timeout(parsed: &Parsed) -> Result<Duration> {
    parsed.single("timeout")?;
    let timeout_ms = parsed.values.number::<i64>("timeout");
    let timeout_ms = timeout_ms.map_err(Exception::illegal_argument)?;
    let timeout_ms = timeout_ms.map_or(Ok(TIMEOUT_MS), u64::try_from);
    let negative = || Exception::illegal_argument("the timeout is negative");
    Ok(Duration::from_millis(timeout_ms.map_err(|_| negative())?))
}

/// Whether the options go together.
///
/// # Errors
/// What is wrong, in the words of Kafka's tool.
pub(super) fn check(values: &Values) -> Result<(), String> {
    check_values(values)?;
    if !values.has("validate-regex") && !values.has("bootstrap-server") {
        return Err("Missing required argument \"[bootstrap-server]\"".to_owned());
    }
    if values.has("describe") {
        check_describe(values)?;
    }
    if values.has("delete") {
        check_scope(values, "delete")?;
        if values.has("topic") {
            return Err(
                "The consumer does not support topic-specific offset deletion from a \
                        consumer group."
                    .to_owned(),
            );
        }
    }
    if values.has("delete-offsets") && !(values.has("group") && values.has("topic")) {
        let message = "Option [delete-offsets] takes the following options: [group], [topic]";
        return Err(message.to_owned());
    }
    if values.has("reset-offsets") {
        check_reset(values)?;
    }
    exclude(values, "group", &["all-groups", "list"])?;
    exclude(values, "topic", &["list", "describe"])?;
    if ACTIONS.iter().filter(|action| values.has(action)).count() != 1 {
        let actions = ACTIONS.map(|action| format!("--{action}")).join(", ");
        return Err(format!(
            "Command must include exactly one action: {actions}"
        ));
    }
    Ok(())
}

/// Numbers are numbers, and no option stands where there is nothing for it to say.
fn check_values(values: &Values) -> Result<(), String> {
    for number in ["timeout", "to-offset", "shift-by"] {
        values.number::<i64>(number)?;
    }
    let is_out_of_place = |option: &&str| {
        let needed: &[&str] = match *option {
            "state" => &["describe", "list"],
            "type" => &["list"],
            _ => &["describe"],
        };
        values.has(option) && !needed.iter().any(|needed| values.has(needed))
    };
    let options = ["members", "verbose", "offsets", "state", "type"];
    let found: Vec<&str> = options.into_iter().filter(is_out_of_place).collect();
    match found[..] {
        [] => Ok(()),
        _ => {
            let found = found.join(", ");
            let why = "are unavailable given other options on the command line";
            Err(format!("Option(s) [{found}] {why}"))
        }
    }
}

fn check_describe(values: &Values) -> Result<(), String> {
    check_scope(values, "describe")?;
    let views = ["members", "offsets", "state"];
    if views.iter().filter(|view| values.has(view)).count() > 1 {
        let views = "[members], [offsets], [state]";
        return Err(format!(
            "Option [describe] takes at most one of these options: {views}"
        ));
    }
    if values.last("state").is_some_and(|state| !state.is_empty()) {
        return Err("Option [describe] does not take a value for [state]".to_owned());
    }
    Ok(())
}

fn check_reset(values: &Values) -> Result<(), String> {
    if values.has("dry-run") && values.has("execute") {
        let message = "Option [reset-offsets] only accepts one of [execute] and [dry-run]";
        return Err(message.to_owned());
    }
    if !values.has("dry-run") && !values.has("execute") {
        let _ = writeln!(
            io::stderr(),
            "WARN: No action will be performed as the --execute option is missing. A later \
             version will want either --dry-run or --execute; add --dry-run to a script that is \
             to go on only showing what would be done."
        );
    }
    check_scope(values, "reset-offsets")?;
    for scenario in SCENARIOS {
        let others: Vec<_> = SCENARIOS
            .into_iter()
            .filter(|other| *other != scenario)
            .collect();
        exclude(values, scenario, &others)?;
    }
    Ok(())
}

fn check_scope(values: &Values, action: &str) -> Result<(), String> {
    if values.has("group") || values.has("all-groups") {
        return Ok(());
    }
    let scopes = "[group], [all-groups]";
    Err(format!(
        "Option [{action}] takes one of these options: {scopes}"
    ))
}

fn exclude(values: &Values, option: &str, others: &[&str]) -> Result<(), String> {
    match others
        .iter()
        .find(|other| values.has(option) && values.has(other))
    {
        None => Ok(()),
        Some(other) => Err(format!(
            "Option \"[{option}]\" can't be used with option \"[{other}]\""
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::jopt::parse;

    fn checked(line: &str) -> Result<(), String> {
        let line = format!("--bootstrap-server x:1 {line}");
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        check(&parse(TOOL.options, &arguments)?.values)
    }

    #[test]
    fn calls_that_make_sense_are_taken() {
        for line in [
            "--list",
            "--list --state --type",
            "--list --state stable,empty --type=classic",
            "--describe --group a --group b",
            "--describe --all-groups --members --verbose",
            "--describe --group a --state",
            "--reset-offsets --group a --topic t:0,1 --to-offset -3 --dry-run",
            "--reset-offsets --all-groups --all-topics --shift-by -5 --execute --export",
            "--delete --group a --timeout 5",
            "--delete-offsets --group a --topic t",
        ] {
            assert_eq!(checked(line), Ok(()), "{line}");
        }
    }

    #[test]
    fn calls_that_make_none_are_refused_as_kafkas_tool_does() {
        let check = |line, message: &str| assert_eq!(checked(line).unwrap_err(), message, "{line}");
        check(
            "",
            "Command must include exactly one action: --list, --describe, --delete, \
             --reset-offsets, --delete-offsets, --validate-regex",
        );
        check(
            "--describe",
            "Option [describe] takes one of these options: [group], [all-groups]",
        );
        check(
            "--describe --group a --members --offsets",
            "Option [describe] takes at most one of these options: [members], [offsets], [state]",
        );
        check(
            "--describe --group a --state Empty",
            "Option [describe] does not take a value for [state]",
        );
        check(
            "--list --group a",
            "Option \"[group]\" can't be used with option \"[list]\"",
        );
        check(
            "--delete-offsets --group a",
            "Option [delete-offsets] takes the following options: [group], [topic]",
        );
        check(
            "--reset-offsets --group a --execute --dry-run",
            "Option [reset-offsets] only accepts one of [execute] and [dry-run]",
        );
        check(
            "--reset-offsets --group a --dry-run --to-latest --to-earliest",
            "Option \"[to-earliest]\" can't be used with option \"[to-latest]\"",
        );
        check(
            "--delete --group a --members",
            "Option(s) [members] are unavailable given other options on the command line",
        );
        check(
            "--list --timeout x",
            "Cannot parse argument 'x' of option timeout",
        );
    }
}
