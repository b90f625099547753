//! A record together with the version that it is written in.

use protocol::generated::metadata::MetadataRecord;
use protocol::wire::{EncodeError, Writer};

/// A record of `__cluster_metadata` and the version to encode it in, which depends on the
/// metadata version of the cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionedRecord {
    /// The record.
    pub record: MetadataRecord,
    /// The version of its encoding.
    pub version: i16,
}

impl VersionedRecord {
    /// A record in version 0, the only one that most types have.
    pub const fn first(record: MetadataRecord) -> Self {
        Self { record, version: 0 }
    }

    /// The record in its frame, as the metadata log and `bootstrap.checkpoint` hold it.
    ///
    /// # Errors
    /// When the record cannot be encoded in its version.
    pub fn to_frame(&self) -> Result<Vec<u8>, EncodeError> {
        let mut writer = Writer::new();
        self.record.encode_frame(&mut writer, self.version)?;
        Ok(writer.into_parts().0)
    }
}
