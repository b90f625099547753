//! What both ways of altering configurations have in common: which resources of a request are
//! looked at, and how the others are answered. The words are those of Kafka's brokers, which look
//! at a request before they pass it on.

use crate::controller::request::ControllerRequest;
use crate::requests::{Operation, Resource};
use metadata::controller::{ApiError, ConfigUpdate, Outcome, ResourceResult, ResourceUpdate};
use metadata::image::{ConfigResource, ResourceKind};
use protocol::ErrorCode;
use std::collections::BTreeMap;

/// Resources as a request lists them, each with its keys or what is wrong with them.
pub(super) type Asked = Vec<(ConfigResource, Result<Vec<ConfigUpdate>, ApiError>)>;

/// Refuses resources that are of no known kind, occur twice or are not the client's to alter, hands
/// the others to `alter`, and gives the results of all.
pub(super) fn alter_each(
    request: &ControllerRequest<'_>,
    asked: Asked,
    alter: impl FnOnce(&[ResourceUpdate]) -> Result<Outcome<Vec<ResourceResult>>, ApiError>,
) -> Outcome<Vec<ResourceResult>> {
    let mut counts: BTreeMap<ConfigResource, usize> = BTreeMap::new();
    for (resource, _) in &asked {
        *counts.entry(resource.clone()).or_default() += 1;
    }
    let mut results = Vec::new();
    let mut taken = Vec::new();
    for (resource, updates) in asked {
        let refusal = match counts.get(&resource) {
            _ if !is_known(resource.kind) => Some(unknown_kind(resource.kind)),
            Some(1) => refusal(request, &resource),
            _ => Some(ApiError::new(
                ErrorCode::INVALID_REQUEST,
                "Each resource must appear at most once.",
            )),
        };
        match refusal.map_or(updates, Err) {
            Ok(updates) => taken.push(ResourceUpdate { resource, updates }),
            Err(error) => results.push(ResourceResult {
                resource,
                result: Err(error),
            }),
        }
    }
    let mut records = Vec::new();
    match alter(&taken) {
        Ok(outcome) => {
            results.extend(outcome.response);
            records = outcome.records;
        }
        Err(error) => results.extend(taken.into_iter().map(|each| ResourceResult {
            resource: each.resource,
            result: Err(error.clone()),
        })),
    }
    Outcome {
        records,
        response: results,
    }
}

fn is_known(kind: ResourceKind) -> bool {
    [
        ResourceKind::TOPIC,
        ResourceKind::BROKER,
        ResourceKind::BROKER_LOGGER,
        ResourceKind::CLIENT_METRICS,
        ResourceKind::GROUP,
    ]
    .contains(&kind)
}

fn unknown_kind(kind: ResourceKind) -> ApiError {
    let message = format!("Unknown resource type {}", kind.0);
    ApiError::new(ErrorCode::INVALID_REQUEST, message)
}

fn refusal(request: &ControllerRequest<'_>, resource: &ConfigResource) -> Option<ApiError> {
    let (target, code) = match resource.kind {
        ResourceKind::BROKER | ResourceKind::CLIENT_METRICS => {
            (Resource::Cluster, ErrorCode::CLUSTER_AUTHORIZATION_FAILED)
        }
        ResourceKind::TOPIC => (
            Resource::Topic(&resource.name),
            ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        ),
        ResourceKind::GROUP => (
            Resource::Group(&resource.name),
            ErrorCode::GROUP_AUTHORIZATION_FAILED,
        ),
        _ => {
            let message = "Unexpected resource type BROKER_LOGGER.";
            return Some(ApiError::new(ErrorCode::INVALID_REQUEST, message));
        }
    };
    let may_alter = request.may(Operation::AlterConfigs, target);
    (!may_alter).then(|| ApiError::bare(code))
}
