//! What the producer state is told of the batches of a log.

use protocol::compression::Decompressor;
use protocol::ids::{CoordinatorEpoch, Offset, ProducerEpoch, ProducerId};
use protocol::records::{BatchHeader, BatchView, EndTransactionMarker, TransactionResult};

use crate::producer_state::{
    EndTransaction, ProducerBatch, ProducerBatchContent, TransactionOutcome,
};
use crate::segment::INFLATED_BYTES_MAX;

/// What a batch of records says about its producer; none if it has none. Control batches need
/// their bytes: [`of_batch`].
pub(super) fn of_records(header: &BatchHeader) -> Option<ProducerBatch> {
    let content = ProducerBatchContent::Data {
        base_sequence: header.base_sequence,
        last_sequence: header.last_sequence(),
        is_transactional: header.attributes.is_transactional(),
    };
    with_content(header, content)
}

/// What a whole batch says about its producer; none if that is nothing.
pub(super) fn of_batch(bytes: &[u8]) -> Option<ProducerBatch> {
    let batch = BatchView::parse(bytes).ok()?;
    let header = batch.header();
    if !header.has_producer_id() {
        return None;
    }
    if !header.attributes.is_control() {
        return of_records(header);
    }
    let mut decompressor = Decompressor::new();
    let record = batch
        .records(&mut decompressor, INFLATED_BYTES_MAX)
        .ok()?
        .next()?
        .ok()?;
    let marker = EndTransactionMarker::decode(&record).ok()?;
    let outcome = match marker.result {
        TransactionResult::Commit => TransactionOutcome::Commit,
        TransactionResult::Abort => TransactionOutcome::Abort,
    };
    let coordinator_epoch = CoordinatorEpoch(marker.coordinator_epoch);
    let end = EndTransaction {
        outcome,
        coordinator_epoch,
    };
    with_content(header, ProducerBatchContent::EndTransaction(end))
}

fn with_content(header: &BatchHeader, content: ProducerBatchContent) -> Option<ProducerBatch> {
    header.has_producer_id().then_some(ProducerBatch {
        producer_id: ProducerId(header.producer_id),
        producer_epoch: ProducerEpoch(header.producer_epoch),
        base_offset: Offset(header.base_offset),
        last_offset: Offset(header.last_offset()),
        timestamp_ms: header.max_timestamp_ms,
        content,
    })
}
