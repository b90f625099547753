//! SCRAM credentials (KIP-900), as plain data: kept and written again.

use std::sync::Arc;

use imbl::OrdMap;
use protocol::generated::metadata::{
    MetadataRecord, RemoveUserScramCredentialRecord, UserScramCredentialRecord,
};

use super::SnapshotWriter;

/// Credentials by mechanism and user.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScramImage {
    credentials: OrdMap<(i8, String), Arc<UserScramCredentialRecord>>,
}

impl ScramImage {
    pub(super) fn put(&mut self, record: &UserScramCredentialRecord) {
        let key = (record.mechanism, record.name.clone());
        self.credentials.insert(key, Arc::new(record.clone()));
    }

    pub(super) fn remove(&mut self, record: &RemoveUserScramCredentialRecord) {
        self.credentials
            .remove(&(record.mechanism, record.name.clone()));
    }

    pub(super) fn write(&self, writer: &mut SnapshotWriter) {
        if !self.credentials.is_empty() && !writer.version.has_scram() {
            writer.lose("SCRAM credentials");
            return;
        }
        for credential in self.credentials.values() {
            writer.first(MetadataRecord::UserScramCredential((**credential).clone()));
        }
    }

    /// All credentials.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<UserScramCredentialRecord>> {
        self.credentials.values()
    }
}
