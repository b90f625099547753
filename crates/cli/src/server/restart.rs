//! `klamm server restart`: stops nodes in order and starts each again as it was started, in the
//! background. One after the other: the next is only touched when the one before is ready.
//!
//! Not the job of this module: limits, priorities and control groups that the former process had;
//! the new one has those of this command.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::arguments::{self, Parsed};
use super::background::{LOG_DIRECTORY, Launch, log_file};
use super::control::{CONFIG, Control, DATA, NODE_ID, PROCESS_ROLE, TIMEOUT_SECONDS};
use super::running::{Invocation, RunningNode};
use super::selection::Selection;
use super::start;
use super::stop;
use crate::arguments::OptionSpec;
use crate::commands::{self, Call};

const CONTROL: Control = Control {
    about: "Stops the nodes of this machine and user in order, one after the other, and starts \
            each again in the background, with the arguments, the working directory and the \
            environment that it had.",
    options: &[
        PROCESS_ROLE,
        NODE_ID,
        CONFIG,
        DATA,
        TIMEOUT_SECONDS,
        OptionSpec::HELP,
    ],
};

/// Runs the command.
///
/// # Errors
/// When there is no node to restart, one does not stop, or one would not start again.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let values = match CONTROL.read(call, out)? {
        Ok(values) => values,
        Err(code) => return Ok(code),
    };
    stop::deadline(&values)?;
    let nodes = Selection::of(&values)?.find()?;
    if nodes.is_empty() {
        bail!("no node to restart");
    }
    for node in &nodes {
        // Each may take the time.
        let deadline = stop::deadline(&values)?;
        let code = restart(node, deadline, out)?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn restart(node: &RunningNode, deadline: Option<Instant>, out: &mut dyn Write) -> Result<ExitCode> {
    let context = || format!("restart {}, which goes on", node.statement.name());
    let invocation = node.invocation().context("read how it was started");
    let invocation = invocation.with_context(context)?;
    // What is refused now, or is gone, would leave no node at all.
    check(&invocation).with_context(context)?;
    stop::ask(node)?;
    if !stop::wait(node, deadline, out)? {
        bail!("restart {}: it has not stopped yet", node.statement.name());
    }
    launch(invocation).run(out)
}

/// Whether what the node was started with is still there, and its configuration would be accepted
/// now.
fn check(invocation: &Invocation) -> Result<()> {
    let directory = &invocation.directory;
    let listed = fs::read_dir(directory);
    listed.with_context(|| format!("enter working directory {}", directory.display()))?;
    let program = &invocation.program;
    let found = fs::metadata(program);
    found.with_context(|| format!("find program {}", program.display()))?;
    let texts = invocation.arguments.iter();
    let texts = texts.map(|text| text.clone().into_string().ok());
    let texts = texts.collect::<Option<Vec<_>>>();
    let arguments = texts.as_deref().and_then(commands::arguments_of_start);
    let arguments = arguments.context("read how it was started: not as a node is")?;
    let Parsed::Start(mut arguments) = arguments::parse("klamm server start", &arguments)? else {
        bail!("read how it was started: not as a node is");
    };
    let file = arguments.file.as_deref();
    arguments.file = file.map(|file| invocation.directory.join(file));
    let variables = invocation.variables.iter().cloned();
    let variables: Vec<_> = variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    start::check_config(&arguments, &variables)
}

fn launch(invocation: Invocation) -> Launch {
    let mut variables = invocation.variables.iter();
    let log_directory = variables
        .find(|(name, _)| name.as_bytes() == LOG_DIRECTORY.as_bytes())
        .map(|(_, value)| OsStr::new(value));
    let log_file = invocation
        .log_file
        .unwrap_or_else(|| log_file(&invocation.directory, log_directory));
    Launch {
        program: invocation.program,
        arguments: invocation.arguments,
        log_file,
        directory: invocation.directory,
        variables: Some(invocation.variables),
    }
}
