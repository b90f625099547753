//! The arguments of the tool: what is to be read, and by which consumer.

use std::io::Write;

use anyhow::Result;
use client::Properties;
use regex::Regex;

use crate::arguments::jopt::{Parsed, Tool};
use crate::arguments::{OptionSpec, Values};
use crate::{cluster, surroundings};

use super::date_pattern::DatePattern;
use super::illegal;

/// What the tool calls itself unless a property says otherwise.
pub(super) const CLIENT_ID: &str = "perf-consumer-client";

pub(super) const TOOL: Tool = Tool {
    about: "Measures how fast records are consumed.",
    options: &[
        OptionSpec::BOOTSTRAP_SERVER,
        OptionSpec::optional("command-config", "FILE", "A file with properties."),
        OptionSpec::optional(
            "command-property",
            "NAME=VALUE",
            "A property of the consumer.",
        ),
        OptionSpec::optional("consumer.config", "FILE", "As --command-config; old."),
        OptionSpec::optional(
            "date-format",
            "PATTERN",
            "How times are written; yyyy-MM-dd HH:mm:ss:SSS if nothing is said.",
        ),
        OptionSpec::optional("fetch-size", "BYTES", "Of a partition at once; 1048576."),
        OptionSpec::flag(
            "from-latest",
            "Begin at the end, where nothing is committed.",
        ),
        OptionSpec::optional("group", "GROUP", "The group; a new one if nothing is said."),
        OptionSpec::HELP,
        OptionSpec::flag("hide-header", "Do not print what the columns are."),
        OptionSpec::optional("include", "PATTERN", "Read the topics whose names match."),
        OptionSpec::optional("messages", "COUNT", "As --num-records; old."),
        OptionSpec::optional("num-records", "COUNT", "How many records to read."),
        OptionSpec::flag(
            "print-metrics",
            "Print what the consumer has measured, at the end.",
        ),
        OptionSpec::optional("reporting-interval", "MS", "Time between reports; 5000."),
        OptionSpec::flag("show-detailed-stats", "Report while it goes on."),
        OptionSpec::optional("socket-buffer-size", "BYTES", "Of the socket; 2097152."),
        OptionSpec::optional(
            "timeout",
            "[MS]",
            "Give up after so long without records; 10000.",
        ),
        OptionSpec::optional("topic", "TOPIC", "The topic to read."),
        OptionSpec::VERSION,
    ],
};

/// What is to be read.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) topics: Topics,
    pub(super) record_count: u64,
    pub(super) timeout_ms: i64,
    pub(super) reporting_interval_ms: i64,
    pub(super) dates: DatePattern,
    pub(super) with_header: bool,
    pub(super) is_detailed: bool,
    pub(super) with_metrics: bool,
}

#[derive(Debug)]
pub(super) enum Topics {
    Named(String),
    /// The whole name.
    Matching(Regex),
}

/// Whether the options go together.
///
/// # Errors
/// What is wrong, in the words of Kafka's tool.
pub(super) fn check(values: &Values) -> Result<(), String> {
    for [one, other] in [["topic", "include"], ["messages", "num-records"]] {
        if values.has(one) == values.has(other) {
            let what = "Exactly one of the following arguments is required:";
            return Err(format!("{what} [{one}], [{other}]"));
        }
    }
    if values.has("consumer.config") && values.has("command-config") {
        let message = "Option \"[consumer.config]\" can't be used with option \"[command-config]\"";
        return Err(message.to_owned());
    }
    Ok(())
}

impl Plan {
    /// Reads the values.
    ///
    /// # Errors
    /// When one of them is none that the option takes.
    pub(super) fn of(parsed: &Parsed) -> Result<Self> {
        let values = &parsed.values;
        let topics = match parsed.single("include")? {
            Some(pattern) => {
                let whole = Regex::new(&format!(r"\A(?:{pattern})\z"));
                Topics::Matching(whole.map_err(|error| illegal(error.to_string()))?)
            }
            None => Topics::Named(parsed.single("topic")?.unwrap_or_default().to_owned()),
        };
        let count = number(values, "messages")?.or(number(values, "num-records")?);
        let timeout_ms = match values.last("timeout") {
            None | Some("") => None,
            Some(_) => number(values, "timeout")?,
        };
        let interval_ms = number(values, "reporting-interval")?.unwrap_or(5000);
        if interval_ms <= 0 {
            return Err(illegal("Reporting interval must be greater than 0."));
        }
        let dates = parsed
            .single("date-format")?
            .unwrap_or("yyyy-MM-dd HH:mm:ss:SSS");
        Ok(Self {
            topics,
            record_count: count.unwrap_or(0).max(0).cast_unsigned(),
            timeout_ms: timeout_ms.unwrap_or(10_000),
            reporting_interval_ms: interval_ms,
            dates: DatePattern::parse(dates).map_err(illegal)?,
            with_header: !values.has("hide-header"),
            is_detailed: values.has("show-detailed-stats"),
            with_metrics: values.has("print-metrics"),
        })
    }
}

/// The properties of the consumer; what is old is said to be so.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn properties(values: &Values, out: &mut dyn Write) -> Result<Properties> {
    if values.has("messages") {
        writeln!(
            out,
            "Warning: --messages is deprecated. Use --num-records instead."
        )?;
    }
    let file = values.last("consumer.config");
    if file.is_some() {
        writeln!(
            out,
            "Warning: --consumer.config is deprecated. Use --command-config instead."
        )?;
    }
    let file = file.or(values.last("command-config"));
    let mut properties = cluster::properties(file, std::iter::empty())?;
    for pair in values.all("command-property") {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        properties.set(name, value);
    }
    let buffer_bytes = number(values, "socket-buffer-size")?.unwrap_or(2 << 20);
    let fetch_bytes = number(values, "fetch-size")?.unwrap_or(1 << 20);
    let reset = if values.has("from-latest") {
        "latest"
    } else {
        "earliest"
    };
    let new_group = || format!("perf-consumer-{}", surroundings::wall_ms() % 100_000);
    properties.extend([
        (
            "bootstrap.servers",
            values
                .last("bootstrap-server")
                .unwrap_or_default()
                .to_owned(),
        ),
        (
            "group.id",
            values.last("group").map_or_else(new_group, str::to_owned),
        ),
        ("receive.buffer.bytes", buffer_bytes.to_string()),
        ("max.partition.fetch.bytes", fetch_bytes.to_string()),
        ("auto.offset.reset", reset.to_owned()),
        ("check.crcs", "false".to_owned()),
    ]);
    properties.set_default("client.id", CLIENT_ID);
    properties.set_default("allow.auto.create.topics", "true");
    Ok(properties)
}

fn number(values: &Values, option: &str) -> Result<Option<i64>> {
    values.number(option).map_err(illegal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::jopt::parse;

    fn parsed(line: &str) -> Parsed {
        let line = format!("--bootstrap-server x:1 {line}");
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(TOOL.options, &arguments).unwrap()
    }

    #[test]
    fn a_topic_or_a_pattern_and_a_count_are_needed() {
        let check = |line| check(&parsed(line).values);
        assert_eq!(check("--topic t --num-records 5"), Ok(()));
        let what = "Exactly one of the following arguments is required: [topic], [include]";
        assert_eq!(check("--num-records 5"), Err(what.to_owned()));
        let what = "Exactly one of the following arguments is required: [messages], [num-records]";
        assert_eq!(check("--topic t"), Err(what.to_owned()));
    }

    #[test]
    fn values_have_defaults_and_are_checked() {
        let plan = Plan::of(&parsed("--topic t --num-records 5 --timeout")).unwrap();
        assert_eq!((plan.record_count, plan.timeout_ms), (5, 10_000));
        assert_eq!(plan.reporting_interval_ms, 5000);
        for bad in [
            "--reporting-interval 0",
            "--num-records x",
            "--date-format q",
        ] {
            assert!(
                Plan::of(&parsed(&format!("--topic t {bad}"))).is_err(),
                "{bad}"
            );
        }
        assert!(Plan::of(&parsed("--include ( --num-records 5")).is_err());
    }

    #[test]
    fn what_the_tool_says_goes_before_properties() {
        let line = "--topic t --num-records 5 --command-property group.id=x \
                    --command-property client.id=c --group g";
        let mut out = Vec::new();
        let properties = properties(&parsed(line).values, &mut out).unwrap();
        assert_eq!(properties.get("group.id"), Some("g"));
        assert_eq!(properties.get("client.id"), Some("c"));
        assert_eq!(properties.get("auto.offset.reset"), Some("earliest"));
    }
}
