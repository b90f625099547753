//! IncrementalAlterConfigs (key 44), versions 0 and 1: sets, deletes, appends to and subtracts from
//! single configurations (KIP-339).
//!
//! ALTER_CONFIGS on the topic or group, for brokers and client metrics on the cluster. A resource
//! that occurs twice is altered neither time. Loggers are the brokers' own and refused here.

use super::code_and_message;
use super::config_resources::alter_each;
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use metadata::controller::{ApiError, ConfigOperation, ConfigUpdate};
use metadata::image::{ConfigResource, ResourceKind};
use protocol::ErrorCode;
use protocol::generated::incremental_alter_configs_request::AlterableConfig;
use protocol::generated::incremental_alter_configs_response::AlterConfigsResourceResponse;
use protocol::generated::{IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse};

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: IncrementalAlterConfigsRequest<'_> = request.decode()?;
    let resources = asked.resources.iter().map(|each| {
        let resource = ConfigResource {
            kind: ResourceKind(each.resource_type),
            name: each.resource_name.to_string(),
        };
        (resource, each.configs.iter().map(update).collect())
    });
    let outcome = alter_each(request, resources.collect(), |taken| {
        active
            .controller()
            .alter_configs(taken, asked.validate_only)
    });
    let responses = outcome.response.into_iter().map(|each| {
        let (error_code, error_message) = code_and_message(each.result.err());
        AlterConfigsResourceResponse {
            error_code,
            error_message,
            resource_type: each.resource.kind.0,
            resource_name: each.resource.name.into(),
        }
    });
    let response = request.encode(&IncrementalAlterConfigsResponse {
        throttle_time_ms: 0,
        responses: responses.collect(),
    })?;
    Ok(Decision::new(outcome.records, response))
}

fn update(config: &AlterableConfig<'_>) -> Result<ConfigUpdate, ApiError> {
    let code = config.config_operation;
    let operation = ConfigOperation::from_code(code).ok_or_else(|| {
        let message = format!("Unknown operations type {code}");
        ApiError::new(ErrorCode::INVALID_REQUEST, message)
    })?;
    Ok(ConfigUpdate {
        name: config.name.to_string(),
        operation,
        value: config.value.as_ref().map(ToString::to_string),
    })
}
