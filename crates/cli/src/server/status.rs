//! `klamm server status`: the nodes that run, for people or as one JSON document.
//!
//! The exit code is as the Linux Standard Base has it for services: 0 if at least one runs and all
//! are ready, 3 if none runs; 4 if one is not ready, for then one cannot say yet.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use super::control::{CONFIG, Control, DATA, NODE_ID, PROCESS_ROLE};
use super::running::RunningNode;
use super::selection::Selection;
use super::statement::Phase;
use crate::arguments::OptionSpec;
use crate::calendar::date_of_day;
use crate::commands::Call;
use crate::surroundings;

const JSON: OptionSpec = OptionSpec::flag("json", "Print one JSON document.");

const CONTROL: Control = Control {
    about: "Shows the nodes of this machine and user. Ends with 0 if there is one and all are \
            ready, with 3 if there is none, and with 4 if one is not ready.",
    options: &[JSON, PROCESS_ROLE, NODE_ID, CONFIG, DATA, OptionSpec::HELP],
};

/// The version of the document: it changes when a key goes or means something else.
const DOCUMENT_VERSION: u32 = 1;

const NONE_RUNS: u8 = 3;
const NOT_READY: u8 = 4;

/// Runs the command.
///
/// # Errors
/// When an option makes no sense, or it cannot be seen what runs.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let values = match CONTROL.read(call, out)? {
        Ok(values) => values,
        Err(code) => return Ok(code),
    };
    let nodes = Selection::of(&values)?.find()?;
    match values.has(JSON.long) {
        true => {
            let nodes: Vec<_> = nodes.iter().map(object).collect();
            writeln!(
                out,
                "{:#}",
                json!({"version": DOCUMENT_VERSION, "nodes": nodes})
            )?;
        }
        false if nodes.is_empty() => writeln!(out, "no node runs")?,
        false => {
            let now_ms = surroundings::wall_ms().try_into().unwrap_or_default();
            let nodes: Vec<_> = nodes.iter().map(|node| paragraph(node, now_ms)).collect();
            write!(out, "{}", nodes.join("\n"))?;
        }
    }
    let is_ready = |node: &RunningNode| node.statement.phase == Phase::Ready;
    Ok(match nodes.is_empty() {
        true => ExitCode::from(NONE_RUNS),
        false if nodes.iter().all(is_ready) => ExitCode::SUCCESS,
        false => ExitCode::from(NOT_READY),
    })
}

fn object(node: &RunningNode) -> Value {
    let mut object = node.statement.to_public();
    let shown = |path: PathBuf| path.display().to_string();
    let pairs = [
        ("pid", json!(node.pid.as_raw_pid())),
        ("memoryAnonymousBytes", json!(node.anonymous_bytes())),
        (
            "workingDirectory",
            json!(node.working_directory().ok().map(shown)),
        ),
        ("logFile", json!(node.log_file().map(shown))),
    ];
    object.extend(pairs.map(|(key, value)| (key.to_owned(), value)));
    Value::Object(object)
}

fn paragraph(node: &RunningNode, now_ms: u64) -> String {
    let statement = &node.statement;
    let known = statement.node.as_ref();
    let serving = statement.serving.as_ref();
    let path = |path: &Path| path.display().to_string();
    let ran = duration(now_ms.saturating_sub(statement.started_ms) / 1000);
    let rows = [
        ("process", Some(node.pid.as_raw_pid().to_string())),
        (
            "since",
            Some(format!("{}, for {ran}", time(statement.started_ms / 1000))),
        ),
        ("roles", known.map(|node| node.roles.join(", "))),
        ("cluster", serving.map(|serving| serving.cluster_id.clone())),
        (
            "listeners",
            serving.map(|serving| joined(serving.listeners.iter())),
        ),
        (
            "data",
            known.map(|node| joined(node.log_dirs.iter().map(|each| each.display()))),
        ),
        (
            "metadata",
            known
                .filter(|node| !node.log_dirs.contains(&node.metadata_log_dir))
                .map(|node| path(&node.metadata_log_dir)),
        ),
        ("memory", node.anonymous_bytes().map(mebibytes)),
        ("configuration", statement.config_file.as_deref().map(path)),
        ("log", node.log_file().as_deref().map(path)),
    ];
    let name = statement.name();
    let rows = rows
        .into_iter()
        .filter_map(|(name, value)| Some(format!("  {name:15}{}\n", value?)));
    format!(
        "{name} is {}\n{}",
        statement.phase,
        rows.collect::<String>()
    )
}

fn joined(items: impl Iterator<Item = impl ToString>) -> String {
    let texts: Vec<_> = items.map(|item| item.to_string()).collect();
    texts.join(", ")
}

fn mebibytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1 << 20);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

/// Seconds since 1970 as date and time.
fn time(seconds: u64) -> String {
    let (year, month, day) = date_of_day((seconds / 86_400).cast_signed());
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// Seconds, in the two greatest units that say something.
fn duration(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let first = units.iter().position(|(unit, _)| seconds >= *unit);
    let first = first.unwrap_or(units.len() - 1);
    let mut left = seconds;
    let parts = units[first..].iter().take(2).map(|(unit, name)| {
        let count = left / unit;
        left %= unit;
        format!("{count} {name}")
    });
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_for_people() {
        assert_eq!(mebibytes(10_700_000), "10.2 MiB");
        assert_eq!(time(1_795_193_584), "2026-11-20 16:53:04 UTC");
        let check = |seconds, text: &str| assert_eq!(duration(seconds), text);
        check(0, "0 s");
        check(59, "59 s");
        check(60, "1 min 0 s");
        check(3 * 3600 + 12 * 60 + 5, "3 h 12 min");
        check(40 * 86_400 + 3, "40 d 0 h");
    }
}
