//! Random schedules of appends, cleanings and crashes against a model that forgets nothing.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::log::producers;
use crate::producer_state::ProducerState;

#[derive(Debug, Clone)]
enum Step {
    /// By nobody (0), an idempotent producer (1, 2) or one with a transaction (3, 4).
    Append {
        who: u8,
        records: Vec<(u8, Option<u8>)>,
        codec: Codec,
    },
    EndTransaction {
        who: u8,
        commit: bool,
    },
    Roll,
    Clean {
        map_keys: u8,
    },
    /// The power goes after so many disk operations of a cleaning.
    CrashInCleaning {
        operations: u8,
    },
    DeleteRecords {
        part: u8,
    },
    Retention {
        keep_bytes: u16,
    },
    Truncate,
    Restart,
    Crash,
    Wait {
        ms: u16,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![3 => any::<u8>().prop_map(Some), 1 => Just(None)];
    let append = (
        0_u8..5,
        prop::collection::vec((0_u8..8, value), 1..5),
        prop::sample::select(vec![Codec::None, Codec::None, Codec::Lz4, Codec::Gzip]),
    );
    prop_oneof![
        16 => append.prop_map(|(who, records, codec)| Step::Append { who, records, codec }),
        6 => (3_u8..5, any::<bool>()).prop_map(|(who, commit)| {
            Step::EndTransaction { who, commit }
        }),
        3 => Just(Step::Roll),
        6 => (1_u8..12).prop_map(|map_keys| Step::Clean { map_keys }),
        3 => (0_u8..120).prop_map(|operations| Step::CrashInCleaning { operations }),
        1 => any::<u8>().prop_map(|part| Step::DeleteRecords { part }),
        1 => (0_u16..4000).prop_map(|keep_bytes| Step::Retention { keep_bytes }),
        1 => Just(Step::Truncate),
        1 => Just(Step::Restart),
        1 => Just(Step::Crash),
        3 => (0_u16..800).prop_map(|ms| Step::Wait { ms }),
    ]
}

proptest! {
    #[test]
    fn whatever_is_cleaned_and_cut_short_a_reader_sees_the_last_value_of_each_key(
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 1..70),
    ) {
        let mut world = World::new(seed);
        for step in &steps {
            world.perform(step);
            world.check();
        }
        world.perform(&Step::Roll);
        world.perform(&Step::Clean { map_keys: 100 });
        world.check();
        world.perform(&Step::Restart);
        world.check();
    }
}

#[test]
fn a_crash_at_any_operation_of_a_cleaning_leaves_the_log_cleaned_or_not() {
    let mut halted = 0;
    for operations in 0..=u8::MAX {
        let mut world = World::new(u64::from(operations));
        for round in 0..6 {
            for who in [0, 3, 4, 1] {
                world.perform(&Step::Append {
                    who,
                    records: vec![(who, Some(round)), (7, None), (round, Some(who))],
                    codec: Codec::None,
                });
            }
            world.perform(&Step::EndTransaction {
                who: 3,
                commit: round % 2 == 0,
            });
            world.perform(&Step::EndTransaction {
                who: 4,
                commit: round % 3 == 0,
            });
        }
        world.perform(&Step::Roll);
        world.perform(&Step::Clean { map_keys: 8 });
        world.perform(&Step::Wait { ms: 1200 });
        world.perform(&Step::Append {
            who: 0,
            records: vec![(1, None)],
            codec: Codec::None,
        });
        world.perform(&Step::Roll);
        world.check();
        let cleanings = world.completed_cleanings;
        world.perform(&Step::CrashInCleaning { operations });
        world.check();
        halted += usize::from(world.completed_cleanings == cleanings);
        world.perform(&Step::Clean { map_keys: 100 });
        world.check();
    }
    assert!(
        (50..250).contains(&halted),
        "a cleaning takes some operations: {halted}"
    );
}

/// What became of a record in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Counts,
    Aborted,
    Open,
}

struct World {
    log: CompactedLog,
    /// Every batch as it was appended, with its bytes.
    batches: Vec<(Batch, Vec<u8>)>,
    started_with: ProducerState,
    /// Below this nothing is truncated: it was replicated when a cleaning looked.
    high_watermark: i64,
    /// When each tombstone was first within the reach of a cleaning.
    seen_ms: BTreeMap<i64, i64>,
    last_cleaned_ms: i64,
    completed_cleanings: usize,
}

impl World {
    fn new(seed: u64) -> Self {
        let config = LogConfig {
            delete: true,
            ..compacted()
        };
        Self {
            log: CompactedLog::new(config, seed),
            batches: Vec::new(),
            started_with: ProducerState::starting_at(Offset::ZERO),
            high_watermark: 0,
            seen_ms: BTreeMap::new(),
            last_cleaned_ms: 0,
            completed_cleanings: 0,
        }
    }

    fn perform(&mut self, step: &Step) {
        self.perform_alone(step);
        // As the upkeep does it. Of a log that may have gaps, recovery cannot tell whether what is
        // missing between segments was lost or cleaned.
        if self.log.log.is_flush_due(self.log.now_ms) {
            let end = self.log.log.lock().active().base_offset();
            run(self.log.log.flush(end, self.log.now_ms)).unwrap();
        }
    }

    fn perform_alone(&mut self, step: &Step) {
        match step {
            Step::Append {
                who,
                records,
                codec,
            } => self.append(*who, records, *codec),
            Step::EndTransaction { who, commit } => self.end_transaction(*who, *commit),
            Step::Roll => self.log.roll(),
            Step::Clean { map_keys } => {
                self.log.map_keys = u64::from(*map_keys);
                self.begin_cleaning();
                let cleaned = self.log.try_clean().expect("the disk goes on");
                self.completed_cleanings += 1;
                let end = cleaned.unwrap().0;
                assert_eq!(self.log.log.cleaned_to(), Some(end));
            }
            Step::CrashInCleaning { operations } => {
                self.log.map_keys = 100;
                self.begin_cleaning();
                self.log.halting.allow(u64::from(*operations));
                let cleaned = self.log.try_clean();
                self.completed_cleanings += usize::from(cleaned.is_some());
                self.crash();
            }
            Step::DeleteRecords { part } => {
                let (start, end) = (self.start(), self.log.log.log_end_offset().0);
                let offset = start + (end - start) * i64::from(*part) / 255;
                run(self.log.log.advance_log_start(Offset(offset))).unwrap();
            }
            Step::Retention { keep_bytes } => {
                self.log.config.retention_bytes = Some(u64::from(*keep_bytes));
                self.log.log.update_config(self.log.config.clone());
                let end = self.log.log.log_end_offset();
                run(self.log.log.apply_retention(end, self.log.now_ms)).unwrap();
                self.high_watermark = end.0;
            }
            Step::Truncate => {
                let to = (self.high_watermark + self.log.log.log_end_offset().0 + 1) / 2;
                let to = run(self.log.log.truncate_to(Offset(to), self.log.now_ms)).unwrap();
                self.cut(to);
            }
            Step::Restart => self.log.restart(),
            Step::Crash => self.crash(),
            Step::Wait { ms } => {
                self.log.now_ms += i64::from(*ms);
                run(self.log.log.delete_due(self.log.now_ms)).unwrap();
            }
        }
    }

    fn append(&mut self, who: u8, records: &[(u8, Option<u8>)], codec: Codec) {
        let id = ProducerId(i64::from(who));
        let entry = self.replayed().producer(id).cloned();
        let sequence = entry.as_ref().map_or(0, |entry| entry.last_sequence() + 1);
        let epoch = entry.map_or(0, |entry| entry.producer_epoch().0);
        let template = BatchTemplate {
            compression: Compression::with_default_level(codec),
            producer: (who > 0).then(|| producer(id.0, epoch, sequence)),
            transactional: who >= 3,
            ..BatchTemplate::new(0)
        };
        let appended = self.log.append_records(&template, records);
        self.took(appended);
    }

    fn end_transaction(&mut self, who: u8, commit: bool) {
        let id = ProducerId(i64::from(who));
        let Some(entry) = self.replayed().producer(id).cloned() else {
            return;
        };
        let result = match commit {
            true => TransactionResult::Commit,
            false => TransactionResult::Abort,
        };
        let fields = producer(id.0, entry.producer_epoch().0, -1);
        let appended = self.log.append_marker(fields, result);
        self.took(appended);
    }

    /// Takes what was appended into the model, as it is in the log.
    fn took(&mut self, appended: Appended) {
        let request = ReadRequest {
            fetch_offset: appended.first_offset,
            size_max: 1,
            upper_bound: self.log.log.log_end_offset(),
            at_least_one_batch: true,
        };
        let ReadOutcome::Slice(slice) = run(self.log.log.read(&request)).unwrap() else {
            panic!("it was appended");
        };
        let mut bytes = vec![0; slice.size];
        run(slice.file.read_at(&mut bytes, slice.position)).unwrap();
        let [batch] = &parse(&bytes)[..] else {
            panic!("it is one batch");
        };
        self.batches.push((batch.clone(), bytes));
    }

    fn begin_cleaning(&mut self) {
        self.high_watermark = self.log.log.log_end_offset().0;
        self.last_cleaned_ms = self.log.now_ms;
        for (batch, _) in &self.batches {
            for record in &batch.records {
                let now_ms = self.log.now_ms;
                self.seen_ms.entry(record.offset).or_insert(now_ms);
            }
        }
    }

    fn crash(&mut self) {
        let flushed = self.log.log.recovery_point();
        self.log.crash();
        let end = self.log.log.log_end_offset();
        assert!(end >= flushed, "what was flushed is there");
        self.cut(end);
        self.high_watermark = self.high_watermark.min(end.0);
        if self.log.log.size_bytes() == 0 {
            // All that was left lay below the start, so the log has started over.
            self.started_with = self.log.log.with_producers(ProducerState::clone);
            self.batches.clear();
        }
    }

    fn cut(&mut self, end: Offset) {
        self.batches.retain(|(batch, _)| batch.last_offset < end.0);
        self.seen_ms.retain(|offset, _| *offset < end.0);
    }

    fn start(&self) -> i64 {
        self.log.log.log_start_offset().0
    }

    fn replayed(&self) -> ProducerState {
        let mut state = self.started_with.clone();
        for (_, bytes) in &self.batches {
            if let Some(batch) = producers::of_batch(bytes) {
                state.update(&batch);
            }
        }
        state
    }

    /// Every record with what became of it.
    fn records(&self) -> Vec<(Record, Fate)> {
        let mut fates: Vec<(Record, Fate)> = Vec::new();
        let mut open: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (batch, _) in &self.batches {
            let producer_id = batch.producer.0;
            if let Some(result) = batch.marker {
                for index in open.remove(&producer_id).unwrap_or_default() {
                    fates[index].1 = match result {
                        TransactionResult::Commit => Fate::Counts,
                        TransactionResult::Abort => Fate::Aborted,
                    };
                }
                continue;
            }
            for record in &batch.records {
                if batch.is_transactional {
                    open.entry(producer_id).or_default().push(fates.len());
                }
                let fate = match batch.is_transactional {
                    true => Fate::Open,
                    false => Fate::Counts,
                };
                fates.push((record.clone(), fate));
            }
        }
        fates
    }

    fn check(&self) {
        let end = self.log.log.log_end_offset();
        let model_end = self.batches.last().map(|(batch, _)| batch.last_offset + 1);
        assert!(model_end.is_none_or(|model_end| model_end == end.0));
        let batches = self.log.batches();
        self.check_batches(&batches);
        self.check_values(&batches);
        self.check_producers();
    }

    /// Whatever is there is as it was.
    fn check_batches(&self, batches: &[Batch]) {
        let ascend = |pair: &[Batch]| pair[0].last_offset < pair[1].base_offset;
        assert!(batches.windows(2).all(ascend), "no offset occurs twice");
        let known: BTreeMap<_, _> = self
            .batches
            .iter()
            .map(|(batch, _)| (batch.base_offset, batch))
            .collect();
        for batch in batches
            .iter()
            .filter(|batch| batch.last_offset >= self.start())
        {
            let known = known[&batch.base_offset];
            let mut expected = known.clone();
            expected.delete_horizon_ms = batch.delete_horizon_ms;
            expected.marker = batch.marker;
            expected.records = batch.records.clone();
            assert_eq!(batch, &expected);
            let mut records = batch.records.iter();
            assert!(records.all(|record| known.records.contains(record)));
            assert!(batch.records.is_sorted_by(|a, b| a.offset < b.offset));
        }
    }

    /// Nothing is missing that a reader goes by.
    fn check_values(&self, batches: &[Batch]) {
        let start = self.start();
        let end = self.log.log.log_end_offset();
        let stable = self.log.log.last_stable_offset(end).0;
        let mut records = self.records();
        records.retain(|(record, _)| record.offset >= start);
        let read = batches.iter().filter(|batch| !batch.is_control);
        let read: BTreeSet<i64> = read
            .flat_map(|batch| &batch.records)
            .map(|record| record.offset)
            .collect();
        let mut last = BTreeMap::new();
        for (record, fate) in &records {
            match fate {
                Fate::Counts => {
                    last.insert(record.key.clone(), record.clone());
                }
                Fate::Open => assert!(read.contains(&record.offset), "open: {record:?}"),
                Fate::Aborted => {}
            }
        }
        for record in last.values() {
            let is_there = read.contains(&record.offset);
            let seen_ms = self.seen_ms.get(&record.offset);
            let may_go = record.value.is_none()
                && seen_ms.is_some_and(|seen| self.last_cleaned_ms >= seen + 1000);
            assert!(is_there || may_go, "{record:?} is missing");
        }
        let aborted = self
            .log
            .log
            .aborted_transactions(Offset(start), Offset(stable));
        let mut committed = committed(batches, &aborted);
        committed.retain(|record| (start..stable).contains(&record.offset));
        let mut seen = BTreeMap::new();
        for record in committed {
            let (_, fate) = records.iter().find(|known| known.0 == record).unwrap();
            assert_eq!(*fate, Fate::Counts, "{record:?}");
            seen.insert(record.key, record.value);
        }
        seen.retain(|_, value| value.is_some());
        let mut expected = BTreeMap::new();
        for (record, fate) in records {
            if fate == Fate::Counts && record.offset < stable {
                expected.insert(record.key, record.value);
            }
        }
        expected.retain(|_, value| value.is_some());
        assert_eq!(
            seen, expected,
            "the table that a reader of committed records has"
        );
    }

    fn check_producers(&self) {
        let mut expected = self.replayed();
        let summary = |state: &ProducerState| -> Vec<_> {
            let producers = state.producers().map(|(id, entry)| {
                let first_offset = entry.transaction_first_offset();
                (
                    id,
                    entry.producer_epoch(),
                    entry.last_sequence(),
                    first_offset,
                )
            });
            producers.collect()
        };
        let log = &self.log.log;
        assert_eq!(log.with_producers(summary), summary(&expected));
        let end = log.log_end_offset();
        expected.on_high_watermark(end);
        let unstable = expected.first_unstable_offset().unwrap_or(end);
        let stable = unstable.max(log.log_start_offset()).min(end);
        assert_eq!(log.last_stable_offset(end), stable);
    }
}
