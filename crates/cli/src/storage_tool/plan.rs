//! What formatting is to do, for a configuration: by command, or by a node that begins without a
//! configuration file.

use anyhow::{Context, Result, bail};
use broker::chance::Chance;
use broker::config::BrokerConfig;
use metadata::VersionedRecord;
use metadata::controller::bootstrap_records;
use quorum::{FormatOptions, InitialVoters};
use raft::Endpoint;
use storage::directories::NodeIdentity;

use super::format::directories;
use super::levels::InitialLevels;

/// A cluster to begin, and this node's part of it.
#[derive(Debug)]
pub(crate) struct FormatPlan<'a> {
    pub(crate) config: &'a BrokerConfig,
    pub(crate) cluster_id: String,
    pub(crate) levels: InitialLevels,
    pub(crate) voters: InitialVoters,
    pub(crate) ignore_formatted: bool,
}

/// This node alone as the quorum, reached where its controller is advertised.
///
/// # Errors
/// When it is no controller.
pub(crate) fn standalone(config: &BrokerConfig) -> Result<InitialVoters> {
    if !config.node.roles.controller {
        bail!("You can only use --standalone on a controller.");
    }
    let listener = config.listeners.controller_advertised.first();
    let listener = listener.context("find controller listener: there is none")?;
    let host = listener.host.as_deref().unwrap_or("localhost");
    let endpoint = Endpoint {
        name: listener.name.clone(),
        host: host.to_owned(),
        port: listener.port,
    };
    Ok(InitialVoters::Standalone {
        endpoints: vec![endpoint],
    })
}

impl FormatPlan<'_> {
    /// The directories get ids of chance, but for that of a voter, whose id is given.
    ///
    /// # Errors
    /// When the first records cannot be written down.
    pub(crate) fn options(&self, chance: &Chance, now_ms: i64) -> Result<FormatOptions> {
        let node = &self.config.node;
        let own_voter = match &self.voters {
            InitialVoters::Listed { voters } => voters.voter(node.id.0),
            InitialVoters::Static | InitialVoters::Standalone { .. } => None,
        };
        let voter_id = own_voter.and_then(|voter| voter.key.directory_id);
        let log_dirs = directories(self.config).into_iter().map(|path| {
            let given = voter_id.filter(|_| path == node.metadata_log_dir);
            let id = given.unwrap_or_else(|| chance.uuid());
            (path, id)
        });
        let records = bootstrap_records(&self.levels.of_records);
        let records = records.iter().map(VersionedRecord::to_frame);
        Ok(FormatOptions {
            identity: NodeIdentity {
                node_id: node.id.0,
                cluster_id: self.cluster_id.clone(),
            },
            log_dirs: log_dirs.collect(),
            metadata_log_dir: node.metadata_log_dir.clone(),
            bootstrap_records: records.collect::<Result<_, _>>()?,
            voters: self.voters.clone(),
            ignore_formatted: self.ignore_formatted,
            now_ms,
        })
    }
}
