//! `klamm get-offsets`, which is Kafka's `kafka-get-offsets`: offsets of partitions, at their ends
//! or at a time.

mod filter;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use client::Properties;
use client::exception::Exception;
use client::krafka::admin::{AdminClient, OffsetSpec};
use client::krafka::{Kafka, TopicInfo};

use crate::arguments::jopt::{Parsed, Tool, parse};
use crate::arguments::{KAFKA_VERSION, OptionSpec};
use crate::cluster::{self, FirstCall};
use crate::commands::Call;
use crate::listed_offsets::{self, Partition, name};

use filter::Filter;

const TOOL: Tool = Tool {
    about: "Prints offsets of partitions.",
    options: &[
        OptionSpec::BOOTSTRAP_SERVER,
        OptionSpec::optional("command-config", "FILE", "Properties of the admin client."),
        OptionSpec::flag(
            "exclude-internal-topics",
            "Leave the brokers' own topics out.",
        ),
        OptionSpec::HELP,
        OptionSpec::optional(
            "partitions",
            "ID,...",
            "Only these partitions of the topics.",
        ),
        OptionSpec::optional(
            "time",
            "TIME",
            "Which offset: of the first record with this timestamp in milliseconds or a later one, \
             or latest (-1, if nothing is said), earliest (-2), max-timestamp (-3), earliest-local \
             (-4), latest-tiered (-5), earliest-pending-upload (-6).",
        ),
        OptionSpec::optional("topic", "PATTERN", "Only topics whose names match."),
        OptionSpec::optional(
            "topic-partitions",
            "TOPIC:PARTITIONS,...",
            "Patterns of topics, each with partitions if not all are meant: 3, or 0-3 without 3, \
             or 5- or -3.",
        ),
        OptionSpec::VERSION,
    ],
};

/// What the tool calls itself, as Kafka's does.
const CLIENT_ID: &str = "GetOffsetShell";

/// Runs the tool.
///
/// # Errors
/// When the arguments are wrong; what fails later is printed as Kafka's tool does.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    if call.arguments.is_empty() {
        return Err(TOOL.refusal(&call.program, TOOL.about).into());
    }
    let outcome = match parse(TOOL.options, &call.arguments) {
        Err(message) => Err(anyhow!(message)),
        Ok(_) => {
            let parsed = TOOL.read(&call.program, &call.arguments)?;
            if parsed.values.has("version") {
                writeln!(out, "{KAFKA_VERSION}")?;
                return Ok(ExitCode::SUCCESS);
            }
            check_addresses(call, &parsed)?;
            print(&parsed, out)
        }
    };
    cluster::ended(outcome, |error| {
        format!("Error occurred: {}", described(error))
    })
}

fn described(error: &anyhow::Error) -> String {
    match cluster::known(error) {
        // Complaints about arguments are told without their classes.
        Some(exception) if exception.class.contains('.') => exception.message,
        _ => cluster::exception_of(error),
    }
}

fn check_addresses(call: &Call, parsed: &Parsed) -> Result<()> {
    let addresses = parsed.values.last("bootstrap-server").unwrap_or_default();
    let has_port = |address: &str| {
        let port = address.rsplit_once(':').map(|(_, port)| port);
        port.is_some_and(|port| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if addresses.split(',').all(has_port) {
        return Ok(());
    }
    let message = "Please provide valid host:port like host1:9091,host2:9092\n";
    Err(TOOL.refusal(&call.program, message).into())
}

fn print(parsed: &Parsed, out: &mut dyn Write) -> Result<()> {
    let filter = filter(parsed)?;
    let spec = offset_spec(parsed.single("time")?.unwrap_or("latest"))?;
    let exclude_internal = parsed.values.has("exclude-internal-topics");
    let servers = parsed.single("bootstrap-server")?.unwrap_or_default();
    let file = parsed.single("command-config")?;
    let mut properties = cluster::properties(file, std::iter::empty())?;
    properties.set("client.id", CLIENT_ID);
    cluster::run(async {
        let first = FirstCall::named("listTopics");
        let (kafka, admin) = cluster::admin(servers, &properties, first).await?;
        let known = client::topics::known(&kafka).await?;
        let partitions = partitions(&known, &filter, exclude_internal);
        if partitions.is_empty() {
            let message = "Could not match any topic-partitions with the specified filters";
            return Err(anyhow!(message));
        }
        print_offsets(&kafka, &admin, (partitions, spec), &properties, out).await
    })
}

fn filter(parsed: &Parsed) -> Result<Filter> {
    let topic = parsed.single("topic")?;
    let partitions = parsed.single("partitions")?;
    match parsed.single("topic-partitions")? {
        None => Ok(Filter::of_topic(topic, partitions)?),
        Some(_) if topic.is_some() || partitions.is_some() => {
            let message = "--topic-partitions cannot be used with --topic or --partitions";
            Err(anyhow!(message))
        }
        Some(patterns) => Ok(Filter::of_patterns(patterns)?),
    }
}

fn offset_spec(text: &str) -> Result<OffsetSpec> {
    let spec = match text {
        "latest" | "-1" => OffsetSpec::Latest,
        "earliest" | "-2" => OffsetSpec::Earliest,
        "max-timestamp" | "-3" => OffsetSpec::MaxTimestamp,
        "earliest-local" | "-4" => OffsetSpec::EarliestLocal,
        "latest-tiered" | "-5" => OffsetSpec::LatestTiered,
        "earliest-pending-upload" | "-6" => OffsetSpec::EarliestPendingUpload,
        _ => OffsetSpec::Timestamp(text.parse().map_err(|_| {
            anyhow!(
                "Malformed time argument {text}. Please use -1 or latest / -2 or earliest / -3 or \
                 max-timestamp / -4 or earliest-local / -5 or latest-tiered / -6 or \
                 earliest-pending-upload, or a specified long format timestamp"
            )
        })?),
    };
    Ok(spec)
}

/// The partitions that are meant.
fn partitions(known: &[TopicInfo], filter: &Filter, exclude_internal: bool) -> Vec<Partition> {
    let topics = known
        .iter()
        .filter(|topic| !(exclude_internal && topic.is_internal));
    let all = topics.flat_map(|topic| topic.partitions.keys().map(|id| (&topic.name, *id)));
    let meant = all.filter(|(topic, id)| filter.allows(topic, *id));
    let mut partitions: Vec<Partition> = meant.map(|(topic, id)| (topic.clone(), id)).collect();
    // As texts, so that partition 10 comes before 2.
    partitions.sort_by_cached_key(name);
    partitions
}

async fn print_offsets(
    kafka: &Kafka,
    admin: &AdminClient,
    (partitions, spec): (Vec<Partition>, OffsetSpec),
    properties: &Properties,
    out: &mut dyn Write,
) -> Result<()> {
    let timeout = cluster::api_timeout(properties)?;
    let mut offsets = listed_offsets::list(kafka, admin, &partitions, spec, timeout).await?;
    let mut lines = String::new();
    for partition in partitions {
        match offsets.remove(&partition) {
            Some(Ok(Some(offset))) => {
                let (topic, id) = &partition;
                lines.push_str(&format!("{topic}:{id}:{offset}\n"));
            }
            Some(Err(error)) => {
                let _ = writeln!(
                    io::stderr(),
                    "Skip getting offsets for topic-partition {} due to error: {}",
                    name(&partition),
                    Exception::of(&error).with_class()
                );
            }
            // There is no such offset.
            Some(Ok(None)) | None => {}
        }
    }
    out.write_all(lines.as_bytes())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_a_word_a_small_negative_number_or_a_timestamp() {
        let check = |text, spec| assert_eq!(offset_spec(text).unwrap(), spec, "{text}");
        check("earliest", OffsetSpec::Earliest);
        check("-1", OffsetSpec::Latest);
        check("-6", OffsetSpec::EarliestPendingUpload);
        check("0", OffsetSpec::Timestamp(0));
        check("1577836800000", OffsetSpec::Timestamp(1_577_836_800_000));
        let refusal = offset_spec("noon").unwrap_err().to_string();
        assert!(
            refusal.starts_with("Malformed time argument noon. "),
            "{refusal}"
        );
    }
}
