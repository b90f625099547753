//! Access control entries, as plain data: kept and written again.

use std::sync::Arc;

use imbl::OrdMap;
use protocol::Uuid;
use protocol::generated::metadata::{
    AccessControlEntryRecord, MetadataRecord, RemoveAccessControlEntryRecord,
};

use super::{ReplayError, SnapshotWriter};

/// Entries by their id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AclsImage {
    entries: OrdMap<Uuid, Arc<AccessControlEntryRecord>>,
}

impl AclsImage {
    pub(super) fn put(&mut self, record: &AccessControlEntryRecord) {
        self.entries.insert(record.id, Arc::new(record.clone()));
    }

    pub(super) fn remove(
        &mut self,
        record: &RemoveAccessControlEntryRecord,
    ) -> Result<(), ReplayError> {
        let removed = self.entries.remove(&record.id);
        let none = ReplayError::NoAccessControlEntry { id: record.id };
        removed.map(drop).ok_or(none)
    }

    pub(super) fn write(&self, writer: &mut SnapshotWriter) {
        for entry in self.entries.values() {
            writer.first(MetadataRecord::AccessControlEntry((**entry).clone()));
        }
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<AccessControlEntryRecord>> {
        self.entries.values()
    }
}
