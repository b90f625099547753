//! How a node lets itself be found: it keeps what it says of itself in a nameless file in memory,
//! which the kernel shows to its own user below `/proc/PID/fd` for as long as the process lives.
//!
//! Not the job of this module: the reading side (`running`).
//!
//! Nothing is left behind, whatever end the process comes to, and no directory has to be agreed
//! upon, cleared or trusted: files in a runtime directory go with the last login, those in `/tmp`
//! when they are old, and a pid in either may be somebody else's by then.
//!
//! Invariants:
//! - Lines are only ever added, each by one write; the last complete one holds.
//! - The file is closed in whatever program the process may start.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context, Result};
use broker::config::BrokerConfig;
use broker::node::Node;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;

use super::running::begin_ticks;
use super::statement::{ListenerStatement, NodeStatement, Phase, ServingStatement, Statement};
use crate::surroundings;

/// The environment variable that keeps the nodes of one purpose apart from those of another: a
/// command sees the nodes that have the same value, or like itself none.
pub(super) const SCOPE: &str = "KLAMM_SCOPE";

/// The name of the process in `ps`, at most 15 bytes. Looking for it first saves looking into
/// everything else that the user runs.
pub(super) const PROCESS_NAME: &str = "klamm-server";

/// The name of the file.
pub(super) const FILE_NAME: &str = "klamm-node";

/// The statement of this process. A node runs all the same where it cannot be made, and says so in
/// its log.
#[derive(Debug)]
pub(super) struct Presence(Option<Published>);

#[derive(Debug)]
struct Published {
    statement: Statement,
    file: File,
}

impl Presence {
    /// From now on this process can be found, as a node that starts.
    pub(super) fn begin(config_file: Option<&Path>, variables: &[(String, String)]) -> Self {
        let published = Published::begin(config_file, variables).inspect_err(|error| {
            tracing::warn!("`klamm server status` and `stop` will not find this node: {error:#}");
        });
        Self(published.ok())
    }

    /// The configuration was read.
    pub(super) fn configured(&mut self, config: &BrokerConfig) {
        self.change(|statement| statement.node = Some(configured(config)));
    }

    /// The node serves.
    pub(super) fn ready(&mut self, node: &Node, config: &BrokerConfig) {
        self.change(|statement| {
            statement.phase = Phase::Ready;
            statement.serving = Some(ServingStatement {
                cluster_id: node.identity().cluster_id.clone(),
                listeners: advertised(node, config),
            });
        });
    }

    /// The node stops.
    pub(super) fn stopping(&mut self) {
        self.change(|statement| statement.phase = Phase::Stopping);
    }

    fn change(&mut self, change: impl FnOnce(&mut Statement)) {
        let Some(published) = &mut self.0 else {
            return;
        };
        change(&mut published.statement);
        if let Err(error) = published.publish() {
            tracing::warn!("`klamm server status` does not see how this node is: {error:#}");
        }
    }
}

impl Published {
    fn begin(config_file: Option<&Path>, variables: &[(String, String)]) -> Result<Self> {
        let config_file = config_file.map(absolute).transpose();
        let published = Self {
            statement: Statement {
                phase: Phase::Starting,
                scope: scope(variables),
                begin_ticks: begin_ticks(Path::new("/proc/self")).context("read start time")?,
                started_ms: surroundings::wall_ms().try_into().unwrap_or_default(),
                config_file: config_file.context("read working directory")?,
                node: None,
                serving: None,
            },
            file: create_file().context("create file in memory")?,
        };
        published.publish()?;
        fs::write("/proc/self/comm", PROCESS_NAME).context("name process")?;
        Ok(published)
    }

    fn publish(&self) -> Result<()> {
        let line = self.statement.to_line();
        let written = (&self.file).write_all(line.as_bytes());
        written.context("write file in memory")
    }
}

/// The scope that these environment variables say.
pub(super) fn scope(variables: &[(String, String)]) -> String {
    let given = variables.iter().find(|(name, _)| name == SCOPE);
    given.map_or_else(String::new, |(_, scope)| scope.clone())
}

/// What a link below `/proc/PID/fd` to the file says.
pub(super) fn link_target() -> PathBuf {
    format!("/memfd:{FILE_NAME} (deleted)").into()
}

fn create_file() -> io::Result<File> {
    // A hardened system refuses files in memory that might be executed; an old one does not know
    // that they can be kept from that.
    let sealed = memfd_create(FILE_NAME, MemfdFlags::CLOEXEC | MemfdFlags::NOEXEC_SEAL);
    let file = match sealed {
        Err(Errno::INVAL) => memfd_create(FILE_NAME, MemfdFlags::CLOEXEC)?,
        sealed => sealed?,
    };
    Ok(file.into())
}

fn configured(config: &BrokerConfig) -> NodeStatement {
    let node = &config.node;
    let roles = [
        (node.roles.broker, "broker"),
        (node.roles.controller, "controller"),
    ];
    let roles = roles.into_iter().filter(|(has, _)| *has);
    // Only an empty path has no absolute one, and no configuration has that.
    let whole = |path: &PathBuf| absolute(path).unwrap_or_else(|_| path.clone());
    NodeStatement {
        node_id: node.id.0,
        roles: roles.map(|(_, name)| name.to_owned()).collect(),
        log_dirs: node.log_dirs.iter().map(whole).collect(),
        metadata_log_dir: whole(&node.metadata_log_dir),
    }
}

fn advertised(node: &Node, config: &BrokerConfig) -> Vec<ListenerStatement> {
    let listeners = &config.listeners;
    let listeners = listeners
        .advertised
        .iter()
        .chain(&listeners.controller_advertised);
    let statements = listeners.map(|listener| {
        let mut bound = node.listeners().iter();
        let bound = bound.find(|bound| bound.name.as_str() == listener.name);
        let bound = bound.map(|bound| bound.address);
        let port = match listener.port {
            0 => bound.map_or(0, |address| address.port()),
            port => port,
        };
        let host = listener.host.clone();
        let host = host.or_else(|| bound.map(|address| address.ip().to_string()));
        ListenerStatement {
            name: listener.name.clone(),
            host: host.unwrap_or_default(),
            port,
        }
    });
    statements.collect()
}
