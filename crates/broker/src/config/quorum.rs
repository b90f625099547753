//! The metadata quorum and its log.
//!
//! Not the job of this module: how many voters there may be.

use protocol::ids::BrokerId;

use super::broker::NodeConfig;
use super::endpoint::HostPort;
use super::error::ConfigError;
use super::settings::Settings;

/// The metadata quorum, as `controller.quorum.*` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumConfig {
    /// `voters`; empty when they stand in the quorum's log.
    pub voters: Vec<Voter>,
    /// `bootstrap.servers`.
    pub bootstrap_servers: Vec<HostPort>,
    /// `election.timeout.ms`.
    pub election_timeout_ms: u64,
    /// `election.backoff.max.ms`.
    pub election_backoff_ms_max: u64,
    /// `fetch.timeout.ms`.
    pub fetch_timeout_ms: u64,
    /// `request.timeout.ms`.
    pub request_timeout_ms: u64,
    /// `retry.backoff.ms`.
    pub retry_backoff_ms: u64,
    /// `append.linger.ms`.
    pub append_linger_ms: u64,
    /// `fetch.max.bytes`.
    pub fetch_bytes_max: u32,
    /// `fetch.snapshot.max.bytes`.
    pub fetch_snapshot_bytes_max: u32,
}

/// One fixed voter of the quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// Its `node.id`.
    pub id: BrokerId,
    /// Where it is reached.
    pub address: HostPort,
}

/// The log of the metadata quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataLogConfig {
    /// `metadata.log.segment.bytes`, or the internal key for tests.
    pub segment_bytes: u32,
    /// `metadata.log.segment.ms`.
    pub segment_ms: i64,
    /// `metadata.max.retention.bytes`; `None` is no limit.
    pub retention_bytes: Option<u64>,
    /// `metadata.max.retention.ms`; `None` is no limit.
    pub retention_ms: Option<u64>,
    /// `metadata.log.max.record.bytes.between.snapshots`.
    pub snapshot_bytes: u64,
    /// `metadata.log.max.snapshot.interval.ms`; `None` makes none for their age.
    pub snapshot_interval_ms: Option<u64>,
    /// `metadata.max.idle.interval.ms`; `None` writes nothing when idle.
    pub idle_interval_ms: Option<u64>,
    /// `internal.metadata.max.batch.size.in.bytes`.
    pub batch_bytes_max: u32,
    /// `internal.metadata.delete.delay.millis`.
    pub delete_delay_ms: u64,
}

impl QuorumConfig {
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let voters = settings.list("controller.quorum.voters")?;
        let servers = settings.list("controller.quorum.bootstrap.servers")?;
        Ok(Self {
            voters: parse_voters(&voters.unwrap_or_default())?,
            bootstrap_servers: parse_bootstrap_servers(&servers.unwrap_or_default())?,
            election_timeout_ms: settings.number("controller.quorum.election.timeout.ms")?,
            election_backoff_ms_max: settings
                .number("controller.quorum.election.backoff.max.ms")?,
            fetch_timeout_ms: settings.number("controller.quorum.fetch.timeout.ms")?,
            request_timeout_ms: settings.number("controller.quorum.request.timeout.ms")?,
            retry_backoff_ms: settings.number("controller.quorum.retry.backoff.ms")?,
            append_linger_ms: settings.number("controller.quorum.append.linger.ms")?,
            fetch_bytes_max: settings.number("controller.quorum.fetch.max.bytes")?,
            fetch_snapshot_bytes_max: settings
                .number("controller.quorum.fetch.snapshot.max.bytes")?,
        })
    }

    /// Checks that the quorum can be found, and that the node stands in it as its roles say.
    pub(super) fn check(&self, node: &NodeConfig) -> Result<(), ConfigError> {
        if self.voters.is_empty() && self.bootstrap_servers.is_empty() {
            let text = "If using process.roles, either controller.quorum.bootstrap.servers must \
                        contain the set of bootstrap controllers or controller.quorum.voters must \
                        contain a parseable set of controllers.";
            return Err(ConfigError::Conflict(text.to_owned()));
        }
        let is_voter = self.voters.iter().any(|voter| voter.id == node.id);
        let id = node.id.0;
        if node.roles.controller && !self.voters.is_empty() && !is_voter {
            return Err(ConfigError::Conflict(format!(
                "If process.roles contains the 'controller' role, the node id {id} must be \
                 included in the set of voters controller.quorum.voters"
            )));
        }
        if !node.roles.controller && is_voter {
            return Err(ConfigError::Conflict(format!(
                "If process.roles contains just the 'broker' role, the node id {id} must not be \
                 included in the set of voters controller.quorum.voters"
            )));
        }
        Ok(())
    }
}

impl MetadataLogConfig {
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let for_tests = settings.limit("internal.metadata.log.segment.bytes")?;
        let snapshot_interval_ms = settings.number("metadata.log.max.snapshot.interval.ms")?;
        let idle_interval_ms = settings.number("metadata.max.idle.interval.ms")?;
        Ok(Self {
            segment_bytes: match for_tests {
                Some(bytes) => bytes,
                None => settings.number("metadata.log.segment.bytes")?,
            },
            segment_ms: settings.number("metadata.log.segment.ms")?,
            retention_bytes: settings.limit("metadata.max.retention.bytes")?,
            retention_ms: settings.limit("metadata.max.retention.ms")?,
            snapshot_bytes: settings.number("metadata.log.max.record.bytes.between.snapshots")?,
            snapshot_interval_ms: Some(snapshot_interval_ms).filter(|interval| *interval > 0),
            idle_interval_ms: Some(idle_interval_ms).filter(|interval| *interval > 0),
            batch_bytes_max: settings.number("internal.metadata.max.batch.size.in.bytes")?,
            delete_delay_ms: settings.number("internal.metadata.delete.delay.millis")?,
        })
    }
}

/// Reads `id@host:port` texts.
pub(super) fn parse_voters(texts: &[String]) -> Result<Vec<Voter>, ConfigError> {
    let parse = |text: &String| {
        let failed = || {
            let reason = "Each entry should be in the form `{id}@{host}:{port}`.";
            ConfigError::value("controller.quorum.voters", text, reason)
        };
        let (id, address) = text.split_once('@').ok_or_else(failed)?;
        let id: i32 = id.parse().ok().filter(|id| *id >= 0).ok_or_else(failed)?;
        Ok(Voter {
            id: BrokerId(id),
            address: HostPort::parse(address).ok_or_else(failed)?,
        })
    };
    texts.iter().map(parse).collect()
}

/// Reads `host:port` texts.
pub(super) fn parse_bootstrap_servers(texts: &[String]) -> Result<Vec<HostPort>, ConfigError> {
    let parse = |text: &String| {
        let reason = "Each entry should be in the form \"{host}:{port}\"";
        let failed = || ConfigError::value("controller.quorum.bootstrap.servers", text, reason);
        HostPort::parse(text).ok_or_else(failed)
    };
    texts.iter().map(parse).collect()
}
