//! Tests of the producer state: one rule each, and against a model that keeps every batch.

mod model;

use protocol::ids::{CoordinatorEpoch, ProducerEpoch};

use super::*;

const TRANSACTIONS_1: AppendOrigin = AppendOrigin::EndTransaction {
    transaction_version: 1,
};
const TRANSACTIONS_2: AppendOrigin = AppendOrigin::EndTransaction {
    transaction_version: 2,
};

/// A log that holds nothing but what its producers wrote.
struct Log {
    state: ProducerState,
    end: i64,
}

impl Log {
    fn new() -> Self {
        Self {
            state: ProducerState::starting_at(Offset::ZERO),
            end: 0,
        }
    }

    /// Appends if the check allows it; the answer is what was refused with which code.
    fn append(
        &mut self,
        batch: ProducerBatch,
        origin: AppendOrigin,
    ) -> Result<Option<CompletedTransaction>, i16> {
        let check = self.state.check(&[batch], origin);
        match check.map_err(|refused| refused.error_code().0)? {
            AppendCheck::Append => {
                self.end = batch.last_offset.0 + 1;
                Ok(self.state.update(&batch))
            }
            AppendCheck::Duplicate(written) => panic!("duplicate of {written:?}"),
        }
    }

    fn write(&mut self, epoch: i16, sequence: i32, count: i32) -> Result<(), i16> {
        let batch = records(self.end, epoch, sequence, count);
        self.append(batch, AppendOrigin::Client).map(|_| ())
    }

    fn write_transactional(&mut self, epoch: i16, sequence: i32) -> Result<(), i16> {
        let batch = transactional(records(self.end, epoch, sequence, 1));
        self.append(batch, AppendOrigin::Client).map(|_| ())
    }

    fn duplicate(&self, epoch: i16, sequence: i32, count: i32) -> Option<(i64, i64)> {
        let batch = records(self.end, epoch, sequence, count);
        match self.state.check(&[batch], AppendOrigin::Client) {
            Ok(AppendCheck::Duplicate(written)) => {
                Some((written.base_offset().0, written.last_offset.0))
            }
            _ => None,
        }
    }
}

fn records(base_offset: i64, epoch: i16, base_sequence: i32, count: i32) -> ProducerBatch {
    ProducerBatch {
        producer_id: ProducerId(1),
        producer_epoch: ProducerEpoch(epoch),
        base_offset: Offset(base_offset),
        last_offset: Offset(base_offset + i64::from(count) - 1),
        timestamp_ms: base_offset,
        content: ProducerBatchContent::Data {
            base_sequence,
            last_sequence: ((i64::from(base_sequence) + i64::from(count) - 1) % (1 << 31)) as i32,
            is_transactional: false,
        },
    }
}

fn transactional(mut batch: ProducerBatch) -> ProducerBatch {
    if let ProducerBatchContent::Data {
        is_transactional, ..
    } = &mut batch.content
    {
        *is_transactional = true;
    }
    batch
}

fn marker(
    offset: i64,
    epoch: i16,
    coordinator_epoch: i32,
    outcome: TransactionOutcome,
) -> ProducerBatch {
    ProducerBatch {
        content: ProducerBatchContent::EndTransaction(EndTransaction {
            outcome,
            coordinator_epoch: CoordinatorEpoch(coordinator_epoch),
        }),
        ..records(offset, epoch, -1, 1)
    }
}

fn abort(offset: i64, epoch: i16, coordinator_epoch: i32) -> ProducerBatch {
    marker(offset, epoch, coordinator_epoch, TransactionOutcome::Abort)
}

fn of_producer(id: i64, batch: ProducerBatch) -> ProducerBatch {
    ProducerBatch {
        producer_id: ProducerId(id),
        ..batch
    }
}

#[test]
fn the_last_five_batches_are_recognised_and_older_ones_refused() {
    let mut log = Log::new();
    for batch in 0..6 {
        log.write(0, batch * 10, 10).unwrap();
    }
    for batch in 1..6 {
        let offsets = (i64::from(batch) * 10, i64::from(batch) * 10 + 9);
        assert_eq!(log.duplicate(0, batch * 10, 10), Some(offsets));
    }
    assert_eq!(log.write(0, 0, 10), Err(45));
    assert_eq!(log.write(0, 50, 9), Err(45), "the same start is no retry");
}

#[test]
fn a_gap_is_refused_and_sequence_numbers_wrap() {
    let mut log = Log::new();
    log.write(0, i32::MAX - 1, 3).unwrap();
    assert_eq!(log.duplicate(0, i32::MAX - 1, 3), Some((0, 2)));
    assert_eq!(log.write(0, 2, 1), Err(45));
    log.write(0, 1, 1).unwrap();
    let mut log = Log::new();
    log.write(0, i32::MAX, 1).unwrap();
    log.write(0, 0, 1).unwrap();
}

#[test]
fn an_unknown_producer_goes_on_with_any_sequence_number() {
    let mut log = Log::new();
    log.write(3, 77, 1).unwrap();
    log.write(3, 78, 1).unwrap();
    log.state.expire(1_001, 1_000);
    assert!(log.state.producer(ProducerId(1)).is_none());
    log.write(3, 99, 1).unwrap();
}

#[test]
fn a_new_epoch_begins_at_zero_and_fences_the_old_one() {
    let mut log = Log::new();
    log.write(0, 0, 1).unwrap();
    assert_eq!(log.write(1, 1, 1), Err(45));
    log.write(1, 0, 1).unwrap();
    assert_eq!(log.write(0, 1, 1), Err(47));
    assert_eq!(log.duplicate(0, 0, 1), None);
    log.write(1, 1, 1).unwrap();
}

#[test]
fn a_transaction_holds_the_stable_offset_until_its_marker_is_replicated() {
    let mut log = Log::new();
    log.write(0, 0, 1).unwrap();
    assert_eq!(log.state.first_unstable_offset(), None);
    log.write_transactional(0, 1).unwrap();
    log.write_transactional(0, 2).unwrap();
    assert_eq!(log.state.first_unstable_offset(), Some(Offset(1)));
    assert_eq!(log.write(0, 3, 1), Err(48));
    let completed = log.append(abort(3, 0, 5), TRANSACTIONS_1).unwrap().unwrap();
    assert_eq!(completed.first_offset, Offset(1));
    assert_eq!(completed.last_offset, Offset(3));
    assert_eq!(completed.outcome, TransactionOutcome::Abort);
    assert_eq!(completed.last_stable_offset, Offset(4));
    log.state.on_high_watermark(Offset(3));
    assert_eq!(log.state.first_unstable_offset(), Some(Offset(1)));
    log.state.on_high_watermark(Offset(4));
    assert_eq!(log.state.first_unstable_offset(), None);
    log.write(0, 3, 1).unwrap();
}

#[test]
fn the_stable_offset_of_an_index_entry_is_where_the_next_open_transaction_begins() {
    let mut log = Log::new();
    log.write_transactional(0, 0).unwrap();
    let other = of_producer(2, transactional(records(1, 0, 0, 1)));
    log.append(other, AppendOrigin::Client).unwrap();
    let completed = log.append(abort(2, 0, 0), TRANSACTIONS_1).unwrap().unwrap();
    assert_eq!(completed.last_stable_offset, Offset(1));
}

#[test]
fn a_marker_without_records_completes_nothing_but_is_remembered() {
    let mut log = Log::new();
    assert_eq!(log.append(abort(0, 4, 7), TRANSACTIONS_2), Ok(None));
    assert_eq!(log.append(abort(1, 5, 6), TRANSACTIONS_2), Err(52));
    assert_eq!(log.append(abort(1, 3, 7), TRANSACTIONS_2), Err(47));
    // What retains it is its marker's time, too (KAFKA-9144).
    log.state.expire(999, 1_000);
    let entry = log.state.producer(ProducerId(1)).unwrap();
    assert_eq!(entry.coordinator_epoch(), CoordinatorEpoch(7));
}

#[test]
fn a_late_marker_does_not_end_the_next_transaction() {
    let mut log = Log::new();
    log.write_transactional(0, 0).unwrap();
    assert_eq!(log.append(abort(1, 0, 0), TRANSACTIONS_2), Err(47));
    log.append(abort(1, 1, 0), TRANSACTIONS_2).unwrap();
    // A retry while nothing is open is let in.
    assert_eq!(log.append(abort(2, 1, 0), TRANSACTIONS_2), Ok(None));
    log.write_transactional(1, 0).unwrap();
    assert_eq!(log.append(abort(4, 1, 0), TRANSACTIONS_2), Err(47));
    // Before, markers had the epoch of the transaction.
    assert!(log.append(abort(4, 1, 0), TRANSACTIONS_1).is_ok());
}

#[test]
fn the_last_epoch_of_a_producer_id_can_still_be_ended() {
    let mut log = Log::new();
    log.write_transactional(i16::MAX, 0).unwrap();
    let marker = abort(1, i16::MAX, 0);
    assert!(log.append(marker, TRANSACTIONS_2).unwrap().is_some());
}

#[test]
fn coordinators_have_no_sequence_numbers_but_epochs() {
    let mut log = Log::new();
    let commit = |offset, epoch| transactional(records(offset, epoch, -1, 1));
    for offset in 0..3 {
        log.append(commit(offset, 1), AppendOrigin::Coordinator)
            .unwrap();
    }
    assert_eq!(log.append(commit(3, 0), AppendOrigin::Coordinator), Err(47));
    assert_eq!(log.state.first_unstable_offset(), Some(Offset(0)));
}

#[test]
fn replication_takes_what_the_leader_took() {
    let mut log = Log::new();
    log.write(5, 0, 1).unwrap();
    for batch in [records(1, 4, 9, 1), abort(2, 3, 0), records(3, 9, 9, 1)] {
        log.append(batch, AppendOrigin::Replication).unwrap();
    }
    let entry = log.state.producer(ProducerId(1)).unwrap();
    assert_eq!(entry.producer_epoch(), ProducerEpoch(9));
}

#[test]
fn batches_of_one_append_are_checked_one_behind_the_other() {
    let state = ProducerState::starting_at(Offset::ZERO);
    let first = records(0, 0, 0, 2);
    let check = |batches: &[ProducerBatch]| {
        let check = state.check(batches, AppendOrigin::Client);
        check.map_err(|refused| refused.error_code().0)
    };
    assert_eq!(check(&[]), Ok(AppendCheck::Append));
    assert_eq!(
        check(&[first, records(2, 0, 2, 1)]),
        Ok(AppendCheck::Append)
    );
    assert_eq!(check(&[first, records(2, 0, 3, 1)]), Err(45));
    assert_eq!(check(&[first, first]), Err(45));
    let other = of_producer(2, records(2, 0, 8, 1));
    assert_eq!(check(&[first, other]), Ok(AppendCheck::Append));
}

#[test]
fn a_producer_with_an_open_transaction_does_not_expire() {
    let mut log = Log::new();
    log.write_transactional(0, 0).unwrap();
    log.state.expire(i64::MAX, 1);
    assert!(log.state.producer(ProducerId(1)).is_some());
    log.append(abort(1, 1, 0), TRANSACTIONS_2).unwrap();
    log.state.expire(i64::MAX, 1);
    assert_eq!(log.state.producers().len(), 0);
}

#[test]
fn producers_stay_when_the_log_start_moves_past_their_records() {
    let mut log = Log::new();
    log.write_transactional(0, 0).unwrap();
    log.append(abort(1, 1, 0), TRANSACTIONS_2).unwrap();
    log.write(1, 0, 1).unwrap();
    log.state.on_log_start_offset(Offset(10), None);
    assert_eq!(log.state.first_unstable_offset(), None);
    assert_eq!(log.state.end_offset(), Offset(10));
    assert_eq!(log.state.snapshot(), None);
    log.write(1, 1, 1).unwrap();
}

#[test]
fn a_snapshot_is_due_only_if_the_log_went_on() {
    let mut log = Log::new();
    assert_eq!(log.state.snapshot(), None);
    log.state.advance_to(Offset(5));
    let (offset, bytes) = log.state.snapshot().unwrap();
    assert_eq!(offset, Offset(5));
    assert_eq!(bytes, [0, 1, 0x48, 0x67, 0x4b, 0xc7, 0, 0, 0, 0]);
    log.state.on_snapshot_saved(offset);
    assert_eq!(log.state.snapshot(), None);
}

#[test]
fn a_producer_with_nothing_but_an_open_transaction_survives_a_snapshot() {
    let entry = ProducerEntry::from_snapshot(
        ProducerEpoch(3),
        CoordinatorEpoch(0),
        7,
        Some(Offset(4)),
        None,
    );
    let bytes = ProducerSnapshot::encode(&BTreeMap::from([(ProducerId(1), entry)]));
    let snapshot = ProducerSnapshot::decode(&bytes).unwrap();
    let mut state = ProducerState::starting_at(Offset::ZERO);
    state.reload(Some((Offset(9), snapshot)), Offset::ZERO);
    state.expire(i64::MAX, 1);
    assert_eq!(state.first_unstable_offset(), Some(Offset(4)));
    let completed = state.update(&abort(9, 3, 0)).unwrap();
    assert_eq!(completed.first_offset, Offset(4));
}

#[test]
fn a_reload_keeps_completed_transactions_that_are_not_replicated() {
    let mut log = Log::new();
    log.write_transactional(0, 0).unwrap();
    log.append(abort(1, 1, 0), TRANSACTIONS_2).unwrap();
    let (offset, bytes) = log.state.snapshot().unwrap();
    log.write_transactional(1, 0).unwrap();
    let snapshot = ProducerSnapshot::decode(&bytes).unwrap();
    log.state.reload(Some((offset, snapshot)), Offset::ZERO);
    assert_eq!(log.state.first_unstable_offset(), Some(Offset(0)));
    log.state.on_high_watermark(Offset(2));
    assert_eq!(log.state.first_unstable_offset(), None);
    log.state.reload(None, Offset(2));
    assert_eq!(log.state, ProducerState::starting_at(Offset(2)));
}

#[test]
fn snapshots_of_kafka_read_and_print_the_same() {
    let bytes = hexadecimal(
        "0001 8998 78be 0000 0003
         0000 0000 0000 000c 0000 0000 4e1f 0000 0000 0000 4e1f 0000 0012
         0000 01a1 f9be 643a ffff ffff ffff ffff ffff ffff
         0000 0000 0000 000d 000c ffff ffff ffff ffff ffff ffff 0000 0000
         0000 01a1 f9be 84ef 0000 0000 ffff ffff ffff ffff
         0000 0000 0000 000e 0000 0000 03e7 0000 0000 0000 6983 0000 0380
         0000 01a1 f9be 8c31 ffff ffff ffff ffff ffff ffff",
    );
    let snapshot = ProducerSnapshot::decode(&bytes).unwrap();
    let entry = &snapshot.producers[&ProducerId(14)];
    assert_eq!(entry.last_sequence(), 999);
    assert_eq!(entry.batches()[0].base_offset(), Offset(27_011 - 896));
    assert_eq!(entry.last_timestamp_ms(), 1_795_191_376_945);
    let entry = &snapshot.producers[&ProducerId(13)];
    assert_eq!(entry.producer_epoch(), ProducerEpoch(12));
    assert_eq!(entry.coordinator_epoch(), CoordinatorEpoch(0));
    assert_eq!(entry.transaction_first_offset(), None);
    assert!(entry.batches().is_empty());
    assert_eq!(ProducerSnapshot::encode(&snapshot.producers), bytes);
}

#[test]
fn corrupt_snapshots_are_refused() {
    let mut log = Log::new();
    log.write(0, 0, 1).unwrap();
    let (_, bytes) = log.state.snapshot().unwrap();
    for size in 0..bytes.len() {
        assert!(ProducerSnapshot::decode(&bytes[..size]).is_err());
    }
    for position in 0..bytes.len() {
        let mut corrupt = bytes.clone();
        corrupt[position] ^= 0x10;
        assert!(ProducerSnapshot::decode(&corrupt).is_err());
    }
    for (position, value) in [(9, 2), (6, 0x7f), (35, 1)] {
        let mut corrupt = bytes.clone();
        corrupt[position] = value;
        let checksum = crc_fast::crc32_iscsi(&corrupt[6..]);
        corrupt[2..6].copy_from_slice(&checksum.to_be_bytes());
        assert!(ProducerSnapshot::decode(&corrupt).is_err(), "{position}");
    }
}

fn hexadecimal(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    digits
        .chunks(2)
        .map(|pair| (pair[0] << 4 | pair[1]) as u8)
        .collect()
}
