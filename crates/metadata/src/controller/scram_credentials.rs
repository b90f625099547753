//! Changes of SCRAM credentials (KIP-554, KIP-900).
//!
//! Not the job of this module: what a password is hashed to; that comes with the request.

use std::collections::BTreeMap;

use protocol::ErrorCode;
use protocol::generated::metadata::{MetadataRecord, RemoveUserScramCredentialRecord};

use super::{ApiError, Controller, Outcome, check_record_count};
use crate::image::{ScramCredential, ScramMechanism};
use crate::record::VersionedRecord;

/// The least iterations of both mechanisms (RFC 7677).
const ITERATIONS_MIN: i32 = 4096;
const ITERATIONS_MAX: i32 = 16384;

/// What to do to a credential of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScramAlteration {
    /// Remove it.
    Delete,
    /// Set it; `iterations` count as those of the request.
    Upsert(ScramCredential),
}

/// One part of a request: user, mechanism, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserScramAlteration {
    /// The user.
    pub user: String,
    /// The mechanism.
    pub mechanism: ScramMechanism,
    /// What to do.
    pub alteration: ScramAlteration,
}

/// What came of one user of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScramResult {
    /// The user.
    pub user: String,
    /// Whether the user's credential was changed.
    pub result: Result<(), ApiError>,
}

impl Controller<'_> {
    /// Deletes and sets credentials, one of each user; a user who is named again loses all parts.
    ///
    /// # Errors
    /// When the request as a whole is too large.
    pub fn alter_scram_credentials(
        &self,
        alterations: &[UserScramAlteration],
    ) -> Result<Outcome<Vec<ScramResult>>, ApiError> {
        let mut users: BTreeMap<&str, Result<VersionedRecord, ApiError>> = BTreeMap::new();
        for each in alterations {
            let decided = match users.get(&*each.user) {
                Some(Err(_)) => continue,
                Some(Ok(_)) => {
                    let message = "A user credential cannot be altered twice in the same request";
                    Err(ApiError::new(ErrorCode::DUPLICATE_RESOURCE, message))
                }
                None => self.scram_record(each),
            };
            users.insert(&each.user, decided);
        }
        let mut outcome = Outcome::none(Vec::new());
        for (user, decided) in users {
            outcome.response.push(ScramResult {
                user: user.to_owned(),
                result: decided.map(|record| outcome.records.push(record)),
            });
        }
        check_record_count(&outcome.records)?;
        Ok(outcome)
    }

    fn scram_record(&self, each: &UserScramAlteration) -> Result<VersionedRecord, ApiError> {
        let unacceptable = |message| {
            let code = ErrorCode::UNACCEPTABLE_CREDENTIAL;
            Err(ApiError::new(code, message))
        };
        if !self.metadata_version().has_scram() {
            let message = "The current metadata.version does not support SCRAM";
            return Err(ApiError::new(ErrorCode::UNSUPPORTED_VERSION, message));
        }
        if each.user.is_empty() {
            return unacceptable("Username must not be empty");
        }
        if ![ScramMechanism::SHA_256, ScramMechanism::SHA_512].contains(&each.mechanism) {
            let message = "Unknown SCRAM mechanism";
            let code = ErrorCode::UNSUPPORTED_SASL_MECHANISM;
            return Err(ApiError::new(code, message));
        }
        let record = match &each.alteration {
            ScramAlteration::Upsert(credential) if credential.iterations < ITERATIONS_MIN => {
                return unacceptable("Too few iterations");
            }
            ScramAlteration::Upsert(credential) if credential.iterations > ITERATIONS_MAX => {
                return unacceptable("Too many iterations");
            }
            ScramAlteration::Upsert(credential) => credential.to_record(each.mechanism, &each.user),
            ScramAlteration::Delete => {
                let known = self.image().scram().credential(each.mechanism, &each.user);
                if known.is_none() {
                    let message = "Attempt to delete a user credential that does not exist";
                    return Err(ApiError::new(ErrorCode::RESOURCE_NOT_FOUND, message));
                }
                let record = RemoveUserScramCredentialRecord {
                    name: each.user.clone(),
                    mechanism: each.mechanism.0,
                };
                MetadataRecord::RemoveUserScramCredential(record)
            }
        };
        Ok(VersionedRecord::first(record))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Node;
    use super::*;
    use crate::image::Secret;

    fn set(user: &str, mechanism: ScramMechanism, iterations: i32) -> UserScramAlteration {
        let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
        UserScramAlteration {
            user: user.to_owned(),
            mechanism,
            alteration: ScramAlteration::Upsert(ScramCredential {
                salt: secret("salt"),
                stored_key: secret("stored"),
                server_key: secret("server"),
                iterations,
            }),
        }
    }

    fn delete(user: &str, mechanism: ScramMechanism) -> UserScramAlteration {
        UserScramAlteration {
            user: user.to_owned(),
            mechanism,
            alteration: ScramAlteration::Delete,
        }
    }

    /// Alters and takes the records in; returns the code for each user.
    fn alter(node: &mut Node, alterations: &[UserScramAlteration]) -> Vec<(String, ErrorCode)> {
        let outcome = node.controller().alter_scram_credentials(alterations);
        let outcome = outcome.unwrap();
        node.append(&outcome.records);
        let results = outcome.response.into_iter();
        results
            .map(|each| {
                let code = each
                    .result
                    .map_or_else(|error| error.code, |()| ErrorCode::NONE);
                (each.user, code)
            })
            .collect()
    }

    fn one(user: &str, code: ErrorCode) -> Vec<(String, ErrorCode)> {
        vec![(user.to_owned(), code)]
    }

    #[test]
    fn credentials_are_set_altered_and_deleted() {
        const SHA_256: ScramMechanism = ScramMechanism::SHA_256;
        let mut node = Node::with_brokers(1);
        let done = one("ann", ErrorCode::NONE);
        assert_eq!(alter(&mut node, &[set("ann", SHA_256, 4096)]), done);
        assert_eq!(alter(&mut node, &[set("ann", SHA_256, 16384)]), done);
        let known = node.image().scram().credential(SHA_256, "ann").cloned();
        assert_eq!(known.map(|known| known.iterations), Some(16384));
        let snapshot = node
            .image()
            .to_records(crate::features::MetadataVersion::LATEST);
        let is_credential =
            |each: &&VersionedRecord| matches!(each.record, MetadataRecord::UserScramCredential(_));
        assert_eq!(snapshot.records.iter().filter(is_credential).count(), 1);
        assert_eq!(alter(&mut node, &[delete("ann", SHA_256)]), done);
        assert_eq!(node.image().scram().iter().count(), 0);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        const SHA_512: ScramMechanism = ScramMechanism::SHA_512;
        let mut node = Node::with_brokers(1);
        let unacceptable = ErrorCode::UNACCEPTABLE_CREDENTIAL;
        let cases = [
            (set("", SHA_512, 4096), unacceptable),
            (set("u", SHA_512, 4095), unacceptable),
            (set("u", SHA_512, 16385), unacceptable),
            (
                set("u", ScramMechanism(0), 4096),
                ErrorCode::UNSUPPORTED_SASL_MECHANISM,
            ),
            (delete("u", SHA_512), ErrorCode::RESOURCE_NOT_FOUND),
        ];
        for (alteration, code) in cases {
            let expected = one(&alteration.user, code);
            assert_eq!(alter(&mut node, &[alteration]), expected);
        }
        let twice = [
            set("u", SHA_512, 4096),
            set("u", ScramMechanism::SHA_256, 4096),
        ];
        let duplicate = one("u", ErrorCode::DUPLICATE_RESOURCE);
        assert_eq!(alter(&mut node, &twice), duplicate);
        assert_eq!(node.image().scram().iter().count(), 0);
    }
}
