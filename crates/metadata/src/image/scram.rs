//! SCRAM credentials (KIP-900), as plain data: kept and written again.
//!
//! Not the job of this module: authenticating anybody.
//!
//! Invariant: what is secret in a credential is not printed by [`fmt::Debug`].

use std::fmt;
use std::sync::Arc;

use imbl::OrdMap;
use protocol::generated::metadata::{
    MetadataRecord, RemoveUserScramCredentialRecord, UserScramCredentialRecord,
};

use super::SnapshotWriter;

/// A mechanism of SCRAM, as records and requests number it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ScramMechanism(pub i8);

/// Bytes that are never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

/// What a server keeps of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScramCredential {
    /// The salt.
    pub salt: Secret,
    /// What the proof of a client is checked with.
    pub stored_key: Secret,
    /// What the server proves itself with.
    pub server_key: Secret,
    /// How often the password was hashed.
    pub iterations: i32,
}

/// Credentials by mechanism and user.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScramImage {
    credentials: OrdMap<(ScramMechanism, String), Arc<ScramCredential>>,
}

impl ScramMechanism {
    /// `SCRAM-SHA-256`.
    pub const SHA_256: Self = Self(1);
    /// `SCRAM-SHA-512`.
    pub const SHA_512: Self = Self(2);
}

impl Secret {
    /// Keeps bytes from being printed.
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl ScramCredential {
    /// The record that gives it to a user.
    pub fn to_record(&self, mechanism: ScramMechanism, user: &str) -> MetadataRecord {
        MetadataRecord::UserScramCredential(UserScramCredentialRecord {
            name: user.to_owned(),
            mechanism: mechanism.0,
            salt: self.salt.0.clone(),
            stored_key: self.stored_key.0.clone(),
            server_key: self.server_key.0.clone(),
            iterations: self.iterations,
        })
    }
}

impl ScramImage {
    pub(super) fn put(&mut self, record: &UserScramCredentialRecord) {
        let key = (ScramMechanism(record.mechanism), record.name.clone());
        let credential = ScramCredential {
            salt: Secret::new(record.salt.clone()),
            stored_key: Secret::new(record.stored_key.clone()),
            server_key: Secret::new(record.server_key.clone()),
            iterations: record.iterations,
        };
        self.credentials.insert(key, Arc::new(credential));
    }

    pub(super) fn remove(&mut self, record: &RemoveUserScramCredentialRecord) {
        let key = (ScramMechanism(record.mechanism), record.name.clone());
        self.credentials.remove(&key);
    }

    pub(super) fn write(&self, writer: &mut SnapshotWriter) {
        if !self.credentials.is_empty() && !writer.version.has_scram() {
            writer.lose("SCRAM credentials");
            return;
        }
        for (mechanism, user, credential) in self.iter() {
            writer.first(credential.to_record(mechanism, user));
        }
    }

    /// The credential of a user for a mechanism.
    pub fn credential(&self, mechanism: ScramMechanism, user: &str) -> Option<&ScramCredential> {
        let credential = self.credentials.get(&(mechanism, user.to_owned()));
        credential.map(Arc::as_ref)
    }

    /// All credentials with their mechanisms and users.
    pub fn iter(&self) -> impl Iterator<Item = (ScramMechanism, &str, &ScramCredential)> {
        let credentials = self.credentials.iter();
        credentials.map(|((mechanism, user), credential)| (*mechanism, &**user, &**credential))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[hidden]")
    }
}
