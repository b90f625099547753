//! `klamm server start`: a node from its start to its stop, as a process.
//!
//! Not the job of this module: what comes before (`start`), and what the node does.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use broker::config::BrokerConfig;
use broker::node::Node;

use super::arguments::{self, Parsed, StartArguments};
use super::background::{Launch, Starter};
use super::presence::Presence;
use super::signals::{OnHangup, Signals, StopSignal};
use super::start::{Prepared, Process};
use crate::arguments::KAFKA_VERSION;
use crate::commands::Call;
use crate::surroundings;

/// Runs the command.
///
/// # Errors
/// When the node cannot start, or cannot go on.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let arguments = match arguments::parse(&call.program, &call.arguments) {
        Ok(Parsed::Start(arguments)) => arguments,
        Ok(Parsed::Launch(arguments)) => return Launch::of(call, &arguments)?.run(out),
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
    let starter = Starter::recognise(&variables)?;
    let process = Process::begin(&variables)?;
    let presence = Presence::begin(arguments.file.as_deref(), &variables);
    let on_hangup = match starter {
        Some(_) => OnHangup::Ignore,
        None => OnHangup::Stop,
    };
    let running = Running {
        process: &process,
        presence,
        starter,
    };
    let data = process.runtimes.data.handle().clone();
    let stopped = data.block_on(async {
        let signals = Signals::catch(on_hangup).context("catch signals")?;
        running.serve(signals, &arguments, &variables, out).await
    });
    process.runtimes.end();
    Ok(ExitCode::from(stopped?.exit_code()))
}

/// A process with a node in it.
struct Running<'p> {
    process: &'p Process,
    presence: Presence,
    /// Until the node is ready.
    starter: Option<Starter>,
}

impl Running<'_> {
    async fn serve(
        mut self,
        mut signals: Signals,
        arguments: &StartArguments,
        variables: &[(String, String)],
        out: &mut dyn Write,
    ) -> Result<StopSignal> {
        let started = self.start(arguments, variables);
        let (mut node, config) = match signals.unless_caught(started).await {
            Ok(started) => started?,
            Err(signal) => return Ok(signal),
        };
        self.presence.ready(&node, &config);
        let line = ready_line(&node, &config);
        writeln!(out, "{line}")?;
        out.flush()?;
        if let Some(starter) = self.starter.take() {
            starter.release(&line)?;
        }
        let caught = tokio::select! {
            biased;
            caught = signals.next() => Ok(caught),
            failure = node.failed() => Err(failure),
        };
        self.presence.stopping();
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

    async fn start(
        &mut self,
        arguments: &StartArguments,
        variables: &[(String, String)],
    ) -> Result<(Node, Arc<BrokerConfig>)> {
        let prepared = self.process.prepare(arguments, variables).await?;
        let Prepared {
            environment,
            config,
            directories,
        } = prepared;
        self.presence.configured(&config);
        let config = Arc::new(config);
        let node = Node::start(environment, Arc::clone(&config), directories).await;
        Ok((node.context("start node")?, config))
    }
}

/// Who is ready, where it listens, and where its data is.
fn ready_line(node: &Node, config: &BrokerConfig) -> String {
    let listeners = node.listeners().iter();
    let listeners: Vec<_> = listeners
        .map(|listener| format!("{}://{}", listener.name, listener.address))
        .collect();
    let log_dirs = config.node.log_dirs.iter();
    let log_dirs: Vec<_> = log_dirs.map(|path| path.display().to_string()).collect();
    let identity = node.identity();
    format!(
        "node {} of cluster {} is ready: {}; data in {}",
        identity.node_id,
        identity.cluster_id,
        listeners.join(", "),
        log_dirs.join(", ")
    )
}
