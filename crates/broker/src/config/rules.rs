//! What the controller asks the table of keys before it changes configurations.
//!
//! Not the job of this module: whether a resource exists, and who may change it.

use std::collections::BTreeMap;

use metadata::controller::{ApiError, ConfigRules, check_topic_name};
use metadata::image::{ConfigResource, ResourceKind};
use protocol::ErrorCode;

use super::dynamic::{DynamicConfig, Scope, check_keys};
use super::error::ConfigError;
use super::group::{ClientMetricsError, check_client_metrics, check_group, default_group_value};
use super::key::{ConfigKey, Kind};
use super::keys::{broker_key, client_metrics_key, dynamic_broker_key, group_key, topic_key};
use super::topic::default_topic_value;
use super::value::Value;

impl ConfigRules for DynamicConfig {
    fn check(
        &self,
        resource: &ConfigResource,
        values: &BTreeMap<String, String>,
    ) -> Result<(), ApiError> {
        let name = &resource.name;
        let not_allowed = |text: &str| Err(ApiError::new(ErrorCode::INVALID_REQUEST, text));
        let invalid =
            |error: ConfigError| ApiError::new(ErrorCode::INVALID_CONFIG, error.to_string());
        match resource.kind {
            ResourceKind::TOPIC if name.is_empty() => {
                not_allowed("Default topic resources are not allowed.")
            }
            ResourceKind::TOPIC => {
                check_topic_name(name)?;
                self.config().check_topic(values).map_err(invalid)
            }
            ResourceKind::BROKER => check_broker(name, values),
            ResourceKind::GROUP if name.is_empty() => {
                not_allowed("Default group resources are not allowed.")
            }
            ResourceKind::GROUP => check_group(self.config().settings(), values).map_err(invalid),
            ResourceKind::CLIENT_METRICS if name.is_empty() => {
                not_allowed("Subscription name can't be empty")
            }
            ResourceKind::CLIENT_METRICS => check_client_metrics(values).map_err(|error| {
                let (code, text) = match error {
                    ClientMetricsError::Request(text) => (ErrorCode::INVALID_REQUEST, text),
                    ClientMetricsError::Config(text) => (ErrorCode::INVALID_CONFIG, text),
                };
                ApiError::new(code, text)
            }),
            kind => not_allowed(&format!("Unknown resource type {}", kind.0)),
        }
    }

    fn is_list(&self, kind: ResourceKind, name: &str) -> bool {
        // As in Kafka, whose controller knows the types of no other keys.
        let key = match kind {
            ResourceKind::TOPIC => topic_key(name),
            ResourceKind::BROKER => broker_key(name),
            _ => None,
        };
        key.is_some_and(|key| key.kind == Kind::List)
    }

    fn default_value(&self, kind: ResourceKind, name: &str) -> Option<String> {
        let key = key_of(kind, name)?;
        let value = match kind {
            ResourceKind::TOPIC => default_topic_value(&self.from_start, key),
            ResourceKind::GROUP => default_group_value(&self.from_start, key),
            ResourceKind::BROKER => match self.from_start.given(name) {
                Some(text) => return Some(text.to_owned()),
                None => Value::default_of(key),
            },
            _ => Value::default_of(key),
        };
        value.map(|value| value.to_string())
    }
}

/// Checks dynamic values of a broker, or of all if the name is empty, one by one. Whether they can
/// be together, the broker knows that has them; it is asked first.
fn check_broker(name: &str, values: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let not_allowed = |text: String| Err(ApiError::new(ErrorCode::INVALID_REQUEST, text));
    let scope = if name.is_empty() {
        Scope::Cluster
    } else {
        Scope::Broker
    };
    if scope == Scope::Broker {
        match name.parse::<i32>() {
            Ok(id) if id < 0 => return not_allowed("Invalid negative broker ID.".to_owned()),
            Ok(_) => {}
            Err(_) => {
                let text = "Unable to parse broker name as a base 10 number.";
                return not_allowed(text.to_owned());
            }
        }
    }
    check_keys(values, scope).or_else(|error| not_allowed(error.to_string()))
}

fn key_of(kind: ResourceKind, name: &str) -> Option<&'static ConfigKey> {
    match kind {
        ResourceKind::TOPIC => topic_key(name),
        ResourceKind::BROKER => broker_key(name).or_else(|| dynamic_broker_key(name)),
        ResourceKind::GROUP => group_key(name),
        ResourceKind::CLIENT_METRICS => client_metrics_key(name),
        _ => None,
    }
}
