//! The arguments of `klamm console-consumer`, and what follows from them for the consumer and for
//! the formatter.
//!
//! Not the job of this module: reading records, printing them.

use anyhow::{Result, bail};
use client::Properties;

use super::formatter::Formatter;
use super::options::TOOL;
use crate::arguments::Values;
use crate::cluster;

/// What the tool is asked to do.
#[derive(Debug)]
pub(super) enum Request {
    Version,
    Consume(Box<Arguments>),
}

#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) bootstrap_servers: String,
    pub(super) source: Source,
    pub(super) consumer: Properties,
    pub(super) formatter: Formatter,
    /// None is no end.
    pub(super) message_count_max: Option<u64>,
    /// How long it may take until the next record comes.
    pub(super) timeout_ms: Option<u64>,
    /// A record that cannot be printed is passed over.
    pub(super) is_error_skipped: bool,
    /// Kafka's system tests look for what is printed then.
    pub(super) is_systest: bool,
    /// What standard output hears of options that go away.
    pub(super) warnings: Vec<String>,
}

/// Where records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Topic(String),
    /// The topics whose whole name the regular expression matches.
    Included(String),
    Partition {
        topic: String,
        partition: i32,
        start: Start,
    },
}

/// Where in a partition to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    Earliest,
    Latest,
    Offset(i64),
}

/// Reads the arguments behind `program`. `random` makes the name of a group if none is given.
///
/// # Errors
/// When they are not arguments of this tool, or a file cannot be read.
pub(super) fn read(program: &str, arguments: &[String], random: u32) -> Result<Request> {
    let values = TOOL.read(program, arguments)?.values;
    if values.has("version") {
        return Ok(Request::Version);
    }
    let refuse = |message: String| TOOL.refusal(program, &message);
    let source = source(&values).map_err(refuse)?;
    let warnings = deprecations(&values).map_err(refuse)?;
    let consumer = consumer(&values, &source, random, &refuse)?;
    let class = values.last("formatter").unwrap_or(Formatter::DEFAULT);
    let properties = formatter_properties(&values)?;
    let formatter = Formatter::configure(class, &properties);
    let formatter = formatter.map_err(|error| refuse(format!("{error:#}")))?;
    let count = values.number::<i32>("max-messages").map_err(refuse)?;
    let timeout = values.number::<i64>("timeout-ms").map_err(refuse)?;
    Ok(Request::Consume(Box::new(Arguments {
        bootstrap_servers: values.last("bootstrap-server").unwrap_or_default().into(),
        source,
        consumer,
        formatter,
        message_count_max: match count {
            None | Some(-1) => None,
            Some(count) => Some(u64::try_from(count).unwrap_or(0)),
        },
        timeout_ms: timeout.and_then(|timeout| u64::try_from(timeout).ok()),
        is_error_skipped: values.has("skip-message-on-error"),
        is_systest: values.has("enable-systest-events"),
        warnings,
    })))
}

fn source(values: &Values) -> Result<Source, String> {
    let (topic, pattern) = (values.last("topic"), values.last("include"));
    let partition = values.number::<i32>("partition")?;
    let offset = values.last("offset");
    let topic = match (topic, pattern) {
        (Some(topic), None) => topic.to_owned(),
        (None, Some(_)) if partition.is_some() => {
            return Err("The topic is required when partition is specified.".to_owned());
        }
        (None, Some(_)) if offset.is_some() => {
            return Err("The partition is required when offset is specified.".to_owned());
        }
        (None, Some(pattern)) => return Ok(Source::Included(pattern.to_owned())),
        _ => {
            let message = "Exactly one of the following arguments is required:";
            return Err(format!("{message} [topic], [include]"));
        }
    };
    let is_from_beginning = values.has("from-beginning");
    let Some(partition) = partition else {
        return match offset {
            Some(_) => Err("The partition is required when offset is specified.".to_owned()),
            None => Ok(Source::Topic(topic)),
        };
    };
    let start = match offset {
        Some(_) if is_from_beginning => {
            let both = "Options from-beginning and offset cannot be specified together.";
            return Err(both.to_owned());
        }
        Some(offset) => start(offset)?,
        None if is_from_beginning => Start::Earliest,
        None => Start::Latest,
    };
    Ok(Source::Partition {
        topic,
        partition,
        start,
    })
}

fn start(offset: &str) -> Result<Start, String> {
    match offset.to_ascii_lowercase().as_str() {
        "earliest" => Ok(Start::Earliest),
        "latest" => Ok(Start::Latest),
        number => match number.parse() {
            Ok(number @ 0..) => Ok(Start::Offset(number)),
            _ => Err(format!(
                "The provided offset value '{offset}' is incorrect. Valid values are 'earliest', \
                 'latest', or a non-negative long."
            )),
        },
    }
}

/// What is to be said of options that have a successor; both at once are refused.
fn deprecations(values: &Values) -> Result<Vec<String>, String> {
    let mut warnings = Vec::new();
    for (new, old) in [
        ("command-property", "consumer-property"),
        ("command-config", "consumer.config"),
        ("formatter-property", "property"),
    ] {
        if values.has(new) && values.has(old) {
            let message = "cannot be specified together.";
            return Err(format!("Options --{old} and --{new} {message}"));
        }
        if values.has(old) {
            let advice = format!("Use --{new} instead.");
            let what = "is deprecated and will be removed in a future version.";
            warnings.push(format!("Option --{old} {what} {advice}"));
        }
    }
    Ok(warnings)
}

fn consumer<E: Into<anyhow::Error>>(
    values: &Values,
    source: &Source,
    random: u32,
    refuse: &impl Fn(String) -> E,
) -> Result<Properties> {
    let refuse = |message| -> anyhow::Error { refuse(message).into() };
    let file = values.current("command-config", "consumer.config");
    let pairs = values.current("command-property", "consumer-property");
    let of_file = cluster::properties(values.last(file), std::iter::empty())?;
    let given = cluster::properties(None, values.all(pairs))?;
    let groups = [
        values.last("group"),
        of_file.get("group.id"),
        given.get("group.id"),
    ];
    let mut groups: Vec<&str> = groups.into_iter().flatten().collect();
    groups.dedup();
    if groups.len() > 1 {
        let groups = groups.iter().map(|group| format!("'{group}'"));
        let groups = groups.collect::<Vec<_>>().join(", ");
        let where_from = "(directly using '--group', via '--consumer-property', or via \
                          '--consumer.config')";
        return Err(refuse(format!(
            "The group ids provided in different places {where_from} do not match. Detected \
             group ids: {groups}"
        )));
    }
    let group = groups.first().map(|group| (*group).to_owned());
    let is_partition = matches!(source, Source::Partition { .. });
    if group.is_some() && is_partition {
        let message = "Options group and partition cannot be specified together.";
        return Err(refuse(message.to_owned()));
    }
    let mut consumer = cluster::properties(values.last(file), values.all(pairs))?;
    reset(&mut consumer, values.has("from-beginning"))?;
    consumer.set_default("client.id", "console-consumer");
    consumer.set_default("allow.auto.create.topics", "true");
    match values.last("isolation-level") {
        Some(level) => consumer.set("isolation.level", level),
        None => consumer.set_default("isolation.level", "read_uncommitted"),
    }
    match group {
        Some(group) => consumer.set("group.id", group),
        // Nobody comes back to this group: there is nothing to commit.
        None => {
            consumer.set_default("enable.auto.commit", "false");
            if !is_partition {
                let number = random % 100_000;
                consumer.set("group.id", format!("console-consumer-{number}"));
                // Alone in it, one need not give partitions up, and with them the positions that
                // nobody commits, when topics or partitions are added.
                consumer.set_default("partition.assignment.strategy", COOPERATIVE);
            }
        }
    }
    Ok(consumer)
}

const COOPERATIVE: &str = "org.apache.kafka.clients.consumer.CooperativeStickyAssignor";

/// Where a group begins that has committed nothing.
fn reset(consumer: &mut Properties, is_from_beginning: bool) -> Result<()> {
    let name = "auto.offset.reset";
    let default = match is_from_beginning {
        true => "earliest",
        false => "latest",
    };
    consumer.set_default(name, default);
    match consumer.get(name) {
        Some(given) if is_from_beginning && given != default => bail!(
            "Can't simultaneously specify --from-beginning and '{name}={given}', please remove \
             one option"
        ),
        _ => Ok(()),
    }
}

fn formatter_properties(values: &Values) -> Result<Properties> {
    let mut properties = cluster::properties(values.last("formatter-config"), std::iter::empty())?;
    for (option, property) in [
        ("key-deserializer", "key.deserializer"),
        ("value-deserializer", "value.deserializer"),
    ] {
        if let Some(class) = values.last(option).filter(|class| !class.is_empty()) {
            properties.set(property, class);
        }
    }
    let pairs = values.current("formatter-property", "property");
    for pair in values.all(pairs) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        properties.set(name, value);
    }
    Ok(properties)
}

#[cfg(test)]
mod tests;
