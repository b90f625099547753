//! The configuration of a node, of its topics and of its groups (`server.properties`, KIP-226).
//!
//! ```text
//! command line > environment > file > default ──> Settings (text) ──> BrokerConfig (typed)
//!                                                    │ + dynamic values
//!                                                    v
//!                                          effective Settings ──> BrokerConfig, TopicConfig
//! ```
//!
//! Not the job of this module: reading files and the environment, logging, and telling parts of
//! the node that a value changed.
//!
//! Invariants:
//! - One table (`keys`) defines every key; parsing, checks and descriptions go by it.
//! - A configuration that asks for security that is not there is an error, never served open.
//! - Secrets are never part of an error, a warning, a description or a debug text.

mod broker;
mod change;
mod describe;
mod dynamic;
mod endpoint;
mod environment;
mod error;
mod group;
mod groups;
mod key;
mod keys;
mod listeners;
mod logs;
mod nearest;
mod network;
mod providers;
mod quorum;
mod quotas;
mod reconfiguration;
mod replication;
mod rules;
mod settings;
#[cfg(test)]
mod tests;
mod topic;
mod value;

pub use broker::{BrokerConfig, NodeConfig, Roles, TopicsConfig};
pub use change::ConfigChange;
pub use describe::{ConfigEntry, ConfigSource, ConfigSynonym};
pub use dynamic::{DynamicConfig, Scope};
pub use endpoint::HostPort;
pub use error::{ConfigError, ConfigWarning};
pub use groups::{GroupsConfig, InternalTopicConfig, InternalTopicsConfig, TransactionsConfig};
pub use key::{ConfigKey, DefaultValue, Importance, Kind, Reason, Standing, UpdateMode, Valid};
pub use keys::{broker_keys, client_metrics_keys, group_keys, topic_keys};
pub use listeners::{Listener, ListenersConfig};
pub use logs::{CleanerConfig, LogsConfig};
pub use network::{ListenerAllowance, MetricsConfig, NetworkConfig};
pub use providers::resolve;
pub use quorum::{MetadataLogConfig, QuorumConfig, Voter};
pub use replication::ReplicationConfig;
pub use settings::{Base, Settings, Sources, parse_properties};
pub use topic::TopicConfig;
pub use value::{Password, Value};
