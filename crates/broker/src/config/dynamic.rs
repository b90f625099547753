//! Values of a broker that change while it runs: per broker over cluster-wide over static
//! (KIP-226).
//!
//! Not the job of this module: keeping dynamic values (the metadata image does), and telling parts
//! of the node that a value changed.
//!
//! Invariants:
//! - [`DynamicConfig::config`] always is a configuration that was checked as a whole.
//! - A dynamic value takes the place of what has the same meaning in other units below it.

use std::collections::BTreeMap;

use super::broker::BrokerConfig;
use super::error::{ConfigError, ConfigWarning};
use super::key::UpdateMode;
use super::keys::{base_name, broker_key, dynamic_broker_key};
use super::reconfiguration::{check_change, clamp_assignment_intervals};
use super::settings::Settings;
use super::value::Value;

/// What dynamic values are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// All brokers of the cluster.
    Cluster,
    /// One broker.
    Broker,
}

/// The configuration of a running node.
#[derive(Debug, Clone, PartialEq)]
pub struct DynamicConfig {
    pub(super) from_start: Settings,
    pub(super) of_cluster: Settings,
    pub(super) of_broker: Settings,
    config: BrokerConfig,
}

/// TLS stores, which can be changed for single listeners only.
const LISTENER_ONLY: &[&str] = &[
    "ssl.key.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
];

/// Keys of single listeners that also can be set for all brokers.
const CLUSTER_LISTENER_KEYS: &[&str] = &[
    "max.connection.creation.rate",
    "max.connections",
    "num.network.threads",
];

impl DynamicConfig {
    /// The configuration that a node starts with, and no dynamic values.
    pub fn new(config: BrokerConfig) -> Self {
        Self {
            from_start: config.settings.clone(),
            of_cluster: Settings::default(),
            of_broker: Settings::default(),
            config,
        }
    }

    /// Takes these values in place of all that the scope had. Those that cannot be are passed over
    /// and named; if what remains cannot be together, [`DynamicConfig::config`] stays as it was.
    pub fn replace<'a>(
        &mut self,
        scope: Scope,
        values: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Vec<ConfigWarning> {
        let mut warnings = Vec::new();
        let mut taken = Settings::default();
        for (name, text) in values {
            let single = BTreeMap::from([(name.clone(), text.clone())]);
            match check_keys(&single, scope) {
                Ok(()) => taken.replace(name, text),
                Err(error) => warnings.push(ConfigWarning::Ignored {
                    key: name.clone(),
                    reason: error.to_string(),
                }),
            }
        }
        match scope {
            Scope::Cluster => self.of_cluster = taken,
            Scope::Broker => self.of_broker = taken,
        }
        let layers = [&self.of_cluster, &self.of_broker];
        let mut effective = overlay(&self.from_start, layers);
        warnings.extend(clamp_assignment_intervals(&mut effective));
        match BrokerConfig::from_settings(effective) {
            Ok(config) => self.config = config,
            Err(error) => warnings.push(ConfigWarning::Unwise(format!(
                "dynamic configurations are ignored: {error}"
            ))),
        }
        warnings
    }

    /// What holds now.
    pub fn config(&self) -> &BrokerConfig {
        &self.config
    }

    /// Checks values that a scope would have in place of those it has.
    ///
    /// # Errors
    /// When a key cannot be changed so, or a value is not allowed, alone or with the others.
    pub fn check(
        &self,
        scope: Scope,
        values: &BTreeMap<String, String>,
    ) -> Result<(), ConfigError> {
        check_keys(values, scope)?;
        let values = Settings::new(values.clone());
        let layers = match scope {
            Scope::Cluster => [&values, &self.of_broker],
            Scope::Broker => [&self.of_cluster, &values],
        };
        let next = BrokerConfig::from_settings(overlay(&self.from_start, layers))?;
        check_change(&self.config, &next)
    }

    /// What is set for a scope now, without what was passed over.
    pub fn set_for(&self, scope: Scope) -> BTreeMap<String, String> {
        let layer = match scope {
            Scope::Cluster => &self.of_cluster,
            Scope::Broker => &self.of_broker,
        };
        let owned = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
        layer.all().map(owned).collect()
    }
}

/// Checks that keys can be changed in this scope, and their values by themselves.
pub(super) fn check_keys(
    values: &BTreeMap<String, String>,
    scope: Scope,
) -> Result<(), ConfigError> {
    let is_read_only =
        |name: &str| broker_key(name).is_some_and(|key| key.update == UpdateMode::ReadOnly);
    refuse(
        values,
        "Cannot update these configs dynamically",
        is_read_only,
    )?;
    refuse(
        values,
        "These security configs can be dynamically updated only per-listener using the listener \
         prefix",
        |name| LISTENER_ONLY.contains(&name),
    )?;
    for (name, text) in values {
        if let Some(key) = dynamic_broker_key(name) {
            Value::parse(key, text)?;
        }
    }
    if scope == Scope::Broker {
        return Ok(());
    }
    refuse(
        values,
        "Cannot update these configs at default cluster level, broker id must be specified",
        |name| {
            let base = base_name(name);
            let is_per_broker =
                broker_key(name).is_some_and(|key| key.update == UpdateMode::PerBroker);
            is_per_broker || (base != name && !CLUSTER_LISTENER_KEYS.contains(&base))
        },
    )
}

fn refuse(
    values: &BTreeMap<String, String>,
    text: &str,
    is_refused: impl Fn(&str) -> bool,
) -> Result<(), ConfigError> {
    let names = values.keys().filter(|name| is_refused(name));
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() {
        return Ok(());
    }
    let names = names.join(", ");
    Err(ConfigError::Conflict(format!("{text}: [{names}]")))
}

/// Puts layers over settings, the last on top.
fn overlay(settings: &Settings, layers: [&Settings; 2]) -> Settings {
    let mut effective = settings.clone();
    for layer in layers {
        for (name, text) in layer.all() {
            effective.replace(name, text);
        }
    }
    effective
}
