//! The state of producers against a model that keeps every batch and looks at all of them again
//! for each question.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Write {
        producer: i64,
        epochs_later: i16,
        sequence: Sequence,
        count: i32,
        is_transactional: bool,
        origin: AppendOrigin,
    },
    End {
        producer: i64,
        epochs_later: i16,
        coordinator_epochs_later: i32,
        outcome: TransactionOutcome,
        origin: AppendOrigin,
    },
    Replicate {
        count: i64,
    },
}

/// Where a batch's sequence numbers begin.
#[derive(Debug, Clone)]
enum Sequence {
    Next,
    Zero,
    Gap,
    /// A retry of the batch so many before the last.
    Again(usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    let sequence = prop_oneof![
        6 => Just(Sequence::Next),
        2 => Just(Sequence::Zero),
        1 => Just(Sequence::Gap),
        4 => (0..7_usize).prop_map(Sequence::Again),
    ];
    let epochs_later = || prop_oneof![8 => Just(0_i16), 2 => Just(1), 1 => Just(-1)];
    let origin = prop_oneof![
        8 => Just(AppendOrigin::Client),
        1 => Just(AppendOrigin::Coordinator),
        1 => Just(AppendOrigin::Replication),
    ];
    let outcome = prop_oneof![
        Just(TransactionOutcome::Commit),
        Just(TransactionOutcome::Abort)
    ];
    let end_origin = prop_oneof![Just(TRANSACTIONS_1), Just(TRANSACTIONS_2)];
    prop_oneof![
        8 => (0..3_i64, epochs_later(), sequence, 1..4, any::<bool>(), origin).prop_map(
            |(producer, epochs_later, sequence, count, is_transactional, origin)| Step::Write {
                producer,
                epochs_later,
                sequence,
                count,
                is_transactional,
                origin,
            }
        ),
        3 => (0..3_i64, epochs_later(), -1..2, outcome, end_origin).prop_map(
            |(producer, epochs_later, coordinator_epochs_later, outcome, origin)| Step::End {
                producer,
                epochs_later,
                coordinator_epochs_later,
                outcome,
                origin,
            }
        ),
        1 => (0..8_i64).prop_map(|count| Step::Replicate { count }),
    ]
}

/// All that was ever appended.
#[derive(Debug, Default)]
struct Model {
    log: Vec<ProducerBatch>,
    high_watermark: i64,
}

impl Model {
    fn end(&self) -> i64 {
        self.log.last().map_or(0, |batch| batch.last_offset.0 + 1)
    }

    fn of(&self, producer: ProducerId) -> Vec<ProducerBatch> {
        let log = self.log.iter().copied();
        log.filter(|batch| batch.producer_id == producer).collect()
    }

    fn epoch(&self, producer: ProducerId) -> Option<i16> {
        self.of(producer).last().map(|batch| batch.producer_epoch.0)
    }

    fn coordinator_epoch(&self, producer: ProducerId) -> i32 {
        let batches = self.of(producer);
        let mut ends = batches
            .iter()
            .rev()
            .filter_map(|batch| match batch.content {
                ProducerBatchContent::EndTransaction(end) => Some(end.coordinator_epoch.0),
                ProducerBatchContent::Data { .. } => None,
            });
        ends.next().unwrap_or(-1)
    }

    /// The sequence ranges of the batches of records since the last change of the epoch.
    fn sequences(&self, producer: ProducerId) -> Vec<(i32, i32)> {
        let epoch = self.epoch(producer);
        let batches = self.of(producer);
        let current = batches
            .iter()
            .rev()
            .take_while(|batch| Some(batch.producer_epoch.0) == epoch);
        let mut sequences: Vec<_> = current
            .filter_map(|batch| match batch.content {
                ProducerBatchContent::Data {
                    base_sequence,
                    last_sequence,
                    ..
                } => Some((base_sequence, last_sequence)),
                ProducerBatchContent::EndTransaction(_) => None,
            })
            .collect();
        sequences.reverse();
        sequences
    }

    /// Every transaction's producer, first offset, and the offset of its marker.
    fn transactions(&self) -> Vec<(ProducerId, i64, Option<i64>)> {
        let mut transactions: Vec<(ProducerId, i64, Option<i64>)> = Vec::new();
        for batch in &self.log {
            let open = transactions
                .iter()
                .position(|(producer, _, end)| *producer == batch.producer_id && end.is_none());
            match (batch.content, open) {
                (ProducerBatchContent::EndTransaction(_), Some(open)) => {
                    transactions[open].2 = Some(batch.base_offset.0);
                }
                (
                    ProducerBatchContent::Data {
                        is_transactional: true,
                        ..
                    },
                    None,
                ) => transactions.push((batch.producer_id, batch.base_offset.0, None)),
                _ => {}
            }
        }
        transactions
    }

    fn is_open(&self, producer: ProducerId) -> bool {
        let transactions = self.transactions();
        transactions
            .iter()
            .any(|(owner, _, end)| *owner == producer && end.is_none())
    }

    fn first_unstable_offset(&self) -> Option<i64> {
        let transactions = self.transactions();
        let unstable = transactions
            .iter()
            .filter(|(_, _, end)| end.is_none_or(|end| end >= self.high_watermark));
        unstable.map(|(_, first, _)| *first).min()
    }

    /// The error code, or whether the batch is a duplicate.
    fn check(&self, batch: &ProducerBatch, origin: AppendOrigin) -> Result<bool, i16> {
        let producer = batch.producer_id;
        let Some(epoch) = self.epoch(producer) else {
            return Ok(false);
        };
        let is_open = self.is_open(producer);
        let batch_epoch = batch.producer_epoch.0;
        match batch.content {
            _ if origin == AppendOrigin::Replication => Ok(false),
            ProducerBatchContent::Data {
                base_sequence,
                last_sequence,
                is_transactional,
            } => {
                let sequences = self.sequences(producer);
                let mut newest = sequences.iter().rev().take(5);
                let is_client = origin == AppendOrigin::Client;
                let is_known = newest.any(|known| *known == (base_sequence, last_sequence));
                let expected = match sequences.last() {
                    Some(&(_, i32::MAX)) | None => 0,
                    Some((_, last)) => last + 1,
                };
                let expected = if batch_epoch == epoch { expected } else { 0 };
                if is_client && batch_epoch == epoch && is_known {
                    Ok(true)
                } else if batch_epoch < epoch {
                    Err(47)
                } else if is_client && base_sequence != expected {
                    Err(45)
                } else if is_open && !is_transactional {
                    Err(48)
                } else {
                    Ok(false)
                }
            }
            ProducerBatchContent::EndTransaction(end) => {
                let is_late = origin == TRANSACTIONS_2 && batch_epoch == epoch && is_open;
                if batch_epoch < epoch || is_late {
                    Err(47)
                } else if end.coordinator_epoch.0 < self.coordinator_epoch(producer) {
                    Err(52)
                } else {
                    Ok(false)
                }
            }
        }
    }

    /// The batch of a step that writes one.
    fn batch(&self, step: &Step) -> Option<(ProducerBatch, AppendOrigin)> {
        let (batch, producer, origin) = match *step {
            Step::Write {
                producer,
                epochs_later,
                ref sequence,
                count,
                is_transactional,
                origin,
            } => {
                let id = ProducerId(producer);
                let epoch = self.epoch(id).unwrap_or(5) + epochs_later;
                let sequences = self.sequences(id);
                let next = match sequences.last() {
                    // Near the end, so that the numbers wrap.
                    None => i32::MAX - 3,
                    Some((_, i32::MAX)) => 0,
                    Some((_, last)) => last + 1,
                };
                let again = |back| sequences.iter().rev().nth(back).copied();
                let (sequence, count) = match sequence {
                    Sequence::Next => (next, count),
                    Sequence::Zero => (0, count),
                    Sequence::Gap => (next.wrapping_add(2).max(0), count),
                    Sequence::Again(back) => again(*back).map_or((next, count), |(base, last)| {
                        let count = (i64::from(last) - i64::from(base)).rem_euclid(1 << 31) + 1;
                        (base, count as i32)
                    }),
                };
                let mut batch = records(self.end(), epoch, sequence, count);
                if is_transactional {
                    batch = transactional(batch);
                }
                (batch, producer, origin)
            }
            Step::End {
                producer,
                epochs_later,
                coordinator_epochs_later,
                outcome,
                origin,
            } => {
                let id = ProducerId(producer);
                let epoch = self.epoch(id).unwrap_or(5) + epochs_later;
                let coordinator_epoch = self.coordinator_epoch(id).max(0);
                let coordinator_epoch = coordinator_epoch + coordinator_epochs_later;
                let batch = marker(self.end(), epoch, coordinator_epoch, outcome);
                (batch, producer, origin)
            }
            Step::Replicate { .. } => return None,
        };
        Some((of_producer(producer, batch), origin))
    }
}

/// What a marker completed, by the model before it was appended.
fn completed(model: &Model, batch: &ProducerBatch) -> Option<CompletedTransaction> {
    let ProducerBatchContent::EndTransaction(end) = batch.content else {
        return None;
    };
    let transactions = model.transactions();
    let open = transactions.iter().filter(|(_, _, end)| end.is_none());
    let (own, others): (Vec<_>, Vec<_>) =
        open.partition(|(producer, _, _)| *producer == batch.producer_id);
    let next_open = others.iter().map(|(_, first, _)| *first).min();
    Some(CompletedTransaction {
        producer_id: batch.producer_id,
        first_offset: Offset(own.first()?.1),
        last_offset: batch.base_offset,
        outcome: end.outcome,
        last_stable_offset: Offset(next_open.unwrap_or(batch.base_offset.0 + 1)),
    })
}

fn replay(state: &mut ProducerState, batches: &[ProducerBatch]) {
    for batch in batches {
        state.update(batch);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_state_answers_as_the_whole_log_does(
        steps in prop::collection::vec(any_step(), 1..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut model = Model::default();
        let mut live = ProducerState::starting_at(Offset::ZERO);
        for step in &steps {
            if let Step::Replicate { count } = step {
                model.high_watermark = (model.high_watermark + count).min(model.end());
                live.on_high_watermark(Offset(model.high_watermark));
            }
            if let Some((batch, origin)) = model.batch(step) {
                let check = live.check(&[batch], origin);
                let is_duplicate = check.map(|check| check != AppendCheck::Append);
                let is_duplicate = is_duplicate.map_err(|refused| refused.error_code().0);
                prop_assert_eq!(is_duplicate, model.check(&batch, origin), "{:?}", batch);
                if is_duplicate == Ok(false) {
                    let expected = completed(&model, &batch);
                    prop_assert_eq!(live.update(&batch), expected);
                    model.log.push(batch);
                }
            }
            let unstable = live.first_unstable_offset().map(|offset| offset.0);
            prop_assert_eq!(unstable, model.first_unstable_offset());
        }

        // Replaying the log gives the same state.
        let mut replayed = ProducerState::starting_at(Offset::ZERO);
        replay(&mut replayed, &model.log);
        replayed.on_high_watermark(Offset(model.high_watermark));
        prop_assert_eq!(&replayed, &live);

        // So does a snapshot with what follows it, but for batches that it does not hold.
        let (before, after) = model.log.split_at(cut.index(model.log.len() + 1));
        let mut snapshotted = ProducerState::starting_at(Offset::ZERO);
        replay(&mut snapshotted, before);
        let snapshot = snapshotted.snapshot().map(|(offset, bytes)| {
            (offset, ProducerSnapshot::decode(&bytes).unwrap())
        });
        let offset = snapshotted.end_offset();
        let mut reloaded = ProducerState::starting_at(Offset::ZERO);
        reloaded.reload(snapshot, Offset::ZERO);
        prop_assert_eq!(reloaded.end_offset(), offset);
        replay(&mut reloaded, after);
        let high_watermark = offset.max(Offset(model.high_watermark));
        live.on_high_watermark(high_watermark);
        reloaded.on_high_watermark(high_watermark);
        prop_assert_eq!(reloaded.first_unstable_offset(), live.first_unstable_offset());
        prop_assert_eq!(
            ProducerSnapshot::encode(&reloaded.producers),
            ProducerSnapshot::encode(&live.producers)
        );
    }

    #[test]
    fn no_bytes_make_the_snapshot_decoder_panic(mut bytes in any::<Vec<u8>>()) {
        if bytes.len() >= 6 {
            bytes[..2].copy_from_slice(&[0, 1]);
            let checksum = crc_fast::crc32_iscsi(&bytes[6..]);
            bytes[2..6].copy_from_slice(&checksum.to_be_bytes());
        }
        let _ = ProducerSnapshot::decode(&bytes);
    }
}
