//! What holds for a group of the newer protocols (KIP-848, KIP-932, KIP-1071), and for client
//! metrics (KIP-714).
//!
//! Not the job of this module: where their values are kept, and doing what they say.

use std::collections::BTreeMap;

use regex::Regex;

use super::error::ConfigError;
use super::key::ConfigKey;
use super::keys::{broker_key, client_metrics_key, group_key, group_keys, group_synonym};
use super::settings::Settings;
use super::value::Value;

/// Keys of groups with the keys of the node that bound them from below and above.
const BOUNDS: &[(&str, Option<&str>, &str)] = &[
    (
        "consumer.heartbeat.interval.ms",
        Some("group.consumer.min.heartbeat.interval.ms"),
        "group.consumer.max.heartbeat.interval.ms",
    ),
    (
        "consumer.session.timeout.ms",
        Some("group.consumer.min.session.timeout.ms"),
        "group.consumer.max.session.timeout.ms",
    ),
    (
        "consumer.assignment.interval.ms",
        Some("group.consumer.min.assignment.interval.ms"),
        "group.consumer.max.assignment.interval.ms",
    ),
    (
        "share.heartbeat.interval.ms",
        Some("group.share.min.heartbeat.interval.ms"),
        "group.share.max.heartbeat.interval.ms",
    ),
    (
        "share.session.timeout.ms",
        Some("group.share.min.session.timeout.ms"),
        "group.share.max.session.timeout.ms",
    ),
    (
        "share.record.lock.duration.ms",
        Some("group.share.min.record.lock.duration.ms"),
        "group.share.max.record.lock.duration.ms",
    ),
    (
        "share.delivery.count.limit",
        Some("group.share.min.delivery.count.limit"),
        "group.share.max.delivery.count.limit",
    ),
    (
        "share.partition.max.record.locks",
        Some("group.share.min.partition.max.record.locks"),
        "group.share.max.partition.max.record.locks",
    ),
    (
        "share.assignment.interval.ms",
        Some("group.share.min.assignment.interval.ms"),
        "group.share.max.assignment.interval.ms",
    ),
    (
        "streams.heartbeat.interval.ms",
        Some("group.streams.min.heartbeat.interval.ms"),
        "group.streams.max.heartbeat.interval.ms",
    ),
    (
        "streams.session.timeout.ms",
        Some("group.streams.min.session.timeout.ms"),
        "group.streams.max.session.timeout.ms",
    ),
    (
        "streams.num.standby.replicas",
        None,
        "group.streams.max.standby.replicas",
    ),
    (
        "streams.assignment.interval.ms",
        Some("group.streams.min.assignment.interval.ms"),
        "group.streams.max.assignment.interval.ms",
    ),
];

/// What clients can be told apart by.
const MATCH_NAMES: &[&str] = &[
    "client_instance_id",
    "client_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
];

/// Why values of client metrics are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ClientMetricsError {
    /// The request is at fault.
    Request(String),
    /// The value is.
    Config(String),
}

/// What a group's key has without a value of the group's own.
pub(super) fn default_group_value(settings: &Settings, key: &ConfigKey) -> Option<Value> {
    match group_synonym(key.name) {
        Some(broker) => node_value(settings, broker),
        None => Value::default_of(key),
    }
}

/// Checks the values that a group would have of its own.
pub(super) fn check_group(
    settings: &Settings,
    own: &BTreeMap<String, String>,
) -> Result<(), ConfigError> {
    let mut values: BTreeMap<&str, Value> = group_keys()
        .iter()
        .filter_map(|key| Some((key.name, default_group_value(settings, key)?)))
        .collect();
    for (name, text) in own {
        let Some(key) = group_key(name) else {
            return Err(ConfigError::Conflict(format!(
                "Unknown group config name: {name}"
            )));
        };
        values.insert(key.name, Value::parse(key, text)?);
    }
    for (name, min, max) in BOUNDS {
        // Defaults that change while the node runs are not held against a group.
        if name.ends_with("assignment.interval.ms") && !own.contains_key(*name) {
            continue;
        }
        let value = integer(values.get(name));
        let bound = |name: &str| {
            integer(
                broker_key(name)
                    .and_then(|key| node_value(settings, key))
                    .as_ref(),
            )
        };
        if let Some(min) = min
            && value < bound(min)
        {
            let text = format!("{name} must be greater than or equal to {min}");
            return Err(ConfigError::Conflict(text));
        }
        if value > bound(max) {
            let text = format!("{name} must be less than or equal to {max}");
            return Err(ConfigError::Conflict(text));
        }
    }
    for kind in ["consumer", "share", "streams"] {
        let session = format!("{kind}.session.timeout.ms");
        let heartbeat = format!("{kind}.heartbeat.interval.ms");
        if integer(values.get(&*session)) <= integer(values.get(&*heartbeat)) {
            let text = format!("{session} must be greater than {heartbeat}");
            return Err(ConfigError::Conflict(text));
        }
    }
    Ok(())
}

/// Checks the values that a subscription of client metrics would have.
pub(super) fn check_client_metrics(
    own: &BTreeMap<String, String>,
) -> Result<(), ClientMetricsError> {
    for (name, text) in own {
        let Some(key) = client_metrics_key(name) else {
            let text = format!("Unknown client metrics configuration: {name}");
            return Err(ClientMetricsError::Request(text));
        };
        let value = Value::parse(key, text);
        let value = value.map_err(|error| ClientMetricsError::Config(error.to_string()))?;
        match &value {
            Value::Integer(number) if !(100..=3_600_000).contains(number) => {
                return Err(ClientMetricsError::Request(format!(
                    "Invalid value {number} for {name}, interval must be between 100 and 3600000 \
                     (1 hour)"
                )));
            }
            Value::List(patterns) if name == "match" => {
                if let Some(pattern) = patterns.iter().find(|pattern| !is_match(pattern)) {
                    let text = format!("Illegal client matching pattern: {pattern}");
                    return Err(ClientMetricsError::Config(text));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_match(pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.split('=').collect();
    let is_pattern = |value: &str| !value.is_empty() && Regex::new(value.trim()).is_ok();
    matches!(parts[..], [name, value] if MATCH_NAMES.contains(&name.trim()) && is_pattern(value))
}

fn node_value(settings: &Settings, key: &ConfigKey) -> Option<Value> {
    match settings.given(key.name) {
        Some(text) => Value::parse(key, text).ok(),
        None => Value::default_of(key),
    }
}

fn integer(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Integer(number)) => *number,
        _ => 0,
    }
}
