//! AlterConfigs (key 33), versions 0 to 2: gives resources exactly the values that are named.
//!
//! ALTER_CONFIGS on the topic or group, for brokers and client metrics on the cluster. A resource
//! that occurs twice is altered neither time.

use super::code_and_message;
use super::config_resources::alter_each;
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use metadata::controller::{ConfigOperation, ConfigUpdate};
use metadata::image::{ConfigResource, ResourceKind};
use protocol::ErrorCode;
use protocol::generated::alter_configs_response::AlterConfigsResourceResponse;
use protocol::generated::{AlterConfigsRequest, AlterConfigsResponse};

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: AlterConfigsRequest<'_> = request.decode()?;
    let resources = asked.resources.iter().map(|each| {
        let resource = ConfigResource {
            kind: ResourceKind(each.resource_type),
            name: each.resource_name.to_string(),
        };
        let updates = each.configs.iter().map(|config| ConfigUpdate {
            name: config.name.to_string(),
            operation: ConfigOperation::Set,
            value: config.value.as_ref().map(ToString::to_string),
        });
        (resource, Ok(updates.collect()))
    });
    let outcome = alter_each(request, resources.collect(), |taken| {
        active
            .controller()
            .replace_configs(taken, asked.validate_only)
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
    let response = request.encode(&AlterConfigsResponse {
        throttle_time_ms: 0,
        responses: responses.collect(),
    })?;
    Ok(Decision::new(outcome.records, response))
}
