//! Reads the log directories of a stopped node of Apache Kafka and compares every partition with
//! what Kafka's own clients had read from it; and compares that with what they read later.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use protocol::ids::LeaderEpoch;
use storage::log::Log;

use crate::comparison::Comparison;
use crate::describe::{Description, describe};
use crate::node::Node;

/// Reads `directory`: log directories, and in `expected` a file for each partition. Leaves it to be
/// opened by Apache Kafka again, closed in order if it was so before.
pub(crate) async fn read(directory: &Path) -> Result<()> {
    let expected = directory.join("expected");
    let mut missing = names(&expected)?;
    let node = Node::start(directory).await?;
    let mut counts = Counts::default();
    let mut failures = Vec::new();
    for partition in node.directories.partitions() {
        let name = partition.topic_partition().to_string();
        ensure!(missing.remove(&name), "find {name}: not expected here");
        if let Err(error) = compare(partition.log(), &expected.join(&name), &mut counts).await {
            failures.push(format!("{name}: {error:#}"));
        }
    }
    ensure!(
        missing.is_empty(),
        "find partitions: {missing:?} are in no log directory"
    );
    if node.clean_stop {
        node.stop().await?;
    }
    let count = failures.len();
    ensure!(
        count == 0,
        "{count} partitions differ\n{}",
        failures.join("\n")
    );
    let Counts {
        partitions,
        records,
        blind_lookups,
    } = counts;
    writeln!(
        io::stdout(),
        "{}: {records} records in {partitions} partitions are what Kafka's clients read; \
         {blind_lookups} look-ups found a record where Kafka finds none of use",
        directory.display()
    )?;
    Ok(())
}

/// Compares what Kafka's clients read from the node before it was stopped and opened here, and
/// after it was started again: `expected` and `reopened` of `directory`.
pub(crate) fn compare_reopened(directory: &Path) -> Result<()> {
    let (before, after) = (directory.join("expected"), directory.join("reopened"));
    let partitions = names(&before)?;
    ensure!(
        partitions == names(&after)?,
        "the partitions are not the same"
    );
    for partition in &partitions {
        let before = fs::read_to_string(before.join(partition))?;
        let after = fs::read_to_string(after.join(partition))?;
        // The new start has begun a new epoch.
        let is_kept =
            |line: &&str| !line.starts_with("leader-epoch ") && !line.starts_with("epoch ");
        let difference = before
            .lines()
            .filter(is_kept)
            .map(Some)
            .chain([None])
            .zip(after.lines().filter(is_kept).map(Some).chain([None]))
            .find(|(before, after)| before != after);
        ensure!(
            difference.is_none(),
            "{partition} is not as before: {difference:?}"
        );
    }
    writeln!(
        io::stdout(),
        "{}: opened by Apache Kafka again, {} partitions are as before",
        directory.display(),
        partitions.len()
    )?;
    Ok(())
}

#[derive(Default)]
struct Counts {
    partitions: usize,
    records: usize,
    blind_lookups: usize,
}

async fn compare(log: &Log, expected: &Path, counts: &mut Counts) -> Result<()> {
    let expected = fs::read_to_string(expected).context("read expected lines")?;
    let expected: Vec<&str> = expected.lines().collect();
    let first = expected.first().copied().unwrap_or_default();
    let leader_epoch = first
        .strip_prefix("leader-epoch ")
        .context("no leader epoch is expected")?;
    // A broker notes its epoch when it begins to lead; one without records is forgotten at a stop.
    log.assign_leader_epoch(LeaderEpoch(leader_epoch.parse()?))
        .await?;

    let Description { lines, records } = describe(log).await?;
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    counts.blind_lookups += Comparison::new(&records).compare(&lines, &expected)?;
    counts.partitions += 1;
    counts.records += records.len();
    Ok(())
}

/// The names in a directory.
pub(crate) fn names(directory: &Path) -> Result<BTreeSet<String>> {
    let entries =
        fs::read_dir(directory).with_context(|| format!("list {}", directory.display()))?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    names.collect()
}
