//! AlterConfigs (key 33), versions 0 to 2: exactly these values for resources (KIP-133).
//!
//! The node looks at brokers, the controller decides on the rest. Loggers are altered by
//! IncrementalAlterConfigs alone.

use super::config_changes::{Asked, Manner, answer_of, assemble, check, forward_rest};
use crate::broker::Broker;
use crate::config::ConfigChange;
use crate::requests::{Call, Unanswerable};
use metadata::controller::ApiError;
use metadata::image::ResourceKind;
use net::server::Handled;
use protocol::generated::alter_configs_request::AlterConfigsResource;
use protocol::generated::alter_configs_response::AlterConfigsResourceResponse;
use protocol::generated::{AlterConfigsRequest, AlterConfigsResponse};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The number of the operation that gives a key its value.
const SET: i8 = 0;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: AlterConfigsRequest<'_> = call.decode()?;
    let asked: Vec<Asked<'_>> = request.resources.iter().map(asked).collect();
    let manner = Manner {
        replaces: true,
        validates_only: request.validate_only,
    };
    let decided = check(&broker, &call, &asked, manner);
    let rest = request.resources.iter().zip(&decided);
    let rest = rest.filter(|(_, decided)| decided.is_none());
    let rest = AlterConfigsRequest {
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
    call.answer(&AlterConfigsResponse {
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
        operation: SET,
        value: config.value.as_deref(),
    });
    Asked {
        kind: ResourceKind(resource.resource_type),
        name: &resource.resource_name,
        changes: changes.collect(),
    }
}

fn answers(response: &AlterConfigsResponse<'_>) -> BTreeMap<(ResourceKind, String), ApiError> {
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
