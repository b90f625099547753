//! A node as far as its partitions go, and what a test does with it.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use metadata::image::{MetadataDelta, MetadataImage, ResourceKind};
use net::timers::Timers;
use net::transport::memory::{MemoryFaults, MemoryNetwork};
use protocol::compression::Compressor;
use protocol::generated::metadata::{
    ConfigRecord, MetadataRecord, PartitionChangeRecord, PartitionRecord, RegisterBrokerRecord,
    TopicRecord,
};
use protocol::ids::{BrokerEpoch, BrokerId, LeaderEpoch, Offset};
use protocol::records::{
    BatchBuilder, BatchTemplate, EndTransactionMarker, NewRecord, ProducerFields, TransactionResult,
};
use protocol::topic::TopicName;
use protocol::{ErrorCode, Uuid};
use replica::{Acks, ClientRead, FollowerFetch, Isolation};
use storage::config::LogConfig;
use storage::directories::{
    ClaimedDirectories, ConfiguredDirectory, DirectorySettings, ExpectedNode, TopicIdPartition,
};
use storage::disk::Disk;
use storage::disk::simulated::SimulatedDisk;
use storage::log::{AppendOrigin, Appended, Codecs};
use tokio::time::Instant;

use crate::chance::Chance;
use crate::clock::{Clock, WallClock};
use crate::config::BrokerConfig;
use crate::environment::Environment;
use crate::loggers::NoLoggers;
use crate::metadata_cache::{MetadataCache, Published};
use crate::partitions::{
    Ack, AppliedReplicas, Found, LocalPartition, PartitionParts, PartitionRead, PartitionSettings,
    Partitions, ProduceAppend, ProduceFailure, ReadLimits, UpkeepSettings,
};

pub(super) const WALL_MS: i64 = 1_000_000;
pub(super) const TOPIC_ID: Uuid = Uuid::from_u128(500);
pub(super) const LOCAL: i32 = 1;
pub(super) const LAG_MS_MAX: u64 = 30_000;
pub(super) const PATHS: [&str; 2] = ["/d1", "/d2"];

pub(super) const UPKEEP: UpkeepSettings = UpkeepSettings {
    flush_check_interval_ms: 1_000,
    retention_check_interval_ms: 300_000,
    recovery_point_checkpoint_interval_ms: 60_000,
    log_start_checkpoint_interval_ms: 60_000,
    high_watermark_checkpoint_interval_ms: 5_000,
    producer_check_interval_ms: 600_000,
};

pub(super) struct Node {
    pub(super) disk: Arc<SimulatedDisk>,
    pub(super) partitions: Arc<Partitions>,
    pub(super) metadata: Arc<MetadataCache>,
    pub(super) environment: Environment,
}

/// A wall clock that shows [`WALL_MS`] when the node starts, and goes with virtual time.
struct VirtualWallClock(Instant);

impl WallClock for VirtualWallClock {
    fn wall_ms(&self) -> i64 {
        WALL_MS + self.0.elapsed().as_millis() as i64
    }
}

impl Node {
    /// Starts on a disk, with what lies on it.
    pub(super) async fn start(disk: &Arc<SimulatedDisk>) -> Self {
        let logs_disk: Arc<dyn Disk> = disk.clone();
        let node = ExpectedNode {
            node_id: LOCAL,
            cluster_id: Some("cluster".to_owned()),
        };
        let directories = PATHS
            .iter()
            .enumerate()
            .map(|(index, path)| ConfiguredDirectory {
                path: PathBuf::from(path),
                new_id: Some(directory_id(index)),
            });
        let directories: Vec<_> = directories.collect();
        let claimed = ClaimedDirectories::claim(logs_disk.clone(), &node, &directories).await;
        let settings = DirectorySettings {
            concurrency: NonZeroUsize::new(4).unwrap(),
            file_delete_delay_ms: 60_000,
            jitter_seed: 7,
            unflushed_bytes_max: DirectorySettings::UNFLUSHED_BYTES_MAX,
        };
        let configs = |_: &TopicName| LogConfig::default();
        let loaded = claimed.unwrap().load(settings, &configs, WALL_MS).await;
        let (logs, _) = loaded.unwrap();
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let network = MemoryNetwork::new(1, MemoryFaults::default());
        let environment = Environment {
            disk: logs_disk,
            transport: Arc::new(network.node("node", address)),
            clock: Clock::new(Arc::new(VirtualWallClock(Instant::now()))),
            chance: Chance::from_seed(1),
            timers: Timers::start(),
            control: tokio::runtime::Handle::current(),
            loggers: Arc::new(NoLoggers),
        };
        let metadata = Arc::new(MetadataCache::default());
        let parts = PartitionParts {
            settings: PartitionSettings {
                local: BrokerId(LOCAL),
                replica_lag_time_max_ms: LAG_MS_MAX,
                apply_concurrency: 8,
            },
            environment: environment.clone(),
            metadata: Arc::clone(&metadata),
            logs: Arc::new(logs),
            topic_configs: Arc::new(BrokerConfig::standalone(Path::new("/data")).unwrap()),
            telemetry: Arc::default(),
            broker_epoch: Arc::new(AtomicI64::new(10)),
        };
        Self {
            disk: Arc::clone(disk),
            partitions: Partitions::start(parts),
            metadata,
            environment,
        }
    }

    /// Applies records on top of the metadata in effect, and puts them into effect.
    pub(super) async fn apply(&self, records: &[MetadataRecord]) -> AppliedReplicas {
        let before = self.metadata.current();
        let mut image = before.image.clone();
        for record in records {
            image.replay(record).unwrap();
        }
        let delta = MetadataDelta::between(&before.image, &image);
        let applied = self.partitions.apply(&delta, &image).await;
        let end_offset = before.end_offset.next();
        self.metadata.publish(Published {
            image,
            end_offset,
            ..Published::default()
        });
        applied
    }

    /// Applies the first image, and puts it into effect.
    pub(super) async fn apply_image(&self, image: &MetadataImage) {
        let delta = MetadataDelta::between(&MetadataImage::default(), image);
        let applied = self.partitions.apply(&delta, image).await;
        assert!(applied.failures.is_empty(), "{:?}", applied.failures);
        self.metadata.publish(Published {
            image: image.clone(),
            end_offset: Offset(100),
            ..Published::default()
        });
    }

    pub(super) fn find(&self, index: i32) -> Arc<LocalPartition> {
        self.partitions.find(id(index)).unwrap()
    }
}

/// The id of a directory of [`PATHS`].
pub(super) const fn directory_id(index: usize) -> Uuid {
    Uuid::from_u128(1000 + index as u128)
}

pub(super) fn id(partition: i32) -> TopicIdPartition {
    TopicIdPartition {
        topic_id: TOPIC_ID,
        partition,
    }
}

pub(super) fn topic() -> MetadataRecord {
    MetadataRecord::Topic(TopicRecord {
        name: "t".to_owned(),
        topic_id: TOPIC_ID,
    })
}

/// A partition with all replicas in sync, the first of which leads in epoch 0.
pub(super) fn partition(index: i32, replicas: &[i32]) -> MetadataRecord {
    MetadataRecord::Partition(registration(index, replicas))
}

pub(super) fn registration(index: i32, replicas: &[i32]) -> PartitionRecord {
    PartitionRecord {
        partition_id: index,
        topic_id: TOPIC_ID,
        replicas: replicas.to_vec(),
        isr: replicas.to_vec(),
        leader: replicas[0],
        leader_epoch: 0,
        partition_epoch: 0,
        ..PartitionRecord::default()
    }
}

/// An election of one partition, into the next epoch.
pub(super) fn elected(index: i32, leader: i32) -> MetadataRecord {
    MetadataRecord::PartitionChange(PartitionChangeRecord {
        partition_id: index,
        topic_id: TOPIC_ID,
        leader,
        ..PartitionChangeRecord::default()
    })
}

pub(super) fn config(name: &str, value: &str) -> MetadataRecord {
    MetadataRecord::Config(ConfigRecord {
        resource_type: ResourceKind::TOPIC.0,
        resource_name: "t".to_owned(),
        name: name.to_owned(),
        value: Some(value.to_owned()),
    })
}

pub(super) fn image_of(records: &[MetadataRecord]) -> MetadataImage {
    let mut image = MetadataImage::default();
    for record in records {
        image.replay(record).unwrap();
    }
    image
}

pub(super) fn broker(id: i32) -> MetadataRecord {
    MetadataRecord::RegisterBroker(RegisterBrokerRecord {
        broker_id: id,
        broker_epoch: 10,
        fenced: false,
        ..RegisterBrokerRecord::default()
    })
}

/// A batch of one record.
pub(super) fn batch(value: &str) -> Vec<u8> {
    batch_of(BatchTemplate::new(0), value, WALL_MS)
}

fn batch_of(template: BatchTemplate, value: &str, timestamp_ms: i64) -> Vec<u8> {
    let mut builder = BatchBuilder::new(template);
    let record = NewRecord {
        timestamp_ms,
        key: None,
        value: Some(value.as_bytes()),
        headers: &[],
    };
    builder.append(&record).unwrap();
    builder.finish(&mut Compressor::new()).unwrap()
}

pub(super) const fn produce(acks: Acks) -> ProduceAppend {
    ProduceAppend {
        acks,
        origin: AppendOrigin::Client,
        produce_version: 9,
        timeout_ms: 1_000,
    }
}

pub(super) async fn append(
    partition: &LocalPartition,
    value: &str,
    acks: Acks,
) -> Result<(Appended, Ack), ProduceFailure> {
    let append = produce(acks);
    let mut codecs = Codecs::default();
    partition
        .append(&mut batch(value), append, &mut codecs)
        .await
}

/// Appends and waits for the acknowledgement; returns the offset.
pub(super) async fn append_acked(partition: &LocalPartition, value: &str) -> Offset {
    let (appended, ack) = append(partition, value, Acks::All).await.unwrap();
    ack.wait().await.unwrap();
    appended.first_offset
}

/// Appends a record of this time; nobody waits for it to be committed.
pub(super) async fn append_at(partition: &LocalPartition, timestamp_ms: i64) {
    let mut codecs = Codecs::default();
    let mut batch = batch_of(BatchTemplate::new(0), "a", timestamp_ms);
    let appended = partition.append(&mut batch, produce(Acks::Leader), &mut codecs);
    appended.await.unwrap();
}

/// Appends a record with a key.
pub(super) async fn append_keyed(partition: &LocalPartition, key: &[u8]) {
    let mut builder = BatchBuilder::new(BatchTemplate::new(0));
    let record = NewRecord {
        timestamp_ms: WALL_MS,
        key: Some(key),
        value: Some(b"value"),
        headers: &[],
    };
    builder.append(&record).unwrap();
    let mut batch = builder.finish(&mut Compressor::new()).unwrap();
    let mut codecs = Codecs::default();
    let appended = partition.append(&mut batch, produce(Acks::Leader), &mut codecs);
    appended.await.unwrap();
}

/// Appends a record in a transaction.
pub(super) async fn append_in_transaction(partition: &LocalPartition, producer_id: i64) {
    let template = BatchTemplate {
        producer: Some(ProducerFields {
            id: producer_id,
            epoch: 0,
            base_sequence: 0,
        }),
        transactional: true,
        ..BatchTemplate::new(0)
    };
    let mut batch = batch_of(template, "a", WALL_MS);
    let mut codecs = Codecs::default();
    let appended = partition.append(&mut batch, produce(Acks::Leader), &mut codecs);
    appended.await.unwrap();
}

/// Appends the marker that aborts a transaction.
pub(super) async fn abort(partition: &LocalPartition, producer_id: i64) {
    let marker = EndTransactionMarker {
        result: TransactionResult::Abort,
        coordinator_epoch: 1,
    };
    let template = BatchTemplate::new(0);
    let mut batch = marker.batch(&template, producer_id, 0, WALL_MS).unwrap();
    let append = ProduceAppend {
        origin: AppendOrigin::EndTransaction {
            transaction_version: 0,
        },
        ..produce(Acks::Leader)
    };
    let mut codecs = Codecs::default();
    let appended = partition.append(&mut batch, append, &mut codecs);
    appended.await.unwrap();
}

pub(super) const fn read_from(fetch_offset: i64) -> ClientRead {
    ClientRead {
        current_leader_epoch: None,
        fetch_offset: Offset(fetch_offset),
        last_fetched_epoch: None,
        isolation: Isolation::ReadUncommitted,
    }
}

/// The second replica has everything below `offset`, all of epoch 0, and asks for more.
pub(super) async fn follower_fetches(
    partition: &LocalPartition,
    offset: i64,
) -> Result<PartitionRead, ErrorCode> {
    let fetch = FollowerFetch {
        replica: BrokerId(2),
        broker_epoch: BrokerEpoch(10),
        current_leader_epoch: LeaderEpoch(0),
        fetch_offset: Offset(offset),
        last_fetched_epoch: (offset > 0).then_some(LeaderEpoch(0)),
        log_start_offset: Offset(0),
    };
    partition.read_for_follower(&fetch, LIMITS).await
}

pub(super) const LIMITS: ReadLimits = ReadLimits {
    size_max: 1 << 20,
    at_least_one_batch: true,
};

/// The bytes of an answer.
pub(super) async fn bytes_of(read: &PartitionRead) -> Vec<u8> {
    match &read.found {
        Found::Records { slice, .. } => slice.copy(usize::MAX).await.unwrap(),
        Found::Nothing | Found::Diverging(_) => Vec::new(),
    }
}
