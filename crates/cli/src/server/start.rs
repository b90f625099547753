//! What comes before a node: the process is made fit for one, the configuration is read, and the
//! log directories are formatted if they may be, and locked.
//!
//! Not the job of this module: the node.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use broker::chance::Chance;
use broker::clock::Clock;
use broker::config::{Base, BrokerConfig, Sources};
use broker::environment::Environment;
use broker::loggers::Loggers;
use broker::node::NodeDirectories;
use net::timers::Timers;
use net::transport::tcp::{TcpOptions, TcpTransport};
use storage::disk::{Disk, RealDisk};
use tokio::runtime::Handle;

use super::arguments::StartArguments;
use super::log_levels::LogLevels;
use super::runtimes::Runtimes;
use super::{descriptors, logging, panics, standalone};

/// Where the data of a node without a configuration file is.
const DATA_DIRECTORY: &str = "klamm-data";

/// A process that is fit for a node.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) runtimes: Runtimes,
    log_levels: Arc<LogLevels>,
    /// How many files and connections may be open.
    pub(crate) descriptors_max: u64,
}

/// What a node is made of.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) environment: Environment,
    pub(crate) config: BrokerConfig,
    /// Locked, and this node's.
    pub(crate) directories: NodeDirectories,
}

impl Process {
    /// Begins the log, has panics abort, raises the limit of descriptors, starts the runtimes.
    ///
    /// # Errors
    /// When `KLAMM_LOG` is not as it should be, or the operating system refuses threads.
    pub(crate) fn begin(variables: &[(String, String)]) -> Result<Self> {
        panics::abort_at_panics();
        let log_levels = logging::install(variables)?;
        Ok(Self {
            log_levels,
            runtimes: Runtimes::start().context("start runtimes")?,
            descriptors_max: descriptors::raise_limit(),
        })
    }

    /// Prepares a node of these arguments and environment variables; runs on the data runtime.
    ///
    /// # Errors
    /// When the configuration is refused, or the log directories are not this node's to use.
    pub(crate) async fn prepare(
        &self,
        arguments: &StartArguments,
        variables: &[(String, String)],
    ) -> Result<Prepared> {
        let disk = RealDisk::new(descriptors::for_disk(self.descriptors_max));
        let control = self.runtimes.control.handle().clone();
        let sources = Invocation {
            arguments,
            variables,
            data_directory: Path::new(DATA_DIRECTORY),
        };
        let loggers = self.log_levels.clone();
        prepare(&sources, Arc::new(disk), control, loggers).await
    }
}

/// Whether a node with these arguments and environment variables would accept its configuration.
///
/// # Errors
/// Why it would not.
pub(super) fn check_config(
    arguments: &StartArguments,
    variables: &[(String, String)],
) -> Result<()> {
    let invocation = Invocation {
        arguments,
        variables,
        data_directory: Path::new(DATA_DIRECTORY),
    };
    invocation.load_config().map(drop)
}

/// Everything that a configuration is made of.
struct Invocation<'a> {
    arguments: &'a StartArguments,
    variables: &'a [(String, String)],
    /// For a node without a file.
    data_directory: &'a Path,
}

async fn prepare(
    invocation: &Invocation<'_>,
    disk: Arc<dyn Disk>,
    control: Handle,
    loggers: Arc<dyn Loggers>,
) -> Result<Prepared> {
    let config = invocation.load_config()?;
    let chance = Chance::from_system().context("seed chance")?;
    let clock = Clock::system();
    if invocation.arguments.file.is_none() {
        let now_ms = clock.now().wall_ms;
        standalone::format_if_new(disk.as_ref(), &config, &chance, now_ms).await?;
    }
    let directories = NodeDirectories::claim(&disk, &config, &chance).await;
    let directories = directories.context("prepare log directories")?;
    let network = &config.network;
    let transport = TcpTransport::new(TcpOptions {
        send_buffer_bytes: network.send_buffer_bytes,
        receive_buffer_bytes: network.receive_buffer_bytes,
        listen_backlog_size: network.listen_backlog,
    });
    let environment = Environment {
        disk,
        transport: Arc::new(transport),
        clock,
        chance,
        timers: Timers::start(),
        control,
        loggers,
    };
    Ok(Prepared {
        environment,
        config,
        directories,
    })
}

impl Invocation<'_> {
    /// Reads the configuration and logs what is odd about it.
    fn load_config(&self) -> Result<BrokerConfig> {
        let file = self.arguments.file.as_deref();
        let shown = || match file {
            Some(file) => format!("read configuration {}", file.display()),
            None => "read configuration".to_owned(),
        };
        let content = file.map(std::fs::read).transpose().with_context(shown)?;
        let base = match &content {
            Some(content) => Base::File(content),
            None => Base::Standalone(self.data_directory),
        };
        let sources = Sources {
            base,
            environment: self.variables,
            overrides: &self.arguments.overrides,
        };
        let (config, warnings) = BrokerConfig::load(&sources).with_context(shown)?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests;
