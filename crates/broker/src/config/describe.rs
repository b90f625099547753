//! What DescribeConfigs tells of a resource: every key with its value, and where it comes from.
//!
//! Not the job of this module: whether the resource exists, who may ask, and which keys were asked
//! for. The levels of loggers are told by the log.
//!
//! Invariant: no value of a password is ever part of an entry, nor one of a key that nobody knows.

use std::collections::BTreeMap;

use super::dynamic::DynamicConfig;
use super::group::default_group_value;
use super::key::{ConfigKey, Kind, UpdateMode};
use super::keys::{
    base_name, broker_key, broker_keys, client_metrics_keys, dynamic_broker_key, group_keys,
    group_synonym, same_meaning, topic_keys, topic_synonyms,
};
use super::settings::{Settings, known_key};
use super::topic::default_topic_value;
use super::value::Value;

/// One key of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// The key.
    pub name: String,
    /// What holds; `None` for no value, and for one that is not shown.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: ConfigSource,
    /// The value is not shown.
    pub is_sensitive: bool,
    /// It cannot be changed while the node runs.
    pub is_read_only: bool,
    /// The type of its values, if it is known.
    pub kind: Option<Kind>,
    /// What it does, if it is known.
    pub doc: Option<&'static str>,
    /// All places where it has a value, the one that counts first.
    pub synonyms: Vec<ConfigSynonym>,
}

/// One place where a key has a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigSynonym {
    /// The key that has it.
    pub name: String,
    /// The value; `None` if it is not shown.
    pub value: Option<String>,
    /// The place.
    pub source: ConfigSource,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigSource {
    /// Set for the topic.
    Topic,
    /// Set for this broker while it runs.
    DynamicBroker,
    /// Set for all brokers while they run.
    DynamicCluster,
    /// Set when the node started.
    StaticBroker,
    /// Set nowhere.
    Default,
    /// The level of a logger.
    Logger,
    /// Set for the subscription of client metrics.
    ClientMetrics,
    /// Set for the group.
    Group,
}

impl ConfigSource {
    /// The number that DescribeConfigs gives the source.
    pub fn code(self) -> i8 {
        match self {
            Self::Topic => 1,
            Self::DynamicBroker => 2,
            Self::DynamicCluster => 3,
            Self::StaticBroker => 4,
            Self::Default => 5,
            Self::Logger => 6,
            Self::ClientMetrics => 7,
            Self::Group => 8,
        }
    }
}

impl DynamicConfig {
    /// The keys of this broker.
    pub fn describe_broker(&self) -> Vec<ConfigEntry> {
        let effective = self.config().settings();
        let listed = broker_keys().filter(|key| !key.is_internal);
        let mut entries: BTreeMap<&str, ConfigEntry> = listed
            .map(|key| {
                let given = given_or_alias(effective, key.name);
                let value = match given {
                    Some(text) => Value::parse(key, text).ok(),
                    None => Value::default_of(key),
                };
                let entry = self.broker_entry(key.name, value.map(|value| value.to_string()));
                (key.name, entry)
            })
            .collect();
        for (name, text) in effective.all() {
            let entry = || self.broker_entry(name, Some(text.to_owned()));
            entries.entry(name).or_insert_with(entry);
        }
        entries.into_values().collect()
    }

    /// What is set for all brokers while they run.
    pub fn describe_cluster(&self) -> Vec<ConfigEntry> {
        let values = self.of_cluster.all();
        values
            .map(|(name, text)| {
                let mut entry = self.broker_entry(name, Some(text.to_owned()));
                let synonyms = &mut entry.synonyms;
                synonyms.retain(|synonym| synonym.source == ConfigSource::DynamicCluster);
                entry.source = first_source(synonyms);
                entry
            })
            .collect()
    }

    /// The keys of a topic with these values of its own.
    pub fn describe_topic<'a>(
        &self,
        own: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Vec<ConfigEntry> {
        let settings = self.config().settings();
        let own = collect(own);
        let described = topic_keys()
            .iter()
            .filter(|key| !key.is_internal || own.contains_key(key.name));
        described
            .map(|key| {
                let mut synonyms = match topic_synonyms(key.name).first() {
                    Some((broker, _)) => self.synonyms(broker),
                    None => Vec::new(),
                };
                let default = || default_topic_value(settings, key);
                let value = resource_value(key, &own, ConfigSource::Topic, &mut synonyms, default);
                resource_entry(key, value, synonyms)
            })
            .collect()
    }

    /// The keys of a group with these values of its own.
    pub fn describe_group<'a>(
        &self,
        own: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Vec<ConfigEntry> {
        let settings = self.config().settings();
        let own = collect(own);
        let keys = group_keys().iter().filter(|key| !key.is_internal);
        keys.map(|key| {
            let mut synonyms = match group_synonym(key.name) {
                Some(broker) => self.synonyms(broker.name),
                None => Vec::from_iter(key.default_text().map(|text| ConfigSynonym {
                    name: key.name.to_owned(),
                    value: Some(text.to_owned()),
                    source: ConfigSource::Default,
                })),
            };
            let default = || default_group_value(settings, key);
            let value = resource_value(key, &own, ConfigSource::Group, &mut synonyms, default);
            resource_entry(key, value, synonyms)
        })
        .collect()
    }

    /// The keys of a subscription of client metrics with these values of its own.
    pub fn describe_client_metrics<'a>(
        own: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Vec<ConfigEntry> {
        let own = collect(own);
        let describe = |key: &ConfigKey| {
            let mut synonyms = Vec::new();
            let (source, default) = (ConfigSource::ClientMetrics, || Value::default_of(key));
            let value = resource_value(key, &own, source, &mut synonyms, default);
            resource_entry(key, value, synonyms)
        };
        client_metrics_keys().iter().map(describe).collect()
    }

    fn broker_entry(&self, name: &str, value: Option<String>) -> ConfigEntry {
        let key = known_key(name).or_else(|| dynamic_broker_key(name));
        let is_sensitive = key.is_none_or(ConfigKey::is_sensitive);
        let synonyms = self.synonyms(name);
        let own_key = broker_key(name);
        ConfigEntry {
            name: name.to_owned(),
            value: value.filter(|_| !is_sensitive),
            source: first_source(&synonyms),
            is_sensitive,
            is_read_only: own_key.is_none_or(|key| key.update == UpdateMode::ReadOnly),
            kind: key.map(|key| key.kind),
            doc: key.map(|key| key.doc),
            synonyms,
        }
    }

    /// The places where a key of the node has a value, without what only stands in for it before
    /// it has one itself.
    fn synonyms(&self, name: &str) -> Vec<ConfigSynonym> {
        let base = base_name(name);
        let mut names = same_meaning(name).to_vec();
        if names.is_empty() {
            names.push(name);
        }
        if base != name {
            names.push(known_key(name).map_or(base, |key| key.name));
        }
        let is_sensitive = known_key(name)
            .or_else(|| dynamic_broker_key(name))
            .is_none_or(ConfigKey::is_sensitive);
        let mut synonyms = Vec::new();
        let layers = [
            (&self.of_broker, ConfigSource::DynamicBroker),
            (&self.of_cluster, ConfigSource::DynamicCluster),
            (&self.from_start, ConfigSource::StaticBroker),
        ];
        let mut add = |name: &str, value: Option<&str>, source| {
            if let Some(value) = value {
                let name = name.to_owned();
                let value = (!is_sensitive).then(|| value.to_owned());
                synonyms.push(ConfigSynonym {
                    name,
                    value,
                    source,
                });
            }
        };
        for (layer, source) in layers {
            for name in &names {
                add(name, given_or_alias(layer, name), source);
            }
        }
        for name in &names {
            let default = broker_key(name).and_then(ConfigKey::default_text);
            add(name, default, ConfigSource::Default);
        }
        let first = synonyms.iter().position(|synonym| synonym.name == name);
        synonyms.drain(..first.unwrap_or(synonyms.len()));
        synonyms
    }
}

/// The value of a resource's key: its own, which then comes first among the synonyms, or the
/// default.
fn resource_value(
    key: &ConfigKey,
    own: &BTreeMap<&str, &str>,
    source: ConfigSource,
    synonyms: &mut Vec<ConfigSynonym>,
    default: impl FnOnce() -> Option<Value>,
) -> Option<String> {
    let value = own
        .get(key.name)
        .and_then(|text| Value::parse(key, text).ok());
    let Some(value) = value else {
        return default().map(|value| value.to_string());
    };
    let name = key.name.to_owned();
    let value = Some(value.to_string());
    synonyms.insert(
        0,
        ConfigSynonym {
            name,
            value: value.clone(),
            source,
        },
    );
    value
}

fn resource_entry(
    key: &ConfigKey,
    value: Option<String>,
    synonyms: Vec<ConfigSynonym>,
) -> ConfigEntry {
    ConfigEntry {
        name: key.name.to_owned(),
        value,
        source: first_source(&synonyms),
        is_sensitive: false,
        is_read_only: false,
        kind: Some(key.kind),
        doc: Some(key.doc),
        synonyms,
    }
}

fn first_source(synonyms: &[ConfigSynonym]) -> ConfigSource {
    let first = synonyms.first();
    first.map_or(ConfigSource::Default, |synonym| synonym.source)
}

/// What was set for a key, or for its other name: `broker.id` and `node.id` are one.
fn given_or_alias<'a>(settings: &'a Settings, name: &str) -> Option<&'a str> {
    let alias = match name {
        "broker.id" => Some("node.id"),
        "node.id" => Some("broker.id"),
        _ => None,
    };
    let given = settings.given(name);
    given.or_else(|| alias.and_then(|alias| settings.given(alias)))
}

fn collect<'a>(
    own: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> BTreeMap<&'a str, &'a str> {
    let pairs = own.into_iter();
    pairs.map(|(name, text)| (&**name, &**text)).collect()
}
