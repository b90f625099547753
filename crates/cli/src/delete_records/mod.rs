//! `klamm delete-records`, which is Kafka's `kafka-delete-records`: the first records of partitions
//! are deleted, up to offsets that a file names.

mod offsets;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use client::exception::Exception;
use client::krafka::admin::DeleteRecordsOptions;
use client::krafka::consumer::TopicPartition;

use crate::arguments::jopt::{Parsed, Tool};
use crate::arguments::{KAFKA_VERSION, OptionSpec};
use crate::cluster::{self, FirstCall};
use crate::commands::Call;
use crate::listed_offsets::{Partition, name};

const TOOL: Tool = Tool {
    about: "Deletes the first records of partitions.",
    options: &[
        OptionSpec::BOOTSTRAP_SERVER,
        OptionSpec::optional("command-config", "FILE", "Properties of the admin client."),
        OptionSpec::HELP,
        OptionSpec::required(
            "offset-json-file",
            "FILE",
            "What to delete, as JSON: {\"partitions\": [{\"topic\": \"payments\", \"partition\": \
             0, \"offset\": 100}], \"version\": 1}. Records before the offset go; -1 stands for \
             the high watermark.",
        ),
        OptionSpec::VERSION,
    ],
};

/// The new first offset of a partition, or why nothing was deleted.
type Outcome = Result<i64, Exception>;

/// Runs the tool.
///
/// # Errors
/// When the arguments are wrong; what fails later is printed as Kafka's tool does.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let parsed = TOOL.read(&call.program, &call.arguments)?;
    if parsed.values.has("version") {
        writeln!(out, "{KAFKA_VERSION}")?;
        return Ok(ExitCode::SUCCESS);
    }
    cluster::ended(delete(&parsed, out), cluster::words_of)
}

fn delete(parsed: &Parsed, out: &mut dyn Write) -> Result<()> {
    let servers = parsed.single("bootstrap-server")?.unwrap_or_default();
    let properties = cluster::properties(parsed.single("command-config")?, std::iter::empty())?;
    let path = parsed.single("offset-json-file")?.unwrap_or_default();
    let text = fs::read_to_string(path).map_err(|_| anyhow!("Unable to read file {path}"))?;
    let offsets = offsets::parse(&text)?;
    let offsets = offsets
        .into_iter()
        .map(|((topic, id), offset)| (TopicPartition::new(topic, id), offset));
    writeln!(out, "Executing records delete operation")?;
    cluster::run(async {
        let first = FirstCall::named("deleteRecords");
        let (_kafka, admin) = cluster::admin(servers, &properties, first).await?;
        let options = DeleteRecordsOptions::default();
        let outcomes = admin.delete_records(offsets, options).await?;
        let outcomes = outcomes.into_iter().map(|(partition, outcome)| {
            let partition = (partition.topic, partition.partition);
            (partition, outcome.map_err(|error| Exception::of(&error)))
        });
        out.write_all(report(&outcomes.collect()).as_bytes())?;
        Ok(())
    })
}

/// What the tool prints when all brokers have answered.
fn report(outcomes: &BTreeMap<Partition, Outcome>) -> String {
    let mut text = "Records delete operation completed:\n".to_owned();
    for (partition, outcome) in outcomes {
        let outcome = match outcome {
            Ok(offset) => format!("low_watermark: {offset}"),
            Err(exception) => format!("error: {}", exception.with_class()),
        };
        text.push_str(&format!("partition: {}\t{outcome}\n", name(partition)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_a_line_with_its_first_offset_or_what_went_wrong() {
        let out_of_range = Exception {
            class: "OffsetOutOfRangeException",
            message: "Too far.".to_owned(),
        };
        let outcomes = BTreeMap::from([
            (("b".to_owned(), 0), Err(out_of_range)),
            (("a".to_owned(), 1), Ok(52)),
        ]);
        let expected = "Records delete operation completed:\n\
                        partition: a-1\tlow_watermark: 52\n\
                        partition: b-0\terror: org.apache.kafka.common.errors.\
                        OffsetOutOfRangeException: Too far.\n";
        assert_eq!(report(&outcomes), expected);
    }
}
