//! Random schedules against a model that knows every batch.

use proptest::prelude::*;
use protocol::compression::{Codec, Decompressor};
use protocol::ids::{CoordinatorEpoch, ProducerEpoch, ProducerId};

use super::*;
use crate::log::producers;
use crate::producer_state::{ProducerState, TransactionOutcome};
use crate::transaction_index::AbortedTransaction;

#[derive(Debug, Clone)]
enum Step {
    Append {
        who: u8,
        timestamps: Vec<i64>,
        value_bytes: usize,
        codec: Codec,
    },
    EndTransaction {
        who: u8,
        commit: bool,
    },
    Retry,
    NewEpoch,
    Roll,
    Flush {
        part: u8,
    },
    DeleteRecords {
        part: u8,
    },
    Retention {
        keep_bytes: u16,
    },
    Truncate {
        part: u8,
    },
    StartOver {
        ahead: u8,
    },
    Restart,
    Crash,
    Wait {
        ms: u16,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let append = (
        0_u8..5,
        prop::collection::vec(-20_i64..200, 1..4),
        1_usize..120,
        prop::sample::select(vec![Codec::None, Codec::None, Codec::Lz4]),
    );
    prop_oneof![
        12 => append.prop_map(|(who, timestamps, value_bytes, codec)| {
            Step::Append { who, timestamps, value_bytes, codec }
        }),
        4 => (3_u8..5, any::<bool>()).prop_map(|(who, commit)| {
            Step::EndTransaction { who, commit }
        }),
        1 => Just(Step::Retry),
        1 => Just(Step::NewEpoch),
        1 => Just(Step::Roll),
        3 => any::<u8>().prop_map(|part| Step::Flush { part }),
        1 => any::<u8>().prop_map(|part| Step::DeleteRecords { part }),
        1 => (0_u16..4000).prop_map(|keep_bytes| Step::Retention { keep_bytes }),
        1 => any::<u8>().prop_map(|part| Step::Truncate { part }),
        1 => (0_u8..3).prop_map(|ahead| Step::StartOver { ahead }),
        1 => Just(Step::Restart),
        2 => Just(Step::Crash),
        2 => (0_u16..500).prop_map(|ms| Step::Wait { ms }),
    ]
}

proptest! {
    #[test]
    fn any_schedule_leaves_the_log_that_the_model_knows(
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        check_schedule(seed, &steps);
    }
}

fn check_schedule(seed: u64, steps: &[Step]) {
    let mut world = World::new(seed);
    for step in steps {
        world.perform(step);
        world.check();
    }
    world.perform(&Step::Restart);
    world.check();
}

#[test]
fn an_index_made_anew_by_a_recovery_outlives_the_next_crash() {
    let append = |timestamps: &[i64], value_bytes| Step::Append {
        who: 0,
        timestamps: timestamps.to_vec(),
        value_bytes,
        codec: Codec::None,
    };
    let transactional = Step::Append {
        who: 4,
        timestamps: vec![0],
        value_bytes: 104,
        codec: Codec::None,
    };
    let compressed = Step::Append {
        who: 0,
        timestamps: vec![24, 0],
        value_bytes: 64,
        codec: Codec::Lz4,
    };
    let steps = [
        append(&[193], 1),
        append(&[0], 50),
        Step::Crash,
        append(&[0], 1),
        append(&[0, 0], 16),
        append(&[0, 0, 0], 6),
        transactional,
        Step::Wait { ms: 170 },
        compressed,
        append(&[0, 25], 6),
        Step::Restart,
        append(&[0], 79),
        append(&[170, 0, 0], 100),
        Step::Crash,
        Step::Crash,
        Step::Roll,
        append(&[0], 1),
        Step::NewEpoch,
        append(&[0], 1),
        append(&[0], 1),
        append(&[0], 1),
        Step::Crash,
        Step::Crash,
    ];
    // Which bytes a crash tears, the seed decides.
    for seed in (0..100).chain([646_841_157_215_563_548]) {
        check_schedule(seed, &steps);
    }
}

#[derive(Debug, Clone)]
struct ModelBatch {
    base_offset: Offset,
    next_offset: Offset,
    leader_epoch: LeaderEpoch,
    bytes: Vec<u8>,
}

struct World {
    fixture: Fixture,
    /// Every batch since the log last started over, also those that retention has removed.
    batches: Vec<ModelBatch>,
    started_at: Offset,
    started_with: ProducerState,
    log_start_offset: Offset,
    /// Where retention has last let the log start; there is a snapshot there.
    retained_from: Offset,
    last_sent: Option<Vec<u8>>,
}

impl World {
    fn new(seed: u64) -> Self {
        let config = LogConfig {
            file_delete_delay_ms: 300,
            ..small()
        };
        Self {
            fixture: Fixture::with_seed(config, seed),
            batches: Vec::new(),
            started_at: Offset::ZERO,
            started_with: ProducerState::starting_at(Offset::ZERO),
            log_start_offset: Offset::ZERO,
            retained_from: Offset::ZERO,
            last_sent: None,
        }
    }

    fn perform(&mut self, step: &Step) {
        match step {
            Step::Append {
                who,
                timestamps,
                value_bytes,
                codec,
            } => {
                self.append(*who, timestamps, *value_bytes, *codec);
            }
            Step::EndTransaction { who, commit } => self.end_transaction(*who, *commit),
            Step::Retry => self.retry(),
            Step::NewEpoch => {
                self.fixture.leader_epoch.0 += 1;
                let epoch = self.fixture.leader_epoch;
                run(self.fixture.log.assign_leader_epoch(epoch)).unwrap();
            }
            Step::Roll => run(self.fixture.log.roll(self.fixture.now_ms)).unwrap(),
            Step::Flush { part } => {
                let up_to = self.part(*part);
                run(self.fixture.log.flush(up_to, self.fixture.now_ms)).unwrap();
                assert!(self.fixture.log.recovery_point() >= up_to);
            }
            Step::DeleteRecords { part } => {
                let offset = self.part(*part);
                let moved = run(self.fixture.log.advance_log_start(offset)).unwrap();
                assert_eq!(moved, offset > self.log_start_offset);
                self.log_start_offset = self.log_start_offset.max(offset);
            }
            Step::Retention { keep_bytes } => self.retain(*keep_bytes),
            Step::Truncate { part } => self.truncate(*part),
            Step::StartOver { ahead } => self.start_over(*ahead),
            Step::Restart => {
                self.fixture.restart_with(Fixture::check_indexes);
            }
            Step::Crash => self.crash(),
            Step::Wait { ms } => {
                self.fixture.now_ms += i64::from(*ms);
                run(self.fixture.log.delete_due(self.fixture.now_ms)).unwrap();
            }
        }
    }

    fn append(&mut self, who: u8, timestamps: &[i64], value_bytes: usize, codec: Codec) {
        let id = ProducerId(i64::from(who));
        let entry = self.replayed().0.producer(id).cloned();
        let sequence = entry.as_ref().map_or(0, |entry| entry.last_sequence() + 1);
        let epoch = entry.map_or(0, |entry| entry.producer_epoch().0);
        let records = Records {
            codec,
            producer: (who > 0).then(|| producer(id.0, epoch, sequence)),
            transactional: who >= 3,
            timestamps: timestamps
                .iter()
                .map(|at| (self.fixture.now_ms + at).max(0))
                .collect(),
            value_bytes,
        };
        let sent = records.build();
        let appended = self.fixture.append(sent.clone()).unwrap();
        assert!(!appended.is_duplicate);
        self.took(&sent, appended);
        self.last_sent = (who > 0).then_some(sent);
    }

    fn end_transaction(&mut self, who: u8, commit: bool) {
        let entry = self
            .replayed()
            .0
            .producer(ProducerId(i64::from(who)))
            .cloned();
        let Some(entry) = entry else { return };
        let result = match commit {
            true => TransactionResult::Commit,
            false => TransactionResult::Abort,
        };
        let fields = producer(i64::from(who), entry.producer_epoch().0, -1);
        let appended = self.fixture.append_marker(fields, result).unwrap();
        self.took(&[], appended);
    }

    /// Sends the last batch of a producer again.
    fn retry(&mut self) {
        let Some(sent) = self.last_sent.clone() else {
            return;
        };
        let end = self.fixture.log.log_end_offset();
        let appended = self.fixture.append(sent).unwrap();
        assert!(appended.is_duplicate);
        assert!(appended.last_offset < end);
        assert_eq!(self.fixture.log.log_end_offset(), end);
    }

    /// Takes what was appended into the model, as it is in the log.
    fn took(&mut self, sent: &[u8], appended: Appended) {
        assert_eq!(appended.first_offset, self.end());
        let next_offset = appended.last_offset.next();
        assert_eq!(self.fixture.log.log_end_offset(), next_offset);
        let bytes = self
            .fixture
            .read(appended.first_offset, 1, next_offset)
            .unwrap();
        let batch = BatchView::parse(&bytes).unwrap();
        batch.check_crc().unwrap();
        assert_eq!(batch.header().base_offset, appended.first_offset.0);
        assert_eq!(
            batch.header().partition_leader_epoch,
            self.fixture.leader_epoch.0
        );
        if !sent.is_empty() {
            assert_eq!(
                &bytes[16..],
                &sent[16..],
                "all but offset, length and epoch is as sent"
            );
        }
        self.batches.push(ModelBatch {
            base_offset: appended.first_offset,
            next_offset,
            leader_epoch: self.fixture.leader_epoch,
            bytes,
        });
    }

    fn retain(&mut self, keep_bytes: u16) {
        let mut config = self.fixture.config.clone();
        config.retention_bytes = Some(u64::from(keep_bytes));
        self.fixture.log.update_config(config);
        let end = self.end();
        let before = self.fixture.log.size_bytes();
        let removed = run(self.fixture.log.apply_retention(end, self.fixture.now_ms)).unwrap();
        let after = self.fixture.log.size_bytes();
        assert_eq!(removed > 0 && before > after, before > after);
        let start = self.fixture.log.log_start_offset();
        assert!(start >= self.log_start_offset && start <= end);
        let first_segment = format!("{:020}.log", start.0);
        if removed > 0 && self.fixture.names().contains(&first_segment) {
            self.retained_from = start;
        }
        self.log_start_offset = start;
    }

    fn truncate(&mut self, part: u8) {
        self.last_sent = None;
        let offset = self.part(part);
        let end = run(self.fixture.log.truncate_to(offset, self.fixture.now_ms)).unwrap();
        self.batches.retain(|batch| batch.next_offset <= offset);
        if offset < self.started_at {
            self.start_from(offset, ProducerState::starting_at(offset));
        }
        assert_eq!(self.end(), end);
        self.log_start_offset = self.fixture.log.log_start_offset();
        assert!(self.log_start_offset <= end);
    }

    fn start_over(&mut self, ahead: u8) {
        self.last_sent = None;
        let offset = self.end().plus(i64::from(ahead));
        let now_ms = self.fixture.now_ms;
        run(self.fixture.log.truncate_fully_and_start_at(offset, now_ms)).unwrap();
        self.start_from(offset, ProducerState::starting_at(offset));
        self.log_start_offset = offset;
    }

    fn start_from(&mut self, offset: Offset, producers: ProducerState) {
        self.batches.clear();
        self.started_at = offset;
        self.started_with = producers;
    }

    fn crash(&mut self) {
        self.last_sent = None;
        let recovery_point = self.fixture.log.recovery_point();
        self.fixture.crash();
        let end = self.fixture.log.log_end_offset();
        self.batches.retain(|batch| batch.next_offset <= end);
        let is_empty = self.fixture.log.size_bytes() == 0;
        if is_empty && end == self.log_start_offset {
            // All that was left lay below the start, so the log has started over, perhaps with a
            // snapshot that was taken here.
            let known = self.fixture.log.with_producers(ProducerState::clone);
            if known.producers().len() > 0 {
                assert_eq!(summary(&known), summary(&self.replayed().0));
            } else {
                let nobody = summary(&self.replayed().0).is_empty();
                assert!(nobody || end != self.retained_from, "there is a snapshot");
            }
            self.start_from(end, known);
        }
        assert!(end >= recovery_point, "what was flushed is there");
        self.batches.retain(|batch| batch.next_offset <= end);
        assert_eq!(
            self.end(),
            end,
            "the log ends behind a batch that was appended"
        );
    }

    /// The end of the model.
    fn end(&self) -> Offset {
        self.batches
            .last()
            .map_or(self.started_at, |batch| batch.next_offset)
    }

    /// An offset between the start and the end.
    fn part(&self, part: u8) -> Offset {
        let (start, end) = (self.log_start_offset.0, self.end().0);
        Offset(start + (end - start) * i64::from(part) / 255)
    }

    /// The state of the producers, and the aborted transactions, by all batches.
    fn replayed(&self) -> (ProducerState, Vec<AbortedTransaction>) {
        let mut state = self.started_with.clone();
        let mut aborted = Vec::new();
        for batch in &self.batches {
            if let Some(batch) = producers::of_batch(&batch.bytes)
                && let Some(completed) = state.update(&batch)
                && completed.outcome == TransactionOutcome::Abort
            {
                aborted.push(AbortedTransaction::from(completed));
            }
        }
        (state, aborted)
    }

    fn check(&self) {
        let log = &self.fixture.log;
        assert_eq!(log.log_end_offset(), self.end());
        assert_eq!(log.log_start_offset(), self.log_start_offset);
        assert!(log.recovery_point() <= self.end());
        self.check_reads();
        self.check_timestamps();
        self.check_producers();
        for batch in self
            .batches
            .iter()
            .filter(|batch| batch.next_offset > self.log_start_offset)
        {
            let last_offset = Offset(batch.next_offset.0 - 1);
            assert_eq!(log.epoch_at(last_offset), Some(batch.leader_epoch));
        }
    }

    fn check_reads(&self) {
        let live = self
            .batches
            .iter()
            .filter(|batch| batch.next_offset > self.log_start_offset);
        let expected: Vec<u8> = live.clone().flat_map(|batch| batch.bytes.clone()).collect();
        for size_max in [1, 700, 1 << 20] {
            let read = self.fixture.read_from(self.log_start_offset, size_max);
            assert_eq!(read, expected);
        }
        for batch in live {
            let offsets = [
                batch.base_offset.max(self.log_start_offset),
                Offset(batch.next_offset.0 - 1),
            ];
            for offset in offsets {
                let bytes = self.fixture.read(offset, 1, batch.next_offset);
                assert_eq!(bytes.as_ref(), Some(&batch.bytes));
                let bytes = self.fixture.read(offset, 1 << 20, batch.next_offset);
                assert_eq!(bytes.as_ref(), Some(&batch.bytes));
                assert_eq!(self.fixture.read(offset, 1 << 20, batch.base_offset), None);
            }
        }
        assert_eq!(self.fixture.read(self.end(), 1, self.end()), None);
    }

    fn check_timestamps(&self) {
        let log = &self.fixture.log;
        let mut records = Vec::new();
        let mut decompressor = Decompressor::new();
        for batch in &self.batches {
            let view = BatchView::parse(&batch.bytes).unwrap();
            for record in view.records(&mut decompressor, 1 << 20).unwrap() {
                let record = record.unwrap();
                if record.offset >= self.log_start_offset.0 {
                    records.push((record.timestamp_ms, Offset(record.offset)));
                }
            }
        }
        let first_from = |timestamp| records.iter().copied().find(|(at, _)| *at >= timestamp);
        for timestamp in [
            0,
            self.fixture.now_ms - 150,
            self.fixture.now_ms,
            self.fixture.now_ms + 100,
        ] {
            let found = run(log.offset_for_timestamp(timestamp)).unwrap();
            let found = found.map(|found| (found.timestamp, found.offset));
            assert_eq!(found, first_from(timestamp), "timestamp {timestamp}");
        }
        let max = records.iter().map(|(timestamp, _)| *timestamp).max();
        let first = self.log_start_offset;
        // A batch below the start, but in a segment that is not, may have a larger one.
        let cut = self.batches.iter().any(|batch| batch.base_offset < first);
        if !cut {
            let found = run(log.max_timestamp()).unwrap();
            assert_eq!(found.map(|found| found.timestamp), max);
        }
    }

    fn check_producers(&self) {
        let log = &self.fixture.log;
        let (mut expected, aborted) = self.replayed();
        assert_eq!(log.with_producers(summary), summary(&expected));
        let end = self.end();
        expected.on_high_watermark(end);
        let first_unstable = expected.first_unstable_offset().unwrap_or(end);
        let stable = first_unstable.max(self.log_start_offset).min(end);
        assert_eq!(log.last_stable_offset(end), stable);
        let start = self.log_start_offset;
        let mut aborted = aborted;
        aborted.retain(|transaction| transaction.last_offset >= start);
        assert_eq!(log.aborted_transactions(start, end), aborted);
    }
}

/// What a producer state says that outlives a reload from a snapshot.
fn summary(
    state: &ProducerState,
) -> Vec<(
    ProducerId,
    ProducerEpoch,
    CoordinatorEpoch,
    i32,
    Option<Offset>,
)> {
    let entries = state.producers().map(|(id, entry)| {
        let (epoch, coordinator_epoch) = (entry.producer_epoch(), entry.coordinator_epoch());
        (
            id,
            epoch,
            coordinator_epoch,
            entry.last_sequence(),
            entry.transaction_first_offset(),
        )
    });
    entries.collect()
}
