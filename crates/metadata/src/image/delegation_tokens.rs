//! Delegation tokens (KIP-48, KIP-900), as plain data: kept and written again.

use std::sync::Arc;

use imbl::OrdMap;
use protocol::generated::metadata::{
    DelegationTokenRecord, MetadataRecord, RemoveDelegationTokenRecord,
};

use super::SnapshotWriter;

/// Tokens by their id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DelegationTokensImage {
    tokens: OrdMap<String, Arc<DelegationTokenRecord>>,
}

impl DelegationTokensImage {
    pub(super) fn put(&mut self, record: &DelegationTokenRecord) {
        self.tokens
            .insert(record.token_id.clone(), Arc::new(record.clone()));
    }

    pub(super) fn remove(&mut self, record: &RemoveDelegationTokenRecord) {
        self.tokens.remove(&record.token_id);
    }

    pub(super) fn write(&self, writer: &mut SnapshotWriter) {
        if !self.tokens.is_empty() && !writer.version.has_delegation_tokens() {
            writer.lose("delegation tokens");
            return;
        }
        for token in self.tokens.values() {
            writer.first(MetadataRecord::DelegationToken((**token).clone()));
        }
    }

    /// All tokens.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<DelegationTokenRecord>> {
        self.tokens.values()
    }
}
