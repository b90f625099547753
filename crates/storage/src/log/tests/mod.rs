//! Tests of the log on a disk in memory, and a few on the real one.

mod appends;
mod compaction;
mod concurrency;
mod crashes;
mod damage;
mod files;
mod model;
mod reads;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use protocol::compression::{Codec, Compression, Compressor};
use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::{
    BatchBuilder, BatchTemplate, BatchView, EndTransactionMarker, NewRecord, ProducerFields,
    TransactionResult,
};

use super::{
    AppendError, AppendOrigin, Appended, Codecs, LeaderAppend, Log, LogError, OpenOptions,
    ReadOutcome, ReadRequest,
};
use crate::config::LogConfig;
use crate::directory_health::DirectoryHealth;
use crate::disk::Disk;
use crate::disk::simulated::{SimulatedDisk, poll_once};

const DIRECTORY: &str = "topic-0";
const NOW_MS: i64 = 1_000_000;

/// A log on a simulated disk.
struct Fixture {
    disk: Arc<SimulatedDisk>,
    health: Arc<DirectoryHealth>,
    config: LogConfig,
    log: Log,
    codecs: Codecs,
    leader_epoch: LeaderEpoch,
    now_ms: i64,
}

impl Fixture {
    fn new(config: LogConfig) -> Self {
        Self::with_seed(config, 1)
    }

    fn with_seed(config: LogConfig, seed: u64) -> Self {
        let disk = Arc::new(SimulatedDisk::new(seed));
        run(disk.create_directories(Path::new(DIRECTORY))).unwrap();
        run(disk.sync_directory(Path::new(""))).unwrap();
        let health = Arc::default();
        let log = open(&disk, &health, options(&config, true)).unwrap();
        Self {
            disk,
            health,
            config,
            log,
            codecs: Codecs::default(),
            leader_epoch: LeaderEpoch(0),
            now_ms: NOW_MS,
        }
    }

    fn append(&mut self, mut batch: Vec<u8>) -> Result<Appended, AppendError> {
        self.append_from(AppendOrigin::Client, &mut batch)
    }

    fn append_from(
        &mut self,
        origin: AppendOrigin,
        batch: &mut [u8],
    ) -> Result<Appended, AppendError> {
        let append = LeaderAppend {
            leader_epoch: self.leader_epoch,
            origin,
            produce_version: 9,
            now_ms: self.now_ms,
        };
        run(self.log.append_as_leader(batch, &append, &mut self.codecs))
    }

    fn append_marker(
        &mut self,
        producer: ProducerFields,
        result: TransactionResult,
    ) -> Result<Appended, AppendError> {
        let marker = EndTransactionMarker {
            result,
            coordinator_epoch: 1,
        };
        let template = BatchTemplate::new(0);
        let batch = marker.batch(&template, producer.id, producer.epoch, self.now_ms);
        let origin = AppendOrigin::EndTransaction {
            transaction_version: 0,
        };
        self.append_from(origin, &mut batch.unwrap())
    }

    /// Opens the log again after a clean stop.
    fn restart(&mut self) {
        self.restart_with(|_| {});
    }

    /// Opens the log again after a clean stop and a look at the files.
    fn restart_with(&mut self, look: impl Fn(&Self)) {
        run(self.log.close(self.now_ms)).unwrap();
        look(self);
        let recovery_point = self.log.recovery_point();
        assert_eq!(recovery_point, self.log.log_end_offset());
        self.reopen(true, recovery_point).unwrap();
    }

    /// Compares the index files of a closed log with its batches.
    fn check_indexes(&self) {
        for name in self.names().iter().filter(|name| name.ends_with(".log")) {
            let base_offset: i64 = name[..20].parse().unwrap();
            let log = self.content(name);
            let mut last_offsets = BTreeMap::new();
            let mut largest = BTreeMap::new();
            let (mut position, mut max) = (0, -1);
            while position < log.len() {
                let batch = BatchView::parse(&log[position..]).unwrap();
                let last_offset = batch.header().last_offset() - base_offset;
                max = max.max(batch.header().max_timestamp_ms);
                last_offsets.insert(position as i64, last_offset);
                largest.insert(last_offset, max);
                position += batch.bytes().len();
            }
            let number = |bytes: &[u8]| {
                bytes
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | i64::from(*byte))
            };
            let entries = self.content(&name.replace(".log", ".index"));
            let entries: Vec<_> = entries
                .chunks(8)
                .map(|entry| (number(&entry[..4]), number(&entry[4..])))
                .collect();
            assert!(entries.is_sorted_by(|a, b| a < b), "{name}: {entries:?}");
            for (last_offset, position) in entries {
                assert!(position > 0);
                assert_eq!(last_offsets.get(&position), Some(&last_offset), "{name}");
            }
            let entries = self.content(&name.replace(".log", ".timeindex"));
            let entries: Vec<_> = entries
                .chunks(12)
                .map(|entry| (number(&entry[..8]), number(&entry[8..])))
                .collect();
            assert!(
                entries.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1),
                "{name}: {entries:?}"
            );
            assert_eq!(entries.last().map_or(-1, |entry| entry.0), max, "{name}");
            for (timestamp, last_offset) in entries {
                assert_eq!(largest.get(&last_offset), Some(&timestamp), "{name}");
            }
        }
    }

    fn content(&self, name: &str) -> Vec<u8> {
        let path = Path::new(DIRECTORY).join(name);
        let content = crate::disk::read_whole(self.disk.as_ref(), &path, 1 << 20);
        run(content).unwrap().unwrap()
    }

    /// Opens the log again after a crash, knowing the last recovery point.
    fn crash(&mut self) {
        self.disk.crash();
        self.reopen(false, self.log.recovery_point()).unwrap();
    }

    fn reopen(&mut self, clean_stop: bool, recovery_point: Offset) -> Result<(), LogError> {
        self.health = Arc::default();
        let options = OpenOptions {
            log_start_offset: self.log.log_start_offset(),
            recovery_point,
            now_ms: self.now_ms,
            ..options(&self.config, clean_stop)
        };
        self.log = open(&self.disk, &self.health, options)?;
        Ok(())
    }

    /// All bytes of the log from an offset up to the end, slice by slice.
    fn read_from(&self, offset: Offset, size_max: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut offset = offset;
        let upper_bound = self.log.log_end_offset();
        while let Some(slice) = self.read(offset, size_max, upper_bound) {
            let mut rest = slice.as_slice();
            let mut whole = 0;
            while let Ok(batch) = BatchView::parse(rest) {
                offset = Offset(batch.header().next_offset());
                whole += batch.bytes().len();
                rest = &rest[batch.bytes().len()..];
            }
            assert!(whole > 0, "the first batch is whole");
            bytes.extend_from_slice(&slice[..whole]);
        }
        bytes
    }

    /// One slice; none at the end.
    fn read(&self, offset: Offset, size_max: usize, upper_bound: Offset) -> Option<Vec<u8>> {
        let request = ReadRequest {
            fetch_offset: offset,
            size_max,
            upper_bound,
            at_least_one_batch: true,
        };
        match run(self.log.read(&request)).unwrap() {
            ReadOutcome::Slice(slice) => {
                let mut bytes = vec![0; slice.size];
                let read = run(slice.file.read_at(&mut bytes, slice.position)).unwrap();
                assert_eq!(read, slice.size);
                Some(bytes)
            }
            ReadOutcome::AtEnd => None,
            ReadOutcome::OutOfRange { .. } => panic!("read {offset}: it is out of range"),
        }
    }

    /// The names in the directory.
    fn names(&self) -> Vec<String> {
        let entries = run(self.disk.list(Path::new(DIRECTORY))).unwrap();
        entries.into_iter().map(|entry| entry.name).collect()
    }

    fn file_size(&self, name: &str) -> Option<u64> {
        let entries = run(self.disk.list(Path::new(DIRECTORY))).unwrap();
        let entry = entries.into_iter().find(|entry| entry.name == name);
        entry.map(|entry| entry.size)
    }
}

fn open(
    disk: &Arc<SimulatedDisk>,
    health: &Arc<DirectoryHealth>,
    options: OpenOptions,
) -> Result<Log, LogError> {
    let disk: Arc<dyn Disk> = disk.clone();
    run(Log::open(disk, health.clone(), options))
}

fn options(config: &LogConfig, clean_stop: bool) -> OpenOptions {
    OpenOptions {
        directory: PathBuf::from(DIRECTORY),
        config: config.clone(),
        log_start_offset: Offset::ZERO,
        recovery_point: Offset::ZERO,
        clean_stop,
        jitter_seed: 7,
        now_ms: NOW_MS,
    }
}

/// A config with segments of a few batches and indexes of a few entries.
fn small() -> LogConfig {
    LogConfig {
        segment_bytes: 1500,
        segment_index_bytes: 12 * 12,
        index_interval_bytes: 150,
        retention_ms: None,
        ..LogConfig::default()
    }
}

/// What a batch is made of.
#[derive(Debug, Clone)]
struct Records {
    codec: Codec,
    producer: Option<ProducerFields>,
    transactional: bool,
    timestamps: Vec<i64>,
    value_bytes: usize,
}

impl Records {
    fn plain(timestamps: &[i64]) -> Self {
        Self {
            codec: Codec::None,
            producer: None,
            transactional: false,
            timestamps: timestamps.to_vec(),
            value_bytes: 20,
        }
    }

    fn of(producer: ProducerFields, transactional: bool) -> Self {
        Self {
            producer: Some(producer),
            transactional,
            ..Self::plain(&[NOW_MS])
        }
    }

    fn build(&self) -> Vec<u8> {
        let mut builder = BatchBuilder::new(BatchTemplate {
            compression: Compression::with_default_level(self.codec),
            producer: self.producer,
            transactional: self.transactional,
            ..BatchTemplate::new(0)
        });
        for (index, timestamp_ms) in self.timestamps.iter().enumerate() {
            let value = vec![index as u8; self.value_bytes];
            let key = index.to_be_bytes();
            let record = NewRecord {
                timestamp_ms: *timestamp_ms,
                key: Some(&key),
                value: Some(&value),
                headers: &[],
            };
            builder.append(&record).unwrap();
        }
        builder.finish(&mut Compressor::new()).unwrap()
    }
}

fn producer(id: i64, epoch: i16, base_sequence: i32) -> ProducerFields {
    ProducerFields {
        id,
        epoch,
        base_sequence,
    }
}

/// The outcome of a future that never waits.
fn run<T>(future: impl Future<Output = T>) -> T {
    poll_once(future).expect("nothing holds a lock and the disk is not stalled")
}
