//! AlterUserScramCredentials (key 51), version 0: sets and deletes SCRAM credentials of users
//! (KIP-554, KIP-900).
//!
//! - ALTER on the cluster. Every listener takes them, as in Kafka.
//! - The salted password is hashed to the two keys that are kept (RFC 5802) and forgotten.
//! - Users are answered in an order of their own, each once.

use super::code_and_message;
use crate::controller::active::{Active, Decision};
use crate::controller::request::ControllerRequest;
use crate::requests::{Operation, Resource};
use aws_lc_rs::{digest, hmac};
use metadata::VersionedRecord;
use metadata::controller::{ApiError, ScramAlteration, ScramResult, UserScramAlteration};
use metadata::image::{ScramCredential, ScramMechanism, Secret};
use protocol::ErrorCode;
use protocol::generated::alter_user_scram_credentials_request::ScramCredentialUpsertion;
use protocol::generated::alter_user_scram_credentials_response::AlterUserScramCredentialsResult;
use protocol::generated::{AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse};
use std::collections::BTreeSet;

pub(super) fn decide(
    active: &Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    let asked: AlterUserScramCredentialsRequest<'_> = request.decode()?;
    let (records, results) = match alter(active, request, &asked) {
        Ok(altered) => altered,
        Err(error) => (Vec::new(), refuse_all(&asked, &error)),
    };
    let results = results.into_iter().map(|each| {
        let (error_code, error_message) = code_and_message(each.result.err());
        AlterUserScramCredentialsResult {
            user: each.user.into(),
            error_code,
            error_message,
        }
    });
    let response = request.encode(&AlterUserScramCredentialsResponse {
        throttle_time_ms: 0,
        results: results.collect(),
    })?;
    Ok(Decision::new(records, response))
}

fn alter(
    active: &Active,
    request: &ControllerRequest<'_>,
    asked: &AlterUserScramCredentialsRequest<'_>,
) -> Result<(Vec<VersionedRecord>, Vec<ScramResult>), ApiError> {
    if !request.may(Operation::Alter, Resource::Cluster) {
        return Err(ApiError::bare(ErrorCode::CLUSTER_AUTHORIZATION_FAILED));
    }
    let deletions = asked.deletions.iter().map(|deletion| UserScramAlteration {
        user: deletion.name.to_string(),
        mechanism: ScramMechanism(deletion.mechanism),
        alteration: ScramAlteration::Delete,
    });
    let upsertions = asked
        .upsertions
        .iter()
        .map(|upsertion| UserScramAlteration {
            user: upsertion.name.to_string(),
            mechanism: ScramMechanism(upsertion.mechanism),
            alteration: ScramAlteration::Upsert(credential(upsertion)),
        });
    let alterations: Vec<_> = deletions.chain(upsertions).collect();
    let outcome = active.controller().alter_scram_credentials(&alterations)?;
    Ok((outcome.records, outcome.response))
}

fn refuse_all(asked: &AlterUserScramCredentialsRequest<'_>, error: &ApiError) -> Vec<ScramResult> {
    let deletions = asked.deletions.iter().map(|deletion| &deletion.name);
    let upsertions = asked.upsertions.iter().map(|upsertion| &upsertion.name);
    let users: BTreeSet<_> = deletions.chain(upsertions).collect();
    let users = users.into_iter();
    users
        .map(|user| ScramResult {
            user: user.to_string(),
            result: Err(error.clone()),
        })
        .collect()
}

/// What is kept of a salted password; with a mechanism that is not known it is refused later.
fn credential(upsertion: &ScramCredentialUpsertion<'_>) -> ScramCredential {
    let (mac, hash) = match ScramMechanism(upsertion.mechanism) {
        ScramMechanism::SHA_512 => (hmac::HMAC_SHA512, &digest::SHA512),
        _ => (hmac::HMAC_SHA256, &digest::SHA256),
    };
    let key = hmac::Key::new(mac, &upsertion.salted_password);
    let client_key = hmac::sign(&key, b"Client Key");
    let stored_key = digest::digest(hash, client_key.as_ref());
    let server_key = hmac::sign(&key, b"Server Key");
    ScramCredential {
        salt: Secret::new(upsertion.salt.to_vec()),
        stored_key: Secret::new(stored_key.as_ref().to_vec()),
        server_key: Secret::new(server_key.as_ref().to_vec()),
        iterations: upsertion.iterations,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(secret: &Secret) -> String {
        let bytes = secret.bytes().iter();
        bytes.map(|byte| format!("{byte:02x}")).collect()
    }

    /// The exchange of RFC 7677: user `user`, password `pencil`.
    #[test]
    fn keys_are_those_of_the_standard_and_are_not_printed() {
        let salted = [
            0xc4, 0xa4, 0x95, 0x10, 0x32, 0x3a, 0xb4, 0xf9, 0x52, 0xca, 0xc1, 0xfa, 0x99, 0x44,
            0x19, 0x39, 0xe7, 0x8e, 0xa7, 0x4d, 0x6b, 0xe8, 0x1d, 0xdf, 0x70, 0x96, 0xe8, 0x75,
            0x13, 0xdc, 0x61, 0x5d,
        ];
        let credential = credential(&ScramCredentialUpsertion {
            name: "user".into(),
            mechanism: 1,
            iterations: 4096,
            salt: b"salt"[..].into(),
            salted_password: salted[..].into(),
        });
        let server_key = "c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5";
        let stored_key = "586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6";
        assert_eq!(hex(&credential.server_key), server_key);
        assert_eq!(hex(&credential.stored_key), stored_key);
        let printed = format!("{credential:?}");
        let expected = "ScramCredential { salt: [hidden], stored_key: [hidden], \
                        server_key: [hidden], iterations: 4096 }";
        assert_eq!(printed, expected);
    }
}
