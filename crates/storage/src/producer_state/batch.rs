//! What the state of producers needs to know of a batch, and of the append that brings it.

use protocol::ids::{CoordinatorEpoch, Offset, ProducerEpoch, ProducerId};

/// A batch that has a producer. The log makes it of a batch's header, and for a control batch of
/// its first record; control batches that hold no record any more, and those that end no
/// transaction, say nothing about producers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerBatch {
    /// Who wrote it; never [`ProducerId::NONE`].
    pub producer_id: ProducerId,
    /// Its incarnation.
    pub producer_epoch: ProducerEpoch,
    /// The offset of the first record.
    pub base_offset: Offset,
    /// The offset of the last record that was in the batch when it was written.
    pub last_offset: Offset,
    /// The largest timestamp of the batch; of a marker its own.
    pub timestamp_ms: i64,
    /// Records or a marker.
    pub content: ProducerBatchContent,
}

/// What a batch brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProducerBatchContent {
    /// Records.
    Data {
        /// The sequence number of the first record; -1 in batches of a coordinator.
        base_sequence: i32,
        /// The sequence number of the last record; -1 in batches of a coordinator.
        last_sequence: i32,
        /// Whether the records are part of a transaction.
        is_transactional: bool,
    },
    /// A marker that ends a transaction.
    EndTransaction(EndTransaction),
}

/// A marker that ends a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndTransaction {
    /// How it ends.
    pub outcome: TransactionOutcome,
    /// The epoch of the coordinator that decided it.
    pub coordinator_epoch: CoordinatorEpoch,
}

/// How a transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionOutcome {
    /// Its records are read.
    Commit,
    /// Its records are left out.
    Abort,
}

/// Who appends, which says how much there is to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppendOrigin {
    /// A producer: epochs and sequence numbers are checked, and retries recognised.
    Client,
    /// A coordinator in this node, for its own records: epochs are checked, sequence numbers it
    /// has none.
    Coordinator,
    /// A transaction coordinator, with a marker.
    EndTransaction {
        /// The version of its transactions (feature `transaction.version`), not in the record. From
        /// 2 on each marker bumps the producer's epoch (KIP-890).
        transaction_version: i16,
    },
    /// The leader's log, or this node's own: nothing is checked, the leader has done it.
    Replication,
}

/// The sequence number `count` before `sequence`, where 0 follows the largest one.
pub(super) fn sequence_before(sequence: i32, count: i32) -> i32 {
    let sequence = i64::from(sequence) - i64::from(count);
    sequence.rem_euclid(1 << 31) as i32
}

/// The sequence number that follows, where 0 follows the largest one; 0 is also what follows -1,
/// "none".
pub(super) const fn sequence_after(sequence: i32) -> i32 {
    match sequence.checked_add(1) {
        Some(next) => next,
        None => 0,
    }
}
