//! Reads the log into images, and holds back what a metadata transaction has not ended (KIP-868).
//!
//! ```text
//!           begin                       end: what was held back is shown
//! (closed) ───────> (open: held back) ──────────────────────────────────> (closed)
//!                          │            abort: it is forgotten
//!                          └────────────────────────────────────────────> (closed)
//! ```
//!
//! Invariants:
//! - [`MetadataReader::image`] never shows part of a transaction.
//! - A clone costs little, so that a view of what is not committed yet can be dropped again.

use protocol::generated::metadata::MetadataRecord;

use super::{MetadataImage, ReplayError};

/// Where in the log an image ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provenance {
    /// The offset of the last record in it.
    pub offset: i64,
    /// The leader epoch of that record.
    pub epoch: i32,
    /// The append time of its batch, in milliseconds since 1970.
    pub appended_wall_ms: i64,
}

/// An image that follows the log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MetadataReader {
    image: MetadataImage,
    provenance: Option<Provenance>,
    open: Option<OpenTransaction>,
}

#[derive(Debug, Clone, PartialEq)]
struct OpenTransaction {
    start_offset: i64,
    image: MetadataImage,
}

impl MetadataReader {
    /// A reader that goes on behind a snapshot.
    ///
    /// # Errors
    /// When the snapshot contradicts itself.
    pub fn from_snapshot<'a>(
        records: impl IntoIterator<Item = &'a MetadataRecord>,
        provenance: Provenance,
    ) -> Result<Self, ReplayError> {
        let mut image = MetadataImage::default();
        for record in records {
            image.replay(record)?;
        }
        Ok(Self {
            image,
            provenance: Some(provenance),
            open: None,
        })
    }

    /// Takes in the next record of the log.
    ///
    /// # Errors
    /// When it contradicts what was read; nothing is changed then.
    pub fn replay(
        &mut self,
        record: &MetadataRecord,
        provenance: Provenance,
    ) -> Result<(), ReplayError> {
        match (record, &mut self.open) {
            (MetadataRecord::BeginTransaction(_), Some(open)) => {
                let since = open.start_offset;
                return Err(ReplayError::TransactionOpen { since });
            }
            (MetadataRecord::BeginTransaction(_), open @ None) => {
                *open = Some(OpenTransaction {
                    start_offset: provenance.offset,
                    image: self.image.clone(),
                });
            }
            (MetadataRecord::EndTransaction(_), open) => {
                self.image = open.take().ok_or(ReplayError::NoTransaction)?.image;
            }
            (MetadataRecord::AbortTransaction(_), open) => {
                open.take().ok_or(ReplayError::NoTransaction)?;
            }
            (record, Some(open)) => open.image.replay(record)?,
            (record, None) => self.image.replay(record)?,
        }
        self.provenance = Some(provenance);
        Ok(())
    }

    /// What is in effect.
    pub fn image(&self) -> &MetadataImage {
        &self.image
    }

    /// What would be in effect if the open transaction ended now: what its writer goes by.
    pub fn latest(&self) -> &MetadataImage {
        self.open.as_ref().map_or(&self.image, |open| &open.image)
    }

    /// The last record that was read, `None` in an empty log.
    pub fn provenance(&self) -> Option<Provenance> {
        self.provenance
    }

    /// Where the open transaction began. A snapshot must not reach beyond it.
    pub fn transaction_start_offset(&self) -> Option<i64> {
        self.open.as_ref().map(|open| open.start_offset)
    }
}
