//! `klamm log-dirs`, which is Kafka's `kafka-log-dirs`: what lies in the log directories of
//! brokers, as JSON.

mod listing;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use client::exception::Exception;
use client::krafka::admin::{AdminClient, DescribeClusterOptions, DescribeLogDirsOptions};

use crate::arguments::jopt::{Parsed, Tool};
use crate::arguments::{KAFKA_VERSION, OptionSpec};
use crate::cluster::{self, FirstCall};
use crate::commands::Call;

use listing::{Brokers, Directory, Replica};

const TOOL: Tool = Tool {
    about: "Shows what lies in the log directories of brokers, as JSON.",
    options: &[
        OptionSpec::BOOTSTRAP_SERVER,
        OptionSpec::optional(
            "broker-list",
            "ID,...",
            "Only these brokers, instead of all of them.",
        ),
        OptionSpec::optional("command-config", "FILE", "Properties of the admin client."),
        OptionSpec {
            is_required: true,
            ..OptionSpec::flag("describe", "Do it; there is nothing else to do.")
        },
        OptionSpec::HELP,
        OptionSpec::optional(
            "topic-list",
            "TOPIC,...",
            "Only the partitions of these topics, instead of all of them.",
        ),
        OptionSpec::VERSION,
    ],
};

/// What the tool calls itself unless it is told otherwise.
const CLIENT_ID: &str = "log-dirs-tool";

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
    cluster::ended(print(&parsed, out), |error| match cluster::known(error) {
        // Complaints about arguments are told without their classes.
        Some(exception) if exception.class.contains('.') => exception.message,
        _ => cluster::exception_of(error),
    })
}

fn print(parsed: &Parsed, out: &mut dyn Write) -> Result<()> {
    let servers = parsed.single("bootstrap-server")?.unwrap_or_default();
    let mut properties = cluster::properties(parsed.single("command-config")?, std::iter::empty())?;
    properties.set_default("client.id", CLIENT_ID);
    let topics = listed(parsed.single("topic-list")?).map(str::to_owned);
    let topics: BTreeSet<String> = topics.collect();
    let asked = broker_ids(parsed.single("broker-list")?)?;
    cluster::run(async {
        let first = FirstCall::named("listNodes");
        let (_kafka, admin) = cluster::admin(servers, &properties, first).await?;
        let cluster = admin.describe_cluster(DescribeClusterOptions::default());
        let brokers = cluster.await?.brokers;
        let existing: BTreeSet<i32> = brokers.iter().map(|broker| broker.id).collect();
        let ids = chosen(asked, existing)?;
        writeln!(out, "Querying brokers for log directories information")?;
        let brokers = described(&admin, &ids).await?;
        let ids = joined(&ids);
        writeln!(out, "Received log directory information from brokers {ids}")?;
        writeln!(out, "{}", listing::json(&brokers, &topics))?;
        Ok(())
    })
}

/// What stands between commas; nothing may stand there too.
fn listed(list: Option<&str>) -> impl Iterator<Item = &str> {
    let parts = list.unwrap_or_default().split(',');
    parts.filter(|part| !part.is_empty())
}

fn broker_ids(list: Option<&str>) -> Result<BTreeSet<i32>> {
    let ids = listed(list).map(|id| {
        let number = id.parse();
        number.map_err(|_| anyhow!("For input string: \"{id}\""))
    });
    ids.collect()
}

/// Those that are asked for, or all.
fn chosen(asked: BTreeSet<i32>, existing: BTreeSet<i32>) -> Result<BTreeSet<i32>> {
    if asked.is_empty() {
        return Ok(existing);
    }
    let missing: BTreeSet<i32> = asked.difference(&existing).copied().collect();
    if missing.is_empty() {
        return Ok(asked);
    }
    let (missing, existing) = (joined(&missing), joined(&existing));
    bail!(
        "ERROR: The given brokers do not exist from --broker-list: {missing}. Current existent \
         brokers: {existing}"
    )
}

fn joined(ids: &BTreeSet<i32>) -> String {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    ids.join(",")
}

async fn described(admin: &AdminClient, ids: &BTreeSet<i32>) -> Result<Brokers> {
    let options = DescribeLogDirsOptions::default();
    let answers = admin
        .describe_log_dirs(ids.iter().copied(), options)
        .await?;
    let mut brokers = BTreeMap::new();
    for (id, directories) in answers {
        let directories = directories?.into_iter().map(|(path, directory)| {
            let directory = match directory {
                Err(error) => Directory::failed(Exception::of(&error).qualified_class()),
                Ok(found) => Directory::of(found.replicas.into_iter().map(
                    |(partition, replica)| Replica {
                        partition: (partition.topic, partition.partition),
                        size_bytes: replica.size,
                        offset_lag: replica.offset_lag,
                        is_future: replica.is_future,
                    },
                )),
            };
            (path, directory)
        });
        brokers.insert(id, directories.collect());
    }
    Ok(brokers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids<const N: usize>(ids: [i32; N]) -> BTreeSet<i32> {
        BTreeSet::from(ids)
    }

    #[test]
    fn brokers_are_named_by_numbers_between_commas() {
        assert_eq!(broker_ids(Some(",2,1,2,")).unwrap(), ids([1, 2]));
        assert_eq!(broker_ids(None).unwrap(), ids([]));
        let refusal = broker_ids(Some("1,x")).unwrap_err().to_string();
        assert_eq!(refusal, "For input string: \"x\"");
    }

    #[test]
    fn all_brokers_are_asked_or_those_that_are_named_if_there_are_all_of_them() {
        assert_eq!(chosen(ids([]), ids([1, 2])).unwrap(), ids([1, 2]));
        assert_eq!(chosen(ids([2]), ids([1, 2])).unwrap(), ids([2]));
        let refusal = chosen(ids([9, 8, 1]), ids([1, 2])).unwrap_err().to_string();
        assert_eq!(
            refusal,
            "ERROR: The given brokers do not exist from --broker-list: 8,9. Current existent \
             brokers: 1,2"
        );
    }
}
