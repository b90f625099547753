//! IncrementalAlterConfigs (key 44), versions 0 and 1: single values of resources (KIP-339), and
//! levels of loggers (KIP-412).
//!
//! The node looks at brokers and loggers, the controller decides on the rest.

#[cfg(test)]
#[path = "44_incremental_alter_configs/tests.rs"]
mod tests;

use super::config_changes::{Asked, Manner, answer_of, assemble, check, forward_rest};
use crate::broker::Broker;
use crate::config::ConfigChange;
use crate::requests::{Call, Unanswerable};
use metadata::controller::ApiError;
use metadata::image::ResourceKind;
use net::server::Handled;
use protocol::generated::incremental_alter_configs_request::AlterConfigsResource;
use protocol::generated::incremental_alter_configs_response::AlterConfigsResourceResponse;
use protocol::generated::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: IncrementalAlterConfigsRequest<'_> = call.decode()?;
    let asked: Vec<Asked<'_>> = request.resources.iter().map(asked).collect();
    let manner = Manner {
        replaces: false,
        validates_only: request.validate_only,
    };
    let decided = check(&broker, &call, &asked, manner);
    let rest = request.resources.iter().zip(&decided);
    let rest = rest.filter(|(_, decided)| decided.is_none());
    let rest = IncrementalAlterConfigsRequest {
        resources: rest.map(|(resource, _)| resource.clone()).collect(),
        validate_only: request.validate_only,
    };
    let answered = match rest.resources.is_empty() {
        true => Ok(BTreeMap::new()),
        false => match forward_rest(&broker, &call, &rest).await? {
            Ok(body) => Ok(answers(&answer_of(&call, &body)?)),
            Err(error) => Err(error),
        },
    };
    let results = assemble(&asked, decided, answered);
    let results = asked.iter().zip(results);
    call.answer(&IncrementalAlterConfigsResponse {
        throttle_time_ms: call.throttle_time_ms(),
        responses: results
            .map(|(each, result)| AlterConfigsResourceResponse {
                error_code: result.code,
                error_message: result.message.map(Into::into),
                resource_type: each.kind.0,
                resource_name: each.name.into(),
            })
            .collect(),
    })
}

fn asked<'a>(resource: &'a AlterConfigsResource<'_>) -> Asked<'a> {
    let changes = resource.configs.iter().map(|config| ConfigChange {
        name: &config.name,
        operation: config.config_operation,
        value: config.value.as_deref(),
    });
    Asked {
        kind: ResourceKind(resource.resource_type),
        name: &resource.resource_name,
        changes: changes.collect(),
    }
}

fn answers(
    response: &IncrementalAlterConfigsResponse<'_>,
) -> BTreeMap<(ResourceKind, String), ApiError> {
    let responses = response.responses.iter().map(|each| {
        let error = ApiError {
            code: each.error_code,
            message: each.error_message.as_deref().map(str::to_owned),
        };
        let resource = (
            ResourceKind(each.resource_type),
            each.resource_name.to_string(),
        );
        (resource, error)
    });
    responses.collect()
}
