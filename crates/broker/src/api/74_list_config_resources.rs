//! ListConfigResources (key 74), versions 0 and 1: names of resources that have configurations
//! (KIP-1000, KIP-1142).
//!
//! - Version 0 lists subscriptions of client metrics; from version 1 on the request says of which
//!   kinds, and none mean all.
//! - Groups and client metrics are listed if something is set for them, topics and brokers whether
//!   or not.
//! - A kind that nobody knows has the whole request refused as UNSUPPORTED_VERSION.

#[cfg(test)]
#[path = "74_list_config_resources/tests.rs"]
mod tests;

use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use metadata::image::{MetadataImage, ResourceKind};
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::list_config_resources_response::ConfigResource;
use protocol::generated::{ListConfigResourcesRequest, ListConfigResourcesResponse};
use std::sync::Arc;

const FIRST_WITH_KINDS: i16 = 1;
/// The kinds, in the order in which their resources are listed.
const KINDS: [ResourceKind; 5] = [
    ResourceKind::GROUP,
    ResourceKind::CLIENT_METRICS,
    ResourceKind::BROKER_LOGGER,
    ResourceKind::BROKER,
    ResourceKind::TOPIC,
];

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: ListConfigResourcesRequest = call.decode()?;
    let published = broker.metadata.current();
    let listener = call.context.connection.listener.as_str();
    let may_describe =
        broker.authorise(&call.context, Operation::DescribeConfigs, Resource::Cluster);
    let listed = match kinds(&request, call.context.api_version) {
        _ if !may_describe => Err(ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
        Some(kinds) => Ok(list(&published.image, listener, &kinds)),
        None => Err(ErrorCode::UNSUPPORTED_VERSION),
    };
    call.answer(&ListConfigResourcesResponse {
        throttle_time_ms: call.throttle_time_ms(),
        error_code: listed.as_ref().err().copied().unwrap_or(ErrorCode::NONE),
        config_resources: listed.unwrap_or_default(),
    })
}

/// The kinds that are asked for, if all of them are known.
fn kinds(request: &ListConfigResourcesRequest, version: i16) -> Option<Vec<ResourceKind>> {
    if version < FIRST_WITH_KINDS {
        return Some(vec![ResourceKind::CLIENT_METRICS]);
    }
    let asked = &request.resource_types;
    let is_known = |kind: &i8| KINDS.contains(&ResourceKind(*kind));
    let is_asked = |kind: &ResourceKind| asked.is_empty() || asked.contains(&kind.0);
    asked
        .iter()
        .all(is_known)
        .then(|| KINDS.into_iter().filter(is_asked).collect())
}

fn list<'a>(
    image: &'a MetadataImage,
    listener: &str,
    kinds: &[ResourceKind],
) -> Vec<ConfigResource<'a>> {
    let mut listed = Vec::new();
    for kind in kinds {
        let resource = |name| ConfigResource {
            resource_name: name,
            resource_type: kind.0,
        };
        match *kind {
            ResourceKind::BROKER | ResourceKind::BROKER_LOGGER => {
                let alive = image.cluster().alive_brokers();
                let reached = alive.filter(|broker| broker.endpoint(listener).is_some());
                listed.extend(reached.map(|broker| resource(broker.id.to_string().into())));
            }
            ResourceKind::TOPIC => {
                let topics = image.topics().by_names();
                listed.extend(topics.map(|topic| resource((&*topic.name).into())));
            }
            _ => {
                let configured = image.configs().resources().map(|(resource, _)| resource);
                let of_kind = configured.filter(|each| each.kind == *kind);
                listed.extend(of_kind.map(|each| resource(each.name.as_str().into())));
            }
        }
    }
    listed
}
