//! ApiVersions (key 18), versions 0 to 4: which APIs this listener serves, and the levels of the
//! cluster's features.
//!
//! - A version that does not exist is answered in version 0 with UNSUPPORTED_VERSION and the
//!   versions of this API (KIP-511), so that a newer client can come down.
//! - From version 3 on the client names its software; a name that is none is INVALID_REQUEST.
//! - Versions up to 3 cannot say a lowest feature level of 0, and leave out features with such.

use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use metadata::features::{KRAFT_VERSION, supported_ranges};
use net::request_context::ClientSoftware;
use net::server::{Handled, Reply};
use protocol::generated::api_versions_response::{
    ApiVersion, FinalizedFeatureKey, SupportedFeatureKey,
};
use protocol::generated::{ApiVersionsRequest, ApiVersionsResponse};
use protocol::{ApiKey, ErrorCode};
use std::sync::Arc;

/// The first version in which the client names its software.
const FIRST_WITH_SOFTWARE: i16 = 3;
/// The first version in which the lowest level of a feature may be 0.
const FIRST_WITH_LEVEL_ZERO: i16 = 4;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let version = call.context.api_version;
    if !ApiKey::ApiVersions.versions().contains(&version) {
        let response = ApiVersionsResponse {
            error_code: ErrorCode::UNSUPPORTED_VERSION,
            api_keys: vec![advertised(ApiKey::ApiVersions)],
            ..ApiVersionsResponse::default()
        };
        let reply = Reply::in_version(&call.context, 0, &response, Vec::new())?;
        return Ok(Handled::Done(reply.into()));
    }
    let request: ApiVersionsRequest<'_> = call.decode()?;
    if version >= FIRST_WITH_SOFTWARE {
        let (name, version) = (
            &request.client_software_name,
            &request.client_software_version,
        );
        if !is_software_name(name) || !is_software_name(version) {
            return call.answer(&ApiVersionsResponse {
                error_code: ErrorCode::INVALID_REQUEST,
                throttle_time_ms: call.throttle_time_ms(),
                ..ApiVersionsResponse::default()
            });
        }
        call.context
            .connection
            .software
            .get_or_init(|| ClientSoftware {
                name: name.to_string(),
                version: version.to_string(),
            });
    }
    call.answer(&response(&broker, &call))
}

fn response(broker: &Broker, call: &Call) -> ApiVersionsResponse<'static> {
    let published = broker.metadata.current();
    let levels = published.image.features().levels();
    let kraft_version =
        Some((KRAFT_VERSION, published.kraft_version)).filter(|(_, level)| *level > 0);
    let finalized = levels.chain(kraft_version);
    ApiVersionsResponse {
        api_keys: call
            .listener
            .served()
            .filter(|key| is_advertised(broker, *key))
            .map(advertised)
            .collect(),
        throttle_time_ms: call.throttle_time_ms(),
        supported_features: supported_features(call.context.api_version),
        finalized_features_epoch: published.end_offset.0 - 1,
        finalized_features: finalized
            .map(|(name, level)| FinalizedFeatureKey {
                name: name.to_owned().into(),
                max_version_level: level,
                min_version_level: level,
            })
            .collect(),
        ..ApiVersionsResponse::default()
    }
}

fn supported_features(version: i16) -> Vec<SupportedFeatureKey<'static>> {
    let ranges = supported_ranges().into_iter();
    ranges
        .filter(|(_, min, _)| *min > 0 || version >= FIRST_WITH_LEVEL_ZERO)
        .map(|(name, min, max)| SupportedFeatureKey {
            name: name.into(),
            min_version: min,
            max_version: max,
        })
        .collect()
}

/// Clients are only asked for metrics that somebody receives (KIP-714).
fn is_advertised(broker: &Broker, key: ApiKey) -> bool {
    let is_telemetry = matches!(
        key,
        ApiKey::GetTelemetrySubscriptions | ApiKey::PushTelemetry
    );
    !is_telemetry || broker.client_telemetry.is_received()
}

fn advertised(key: ApiKey) -> ApiVersion {
    let versions = key.advertised_versions();
    ApiVersion {
        api_key: key.id(),
        min_version: *versions.start(),
        max_version: *versions.end(),
    }
}

/// Letters, digits, dashes and dots, with a letter or digit at either end.
fn is_software_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    ends.into_iter()
        .all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_software_are_told_from_what_is_none() {
        for name in ["apache-kafka-java", "4.3.1", "a", "librdkafka"] {
            assert!(is_software_name(name), "{name}");
        }
        for name in ["", "-a", "a.", "a b", "a/b", "ä"] {
            assert!(!is_software_name(name), "{name}");
        }
    }

    #[test]
    fn levels_of_zero_are_said_only_where_they_can_be() {
        let is_any_zero = |version| {
            let features = supported_features(version);
            assert!(!features.is_empty());
            features.iter().any(|key| key.min_version == 0)
        };
        assert_eq!((is_any_zero(3), is_any_zero(4)), (false, true));
    }
}
