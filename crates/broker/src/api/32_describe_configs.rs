//! DescribeConfigs (key 32), versions 1 to 4: what is configured for topics, brokers, groups and
//! client metrics, and where it comes from (KIP-133, KIP-226).
//!
//! - A broker describes itself, and under an empty name what is set for all brokers; another broker
//!   is INVALID_REQUEST.
//! - Listeners of controllers answer in the same way.
//! - Synonyms and documentation come when they are asked for.
//! - A resource that is named several times for the same keys is described once; Kafka describes it
//!   each time.
//! - Loggers have the level that holds for them, and nothing else (KIP-412).

#[cfg(test)]
#[path = "32_describe_configs/tests.rs"]
mod tests;

use crate::broker::Broker;
use crate::config::{ConfigEntry, ConfigSource, DynamicConfig, Kind};
use crate::requests::{Call, Operation, Resource, Unanswerable};
use metadata::controller::{ApiError, check_topic_name};
use metadata::image::{ConfigResource, MetadataImage, ResourceKind};
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::describe_configs_request::DescribeConfigsResource;
use protocol::generated::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use protocol::generated::{DescribeConfigsRequest, DescribeConfigsResponse};
use std::collections::BTreeSet;
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: DescribeConfigsRequest<'_> = call.decode()?;
    let published = broker.metadata.current();
    // An answer that grew with every mention could be of any size.
    let mut seen = BTreeSet::new();
    let once = request.resources.iter().filter(|asked| {
        let keys = asked.configuration_keys.as_deref();
        seen.insert((asked.resource_type, &*asked.resource_name, keys))
    });
    let results = once.map(|resource| {
        let described = describe(&broker, &call, resource, &published.image);
        result(resource, &request, described)
    });
    call.answer(&DescribeConfigsResponse {
        throttle_time_ms: call.throttle_time_ms(),
        results: results.collect(),
    })
}

fn describe(
    broker: &Broker,
    call: &Call,
    asked: &DescribeConfigsResource<'_>,
    image: &MetadataImage,
) -> Result<Vec<ConfigEntry>, ApiError> {
    let name = &*asked.resource_name;
    let kind = ResourceKind(asked.resource_type);
    let (authorised, refusal) = match kind {
        ResourceKind::TOPIC => (Resource::Topic(name), ErrorCode::TOPIC_AUTHORIZATION_FAILED),
        ResourceKind::GROUP => (Resource::Group(name), ErrorCode::GROUP_AUTHORIZATION_FAILED),
        _ => (Resource::Cluster, ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
    };
    if !broker.authorise(&call.context, Operation::DescribeConfigs, authorised) {
        return Err(ApiError::bare(refusal));
    }
    let config = broker.config.current();
    let own = image.configs().of(&ConfigResource {
        kind,
        name: name.to_owned(),
    });
    let own = own.into_iter().flatten();
    match kind {
        ResourceKind::TOPIC => {
            check_topic_name(name)?;
            match image.topics().by_name(name) {
                Some(_) => Ok(config.describe_topic(own)),
                None => Err(ApiError::new(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "")),
            }
        }
        ResourceKind::BROKER => describe_broker(broker, &config, name),
        ResourceKind::GROUP if name.is_empty() => Err(invalid("Group name must not be empty")),
        ResourceKind::GROUP => Ok(config.describe_group(own)),
        ResourceKind::CLIENT_METRICS if name.is_empty() => Err(invalid(
            "Client metrics subscription name must not be empty",
        )),
        ResourceKind::CLIENT_METRICS => Ok(DynamicConfig::describe_client_metrics(own)),
        ResourceKind::BROKER_LOGGER => describe_loggers(broker, name),
        _ => Err(invalid(
            "This most likely occurs because of a request being malformed by the client library or \
             the message was sent to an incompatible broker. See the broker logs for more details.",
        )),
    }
}

fn describe_broker(
    broker: &Broker,
    config: &DynamicConfig,
    name: &str,
) -> Result<Vec<ConfigEntry>, ApiError> {
    if name.is_empty() {
        return Ok(config.describe_cluster());
    }
    let own = broker.identity.node_id;
    match name.parse::<i32>() {
        Ok(id) if id == own => Ok(config.describe_broker()),
        Ok(_) => Err(invalid(format!(
            "Unexpected broker id, expected {own} or empty string, but received {name}"
        ))),
        Err(_) => Err(invalid(format!(
            "Broker id must be an integer, but it is: {name}"
        ))),
    }
}

fn describe_loggers(broker: &Broker, name: &str) -> Result<Vec<ConfigEntry>, ApiError> {
    let own = broker.identity.node_id;
    match name.parse::<i32>() {
        _ if name.is_empty() => Err(invalid("Broker id must not be empty")),
        Ok(id) if id == own => {
            let levels = broker.environment.loggers.levels().into_iter();
            let described = levels.map(|(name, level)| ConfigEntry {
                name,
                value: Some(level.name().to_owned()),
                source: ConfigSource::Logger,
                is_sensitive: false,
                is_read_only: false,
                kind: None,
                doc: Some(""),
                synonyms: Vec::new(),
            });
            Ok(described.collect())
        }
        Ok(_) => Err(invalid(format!(
            "Unexpected broker id, expected {own} but received {name}"
        ))),
        Err(_) => Err(invalid(format!(
            "Broker id must be an integer, but it is: {name}"
        ))),
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::INVALID_REQUEST, message)
}

fn result<'a>(
    asked: &DescribeConfigsResource<'a>,
    request: &DescribeConfigsRequest<'_>,
    described: Result<Vec<ConfigEntry>, ApiError>,
) -> DescribeConfigsResult<'a> {
    let result = DescribeConfigsResult {
        resource_type: asked.resource_type,
        resource_name: asked.resource_name.clone(),
        ..DescribeConfigsResult::default()
    };
    let keys = asked.configuration_keys.as_deref();
    // No keys and an empty list of keys both mean all.
    let is_asked =
        |name: &str| keys.is_none_or(|keys| keys.is_empty() || keys.iter().any(|key| *key == name));
    match described {
        Ok(entries) => DescribeConfigsResult {
            configs: entries
                .into_iter()
                .filter(|entry| is_asked(&entry.name))
                .map(|entry| shown(entry, request))
                .collect(),
            ..result
        },
        Err(error) => DescribeConfigsResult {
            error_code: error.code,
            error_message: error.message.map(Into::into),
            ..result
        },
    }
}

fn shown<'a>(
    entry: ConfigEntry,
    request: &DescribeConfigsRequest<'_>,
) -> DescribeConfigsResourceResult<'a> {
    let synonyms = entry
        .synonyms
        .into_iter()
        .filter(|_| request.include_synonyms);
    DescribeConfigsResourceResult {
        name: entry.name.into(),
        value: entry.value.map(Into::into),
        read_only: entry.is_read_only,
        config_source: entry.source.code(),
        is_sensitive: entry.is_sensitive,
        synonyms: synonyms
            .map(|synonym| DescribeConfigsSynonym {
                name: synonym.name.into(),
                value: synonym.value.map(Into::into),
                source: synonym.source.code(),
            })
            .collect(),
        config_type: entry.kind.map_or(UNKNOWN_TYPE, type_code),
        documentation: entry
            .doc
            .filter(|_| request.include_documentation || entry.source == ConfigSource::Logger)
            .map(Into::into),
    }
}

const UNKNOWN_TYPE: i8 = 0;
/// The number that Kafka gives a type.
const fn type_code(kind: Kind) -> i8 {
    match kind {
        Kind::Boolean => 1,
        Kind::Text => 2,
        Kind::Int => 3,
        Kind::Short => 4,
        Kind::Long => 5,
        Kind::Double => 6,
        Kind::List => 7,
        Kind::Class => 8,
        Kind::Password => 9,
    }
}
