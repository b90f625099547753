//! Cleanings of a log: what readers see of it before and after, with crashes in between.

mod model;
mod transcripts;

use protocol::compression::Decompressor;
use protocol::ids::{ProducerEpoch, ProducerId};

use super::*;
use crate::cleaner::{
    Cleaner, CleanerSettings, CleaningError, CleaningStatistics, KeyHasher, MapLimits, Pace,
};
use crate::disk::simulated::HaltingDisk;
use crate::transaction_index::AbortedTransaction;

/// Goes as fast as it can.
struct Unhurried;

impl Pace for Unhurried {
    fn pass(&self, _bytes: u64) -> std::pin::Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(std::future::ready(true))
    }
}

/// A log on a disk that can be made to stop.
struct CompactedLog {
    disk: Arc<SimulatedDisk>,
    halting: Arc<HaltingDisk>,
    config: LogConfig,
    log: Log,
    codecs: Codecs,
    now_ms: i64,
    /// How many keys a cleaning remembers.
    map_keys: u64,
}

/// A record as a reader gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Record {
    offset: i64,
    timestamp_ms: i64,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
}

/// A batch as a reader gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Batch {
    base_offset: i64,
    last_offset: i64,
    leader_epoch: i32,
    producer: (i64, i16, i32),
    is_transactional: bool,
    /// How the transaction has ended, if this is a marker.
    marker: Option<TransactionResult>,
    is_control: bool,
    delete_horizon_ms: Option<i64>,
    records: Vec<Record>,
}

impl CompactedLog {
    fn new(config: LogConfig, seed: u64) -> Self {
        let disk = Arc::new(SimulatedDisk::new(seed));
        run(disk.create_directories(Path::new(DIRECTORY))).unwrap();
        run(disk.sync_directory(Path::new(""))).unwrap();
        let halting = Arc::new(HaltingDisk::new(&disk, u64::MAX));
        let log = Self::open(&halting, options(&config, true));
        Self {
            disk,
            halting,
            config,
            log,
            codecs: Codecs::default(),
            now_ms: NOW_MS,
            map_keys: 1000,
        }
    }

    fn open(halting: &Arc<HaltingDisk>, options: OpenOptions) -> Log {
        let disk: Arc<dyn Disk> = halting.clone();
        run(Log::open(disk, Arc::default(), options)).unwrap()
    }

    fn append(&mut self, batch: &mut [u8], origin: AppendOrigin) -> Appended {
        let append = LeaderAppend {
            leader_epoch: LeaderEpoch(3),
            origin,
            produce_version: 9,
            now_ms: self.now_ms,
        };
        let codecs = &mut self.codecs;
        run(self.log.append_as_leader(batch, &append, codecs)).unwrap()
    }

    /// Records of these keys and values; without a value they are tombstones.
    fn append_records(
        &mut self,
        template: &BatchTemplate,
        records: &[(u8, Option<u8>)],
    ) -> Appended {
        let mut builder = BatchBuilder::new(*template);
        for (key, value) in records {
            let value = value.map(|value| [value; 24]);
            let record = NewRecord {
                timestamp_ms: self.now_ms,
                key: Some(&[*key]),
                value: value.as_ref().map(|value| value.as_slice()),
                headers: &[],
            };
            builder.append(&record).unwrap();
        }
        let mut batch = builder.finish(&mut Compressor::new()).unwrap();
        self.append(&mut batch, AppendOrigin::Client)
    }

    fn append_marker(&mut self, fields: ProducerFields, result: TransactionResult) -> Appended {
        let marker = EndTransactionMarker {
            result,
            coordinator_epoch: 1,
        };
        let template = BatchTemplate::new(0);
        let batch = marker.batch(&template, fields.id, fields.epoch, self.now_ms);
        let origin = AppendOrigin::EndTransaction {
            transaction_version: 0,
        };
        self.append(&mut batch.unwrap(), origin)
    }

    fn roll(&self) {
        run(self.log.roll(self.now_ms)).unwrap();
    }

    /// Cleans all that may be cleaned; none if the disk has stopped meanwhile.
    fn try_clean(&self) -> Option<Result<(Offset, CleaningStatistics), CleaningError>> {
        let summary = self.log.compaction_summary(self.log.log_end_offset());
        let range = summary.cleaning_range(self.config.compaction_lag_ms_min, self.now_ms);
        let settings = CleanerSettings {
            map: MapLimits {
                bytes_max: self.map_keys * 24,
                load_factor: 1.0,
            },
            io_buffer_bytes: 100,
        };
        let cleaning = async {
            let end = self.log.log_end_offset();
            self.log.flush(end, self.now_ms).await?;
            let mut cleaner = Cleaner::new(settings, KeyHasher::new([9; 16]));
            cleaner
                .clean(&self.log, range, &Unhurried, self.now_ms)
                .await
        };
        poll_once(cleaning)
    }

    fn clean(&self) -> Offset {
        self.try_clean().unwrap().unwrap().0
    }

    fn restart(&mut self) {
        run(self.log.close(self.now_ms)).unwrap();
        self.reopen(true, self.log.recovery_point());
    }

    fn crash(&mut self) {
        self.disk.crash();
        self.halting.allow(u64::MAX);
        self.reopen(false, self.log.recovery_point());
    }

    fn reopen(&mut self, clean_stop: bool, recovery_point: Offset) {
        let options = OpenOptions {
            log_start_offset: self.log.log_start_offset(),
            recovery_point,
            now_ms: self.now_ms,
            ..options(&self.config, clean_stop)
        };
        let cleaned_to = self.log.cleaned_to();
        self.log = Self::open(&self.halting, options);
        self.log.restore_cleaned_to(cleaned_to);
    }

    /// All batches from the start of the log, slice by slice.
    fn batches(&self) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        let mut fetch_offset = self.log.log_start_offset();
        loop {
            let request = ReadRequest {
                fetch_offset,
                size_max: 300,
                upper_bound: self.log.log_end_offset(),
                at_least_one_batch: true,
            };
            let ReadOutcome::Slice(slice) = run(self.log.read(&request)).unwrap() else {
                return batches;
            };
            let mut bytes = vec![0; slice.size];
            run(slice.file.read_at(&mut bytes, slice.position)).unwrap();
            let read = parse(&bytes);
            let last = read.last().expect("the first batch is whole");
            fetch_offset = Offset(last.last_offset + 1);
            batches.extend(read);
        }
    }

    fn names(&self) -> Vec<String> {
        let entries = run(self.disk.list(Path::new(DIRECTORY))).unwrap();
        entries.into_iter().map(|entry| entry.name).collect()
    }
}

fn parse(bytes: &[u8]) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut decompressor = Decompressor::new();
    let mut rest = bytes;
    while let Ok(view) = BatchView::parse(rest) {
        rest = &rest[view.bytes().len()..];
        view.check_crc().unwrap();
        let header = *view.header();
        let mut marker = None;
        let mut records = Vec::new();
        for record in view.records(&mut decompressor, 1 << 20).unwrap() {
            let record = record.unwrap();
            if header.attributes.is_control() {
                marker = Some(EndTransactionMarker::decode(&record).unwrap().result);
            }
            records.push(Record {
                offset: record.offset,
                timestamp_ms: record.timestamp_ms,
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
            });
        }
        batches.push(Batch {
            base_offset: header.base_offset,
            last_offset: header.last_offset(),
            leader_epoch: header.partition_leader_epoch,
            producer: (
                header.producer_id,
                header.producer_epoch,
                header.base_sequence,
            ),
            is_transactional: header.attributes.is_transactional(),
            marker,
            is_control: header.attributes.is_control(),
            delete_horizon_ms: header.delete_horizon_ms(),
            records,
        });
    }
    batches
}

/// What a consumer of committed records keeps of batches, as Kafka's does it: it is told of
/// aborted transactions with every fetch.
fn committed(batches: &[Batch], aborted: &[AbortedTransaction]) -> Vec<Record> {
    let mut ahead = aborted.to_vec();
    ahead.sort_by_key(|transaction| transaction.first_offset);
    let mut ahead = ahead.into_iter().peekable();
    let mut open = std::collections::BTreeSet::new();
    let mut records = Vec::new();
    for batch in batches {
        while let Some(begun) = ahead.next_if(|next| next.first_offset.0 <= batch.last_offset) {
            open.insert(begun.producer_id.0);
        }
        if batch.marker == Some(TransactionResult::Abort) {
            open.remove(&batch.producer.0);
        }
        let is_aborted = batch.is_transactional && open.contains(&batch.producer.0);
        if !batch.is_control && !is_aborted {
            records.extend(batch.records.iter().cloned());
        }
    }
    records
}

fn transactional(producer: ProducerFields) -> BatchTemplate {
    BatchTemplate {
        producer: Some(producer),
        transactional: true,
        ..BatchTemplate::new(0)
    }
}

fn compacted() -> LogConfig {
    LogConfig {
        compact: true,
        delete: false,
        delete_retention_ms: 1000,
        file_delete_delay_ms: 300,
        ..small()
    }
}
