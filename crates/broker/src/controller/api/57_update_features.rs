//! UpdateFeatures (key 57), versions 0 to 2: other levels for features (KIP-584, KIP-778,
//! KIP-1022).
//!
//! - ALTER on the cluster. All updates happen, or none; why none does, the answer says for all.
//! - Version 0 knows no direction: Kafka takes it for an upgrade, whatever it says of downgrades.
//! - Up to version 1 an answer without error names each feature, with Kafka's text for no error.

use super::check_cluster;
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::Operation;
use metadata::controller::{FeatureUpdate, KraftVersions, UpgradeKind};
use protocol::ErrorCode;
use protocol::generated::update_features_response::UpdatableFeatureResult;
use protocol::generated::{UpdateFeaturesRequest, UpdateFeaturesResponse};

const LAST_WITH_RESULTS: i16 = 1;

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: UpdateFeaturesRequest<'_> = request.decode()?;
    if let Err(error) = check_cluster(request, Operation::Alter) {
        let response = request.encode(&UpdateFeaturesResponse {
            error_code: error.code,
            error_message: None,
            ..UpdateFeaturesResponse::default()
        })?;
        return Ok(Decision::answer_only(response));
    }
    let updates = asked.feature_updates.iter().map(|update| FeatureUpdate {
        name: update.feature.to_string(),
        level: update.max_version_level,
        kind: UpgradeKind::from_code(update.upgrade_type),
    });
    let updates: Vec<_> = updates.collect();
    let quorum = &active.parts.quorum;
    let kraft = KraftVersions {
        level: quorum.kraft_version().level(),
        check_upgrade: &|_| quorum.check_kraft_version_upgrade(),
    };
    let controller = active.controller();
    match controller.update_features(&updates, asked.validate_only, kraft) {
        Ok(outcome) => {
            let names_each = request.version <= LAST_WITH_RESULTS;
            let updates = asked.feature_updates.iter().filter(|_| names_each);
            let response = request.encode(&UpdateFeaturesResponse {
                error_message: None,
                results: updates
                    .map(|update| UpdatableFeatureResult {
                        feature: update.feature.clone(),
                        error_code: ErrorCode::NONE,
                        error_message: Some(ErrorCode::NONE.name().into()),
                    })
                    .collect(),
                ..UpdateFeaturesResponse::default()
            })?;
            Ok(Decision {
                raises_kraft_version: outcome.response.is_some(),
                ..Decision::new(outcome.records, response)
            })
        }
        Err(error) => {
            let message = format!(
                "The update failed for all features since the following feature had an error: {}",
                error.message.unwrap_or_default()
            );
            let response = request.encode(&UpdateFeaturesResponse {
                error_code: error.code,
                error_message: Some(message.into()),
                ..UpdateFeaturesResponse::default()
            })?;
            Ok(Decision::answer_only(response))
        }
    }
}
