//! The arguments of the tool: what is to be sent, and by which producer.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use broker::chance::Chance as Ids;
use client::Properties;

use crate::arguments::argparse::Subcommand;
use crate::arguments::{OptionSpec, Values};
use crate::cluster;

use super::CLIENT_ID;
use super::payloads::{Chance, Payloads};

pub(super) static TOOL: Subcommand = Subcommand {
    name: "",
    about: "Measures how fast records are produced. There are transactions if --transactional-id \
            or --transaction-duration-ms is given, or the property transactional.id.",
    options: &[
        OptionSpec::optional(
            "bootstrap-server",
            "HOST:PORT,...",
            "Brokers to connect to first.",
        ),
        OptionSpec::required("topic", "TOPIC", "Where the records go."),
        OptionSpec::required("num-records", "COUNT", "How many records."),
        OptionSpec::optional(
            "payload-delimiter",
            "DELIMITER",
            "What stands between the payloads of a file; the end of a line if nothing is said.",
        ),
        OptionSpec::required(
            "throughput",
            "COUNT",
            "Records a second, about; -1 for no limit.",
        ),
        OptionSpec::optional(
            "producer-props",
            "NAME=VALUE...",
            "As --command-property; old.",
        ),
        OptionSpec::optional(
            "command-property",
            "NAME=VALUE...",
            "Properties of the producer.",
        ),
        OptionSpec::optional("producer.config", "FILE", "As --command-config; old."),
        OptionSpec::optional("command-config", "FILE", "A file with properties."),
        OptionSpec::flag(
            "print-metrics",
            "Print what the producer has measured, at the end.",
        ),
        OptionSpec::optional("transactional-id", "ID", "The transactional id."),
        OptionSpec::optional(
            "transaction-duration-ms",
            "MS",
            "When to commit a transaction; 3000 if nothing is said.",
        ),
        OptionSpec::optional(
            "warmup-records",
            "COUNT",
            "Tell of what comes behind the first records in a line of its own.",
        ),
        OptionSpec::optional("reporting-interval", "MS", "Time between reports; 5000."),
        OptionSpec::optional("record-size", "BYTES", "Records are so long."),
        OptionSpec::optional("payload-file", "FILE", "Records are taken from this file."),
        OptionSpec::flag("payload-monotonic", "Records are numbers."),
    ],
    exclusive: &["record-size", "payload-file", "payload-monotonic"],
};

/// What is to be sent.
#[derive(Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) topic: String,
    /// Not 0.
    pub(super) record_count: u64,
    /// Below the count of the records.
    pub(super) warmup_count: u64,
    /// None if payloads are no letters.
    pub(super) record_size_bytes: Option<usize>,
    /// Records a second; no limit if negative.
    pub(super) throughput: f64,
    pub(super) reporting_interval_ms: i64,
    pub(super) with_metrics: bool,
    pub(super) with_transactions: bool,
    pub(super) transaction_ms: i64,
}

impl Plan {
    /// Reads the values.
    ///
    /// # Errors
    /// When they do not go together, in the words of Kafka's tool.
    pub(super) fn of(values: &Values) -> Result<Self, String> {
        let transaction_ms = long(values, "transaction-duration-ms")?;
        let record_count = long(values, "num-records")?.unwrap_or_default();
        let warmup_count = long(values, "warmup-records")?.unwrap_or_default().max(0);
        let record_size = converted::<i32>(values, "record-size", "Integer")?;
        let throughput = converted::<f64>(values, "throughput", "Double")?.unwrap_or(-1.0);
        let reporting_interval_ms = long(values, "reporting-interval")?.unwrap_or(5000);
        let payloads = TOOL.exclusive;
        if !payloads.iter().any(|option| values.has(option)) {
            let options = payloads.iter().map(|option| format!("--{option}"));
            let options = options.collect::<Vec<_>>().join(" ");
            return Err(format!("one of the arguments {options} is required"));
        }
        if record_count <= 0 {
            return Err("--num-records should be greater than zero.".to_owned());
        }
        if warmup_count >= record_count {
            return Err(
                "The value for --warmup-records must be strictly fewer than the number of \
                        records in the test, --num-records."
                    .to_owned(),
            );
        }
        if record_size.is_some_and(|size| size <= 0) {
            return Err("--record-size should be greater than zero.".to_owned());
        }
        check_properties(values)?;
        if transaction_ms.is_some_and(|duration| duration <= 0) {
            return Err("--transaction-duration-ms should be greater than zero.".to_owned());
        }
        if reporting_interval_ms <= 0 {
            return Err("--reporting-interval should be greater than zero.".to_owned());
        }
        Ok(Self {
            topic: values.last("topic").unwrap_or_default().to_owned(),
            record_count: record_count.cast_unsigned(),
            warmup_count: warmup_count.cast_unsigned(),
            record_size_bytes: record_size.and_then(|size| usize::try_from(size).ok()),
            throughput,
            reporting_interval_ms,
            with_metrics: values.has("print-metrics"),
            with_transactions: transaction_ms.is_some() || values.has("transactional-id"),
            transaction_ms: transaction_ms.unwrap_or(3000),
        })
    }
}

fn check_properties(values: &Values) -> Result<(), String> {
    let sources = [
        "bootstrap-server",
        "command-property",
        "producer-props",
        "producer.config",
        "command-config",
    ];
    if !sources.iter().any(|source| values.has(source)) {
        return Err(
            "At least one of --bootstrap-server, --command-property, --producer-props, \
                    --producer.config or --command-config must be specified."
                .to_owned(),
        );
    }
    for (new, old) in [
        ("command-property", "producer-props"),
        ("command-config", "producer.config"),
    ] {
        if values.has(new) && values.has(old) {
            return Err(format!("--{new} and --{old} cannot be specified together."));
        }
    }
    Ok(())
}

/// The properties of the producer, and where payloads come from; what is old is said to be so.
///
/// # Errors
/// When a file cannot be read, or a property is none.
pub(super) fn prepare(
    values: &Values,
    plan: &Plan,
    out: &mut dyn Write,
) -> Result<(Properties, Payloads)> {
    let payloads = payloads(values, plan, out)?;
    let mut properties_given = "command-property";
    let mut file_given = "command-config";
    for (old, new) in [
        ("producer-props", &mut properties_given),
        ("producer.config", &mut file_given),
    ] {
        if values.has(old) {
            writeln!(
                out,
                "Option --{old} has been deprecated and will be removed in a future version. Use \
                 --{new} instead."
            )?;
            *new = old;
        }
    }
    let pairs: Vec<&str> = values.all(properties_given).collect();
    let is_pair = |pair: &&str| {
        let parts = pair.trim_end_matches('=').split('=');
        parts.count() == 2
    };
    if let Some(bad) = pairs.iter().find(|pair| !is_pair(pair)) {
        bail!("Invalid property: {bad}");
    }
    let mut properties = cluster::properties(values.last(file_given), pairs.into_iter())?;
    properties.set_default("client.id", CLIENT_ID);
    // As Kafka's producer does, whatever it is told.
    properties.set("allow.auto.create.topics", "true");
    if let Some(servers) = values.last("bootstrap-server") {
        properties.set("bootstrap.servers", servers);
    }
    if properties
        .get("bootstrap.servers")
        .is_none_or(str::is_empty)
    {
        let message = "Missing required configuration \"bootstrap.servers\" which has no default \
                       value.";
        return Err(anyhow!(message));
    }
    if let Some(id) = values.last("transactional-id") {
        properties.set("transactional.id", id);
    } else if plan.with_transactions {
        let id = Ids::from_system()?.uuid();
        properties.set_default("transactional.id", format!("performance-producer-{id}"));
    }
    Ok((properties, payloads))
}

fn payloads(values: &Values, plan: &Plan, out: &mut dyn Write) -> Result<Payloads> {
    if let Some(path) = values.last("payload-file") {
        let path = std::path::absolute(Path::new(path))?;
        writeln!(out, "Reading payloads from: {}", path.display())?;
        let delimiter = values.last("payload-delimiter").unwrap_or("\\n");
        let (payloads, count) = Payloads::of_file(&path, delimiter)?;
        writeln!(out, "Number of records read: {count}")?;
        return Ok(payloads);
    }
    Ok(match plan.record_size_bytes {
        Some(size_bytes) => Payloads::Letters {
            size_bytes,
            chance: Chance::default(),
        },
        None => Payloads::Numbers,
    })
}

fn long(values: &Values, option: &str) -> Result<Option<i64>, String> {
    converted(values, option, "Long")
}

fn converted<T: std::str::FromStr>(
    values: &Values,
    option: &str,
    java_type: &str,
) -> Result<Option<T>, String> {
    let number = values.number(option);
    number.map_err(|_| {
        let text = values.last(option).unwrap_or_default();
        format!(
            "argument --{option}: could not convert '{text}' to {java_type} (For input string: \
             \"{text}\")"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::argparse::Parsed;

    fn plan(line: &str) -> Result<Plan, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match TOOL.parse("tool", &arguments) {
            Ok(Parsed::Run { values, .. }) => Plan::of(&values),
            other => panic!("{line}: {other:?}"),
        }
    }

    const BASE: &str = "--topic t --throughput -1 --bootstrap-server x:1";

    #[test]
    fn a_test_has_records_of_one_kind() {
        let plan = plan(&format!("{BASE} --num-records 10 --record-size 100")).unwrap();
        assert_eq!(plan.record_count, 10);
        assert_eq!(plan.record_size_bytes, Some(100));
        assert!(plan.throughput < 0.0);
        assert_eq!((plan.with_transactions, plan.transaction_ms), (false, 3000));
    }

    #[test]
    fn tests_that_make_no_sense_are_refused() {
        let check = |line: &str, message: &str| {
            assert_eq!(
                plan(&format!("{BASE} {line}")).unwrap_err(),
                message,
                "{line}"
            );
        };
        check(
            "--num-records 1",
            "one of the arguments --record-size --payload-file --payload-monotonic is required",
        );
        check(
            "--num-records 0 --payload-monotonic",
            "--num-records should be greater than zero.",
        );
        check(
            "--num-records x --payload-monotonic",
            "argument --num-records: could not convert 'x' to Long (For input string: \"x\")",
        );
        check(
            "--num-records 5 --record-size 0",
            "--record-size should be greater than zero.",
        );
        check(
            "--num-records 5 --payload-monotonic --warmup-records 5",
            "The value for --warmup-records must be strictly fewer than the number of records in \
             the test, --num-records.",
        );
        check(
            "--num-records 5 --payload-monotonic --producer-props a=1 --command-property b=2",
            "--command-property and --producer-props cannot be specified together.",
        );
        check(
            "--num-records 5 --payload-monotonic --transaction-duration-ms 0",
            "--transaction-duration-ms should be greater than zero.",
        );
    }
}
