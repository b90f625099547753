//! The table of all keys: of the node, of topics, of groups and of client metrics.
//!
//! Not the job of this module: values. Each file holds the keys of one noun.
//!
//! Invariants:
//! - A name occurs once among the keys of a kind of resource.
//! - Names, types, defaults and valid values are those of Apache Kafka 4.3; keys that begin with
//!   `klamm.` are ours.

mod cleaner;
mod dynamic;
mod elsewhere;
mod group;
mod klamm;
mod log;
mod metrics;
mod network;
mod node;
mod oauth;
mod quorum;
mod remote_tier;
mod replication;
mod sasl;
mod security;
mod share;
mod streams;
mod synonyms;
#[cfg(test)]
mod tests;
mod topic;
mod transaction;

pub(super) use synonyms::same_meaning;

use super::key::DefaultValue::{Is, Null, Required};
use super::key::Reason::{Authorizer, Internals, Java, Later, Removed, ZooKeeper};
use super::key::Standing::{NotYet, Refused, Used, WithoutMeaning};
use super::key::Valid::{
    Any, AtLeast, Between, Endpoint, Endpoints, GzipLevel, ListNotEmpty, ListOf, NotEmpty,
    OffsetReset, OneOf, OneOfIgnoringCase, PartsNotEmpty, SomeOf, ThrottledReplicas, UpTo, Voters,
};
use super::key::{ConfigKey, Importance, Kind, Standing, UpdateMode, keys};

const BROKER_TABLES: &[&[ConfigKey]] = &[
    node::NODE_KEYS,
    network::NETWORK_KEYS,
    quorum::QUORUM_KEYS,
    log::LOG_KEYS,
    cleaner::CLEANER_KEYS,
    replication::REPLICATION_KEYS,
    group::GROUP_KEYS,
    share::SHARE_KEYS,
    streams::STREAMS_KEYS,
    transaction::TRANSACTION_KEYS,
    remote_tier::REMOTE_TIER_KEYS,
    metrics::METRICS_KEYS,
    security::SECURITY_KEYS,
    sasl::SASL_KEYS,
    oauth::OAUTH_KEYS,
    klamm::KLAMM_KEYS,
];

/// All keys of a node's file.
pub fn broker_keys() -> impl Iterator<Item = &'static ConfigKey> {
    BROKER_TABLES.iter().copied().flatten()
}

/// All keys of topics.
pub fn topic_keys() -> &'static [ConfigKey] {
    topic::TOPIC_KEYS
}

/// All keys of groups.
pub fn group_keys() -> &'static [ConfigKey] {
    dynamic::RESOURCE_GROUP_KEYS
}

/// All keys of client metrics (KIP-714).
pub fn client_metrics_keys() -> &'static [ConfigKey] {
    dynamic::CLIENT_METRICS_KEYS
}

/// Keys of a broker that can only be set while it runs.
pub(in crate::config) fn broker_quota_keys() -> &'static [ConfigKey] {
    dynamic::BROKER_QUOTA_KEYS
}

/// The key of a node's file with this name.
pub(in crate::config) fn broker_key(name: &str) -> Option<&'static ConfigKey> {
    broker_keys().find(|key| key.name == name)
}

/// The key of topics with this name.
pub(in crate::config) fn topic_key(name: &str) -> Option<&'static ConfigKey> {
    topic_keys().iter().find(|key| key.name == name)
}

/// The key of groups with this name.
pub(in crate::config) fn group_key(name: &str) -> Option<&'static ConfigKey> {
    group_keys().iter().find(|key| key.name == name)
}

/// The key of client metrics with this name.
pub(in crate::config) fn client_metrics_key(name: &str) -> Option<&'static ConfigKey> {
    client_metrics_keys().iter().find(|key| key.name == name)
}

/// The key that a broker takes while it runs, also one of a single listener, by its plain name.
pub(in crate::config) fn dynamic_broker_key(name: &str) -> Option<&'static ConfigKey> {
    let name = base_name(name);
    let quota_keys = broker_quota_keys().iter();
    let changeable = |key: &&ConfigKey| key.update != UpdateMode::ReadOnly;
    broker_keys()
        .filter(changeable)
        .chain(quota_keys)
        .find(|key| key.name == name)
}

/// What becomes of a key that is none of this table, if anything is known of it.
pub(in crate::config) fn standing_elsewhere(name: &str) -> Option<Standing> {
    let mut known = elsewhere::ELSEWHERE_KEYS.iter();
    known
        .find(|(key, _)| *key == name)
        .map(|(_, standing)| *standing)
}

/// The names of keys that only other releases or plugins of Apache Kafka read.
pub(in crate::config) fn names_elsewhere() -> impl Iterator<Item = &'static str> {
    elsewhere::ELSEWHERE_KEYS.iter().map(|(name, _)| *name)
}

/// The keys of the node that a topic's key falls back to, each with the factor of its unit.
pub(in crate::config) fn topic_synonyms(name: &str) -> &'static [(&'static str, i64)] {
    let mut all = synonyms::TOPIC_SYNONYMS.iter();
    all.find(|(topic, _)| *topic == name)
        .map_or(&[], |(_, broker)| broker)
}

/// The key of the node that a group's key falls back to.
pub(in crate::config) fn group_synonym(name: &str) -> Option<&'static ConfigKey> {
    broker_keys().find(|key| key.name.strip_prefix("group.") == Some(name))
}

/// What a key of one listener, `listener.name.<listener>.<key>`, is without its listener.
pub(in crate::config) fn base_name(name: &str) -> &str {
    let rest = name.strip_prefix("listener.name.");
    rest.and_then(|rest| rest.split_once('.'))
        .map_or(name, |(_, base)| base)
}

/// The listener whose own value of `key` a name stands for, if it stands for one.
pub(in crate::config) fn listener_of<'a>(name: &'a str, key: &str) -> Option<&'a str> {
    let rest = name.strip_prefix("listener.name.")?;
    let (listener, base) = rest.split_once('.')?;
    (base == key).then_some(listener)
}
