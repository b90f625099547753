//! What is known of one producer.
//!
//! Invariant: the batches kept are all of the current epoch; a new epoch begins without any.

use protocol::ids::{CoordinatorEpoch, Offset, ProducerEpoch};

use super::batch::{ProducerBatch, ProducerBatchContent, sequence_before};

/// What is known of one producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerEntry {
    producer_epoch: ProducerEpoch,
    coordinator_epoch: CoordinatorEpoch,
    last_timestamp_ms: i64,
    transaction_first_offset: Option<Offset>,
    /// The last batches of records, the newest at the end.
    batches: Vec<WrittenBatch>,
}

/// A batch that was written, as it is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenBatch {
    /// The sequence number of its last record.
    pub last_sequence: i32,
    /// The offset of its last record.
    pub last_offset: Offset,
    /// How far its last record is behind its first, in offsets and in sequence numbers.
    pub offset_delta: i32,
    /// Its largest timestamp.
    pub timestamp_ms: i64,
}

impl WrittenBatch {
    /// The offset of its first record.
    pub fn base_offset(&self) -> Offset {
        self.last_offset.plus(-i64::from(self.offset_delta))
    }

    /// The sequence number of its first record.
    pub fn base_sequence(&self) -> i32 {
        sequence_before(self.last_sequence, self.offset_delta)
    }
}

impl ProducerEntry {
    /// How many batches are remembered: as many as a client has in flight.
    pub const BATCH_COUNT_MAX: usize = 5;

    const NO_COORDINATOR_EPOCH: CoordinatorEpoch = CoordinatorEpoch(-1);

    /// A producer that has written nothing yet.
    pub(super) const fn new(producer_epoch: ProducerEpoch) -> Self {
        Self {
            producer_epoch,
            coordinator_epoch: Self::NO_COORDINATOR_EPOCH,
            last_timestamp_ms: -1,
            transaction_first_offset: None,
            batches: Vec::new(),
        }
    }

    /// A producer as a snapshot describes it.
    pub(super) fn from_snapshot(
        producer_epoch: ProducerEpoch,
        coordinator_epoch: CoordinatorEpoch,
        last_timestamp_ms: i64,
        transaction_first_offset: Option<Offset>,
        last_batch: Option<WrittenBatch>,
    ) -> Self {
        Self {
            producer_epoch,
            coordinator_epoch,
            last_timestamp_ms,
            transaction_first_offset,
            batches: last_batch.into_iter().collect(),
        }
    }

    /// Takes account of a batch.
    pub(super) fn update(&mut self, batch: &ProducerBatch) {
        if self.producer_epoch != batch.producer_epoch {
            self.producer_epoch = batch.producer_epoch;
            self.batches.clear();
        }
        self.last_timestamp_ms = batch.timestamp_ms;
        match batch.content {
            ProducerBatchContent::Data {
                last_sequence,
                is_transactional,
                ..
            } => {
                self.remember(WrittenBatch {
                    last_sequence,
                    last_offset: batch.last_offset,
                    offset_delta: (batch.last_offset.0 - batch.base_offset.0) as i32,
                    timestamp_ms: batch.timestamp_ms,
                });
                if is_transactional && self.transaction_first_offset.is_none() {
                    self.transaction_first_offset = Some(batch.base_offset);
                }
            }
            ProducerBatchContent::EndTransaction(end) => {
                self.coordinator_epoch = end.coordinator_epoch;
                self.transaction_first_offset = None;
            }
        }
    }

    fn remember(&mut self, batch: WrittenBatch) {
        if self.batches.len() == Self::BATCH_COUNT_MAX {
            self.batches.remove(0);
        }
        // There may be very many producers, most with a single batch after a restart.
        self.batches.reserve_exact(1);
        self.batches.push(batch);
    }

    /// The current incarnation.
    pub const fn producer_epoch(&self) -> ProducerEpoch {
        self.producer_epoch
    }

    /// The epoch of the coordinator that wrote the last marker; -1 without one.
    pub const fn coordinator_epoch(&self) -> CoordinatorEpoch {
        self.coordinator_epoch
    }

    /// The timestamp of the last batch or marker; -1 without one.
    pub const fn last_timestamp_ms(&self) -> i64 {
        self.last_timestamp_ms
    }

    /// Where the open transaction begins in this partition, if there is one.
    pub const fn transaction_first_offset(&self) -> Option<Offset> {
        self.transaction_first_offset
    }

    /// The last batches of the current epoch, the newest at the end.
    pub fn batches(&self) -> &[WrittenBatch] {
        &self.batches
    }

    /// The sequence number of the last record of the current epoch; -1 without one.
    pub fn last_sequence(&self) -> i32 {
        self.batches.last().map_or(-1, |batch| batch.last_sequence)
    }

    /// The remembered batch that this one repeats.
    pub(super) fn find_duplicate(&self, batch: &ProducerBatch) -> Option<WrittenBatch> {
        let ProducerBatchContent::Data {
            base_sequence,
            last_sequence,
            ..
        } = batch.content
        else {
            return None;
        };
        if batch.producer_epoch != self.producer_epoch {
            return None;
        }
        let mut written = self.batches.iter().copied();
        written.find(|written| {
            written.base_sequence() == base_sequence && written.last_sequence == last_sequence
        })
    }
}
