//! Blocks of producer ids for brokers (KIP-730).

use protocol::ErrorCode;
use protocol::generated::metadata::{MetadataRecord, ProducerIdsRecord};
use protocol::ids::ProducerId;

use super::{ApiError, Controller, Outcome};
use crate::record::VersionedRecord;

const BLOCK_SIZE: i32 = 1000;

/// Ids that one broker may give to producers, and nobody else ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerIdBlock {
    /// The first id.
    pub first: ProducerId,
    /// How many ids.
    pub size: i32,
}

impl Controller<'_> {
    /// Gives a registered broker the next block.
    ///
    /// # Errors
    /// When the broker is not registered at this epoch, or the ids are used up.
    pub fn allocate_producer_ids(
        &self,
        broker_id: i32,
        broker_epoch: i64,
    ) -> Result<Outcome<ProducerIdBlock>, ApiError> {
        self.check_broker_epoch(broker_id, broker_epoch)?;
        let first = self.image().producer_ids().next();
        let exhausted = || {
            let message = "Exhausted all producerIds as the next block's end producerId has \
                           exceeded the int64 type limit";
            ApiError::new(ErrorCode::UNKNOWN_SERVER_ERROR, message)
        };
        let next_producer_id = first
            .0
            .checked_add(i64::from(BLOCK_SIZE))
            .ok_or_else(exhausted)?;
        let record = MetadataRecord::ProducerIds(ProducerIdsRecord {
            broker_id,
            broker_epoch,
            next_producer_id,
        });
        Ok(Outcome {
            records: vec![VersionedRecord::first(record)],
            response: ProducerIdBlock {
                first,
                size: BLOCK_SIZE,
            },
        })
    }
}
