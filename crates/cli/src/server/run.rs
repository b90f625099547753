//! `klamm server start`: a node from its start to its stop, as a process.
//!
//! Not the job of this module: what comes before (`start`), and what the node does.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use broker::node::Node;

use super::arguments::{self, Parsed, StartArguments};
use super::signals::{Signals, StopSignal};
use super::start::{Prepared, Process};
use crate::commands::Call;
use crate::surroundings;

/// The version of Apache Kafka that this is compatible with.
const KAFKA_VERSION: &str = "4.3.1";

/// Runs the command.
///
/// # Errors
/// When the node cannot start, or cannot go on.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let arguments = match arguments::parse(&call.program, &call.arguments) {
        Ok(Parsed::Start(arguments)) => arguments,
        Ok(Parsed::Help(text)) => {
            write!(out, "{text}")?;
            return Ok(ExitCode::SUCCESS);
        }
        Ok(Parsed::Version) => {
            writeln!(out, "{KAFKA_VERSION}")?;
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => {
            writeln!(std::io::stderr(), "{}\n{}", error.message, error.usage)?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let variables = surroundings::variables();
    let process = Process::begin(&variables)?;
    let data = process.runtimes.data.handle().clone();
    let stopped = data.block_on(serve(&process, &arguments, &variables, out));
    process.runtimes.end();
    Ok(ExitCode::from(stopped?.exit_code()))
}

async fn serve(
    process: &Process,
    arguments: &StartArguments,
    variables: &[(String, String)],
    out: &mut dyn Write,
) -> Result<StopSignal> {
    let mut signals = Signals::catch().context("catch signals")?;
    let started = async {
        let prepared = process.prepare(arguments, variables).await?;
        let Prepared {
            environment,
            config,
            directories,
        } = prepared;
        let shown = config
            .node
            .log_dirs
            .iter()
            .map(|path| path.display().to_string());
        let shown = shown.collect::<Vec<_>>().join(", ");
        let node = Node::start(environment, Arc::new(config), directories).await;
        anyhow::Ok((node.context("start node")?, shown))
    };
    let (mut node, log_dirs) = match signals.unless_caught(started).await {
        Ok(started) => started?,
        Err(signal) => return Ok(signal),
    };
    let listeners = node.listeners().iter();
    let listeners: Vec<_> = listeners
        .map(|listener| format!("{}://{}", listener.name, listener.address))
        .collect();
    let identity = node.identity();
    writeln!(
        out,
        "node {} of cluster {} is ready: {}; data in {log_dirs}",
        identity.node_id,
        identity.cluster_id,
        listeners.join(", ")
    )?;
    out.flush()?;
    let caught = tokio::select! {
        biased;
        caught = signals.next() => Ok(caught),
        failure = node.failed() => Err(failure),
    };
    match &caught {
        Ok(signal) => tracing::info!("stopping on {}", signal.name()),
        Err(failure) => tracing::error!("{failure}; stopping"),
    }
    if let Err(signal) = signals.unless_caught(node.stop()).await {
        tracing::warn!("stopping at once");
        return Ok(signal);
    }
    match caught {
        Ok(signal) => Ok(signal),
        Err(failure) => bail!("run node: {failure}"),
    }
}
