//! Checks what Apache Kafka said of the log directories that [`crate::write`] has written:
//! `tests/compat/java/directories/read` has put it beside them.
//!
//! For DIRECTORY/clean and DIRECTORY/crashed: `kafka` is what the broker's own log read, `dump.out`
//! and `dump.err` what `kafka-dump-log` printed, `verified.out` and `verified.err` what it said of
//! the indexes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::comparison::Comparison;
use crate::lines;
use crate::read::names;

/// Checks both log directories.
pub(crate) fn check(directory: &Path) -> Result<()> {
    for name in ["clean", "crashed"] {
        let directory = directory.join(name);
        let (partitions, records) = check_logs(&directory)?;
        let (files, dumped) = check_dump(&directory)?;
        let indexes = check_indexes(&directory)?;
        writeln!(
            io::stdout(),
            "{}: Kafka's log reads the {records} records of {partitions} partitions; \
             kafka-dump-log prints the {dumped} of {files} files and accepts {indexes} indexes",
            directory.display()
        )?;
    }
    Ok(())
}

/// Compares what Kafka's log read with what ours did. Returns how many partitions and records.
fn check_logs(directory: &Path) -> Result<(usize, usize)> {
    let partitions = names(&directory.join("expected"))?;
    ensure!(
        partitions == names(&directory.join("kafka"))?,
        "compare {}: the partitions are not the same",
        directory.display()
    );
    let mut count = 0;
    for partition in &partitions {
        let ours = text(&directory.join("expected").join(partition))?;
        let theirs = text(&directory.join("kafka").join(partition))?;
        let (ours, theirs): (Vec<_>, Vec<_>) = (ours.lines().collect(), theirs.lines().collect());
        let records = lines::parse_uncommitted(&ours)?;
        let compared = Comparison::new(&records).compare(&ours, &theirs);
        compared.with_context(|| format!("compare {partition} of {}", directory.display()))?;
        count += records.len();
    }
    Ok((partitions.len(), count))
}

/// Compares the records that were dumped with those that were written, and looks for complaints.
/// Returns how many files and records.
fn check_dump(directory: &Path) -> Result<(usize, usize)> {
    check_complaints(&text(&directory.join("dump.err"))?)?;
    let mut dumped: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut current = String::new();
    let (mut files, mut count) = (0, 0);
    let out = text(&directory.join("dump.out"))?;
    for line in out.lines() {
        if let Some(file) = line.strip_prefix("Dumping ") {
            files += 1;
            let partition = Path::new(file).parent().and_then(Path::file_name);
            current = partition
                .context("a dumped file has no folder")?
                .to_string_lossy()
                .into();
        } else if line.starts_with('|') {
            count += 1;
            dumped.entry(current.clone()).or_default().push(line);
        } else {
            let is_batch = line.starts_with("baseOffset: ");
            ensure!(
                !is_batch || line.ends_with(" isvalid: true"),
                "dump {current}: {line}"
            );
            ensure!(!line.starts_with("Found "), "dump {current}: {line}");
        }
    }
    for partition in names(&directory.join("dump"))? {
        let written = text(&directory.join("dump").join(&partition))?;
        let written: Vec<&str> = written.lines().collect();
        let dumped = dumped.remove(&partition).unwrap_or_default();
        // The first segments of a partition may have been deleted, but nothing that is read.
        let read = text(&directory.join("expected").join(&partition))?;
        let read = read
            .lines()
            .filter(|line| line.starts_with("uncommitted "))
            .count();
        ensure!(
            written.ends_with(&dumped) && dumped.len() >= read,
            "dump {partition}: the records printed are not those written"
        );
    }
    Ok((files, count))
}

/// The only thing `kafka-dump-log` may complain about is its own mistake: it expects every file to
/// begin with offset 0.
fn check_complaints(err: &str) -> Result<()> {
    for line in err.lines() {
        let is_mistaken = line.starts_with("Non-consecutive offsets in ")
            || line.starts_with("  -1 is followed by ");
        ensure!(is_mistaken, "dump logs: {line}");
    }
    Ok(())
}

/// Every index must be sound, or empty. Returns how many there are.
fn check_indexes(directory: &Path) -> Result<usize> {
    let err = text(&directory.join("verified.err"))?;
    ensure!(err.is_empty(), "verify indexes: {err}");
    let mut passed = 0;
    for line in text(&directory.join("verified.out"))?.lines() {
        if line.ends_with(" passed sanity check.") {
            passed += 1;
        } else if !line.starts_with("Dumping ") && !line.ends_with(".index is empty.") {
            bail!("verify indexes: {line}");
        }
    }
    ensure!(passed > 0, "verify indexes: there is none");
    Ok(passed)
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}
