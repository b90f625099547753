//! DescribeClientQuotas (key 48), versions 0 and 1: the client quotas that a filter matches
//! (KIP-546).
//!
//! - A component asks for a name, for the default (no name) or for any of them. A strict filter
//!   matches entities that consist of what it names and nothing else.
//! - DESCRIBE_CONFIGS on the cluster.

#[cfg(test)]
#[path = "48_describe_client_quotas/tests.rs"]
mod tests;

use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use metadata::controller::ApiError;
use metadata::image::{ClientQuotasImage, QuotaEntity};
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::describe_client_quotas_request::ComponentData;
use protocol::generated::describe_client_quotas_response::{EntityData, EntryData, ValueData};
use protocol::generated::{DescribeClientQuotasRequest, DescribeClientQuotasResponse};
use std::collections::BTreeMap;
use std::sync::Arc;

const EXACT: i8 = 0;
const DEFAULT: i8 = 1;
const SPECIFIED: i8 = 2;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: DescribeClientQuotasRequest<'_> = call.decode()?;
    let described =
        if broker.authorise(&call.context, Operation::DescribeConfigs, Resource::Cluster) {
            let published = broker.metadata.current();
            Filter::of(&request).map(|filter| filter.entries(published.image.client_quotas()))
        } else {
            Err(ApiError::bare(ErrorCode::CLUSTER_AUTHORIZATION_FAILED))
        };
    let response = DescribeClientQuotasResponse {
        throttle_time_ms: call.throttle_time_ms(),
        ..DescribeClientQuotasResponse::default()
    };
    match described {
        Ok(entries) => call.answer(&DescribeClientQuotasResponse {
            entries: Some(entries),
            ..response
        }),
        Err(error) => call.answer(&DescribeClientQuotasResponse {
            error_code: error.code,
            error_message: error.message.map(Into::into),
            entries: None,
            ..response
        }),
    }
}

/// What an entity has to be like.
struct Filter<'a> {
    components: BTreeMap<&'a str, Match<'a>>,
    is_strict: bool,
}

enum Match<'a> {
    /// This name, or the default.
    Exact(Option<&'a str>),
    Any,
}

impl<'a> Filter<'a> {
    fn of(request: &'a DescribeClientQuotasRequest<'_>) -> Result<Self, ApiError> {
        let mut components = BTreeMap::new();
        for component in &request.components {
            let kind = &*component.entity_type;
            if kind.is_empty() {
                return Err(invalid("Invalid empty entity type."));
            }
            if components.contains_key(kind) {
                return Err(invalid(format!(
                    "Entity type {kind} cannot appear more than once in the filter."
                )));
            }
            if ![QuotaEntity::IP, QuotaEntity::USER, QuotaEntity::CLIENT_ID].contains(&kind) {
                let message = format!("Unsupported entity type {kind}");
                return Err(ApiError::new(ErrorCode::UNSUPPORTED_VERSION, message));
            }
            components.insert(kind, Match::of(component)?);
        }
        if components.contains_key(QuotaEntity::IP) && components.len() > 1 {
            return Err(invalid(
                "Invalid entity filter component combination. IP filter component should not be \
                 used with user or clientId filter component.",
            ));
        }
        Ok(Self {
            components,
            is_strict: request.strict,
        })
    }

    fn entries(&self, quotas: &ClientQuotasImage) -> Vec<EntryData<'static>> {
        let entities = quotas.entities();
        entities
            .filter(|(entity, _)| self.matches(entity))
            .map(|(entity, quotas)| {
                let parts = entity.0.iter();
                let parts = parts.map(|(kind, name)| EntityData {
                    entity_type: kind.clone().into(),
                    entity_name: name.clone().map(Into::into),
                });
                let values = quotas.map(|(key, value)| ValueData {
                    key: key.to_owned().into(),
                    value,
                });
                EntryData {
                    entity: parts.collect(),
                    values: values.collect(),
                }
            })
            .collect()
    }

    fn matches(&self, entity: &QuotaEntity) -> bool {
        let mut components = self.components.iter();
        let has_all = components.all(|(kind, expected)| {
            let name = entity.0.get(*kind);
            name.is_some_and(|name| match expected {
                Match::Exact(expected) => name.as_deref() == *expected,
                Match::Any => true,
            })
        });
        has_all && (!self.is_strict || entity.0.len() == self.components.len())
    }
}

impl<'a> Match<'a> {
    fn of(component: &'a ComponentData<'_>) -> Result<Self, ApiError> {
        let name = component.r#match.as_deref();
        let superfluous = |kind: &str| {
            let message = format!("Request specified {kind}, but also specified a match string.");
            Err(invalid(message))
        };
        match (component.match_type, name) {
            (EXACT, Some(name)) => Ok(Self::Exact(Some(name))),
            (EXACT, None) => Err(invalid(
                "Request specified MATCH_TYPE_EXACT, but set match string to null.",
            )),
            (DEFAULT, None) => Ok(Self::Exact(None)),
            (DEFAULT, Some(_)) => superfluous("MATCH_TYPE_DEFAULT"),
            (SPECIFIED, None) => Ok(Self::Any),
            (SPECIFIED, Some(_)) => superfluous("MATCH_TYPE_SPECIFIED"),
            (unknown, _) => Err(invalid(format!("Unknown match type {unknown}"))),
        }
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::INVALID_REQUEST, message)
}
