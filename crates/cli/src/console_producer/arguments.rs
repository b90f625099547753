//! The arguments of `klamm console-producer`, and what follows from them for the producer and for
//! the reader of lines.
//!
//! Not the job of this module: reading lines, sending records.
//!
//! Invariant: as in Kafka's tool, an option that was given wins over the same property, and a
//! property wins over the default of the option.

use anyhow::Result;
use client::Properties;

use super::line_reader::LineFormat;
use super::options::TOOL;
use crate::arguments::Values;
use crate::cluster;

/// What the tool is asked to do.
#[derive(Debug)]
pub(super) enum Request {
    Version,
    Produce(Box<Arguments>),
}

#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) bootstrap_servers: String,
    pub(super) topic: String,
    /// Each line waits for its acknowledgement.
    pub(super) is_sync: bool,
    /// Nobody said how long records may wait for others.
    pub(super) is_linger_default: bool,
    pub(super) lines: LineFormat,
    pub(super) producer: Properties,
    /// What standard output hears of options that go away.
    pub(super) warnings: Vec<String>,
}

/// Reads the arguments behind `program`.
///
/// # Errors
/// When they are not arguments of this tool, or a file cannot be read.
pub(super) fn read(program: &str, arguments: &[String]) -> Result<Request> {
    let values = TOOL.read(program, arguments)?.values;
    if values.has("version") {
        return Ok(Request::Version);
    }
    let refuse = |message: String| TOOL.refusal(program, &message);
    let warnings = deprecations(&values).map_err(refuse)?;
    let reader = values.last("line-reader").unwrap_or(LINE_READER);
    if reader != LINE_READER {
        let reason = "classes of Java cannot be loaded here; there is org.apache.kafka.tools.";
        let message = format!("line reader {reader}: {reason}LineMessageReader");
        return Err(refuse(message).into());
    }
    let reader = values.current("reader-property", "property");
    let reader = cluster::properties(values.last("reader-config"), values.all(reader))?;
    let file = values.current("command-config", "producer.config");
    let pairs = values.current("command-property", "producer-property");
    let mut producer = cluster::properties(values.last(file), values.all(pairs))?;
    let is_linger_default = !values.has("timeout") && producer.get("linger.ms").is_none();
    merge(&mut producer, &values).map_err(refuse)?;
    let lines = LineFormat::configure(&reader)?;
    cluster::warn_of_unknown(&reader);
    let text = |long| values.last(long).unwrap_or_default().to_owned();
    Ok(Request::Produce(Box::new(Arguments {
        bootstrap_servers: text("bootstrap-server"),
        topic: text("topic"),
        is_sync: values.has("sync"),
        is_linger_default,
        lines,
        producer,
        warnings,
    })))
}

/// What is to be said of options that have a successor; both at once are refused.
fn deprecations(values: &Values) -> Result<Vec<String>, String> {
    let mut warnings = Vec::new();
    for (new, old) in [
        ("command-property", "producer-property"),
        ("command-config", "producer.config"),
        ("reader-property", "property"),
    ] {
        if values.has(new) && values.has(old) {
            let message = "cannot be specified together.";
            return Err(format!("Options --{new} and --{old} {message}"));
        }
        if values.has(old) {
            warnings.push(deprecation(old, "in a future version", new));
        }
    }
    let old = "max-partition-memory-bytes";
    if values.has(old) {
        warnings.push(deprecation(old, "in Apache Kafka 5.0", "batch-size"));
    }
    Ok(warnings)
}

fn deprecation(old: &str, when: &str, new: &str) -> String {
    format!("Warning: --{old} is deprecated and will be removed {when}. Use --{new} instead.")
}

/// The options that stand for properties of the producer.
fn merge(producer: &mut Properties, values: &Values) -> Result<(), String> {
    for row in MERGED {
        let given = match row.kind {
            Kind::Int => values.number::<i32>(row.option)?.map(i64::from),
            Kind::Long => values.number::<i64>(row.option)?,
            Kind::Text => None,
        };
        let given = given.map(|number| number.to_string());
        match given.as_deref().or(values.last(row.option)) {
            Some(value) => producer.set(row.property, value),
            None => producer.set_default(row.property, row.default),
        }
    }
    // Without a codec there is none, whatever the properties say.
    let codec = match values.last("compression-codec") {
        None => "none",
        Some("") => "gzip",
        Some(codec) => codec,
    };
    producer.set("compression.type", codec);
    producer.set_default("client.id", "console-producer");
    // Kafka's producers let the broker create what they write to.
    producer.set("allow.auto.create.topics", "true");
    Ok(())
}

struct Merged {
    option: &'static str,
    property: &'static str,
    default: &'static str,
    kind: Kind,
}

enum Kind {
    Int,
    Long,
    Text,
}

/// In Kafka's order: a later row wins over an earlier one for the same property.
const MERGED: &[Merged] = &[
    merged("timeout", "linger.ms", "1000", Kind::Long),
    merged("request-required-acks", "acks", "-1", Kind::Text),
    merged(
        "request-timeout-ms",
        "request.timeout.ms",
        "1500",
        Kind::Int,
    ),
    merged("message-send-max-retries", "retries", "3", Kind::Int),
    merged("retry-backoff-ms", "retry.backoff.ms", "100", Kind::Long),
    merged(
        "socket-buffer-size",
        "send.buffer.bytes",
        "102400",
        Kind::Int,
    ),
    merged("max-memory-bytes", "buffer.memory", "33554432", Kind::Long),
    merged("batch-size", "batch.size", "16384", Kind::Int),
    merged(
        "max-partition-memory-bytes",
        "batch.size",
        "16384",
        Kind::Int,
    ),
    merged(
        "metadata-expiry-ms",
        "metadata.max.age.ms",
        "300000",
        Kind::Long,
    ),
    merged("max-block-ms", "max.block.ms", "60000", Kind::Long),
];

const fn merged(
    option: &'static str,
    property: &'static str,
    default: &'static str,
    kind: Kind,
) -> Merged {
    Merged {
        option,
        property,
        default,
        kind,
    }
}

const LINE_READER: &str = "org.apache.kafka.tools.LineMessageReader";

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "--bootstrap-server a:1 --topic t";

    fn read_line(line: &str) -> Result<Request> {
        let line = format!("{SERVER} {line}");
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        read("tool", &arguments)
    }

    fn arguments(line: &str) -> Box<Arguments> {
        match read_line(line).unwrap() {
            Request::Produce(arguments) => arguments,
            Request::Version => panic!("{line}"),
        }
    }

    #[test]
    fn an_option_wins_over_a_property_and_a_property_over_the_default() {
        let check = |line, name: &str, expected: &str| {
            assert_eq!(
                arguments(line).producer.get(name),
                Some(expected),
                "{line} {name}"
            );
        };
        check("", "linger.ms", "1000");
        check("--command-property linger.ms=7", "linger.ms", "7");
        check(
            "--timeout 9 --command-property linger.ms=7",
            "linger.ms",
            "9",
        );
        check("--request-required-acks all", "acks", "all");
        check("--batch-size 5", "batch.size", "5");
        check(
            "--batch-size 5 --max-partition-memory-bytes 6",
            "batch.size",
            "6",
        );
        check("--producer-property client.id=me --sync", "client.id", "me");
        check("", "client.id", "console-producer");
    }

    #[test]
    fn a_codec_without_a_name_is_gzip() {
        let check = |line, codec: &str| {
            let arguments = arguments(line);
            assert_eq!(
                arguments.producer.get("compression.type"),
                Some(codec),
                "{line}"
            );
        };
        check("", "none");
        check("--compression-codec", "gzip");
        check("--compression-codec --sync", "gzip");
        check("--compression-codec=", "gzip");
        check("--compression-codec zstd --sync", "zstd");
    }

    #[test]
    fn whether_anybody_said_how_long_to_linger_is_known() {
        assert!(arguments("").is_linger_default);
        assert!(!arguments("--timeout 1000").is_linger_default);
        assert!(!arguments("--command-property linger.ms=1").is_linger_default);
    }

    #[test]
    fn options_that_go_away_are_warned_of_and_exclude_their_successors() {
        let warned = arguments("--property parse.key=true --max-partition-memory-bytes 1");
        let expected = [
            "Warning: --property is deprecated and will be removed in a future version. Use \
             --reader-property instead.",
            "Warning: --max-partition-memory-bytes is deprecated and will be removed in Apache \
             Kafka 5.0. Use --batch-size instead.",
        ];
        assert_eq!(warned.warnings, expected);
        let both = read_line("--property a=b --reader-property a=b").unwrap_err();
        let expected = "Options --reader-property and --property cannot be specified together.";
        assert!(both.to_string().starts_with(expected), "{both}");
    }

    #[test]
    fn what_is_no_number_and_other_line_readers_are_refused() {
        let check = |line, expected: &str| {
            let error = read_line(line).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        check(
            "--batch-size x",
            "Cannot parse argument 'x' of option batch-size",
        );
        check(
            "--line-reader a.B",
            "line reader a.B: classes of Java cannot be loaded here",
        );
        let error = read("tool", &[]).unwrap_err().to_string();
        let expected = "Missing required argument \"[bootstrap-server]\"";
        assert!(error.starts_with(expected), "{error}");
    }
}
