//! Records of types that this software does not know: passed over, never dropped.

use imbl::Vector;
use protocol::generated::metadata::MetadataRecord;

use super::SnapshotWriter;

/// The records as they came, in their order; which of them supersede others nobody here can know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UnknownRecordsImage {
    records: Vector<MetadataRecord>,
}

impl UnknownRecordsImage {
    pub(super) fn keep(&mut self, record: &MetadataRecord) {
        self.records.push_back(record.clone());
    }

    pub(super) fn write(&self, writer: &mut SnapshotWriter) {
        for record in &self.records {
            // Such a record carries its own version.
            writer.first(record.clone());
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.records.len()
    }
}
