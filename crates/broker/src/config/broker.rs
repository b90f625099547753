//! The configuration of one node: typed, checked, and all that its parts read at their start.
//!
//! Not the job of this module: values that change while the node runs (`dynamic`), topics' own
//! values (`topic`), reading files.
//!
//! Invariants:
//! - Nothing here asks for security that is not there.
//! - What Apache Kafka refuses together is refused here too.

use std::path::{Path, PathBuf};

use protocol::ids::BrokerId;

use super::error::{ConfigError, ConfigWarning};
use super::groups::{GroupsConfig, InternalTopicsConfig, TransactionsConfig};
use super::listeners::ListenersConfig;
use super::logs::{CleanerConfig, LogsConfig};
use super::network::{MetricsConfig, NetworkConfig};
use super::quorum::{MetadataLogConfig, QuorumConfig};
use super::quotas::quotas;
use super::replication::ReplicationConfig;
use super::settings::{Base, Settings, Sources};
use crate::client_telemetry::ClientTelemetrySettings;
use crate::quotas::QuotaSettings;

/// What a node is configured with. Times are in milliseconds, sizes in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerConfig {
    /// Who the node is, and where its data lies.
    pub node: NodeConfig,
    /// Where it listens, and what it is known as.
    pub listeners: ListenersConfig,
    /// The metadata quorum.
    pub quorum: QuorumConfig,
    /// The log of the metadata quorum.
    pub metadata_log: MetadataLogConfig,
    /// Sockets, requests and fetches.
    pub network: NetworkConfig,
    /// What topics are made with.
    pub topics: TopicsConfig,
    /// The upkeep of logs.
    pub logs: LogsConfig,
    /// Compaction.
    pub cleaner: CleanerConfig,
    /// Replicas and the life of brokers.
    pub replication: ReplicationConfig,
    /// Groups and committed offsets.
    pub groups: GroupsConfig,
    /// Producers and transactions.
    pub transactions: TransactionsConfig,
    /// What the topics of coordinators are made with.
    pub internal_topics: InternalTopicsConfig,
    /// What is measured, and where it is served.
    pub metrics: MetricsConfig,
    /// How metrics of clients are treated.
    pub client_telemetry: ClientTelemetrySettings,
    /// How the use of quotas is measured.
    pub quotas: QuotaSettings,
    /// What was set, as text.
    pub(super) settings: Settings,
}

/// Who the node is, and where its data lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeConfig {
    /// `node.id`, or `broker.id`.
    pub id: BrokerId,
    /// `process.roles`.
    pub roles: Roles,
    /// `broker.rack`.
    pub rack: Option<String>,
    /// `log.dirs`, or `log.dir`; at least one.
    pub log_dirs: Vec<PathBuf>,
    /// `metadata.log.dir`, or the first log directory.
    pub metadata_log_dir: PathBuf,
}

/// What the node is; at least one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// It holds partitions.
    pub broker: bool,
    /// It is of the metadata quorum.
    pub controller: bool,
}

/// What topics are made with when their creation does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicsConfig {
    /// `num.partitions`.
    pub partition_count: i32,
    /// `default.replication.factor`.
    pub replication_factor: i16,
    /// `auto.create.topics.enable`.
    pub auto_create: bool,
    /// `delete.topic.enable`.
    pub delete_enabled: bool,
}

impl BrokerConfig {
    /// The configuration that the sources make up.
    ///
    /// # Errors
    /// When a value is not allowed, alone or with others, or asks for security that is not there.
    pub fn load(sources: &Sources<'_>) -> Result<(Self, Vec<ConfigWarning>), ConfigError> {
        let (settings, mut warnings) = Settings::collect(sources)?;
        let config = Self::from_settings(settings)?;
        config.replication.warn(&mut warnings);
        Ok((config, warnings))
    }

    /// One node on this machine with its data in a directory, as without any file.
    ///
    /// # Errors
    /// When the name of the directory cannot stand in a configuration.
    pub fn standalone(directory: &Path) -> Result<Self, ConfigError> {
        let sources = Sources {
            base: Base::Standalone(directory),
            environment: &[],
            overrides: &[],
        };
        Self::load(&sources).map(|(config, _)| config)
    }

    /// The configuration that settings make up.
    ///
    /// # Errors
    /// As [`BrokerConfig::load`].
    pub fn from_settings(settings: Settings) -> Result<Self, ConfigError> {
        settings.check()?;
        let node = NodeConfig::new(&settings)?;
        let quorum = QuorumConfig::new(&settings)?;
        let listeners = ListenersConfig::new(&settings, &node, &quorum)?;
        quorum.check(&node)?;
        let config = Self {
            metadata_log: MetadataLogConfig::new(&settings)?,
            network: NetworkConfig::new(&settings)?,
            topics: TopicsConfig::new(&settings)?,
            logs: LogsConfig::new(&settings)?,
            cleaner: CleanerConfig::new(&settings)?,
            replication: ReplicationConfig::new(&settings)?,
            groups: GroupsConfig::new(&settings)?,
            transactions: TransactionsConfig::new(&settings)?,
            internal_topics: InternalTopicsConfig::new(&settings)?,
            metrics: MetricsConfig::new(&settings)?,
            client_telemetry: ClientTelemetrySettings {
                bytes_max: settings.number("telemetry.max.bytes")?,
                is_received: settings.boolean("klamm.client.metrics.receive")?,
            },
            quotas: quotas(&settings)?,
            node,
            listeners,
            quorum,
            settings,
        };
        config.check_topic_defaults()?;
        Ok(config)
    }

    /// What was set, as text.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

impl NodeConfig {
    fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let name = if settings.given("node.id").is_some() {
            "node.id"
        } else {
            "broker.id"
        };
        if name == "broker.id" && settings.given(name).is_none() {
            return Err(ConfigError::Missing("node.id"));
        }
        let id: i32 = settings.number(name)?;
        if id < 0 {
            return Err(ConfigError::value(
                "node.id",
                &id.to_string(),
                "Value must be at least 0",
            ));
        }
        if settings.given("broker.id").is_some() && settings.number::<i32>("broker.id")? != id {
            let text = "You must set `node.id` to the same value as `broker.id`.";
            return Err(ConfigError::Conflict(text.to_owned()));
        }
        let roles = settings.list("process.roles")?.unwrap_or_default();
        let has_role = |name: &str| roles.iter().any(|role| role == name);
        let dirs = match settings.list("log.dirs")? {
            Some(dirs) => dirs,
            None => settings.list("log.dir")?.unwrap_or_default(),
        };
        let metadata_log_dir = settings.text("metadata.log.dir")?;
        let metadata_log_dir = metadata_log_dir.or_else(|| dirs.first().cloned());
        Ok(Self {
            id: BrokerId(id),
            roles: Roles {
                broker: has_role("broker"),
                controller: has_role("controller"),
            },
            rack: settings.text("broker.rack")?,
            log_dirs: dirs.iter().map(PathBuf::from).collect(),
            metadata_log_dir: metadata_log_dir.unwrap_or_default().into(),
        })
    }
}

impl TopicsConfig {
    fn new(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            partition_count: settings.number("num.partitions")?,
            replication_factor: settings.number("default.replication.factor")?,
            auto_create: settings.boolean("auto.create.topics.enable")?,
            delete_enabled: settings.boolean("delete.topic.enable")?,
        })
    }
}
