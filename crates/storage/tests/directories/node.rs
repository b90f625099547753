//! A node with two log directories, as far as its logs go.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use protocol::Uuid;
use protocol::compression::{Compressor, Decompressor};
use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::{BatchBuilder, BatchTemplate, BatchView, NewRecord};
use storage::config::LogConfig;
use storage::directories::{
    ClaimError, ClaimedDirectories, ConfiguredDirectory, CreateError, DirectoryReport,
    DirectorySettings, ExpectedNode, LogDirectories, NewPartition, Orphan, PartitionLog,
};
use storage::disk::{Disk, OpenMode};
use storage::log::{AppendOrigin, Codecs, LeaderAppend, ReadOutcome, ReadRequest};
use storage::names::TopicPartition;

pub(crate) const NOW_MS: i64 = 1_000_000;
pub(crate) const DELETE_DELAY_MS: i64 = 60_000;
pub(crate) const BROKER_EPOCH: i64 = 17;
pub(crate) const PATHS: [&str; 2] = ["/data/d1", "/data/d2"];

pub(crate) struct Node {
    pub(crate) logs: LogDirectories,
    pub(crate) reports: Vec<DirectoryReport>,
}

impl Node {
    /// Starts on [`PATHS`].
    pub(crate) async fn start(disk: &Arc<dyn Disk>) -> Self {
        let configured = PATHS.map(|path| configured(Path::new(path)));
        let claimed = claim(disk, &configured).await.unwrap();
        Self::load(claimed).await
    }

    pub(crate) async fn load(claimed: ClaimedDirectories) -> Self {
        let loaded = claimed.load(settings(), &|_| config(), NOW_MS).await;
        let (logs, reports) = loaded.unwrap();
        let undecided = |_: &PartitionLog| Orphan::Undecided;
        logs.settle_copies(&undecided, NOW_MS).await.unwrap();
        Self { logs, reports }
    }

    pub(crate) async fn create(
        &self,
        name: &str,
        topic_id: u128,
    ) -> Result<Arc<PartitionLog>, CreateError> {
        let new = NewPartition {
            topic_partition: topic_partition(name),
            topic_id: Uuid::from_u128(topic_id),
            config: config(),
            is_new: true,
            directory: None,
        };
        self.logs.create(new, NOW_MS).await
    }

    pub(crate) async fn close(&self) {
        for report in self.logs.close(Some(BROKER_EPOCH), &|_| None, NOW_MS).await {
            assert!(report.failure.is_none(), "{:?}", report.failure);
        }
    }

    /// Begins to move a partition into the directory where it is not.
    pub(crate) async fn begin_move(&self, name: &str, unique: u128) -> Arc<PartitionLog> {
        let partition = self.find(name).unwrap();
        let mut directories = self.logs.directories().iter();
        let other = directories.find(|other| !Arc::ptr_eq(other, &partition.directory()));
        let unique = Uuid::from_u128(unique);
        let begun = self
            .logs
            .begin_move(&partition, other.unwrap(), unique, NOW_MS);
        begun.await.unwrap()
    }

    /// Copies a little; returns whether that was all.
    pub(crate) async fn copy(&self, name: &str) -> bool {
        let partition = self.find(name).unwrap();
        let copy = self.logs.copy_of(partition.topic_id_partition().unwrap());
        let copy = copy.unwrap();
        let copied = self.logs.copy(&partition, &copy, 200, NOW_MS).await;
        copied.unwrap().is_complete
    }

    pub(crate) async fn finish_move(&self, name: &str) {
        let partition = self.find(name).unwrap();
        let copy = self.logs.copy_of(partition.topic_id_partition().unwrap());
        let copy = copy.unwrap();
        let high_watermark = |partition: &PartitionLog| Some(partition.log().log_end_offset());
        let finished = self
            .logs
            .finish_move(&partition, &copy, &high_watermark, NOW_MS);
        finished.await.unwrap();
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<PartitionLog>> {
        self.logs.partition_by_name(&topic_partition(name)).unwrap()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let partitions = self.logs.partitions();
        let names = partitions
            .iter()
            .map(|partition| partition.topic_partition());
        names.map(ToString::to_string).collect()
    }
}

pub(crate) async fn claim(
    disk: &Arc<dyn Disk>,
    configured: &[ConfiguredDirectory],
) -> Result<ClaimedDirectories, ClaimError> {
    let node = ExpectedNode {
        node_id: 1,
        cluster_id: Some("cluster".to_owned()),
    };
    ClaimedDirectories::claim(disk.clone(), &node, configured).await
}

/// A directory that may be formatted, with an id made of its name.
pub(crate) fn configured(path: &Path) -> ConfiguredDirectory {
    let name = path.as_os_str().as_encoded_bytes();
    let id = name.iter().fold(1000_u128, |id, byte| {
        id.wrapping_mul(31) + u128::from(*byte)
    });
    ConfiguredDirectory {
        path: path.to_owned(),
        new_id: Some(Uuid::from_u128(id)),
    }
}

pub(crate) fn settings() -> DirectorySettings {
    DirectorySettings {
        concurrency: NonZeroUsize::new(2).unwrap(),
        file_delete_delay_ms: DELETE_DELAY_MS,
        jitter_seed: 7,
        unflushed_bytes_max: 10_000,
    }
}

/// Segments of a few batches.
pub(crate) fn config() -> LogConfig {
    LogConfig {
        segment_bytes: 400,
        segment_index_bytes: 120,
        index_interval_bytes: 100,
        retention_ms: None,
        ..LogConfig::default()
    }
}

pub(crate) fn topic_partition(name: &str) -> TopicPartition {
    let (topic, partition) = name.rsplit_once('-').unwrap();
    TopicPartition {
        topic: topic.parse().unwrap(),
        partition: partition.parse().unwrap(),
    }
}

/// Appends one record, and returns the log end offset.
pub(crate) async fn append(partition: &PartitionLog, value: &str) -> Offset {
    append_in(partition, 0, BatchTemplate::new(0), value).await
}

/// Appends one record in this leader epoch in a batch of this kind; returns the log end offset.
pub(crate) async fn append_in(
    partition: &PartitionLog,
    epoch: i32,
    template: BatchTemplate,
    value: &str,
) -> Offset {
    let mut builder = BatchBuilder::new(template);
    let record = NewRecord {
        timestamp_ms: NOW_MS,
        key: None,
        value: Some(value.as_bytes()),
        headers: &[],
    };
    builder.append(&record).unwrap();
    let mut batch = builder.finish(&mut Compressor::new()).unwrap();
    let append = LeaderAppend {
        leader_epoch: LeaderEpoch(epoch),
        origin: AppendOrigin::Client,
        produce_version: 9,
        now_ms: NOW_MS,
    };
    let mut codecs = Codecs::default();
    let appended = partition
        .log()
        .append_as_leader(&mut batch, &append, &mut codecs);
    appended.await.unwrap().last_offset.next()
}

/// The values of all records.
pub(crate) async fn values(partition: &PartitionLog) -> Vec<String> {
    let log = partition.log();
    let mut values = Vec::new();
    let mut offset = log.log_start_offset();
    while offset < log.log_end_offset() {
        let request = ReadRequest {
            fetch_offset: offset,
            size_max: 1,
            upper_bound: log.log_end_offset(),
            at_least_one_batch: true,
        };
        let ReadOutcome::Slice(slice) = log.read(&request).await.unwrap() else {
            panic!("read {offset}: the log has it");
        };
        let mut bytes = vec![0; slice.size];
        let read = slice
            .file
            .read_at(&mut bytes, slice.position)
            .await
            .unwrap();
        assert_eq!(read, slice.size);
        let batch = BatchView::parse(&bytes).unwrap();
        batch.check_crc().unwrap();
        let mut decompressor = Decompressor::new();
        for record in batch.records(&mut decompressor, 1 << 20).unwrap() {
            let value = record.unwrap().value.unwrap().to_vec();
            values.push(String::from_utf8(value).unwrap());
        }
        offset = Offset(batch.header().next_offset());
    }
    values
}

pub(crate) async fn write(disk: &dyn Disk, path: &str, content: &str) {
    let file = disk
        .open(Path::new(path), OpenMode::WriteOrCreate)
        .await
        .unwrap();
    file.set_size(0).await.unwrap();
    file.write_at(&[content.as_bytes()], 0).await.unwrap();
}

/// The content of a file; none if there is no such file.
pub(crate) async fn read(disk: &dyn Disk, path: &str) -> Option<String> {
    let bytes = storage::disk::read_whole(disk, Path::new(path), 1 << 20).await;
    Some(String::from_utf8(bytes.unwrap()?).unwrap())
}

/// The names in a directory.
pub(crate) async fn list(disk: &dyn Disk, path: &str) -> Vec<String> {
    let entries = disk.list(Path::new(path)).await.unwrap();
    entries.into_iter().map(|entry| entry.name).collect()
}
