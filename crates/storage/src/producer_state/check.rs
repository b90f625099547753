//! Whether an append may be made, by what its producers wrote before.
//!
//! Departs from Kafka where Kafka is loose: several batches in one append are checked as if they
//! came one by one, and only an append of a single batch, which is all a client may send, is
//! answered as a duplicate, so that nothing is acknowledged that was not written.

use std::collections::BTreeMap;

use protocol::ErrorCode;
use protocol::ids::{CoordinatorEpoch, ProducerEpoch, ProducerId};

use super::batch::{
    AppendOrigin, EndTransaction, ProducerBatch, ProducerBatchContent, sequence_after,
};
use super::{ProducerEntry, ProducerState, WrittenBatch};

/// What is to be done with an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendCheck {
    /// Append it.
    Append,
    /// It is a retry of this batch: answer with that one's offsets, append nothing.
    Duplicate(WrittenBatch),
}

/// Why an append is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedBatch {
    /// A later incarnation of the producer has written already.
    #[error(
        "append batch of producer {producer_id}: epoch {producer_epoch} is stale, \
         the last one seen is {current_epoch}"
    )]
    InvalidProducerEpoch {
        /// The producer.
        producer_id: ProducerId,
        /// The epoch of the batch.
        producer_epoch: ProducerEpoch,
        /// The epoch of the producer.
        current_epoch: ProducerEpoch,
    },
    /// A batch before this one is missing.
    #[error(
        "append batch of producer {producer_id}: sequence number {base_sequence} is out of order, \
         {expected_sequence} comes next"
    )]
    OutOfOrderSequence {
        /// The producer.
        producer_id: ProducerId,
        /// The sequence number that the batch begins with.
        base_sequence: i32,
        /// The one that it should begin with.
        expected_sequence: i32,
    },
    /// A later coordinator has ended a transaction of the producer already.
    #[error(
        "append marker of producer {producer_id}: coordinator epoch {coordinator_epoch} is stale, \
         the last one seen is {current_epoch}"
    )]
    TransactionCoordinatorFenced {
        /// The producer.
        producer_id: ProducerId,
        /// The epoch of the marker.
        coordinator_epoch: CoordinatorEpoch,
        /// The last epoch seen.
        current_epoch: CoordinatorEpoch,
    },
    /// Records without a transaction while one is open.
    #[error("append batch of producer {producer_id}: a transaction is open, the batch is in none")]
    InvalidTransactionState {
        /// The producer.
        producer_id: ProducerId,
    },
}

impl RefusedBatch {
    /// The error code of Kafka's protocol.
    pub const fn error_code(&self) -> ErrorCode {
        match self {
            Self::OutOfOrderSequence { .. } => ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
            Self::InvalidProducerEpoch { .. } => ErrorCode::INVALID_PRODUCER_EPOCH,
            Self::InvalidTransactionState { .. } => ErrorCode::INVALID_TXN_STATE,
            Self::TransactionCoordinatorFenced { .. } => ErrorCode::TRANSACTION_COORDINATOR_FENCED,
        }
    }
}

impl ProducerState {
    /// Whether these batches may be appended, in this order and at these offsets. Batches without
    /// a producer are not among them.
    ///
    /// # Errors
    /// When one of the batches is refused; then none is appended.
    pub fn check(
        &self,
        batches: &[ProducerBatch],
        origin: AppendOrigin,
    ) -> Result<AppendCheck, RefusedBatch> {
        if origin == AppendOrigin::Replication {
            return Ok(AppendCheck::Append);
        }
        if let [batch] = batches {
            let entry = self.producer(batch.producer_id);
            if origin == AppendOrigin::Client
                && let Some(written) = entry.and_then(|entry| entry.find_duplicate(batch))
            {
                return Ok(AppendCheck::Duplicate(written));
            }
            check_batch(entry, batch, origin)?;
            return Ok(AppendCheck::Append);
        }
        let mut ahead: BTreeMap<ProducerId, ProducerEntry> = BTreeMap::new();
        for batch in batches {
            let id = batch.producer_id;
            let entry = ahead.get(&id).or_else(|| self.producer(id));
            check_batch(entry, batch, origin)?;
            let mut entry = entry
                .cloned()
                .unwrap_or_else(|| ProducerEntry::new(batch.producer_epoch));
            entry.update(batch);
            ahead.insert(id, entry);
        }
        Ok(AppendCheck::Append)
    }
}

fn check_batch(
    entry: Option<&ProducerEntry>,
    batch: &ProducerBatch,
    origin: AppendOrigin,
) -> Result<(), RefusedBatch> {
    // Nothing is known of the producer, be it new, expired, or with all its records deleted: it
    // may go on with any sequence number (KIP-360).
    let Some(entry) = entry else {
        return Ok(());
    };
    match batch.content {
        ProducerBatchContent::Data {
            base_sequence,
            is_transactional,
            ..
        } => {
            check_epoch(batch, entry, batch.producer_epoch < entry.producer_epoch())?;
            if origin == AppendOrigin::Client {
                check_sequence(entry, batch, base_sequence)?;
            }
            if entry.transaction_first_offset().is_some() && !is_transactional {
                let producer_id = batch.producer_id;
                return Err(RefusedBatch::InvalidTransactionState { producer_id });
            }
            Ok(())
        }
        ProducerBatchContent::EndTransaction(end) => check_marker(entry, batch, end, origin),
    }
}

fn check_sequence(
    entry: &ProducerEntry,
    batch: &ProducerBatch,
    base_sequence: i32,
) -> Result<(), RefusedBatch> {
    let expected_sequence = if batch.producer_epoch == entry.producer_epoch() {
        sequence_after(entry.last_sequence())
    } else {
        0
    };
    if base_sequence == expected_sequence {
        return Ok(());
    }
    Err(RefusedBatch::OutOfOrderSequence {
        producer_id: batch.producer_id,
        base_sequence,
        expected_sequence,
    })
}

fn check_marker(
    entry: &ProducerEntry,
    batch: &ProducerBatch,
    end: EndTransaction,
    origin: AppendOrigin,
) -> Result<(), RefusedBatch> {
    let bumps_epoch = match origin {
        AppendOrigin::EndTransaction {
            transaction_version,
        } => transaction_version >= 2,
        AppendOrigin::Client | AppendOrigin::Coordinator | AppendOrigin::Replication => false,
    };
    let current_epoch = entry.producer_epoch();
    // A marker that bumps the epoch and finds it bumped comes late and must not end the next
    // transaction. With none open it is a retry of the coordinator, and harmless (KAFKA-19999); at
    // the last epoch of all there is none left to bump to.
    let is_late = bumps_epoch
        && batch.producer_epoch == current_epoch
        && entry.transaction_first_offset().is_some()
        && batch.producer_epoch != ProducerEpoch(i16::MAX);
    check_epoch(
        batch,
        entry,
        is_late || batch.producer_epoch < current_epoch,
    )?;
    if end.coordinator_epoch < entry.coordinator_epoch() {
        return Err(RefusedBatch::TransactionCoordinatorFenced {
            producer_id: batch.producer_id,
            coordinator_epoch: end.coordinator_epoch,
            current_epoch: entry.coordinator_epoch(),
        });
    }
    Ok(())
}

fn check_epoch(
    batch: &ProducerBatch,
    entry: &ProducerEntry,
    is_stale: bool,
) -> Result<(), RefusedBatch> {
    if !is_stale {
        return Ok(());
    }
    Err(RefusedBatch::InvalidProducerEpoch {
        producer_id: batch.producer_id,
        producer_epoch: batch.producer_epoch,
        current_epoch: entry.producer_epoch(),
    })
}
