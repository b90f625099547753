//! `klamm server stop`, and `kafka-server-stop`, which is Kafka's script: that one does not wait,
//! minds two options and no other argument, and sends another signal if `SIGNAL` says so.
//!
//! Not the job of this module: what a node does then.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use super::control::{CONFIG, Control, DATA, NODE_ID, PROCESS_ROLE, TIMEOUT_SECONDS};
use super::presence;
use super::running::{self, RunningNode};
use super::selection::Selection;
use crate::arguments::{OptionSpec, Values};
use crate::commands::Call;
use crate::surroundings;

const CONTROL: Control = Control {
    about: "Stops the nodes of this machine and user in order, and waits until they have ended.",
    options: &[
        PROCESS_ROLE,
        NODE_ID,
        CONFIG,
        DATA,
        TIMEOUT_SECONDS,
        OptionSpec::HELP,
    ],
};

/// The name of Kafka's script.
const SCRIPT: &str = "kafka-server-stop";

/// The environment variable that tells the script another signal than TERM.
const SIGNAL: &str = "SIGNAL";

/// Runs the command.
///
/// # Errors
/// When there is no node to stop, or one does not stop.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    if call.program == SCRIPT && !call.arguments.iter().any(|each| each == "--help") {
        return run_as_script(&call.arguments, out);
    }
    let values = match CONTROL.read(call, out)? {
        Ok(values) => values,
        Err(code) => return Ok(code),
    };
    let deadline = deadline(&values)?;
    let nodes = Selection::of(&values)?.find()?;
    if nodes.is_empty() {
        bail!("no node to stop");
    }
    for node in &nodes {
        ask(node)?;
    }
    let mut running = 0;
    for node in &nodes {
        running += usize::from(!wait(node, deadline, out)?);
    }
    match running {
        0 => Ok(ExitCode::SUCCESS),
        _ => bail!("stop nodes: {running} of {} still run", nodes.len()),
    }
}

/// When to wait no longer, from now on; none if the options do not say.
pub(super) fn deadline(values: &Values) -> Result<Option<Instant>> {
    let given = values.last(TIMEOUT_SECONDS.long);
    let seconds = given.map(|text| {
        let context = || format!("read --timeout-seconds `{text}`");
        text.parse().with_context(context)
    });
    let wait = seconds.transpose()?.map(Duration::from_secs);
    // Later than any clock can say is never.
    Ok(wait.and_then(|wait| Instant::now().checked_add(wait)))
}

/// Asks a node to stop.
pub(super) fn ask(node: &RunningNode) -> Result<()> {
    let context = || format!("signal {}", shown(node));
    node.ask_to_stop().with_context(context)
}

/// Waits for a node that was asked to, says what has come of it, and whether it has stopped.
pub(super) fn wait(
    node: &RunningNode,
    deadline: Option<Instant>,
    out: &mut dyn Write,
) -> Result<bool> {
    let context = || format!("wait for {}", shown(node));
    let has_ended = node.wait(deadline).with_context(context)?;
    match has_ended {
        true => writeln!(out, "{} has stopped", shown(node))?,
        false => writeln!(out, "{} still runs", shown(node))?,
    }
    out.flush()?;
    Ok(has_ended)
}

fn shown(node: &RunningNode) -> String {
    let pid = node.pid.as_raw_pid();
    format!("{} (process {pid})", node.statement.name())
}

fn run_as_script(arguments: &[String], out: &mut dyn Write) -> Result<ExitCode> {
    let node_id = value(arguments, NODE_ID.long);
    let roles = value(arguments, PROCESS_ROLE.long);
    if node_id.is_some() && roles.is_some() {
        writeln!(
            out,
            "When both node-id and process-role are provided, the value for node-id will take \
             precedence"
        )?;
    }
    let variables = surroundings::variables();
    let named = variables.iter().find(|(name, _)| name == SIGNAL);
    let named = named.map(|(_, value)| value.as_str());
    let signal = match named.unwrap_or_default() {
        "" => Signal::TERM,
        name => signal(name).with_context(|| format!("send signal `{name}`: there is none"))?,
    };
    let nodes = running::find(&presence::scope(&variables))?;
    if nodes.is_empty() {
        writeln!(out, "No kafka server to stop")?;
        return Ok(ExitCode::FAILURE);
    }
    for node in nodes {
        // The script compares texts, and is content when none is equal.
        let statement = node.statement.node.as_ref();
        let is_meant = match (node_id, roles) {
            (Some(id), _) => statement.is_some_and(|node| node.node_id.to_string() == id),
            (None, Some(roles)) => statement.is_some_and(|node| has_roles(&node.roles, roles)),
            (None, None) => true,
        };
        match (is_meant, signal) {
            (false, _) => {}
            (true, Signal::TERM) => ask(&node)?,
            (true, signal) => node.signal(signal)?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn has_roles(roles: &[String], text: &str) -> bool {
    let mut given: Vec<_> = text.split(',').collect();
    given.sort_unstable();
    roles == given
}

/// The value behind an option, in the same argument or in the next.
fn value<'a>(arguments: &'a [String], long: &str) -> Option<&'a str> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let Some(behind) = argument
            .strip_prefix("--")
            .and_then(|text| text.strip_prefix(long))
        else {
            continue;
        };
        return match behind.strip_prefix('=') {
            Some(value) => Some(value),
            None if behind.is_empty() => rest.next().map(String::as_str),
            None => continue,
        };
    }
    None
}

/// The signal of a name, as `kill -s` takes it.
fn signal(name: &str) -> Option<Signal> {
    let name = name.to_uppercase();
    match name.strip_prefix("SIG").unwrap_or(&name) {
        "TERM" | "15" => Some(Signal::TERM),
        "INT" | "2" => Some(Signal::INT),
        "HUP" | "1" => Some(Signal::HUP),
        "QUIT" | "3" => Some(Signal::QUIT),
        "KILL" | "9" => Some(Signal::KILL),
        "ABRT" | "6" => Some(Signal::ABORT),
        "STOP" | "19" => Some(Signal::STOP),
        "CONT" | "18" => Some(Signal::CONT),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_finds_its_options_among_anything() {
        let check = |line: &str, expected: Option<&str>| {
            let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(value(&arguments, "node-id"), expected, "{line}");
        };
        check("config/server.properties", None);
        check("x --node-id=1 -y", Some("1"));
        check("--node-id 1", Some("1"));
        check("--node-ids=2 --node-id=", Some(""));
        check("--node-id", None);
    }

    #[test]
    fn roles_and_signals_go_by_their_names() {
        let both = ["broker", "controller"].map(str::to_owned);
        assert!(has_roles(&both, "controller,broker"));
        assert!(!has_roles(&both, "broker"));
        assert_eq!(signal("sigkill"), Some(Signal::KILL));
        assert_eq!(signal("15"), Some(Signal::TERM));
        assert_eq!(signal("TERMINATE"), None);
    }
}
