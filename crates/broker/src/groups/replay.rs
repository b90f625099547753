//! What the batches of a partition of `__consumer_offsets` say to the coordinator that takes it
//! over.
//!
//! Not the job of this module: reading the log (`load`), and what a record means, which the
//! coordinator knows.
//!
//! Invariant: a batch is replayed whole or the load fails; nothing that the log holds is passed
//! over but control records that end no transaction.

use coordinator::{Coordinator, Record, ReplayError, TransactionResult};
use protocol::compression::Decompressor;
use protocol::ids::{Offset, ProducerId};
use protocol::records::{
    BatchError, BatchView, Batches, ControlRecordError, ControlRecordKey, ControlRecordType,
    RecordView,
};
use thiserror::Error;

/// A batch may not inflate to more, which the log did not let in either.
const INFLATED_BYTES_MAX: usize = 1 << 30;
/// So many bytes of batches are replayed in one go, a few milliseconds of work.
const BYTES_AT_ONCE: usize = 256 << 10;

/// Why a partition cannot be taken over from its log.
#[derive(Debug, Clone, PartialEq, Error)]
pub(super) enum ReplayFailure {
    /// A batch or a record of it is not sound.
    #[error("replay batch at offset {offset}: {source}")]
    Batch { offset: Offset, source: BatchError },
    /// A record without a key, which says nothing.
    #[error("replay record at offset {offset}: it has no key")]
    NoKey { offset: Offset },
    /// A control record that cannot be read.
    #[error("replay control record at offset {offset}: {source}")]
    Control {
        offset: Offset,
        source: ControlRecordError,
    },
    /// A record that the coordinator does not take.
    #[error("replay record at offset {offset}: {source}")]
    Record { offset: Offset, source: ReplayError },
}

/// How far a replay has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Replayed {
    /// The offset behind the last batch.
    pub(super) next: Offset,
    /// The bytes of the batches; none if there is no whole one.
    pub(super) size: usize,
}

/// Replays whole batches at the start of `bytes`, from the offset `from` on: not all of them at
/// once if they are many. The last one may be cut.
///
/// # Errors
/// When a batch or a record cannot be taken over; the coordinator is of no use then.
pub(super) fn replay(
    coordinator: &mut Coordinator,
    bytes: &[u8],
    from: Offset,
    decompressor: &mut Decompressor,
) -> Result<Replayed, ReplayFailure> {
    let mut replayed = Replayed {
        next: from,
        size: 0,
    };
    for batch in Batches::new(bytes) {
        let batch = match batch {
            Ok(batch) => batch,
            Err(BatchError::Truncated { .. }) => break,
            Err(source) => {
                return Err(ReplayFailure::Batch {
                    offset: replayed.next,
                    source,
                });
            }
        };
        replay_batch(coordinator, &batch, from, decompressor)?;
        replayed.next = Offset(batch.header().next_offset());
        replayed.size += batch.bytes().len();
        if replayed.size >= BYTES_AT_ONCE {
            break;
        }
    }
    Ok(replayed)
}

fn replay_batch(
    coordinator: &mut Coordinator,
    batch: &BatchView<'_>,
    from: Offset,
    decompressor: &mut Decompressor,
) -> Result<(), ReplayFailure> {
    let header = batch.header();
    let unsound = |source| ReplayFailure::Batch {
        offset: Offset(header.base_offset),
        source,
    };
    batch.check_crc().map_err(unsound)?;
    let producer_id = ProducerId(header.producer_id);
    let records = batch.records(decompressor, INFLATED_BYTES_MAX);
    for record in records.map_err(unsound)? {
        let record = record.map_err(unsound)?;
        if Offset(record.offset) < from {
            continue;
        }
        if header.attributes.is_control() {
            replay_control(coordinator, &record, producer_id)?;
        } else {
            replay_record(coordinator, &record, producer_id)?;
        }
    }
    Ok(())
}

fn replay_record(
    coordinator: &mut Coordinator,
    record: &RecordView<'_>,
    producer_id: ProducerId,
) -> Result<(), ReplayFailure> {
    let offset = Offset(record.offset);
    let key = record.key.ok_or(ReplayFailure::NoKey { offset })?;
    let record = Record {
        key: key.to_vec(),
        value: record.value.map(<[u8]>::to_vec),
    };
    let replayed = coordinator.replay(&record, producer_id);
    replayed.map_err(|source| ReplayFailure::Record { offset, source })
}

fn replay_control(
    coordinator: &mut Coordinator,
    record: &RecordView<'_>,
    producer_id: ProducerId,
) -> Result<(), ReplayFailure> {
    let key = ControlRecordKey::decode(record.key).map_err(|source| ReplayFailure::Control {
        offset: Offset(record.offset),
        source,
    })?;
    match key.record_type {
        ControlRecordType::Commit => {
            coordinator.end_transaction(producer_id, TransactionResult::Commit);
        }
        ControlRecordType::Abort => {
            coordinator.end_transaction(producer_id, TransactionResult::Abort);
        }
        _ => {}
    }
    Ok(())
}
