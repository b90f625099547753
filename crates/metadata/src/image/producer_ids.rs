//! Which producer ids are still free (KIP-730).
//!
//! Invariants:
//! - The next id only grows. An id that is given twice would make brokers drop somebody's records
//!   as duplicates of somebody else's.

use protocol::generated::metadata::{MetadataRecord, ProducerIdsRecord};
use protocol::ids::ProducerId;

use super::{ReplayError, SnapshotWriter};

/// The first id that no block has held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProducerIdsImage {
    next: Option<i64>,
}

impl ProducerIdsImage {
    pub(super) fn replay(&mut self, record: &ProducerIdsRecord) -> Result<(), ReplayError> {
        let next = record.next_producer_id;
        let known = self.next.unwrap_or(-1);
        if next <= known {
            return Err(ReplayError::ProducerIdsGoBack { next, known });
        }
        self.next = Some(next);
        Ok(())
    }

    pub(super) fn write(&self, writer: &mut SnapshotWriter) {
        if let Some(next_producer_id) = self.next {
            // Kafka's snapshots do not say who has the last block either.
            writer.first(MetadataRecord::ProducerIds(ProducerIdsRecord {
                broker_id: -1,
                broker_epoch: -1,
                next_producer_id,
            }));
        }
    }

    /// The first id of the next block.
    pub fn next(&self) -> ProducerId {
        ProducerId(self.next.unwrap_or(0))
    }
}
