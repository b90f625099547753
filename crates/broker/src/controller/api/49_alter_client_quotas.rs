//! AlterClientQuotas (key 49), versions 0 and 1: sets and removes client quotas (KIP-546).
//!
//! ALTER_CONFIGS on the cluster. Entities are answered in an order of their own, each once.

use super::code_and_message;
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::{Operation, Resource};
use metadata::VersionedRecord;
use metadata::controller::{ApiError, QuotaAlteration, QuotaResult};
use metadata::image::QuotaEntity;
use protocol::ErrorCode;
use protocol::generated::alter_client_quotas_request::EntryData as AskedEntry;
use protocol::generated::alter_client_quotas_response::{EntityData, EntryData};
use protocol::generated::{AlterClientQuotasRequest, AlterClientQuotasResponse};

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: AlterClientQuotasRequest<'_> = request.decode()?;
    let alterations: Vec<_> = asked.entries.iter().map(alteration).collect();
    let (records, results) = match alter(active, request, &alterations, asked.validate_only) {
        Ok(altered) => altered,
        Err(error) => {
            let results = alterations.into_iter().map(|each| QuotaResult {
                entity: each.entity,
                result: Err(error.clone()),
            });
            (Vec::new(), results.collect())
        }
    };
    let entries = results.into_iter().map(|each| {
        let (error_code, error_message) = code_and_message(each.result.err());
        let parts = each.entity.0.into_iter();
        EntryData {
            error_code,
            error_message,
            entity: parts
                .map(|(kind, name)| EntityData {
                    entity_type: kind.into(),
                    entity_name: name.map(Into::into),
                })
                .collect(),
        }
    });
    let response = request.encode(&AlterClientQuotasResponse {
        throttle_time_ms: 0,
        entries: entries.collect(),
    })?;
    Ok(Decision::new(records, response))
}

fn alter(
    active: &Active,
    request: &ControllerRequest<'_>,
    alterations: &[QuotaAlteration],
    validate_only: bool,
) -> Result<(Vec<VersionedRecord>, Vec<QuotaResult>), ApiError> {
    if !request.may(Operation::AlterConfigs, Resource::Cluster) {
        let code = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
        return Err(ApiError::new(code, "Cluster authorization failed."));
    }
    let outcome = active
        .controller()
        .alter_client_quotas(alterations, validate_only)?;
    Ok((outcome.records, outcome.response))
}

fn alteration(entry: &AskedEntry<'_>) -> QuotaAlteration {
    let parts = entry.entity.iter();
    let operations = entry.ops.iter();
    QuotaAlteration {
        entity: QuotaEntity(
            parts
                .map(|part| {
                    let name = part.entity_name.as_ref().map(ToString::to_string);
                    (part.entity_type.to_string(), name)
                })
                .collect(),
        ),
        operations: operations
            .map(|op| (op.key.to_string(), (!op.remove).then_some(op.value)))
            .collect(),
    }
}
