//! A node as far as its groups go, and what a client does with it.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use coordinator::{Caller, Response};
use metadata::image::{MetadataDelta, MetadataImage, ResourceKind};
use net::timers::Timers;
use net::transport::memory::{MemoryFaults, MemoryNetwork};
use protocol::generated::join_group_request::JoinGroupRequestProtocol;
use protocol::generated::metadata::{
    ConfigRecord, MetadataRecord, PartitionChangeRecord, PartitionRecord, RegisterBrokerRecord,
    RemoveTopicRecord, TopicRecord,
};
use protocol::generated::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use protocol::generated::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use protocol::generated::sync_group_request::SyncGroupRequestAssignment;
use protocol::generated::{
    HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, OffsetCommitRequest, SyncGroupRequest,
    SyncGroupResponse,
};
use protocol::ids::{BrokerEpoch, BrokerId, Offset};
use protocol::topic::TopicName;
use protocol::{ErrorCode, Uuid};
use replica::{Acks, FollowerFetch};
use storage::config::LogConfig;
use storage::directories::{
    ClaimedDirectories, ConfiguredDirectory, DirectorySettings, ExpectedNode, TopicIdPartition,
};
use storage::disk::Disk;
use storage::disk::simulated::SimulatedDisk;
use storage::log::{AppendOrigin, Codecs};
use tokio::sync::oneshot;

use crate::chance::Chance;
use crate::clock::{Clock, WallClock};
use crate::config::BrokerConfig;
use crate::environment::Environment;
use crate::groups::Groups;
use crate::loggers::NoLoggers;
use crate::metadata_cache::{MetadataCache, Published};
use crate::partitions::{
    AppliedReplicas, LocalPartition, PartitionParts, PartitionSettings, Partitions, ProduceAppend,
    ReadLimits,
};
use crate::topic_names::CONSUMER_OFFSETS;

pub(super) const LOCAL: i32 = 1;
pub(super) const OTHER: i32 = 2;
/// All groups are in this partition, since there is only one.
pub(super) const PARTITION: i32 = 0;
pub(super) const OFFSETS_ID: Uuid = Uuid::from_u128(500);
/// A topic that groups consume.
pub(super) const TOPIC: &str = "t";
pub(super) const TOPIC_ID: Uuid = Uuid::from_u128(600);
const WALL_MS: i64 = 1_800_000_000_000;

pub(super) struct Node {
    pub(super) disk: Arc<SimulatedDisk>,
    pub(super) partitions: Arc<Partitions>,
    pub(super) groups: Groups,
    metadata: Arc<MetadataCache>,
}

/// A wall clock that stands still.
#[derive(Debug)]
struct StoppedClock;

impl WallClock for StoppedClock {
    fn wall_ms(&self) -> i64 {
        WALL_MS
    }
}

impl Node {
    /// A node that leads the one partition of the topic alone.
    pub(super) async fn alone() -> Self {
        let node = Self::start(&Arc::new(SimulatedDisk::new(1))).await;
        node.apply(&records(&[LOCAL])).await;
        node.loaded().await;
        node
    }

    /// Starts on a disk, with what lies on it, and leads nothing yet.
    pub(super) async fn start(disk: &Arc<SimulatedDisk>) -> Self {
        let logs_disk: Arc<dyn Disk> = disk.clone();
        let node = ExpectedNode {
            node_id: LOCAL,
            cluster_id: Some("cluster".to_owned()),
        };
        let directory = ConfiguredDirectory {
            path: PathBuf::from("/d"),
            new_id: Some(Uuid::from_u128(1000)),
        };
        let claimed = ClaimedDirectories::claim(logs_disk.clone(), &node, &[directory]).await;
        let settings = DirectorySettings {
            concurrency: NonZeroUsize::new(4).unwrap(),
            file_delete_delay_ms: 60_000,
            jitter_seed: 7,
            unflushed_bytes_max: DirectorySettings::UNFLUSHED_BYTES_MAX,
        };
        let configs = |_: &TopicName| LogConfig::default();
        let loaded = claimed.unwrap().load(settings, &configs, WALL_MS).await;
        let network = MemoryNetwork::new(1, MemoryFaults::default());
        let environment = Environment {
            disk: logs_disk,
            transport: Arc::new(network.node("node", IpAddr::V4(Ipv4Addr::LOCALHOST))),
            clock: Clock::new(Arc::new(StoppedClock)),
            chance: Chance::from_seed(1),
            timers: Timers::start(),
            control: tokio::runtime::Handle::current(),
            loggers: Arc::new(NoLoggers),
        };
        let metadata = Arc::new(MetadataCache::default());
        let partitions = Partitions::start(PartitionParts {
            settings: PartitionSettings {
                local: BrokerId(LOCAL),
                replica_lag_time_max_ms: 30_000,
                apply_concurrency: 8,
            },
            environment: environment.clone(),
            metadata: Arc::clone(&metadata),
            logs: Arc::new(loaded.unwrap().0),
            topic_configs: Arc::new(config()),
            telemetry: Arc::default(),
            broker_epoch: Arc::new(AtomicI64::new(10)),
        });
        Self {
            disk: Arc::clone(disk),
            partitions,
            groups: Groups::new((&config()).into(), environment),
            metadata,
        }
    }

    /// Applies records on top of the metadata in effect, and puts them into effect.
    pub(super) async fn apply(&self, records: &[MetadataRecord]) {
        let before = self.metadata.current().image.clone();
        let applied = self.apply_to_partitions(records).await;
        let image = self.metadata.current().image.clone();
        let delta = MetadataDelta::between(&before, &image);
        self.groups
            .apply(&applied, &delta, &image, &self.partitions);
    }

    /// The same as far as the groups have not heard of it.
    pub(super) async fn apply_to_partitions(&self, records: &[MetadataRecord]) -> AppliedReplicas {
        let before = self.metadata.current();
        let mut image = before.image.clone();
        for record in records {
            image.replay(record).unwrap();
        }
        let delta = MetadataDelta::between(&before.image, &image);
        let applied = self.partitions.apply(&delta, &image).await;
        assert!(applied.failures.is_empty(), "{:?}", applied.failures);
        let end_offset = before.end_offset.next();
        self.metadata.publish(Published {
            image,
            end_offset,
            ..Published::default()
        });
        applied
    }

    /// The other replica has everything below `offset`, and asks for more.
    pub(super) async fn other_has(&self, offset: i64) {
        let partition = self.log_partition();
        let limits = ReadLimits {
            size_max: 1,
            at_least_one_batch: true,
        };
        let fetch = FollowerFetch {
            replica: BrokerId(OTHER),
            broker_epoch: BrokerEpoch(10),
            current_leader_epoch: partition.leader_epoch(),
            fetch_offset: Offset(offset),
            last_fetched_epoch: None,
            log_start_offset: Offset(0),
        };
        partition.read_for_follower(&fetch, limits).await.unwrap();
    }

    /// Appends batches as they are.
    pub(super) async fn append(&self, mut batches: Vec<u8>) {
        let append = ProduceAppend {
            acks: Acks::Leader,
            origin: AppendOrigin::Replication,
            produce_version: 13,
            timeout_ms: 0,
        };
        let partition = self.log_partition();
        let mut codecs = Codecs::default();
        let appended = partition.append(&mut batches, append, &mut codecs);
        appended.await.unwrap();
    }

    /// Cuts the power after all was synced, and starts again with the same metadata.
    pub(super) async fn restart(self) -> Self {
        self.groups.close().await;
        let image = self.metadata.current().image.clone();
        let partition = self.log_partition();
        let end = partition.log().log_end_offset();
        partition.log().flush(end, WALL_MS).await.unwrap();
        drop(partition);
        let disk = Arc::clone(&self.disk);
        drop(self);
        disk.crash();
        let node = Self::start(&disk).await;
        let delta = MetadataDelta::between(&MetadataImage::default(), &image);
        let applied = node.partitions.apply(&delta, &image).await;
        node.groups
            .apply(&applied, &delta, &image, &node.partitions);
        let end_offset = Offset(1);
        node.metadata.publish(Published {
            image,
            end_offset,
            ..Published::default()
        });
        node.loaded().await;
        node
    }

    /// Lets the log be read.
    pub(super) async fn loaded(&self) {
        for _ in 0..100 {
            if self.committed("g").await != Err(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the log is not read");
    }

    pub(super) fn log_partition(&self) -> Arc<LocalPartition> {
        let id = TopicIdPartition {
            topic_id: OFFSETS_ID,
            partition: PARTITION,
        };
        self.partitions.find(id).unwrap()
    }

    pub(super) fn join(&self, member_id: &str) -> oneshot::Receiver<Response> {
        let member_id = member_id.to_owned();
        self.groups.ask(PARTITION, move |coordinator, now, waiter| {
            let request = JoinGroupRequest {
                group_id: "g".into(),
                session_timeout_ms: 10_000,
                rebalance_timeout_ms: 60_000,
                member_id: member_id.as_str().into(),
                protocol_type: "consumer".into(),
                protocols: vec![JoinGroupRequestProtocol {
                    name: "range".into(),
                    // Version 0, the topic `t`, no user data.
                    metadata: b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff".into(),
                }],
                ..JoinGroupRequest::default()
            };
            coordinator.handle_join(now, &caller(waiter), &request, u128::from(waiter.0))
        })
    }

    /// Joins as a new member does: asks for an id, then joins with it.
    pub(super) async fn join_new(&self) -> (String, oneshot::Receiver<Response>) {
        let answer = join_answer(self.join("")).await;
        assert_eq!(answer.error_code, ErrorCode::MEMBER_ID_REQUIRED);
        let member_id = answer.member_id.into_owned();
        let joining = self.join(&member_id);
        (member_id, joining)
    }

    pub(super) fn sync(
        &self,
        member_id: &str,
        parts: &[(&str, &str)],
    ) -> oneshot::Receiver<Response> {
        let member_id = member_id.to_owned();
        let parts = parts.iter();
        let assignments = parts.map(|(member_id, part)| SyncGroupRequestAssignment {
            member_id: (*member_id).to_owned().into(),
            assignment: part.as_bytes().to_vec().into(),
        });
        let assignments: Vec<SyncGroupRequestAssignment<'static>> = assignments.collect();
        self.groups.ask(PARTITION, move |coordinator, now, waiter| {
            let request = SyncGroupRequest {
                group_id: "g".into(),
                generation_id: 1,
                member_id: member_id.as_str().into(),
                assignments,
                ..SyncGroupRequest::default()
            };
            coordinator.handle_sync(now, &caller(waiter), &request)
        })
    }

    pub(super) async fn heartbeat(&self, member_id: &str) -> ErrorCode {
        let member_id = member_id.to_owned();
        let answer = self.groups.ask(PARTITION, move |coordinator, now, waiter| {
            let request = HeartbeatRequest {
                group_id: "g".into(),
                generation_id: 1,
                member_id: member_id.as_str().into(),
                ..HeartbeatRequest::default()
            };
            coordinator.handle_heartbeat(now, &caller(waiter), &request)
        });
        match answer.await.unwrap() {
            Response::Heartbeat(response) => response.error_code,
            other => panic!("no answer to a heartbeat: {other:?}"),
        }
    }

    /// Commits for a group whose consumers assign themselves.
    pub(super) fn commit(&self, group: &str, offset: i64) -> oneshot::Receiver<Response> {
        self.commit_many(group, 1, offset)
    }

    /// Commits the same offset for as many partitions.
    pub(super) fn commit_many(
        &self,
        group: &str,
        partition_count: i32,
        offset: i64,
    ) -> oneshot::Receiver<Response> {
        let group = group.to_owned();
        self.groups.ask(PARTITION, move |coordinator, now, waiter| {
            let partitions = (0..partition_count).map(|index| OffsetCommitRequestPartition {
                partition_index: index,
                committed_offset: offset,
                ..OffsetCommitRequestPartition::default()
            });
            let request = OffsetCommitRequest {
                group_id: group.as_str().into(),
                generation_id_or_member_epoch: -1,
                retention_time_ms: -1,
                topics: vec![OffsetCommitRequestTopic {
                    name: TOPIC.into(),
                    topic_id: TOPIC_ID,
                    partitions: partitions.collect(),
                }],
                ..OffsetCommitRequest::default()
            };
            coordinator.commit_offsets(now, &caller(waiter), &request)
        })
    }

    /// What the group has committed for partition 0, or why nobody knows.
    pub(super) async fn committed(&self, group: &str) -> Result<i64, ErrorCode> {
        let group = group.to_owned();
        let looked = self.groups.look(PARTITION, move |coordinator| {
            coordinator.fetch_offsets(&OffsetFetchRequestGroup {
                group_id: group.as_str().into(),
                topics: Some(vec![OffsetFetchRequestTopics {
                    name: TOPIC.into(),
                    partition_indexes: vec![0],
                    ..OffsetFetchRequestTopics::default()
                }]),
                ..OffsetFetchRequestGroup::default()
            })
        });
        let response = looked.await.unwrap();
        match response.error_code {
            ErrorCode::NONE => Ok(response.topics[0].partitions[0].committed_offset),
            error => Err(error),
        }
    }

    pub(super) async fn state(&self) -> String {
        let looked = self.groups.look(PARTITION, |coordinator| {
            coordinator.describe_group("g", 5).group_state
        });
        looked.await.unwrap().into_owned()
    }

    /// Lets the group come into a state.
    pub(super) async fn becomes(&self, state: &str) {
        for _ in 0..100 {
            if self.state().await == state {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the group is in state {}", self.state().await);
    }

    /// Two members of generation 1 with an assignment each; the first is the leader.
    pub(super) async fn stable_pair(&self) -> (String, String) {
        let (leader, leading) = self.join_new().await;
        let (follower, following) = self.join_new().await;
        let answer = join_answer(leading).await;
        assert_eq!(
            (answer.error_code, answer.generation_id),
            (ErrorCode::NONE, 1)
        );
        assert_eq!((&*answer.leader, answer.members.len()), (&*leader, 2));
        assert_eq!(join_answer(following).await.leader, leader.as_str());
        let waiting = self.sync(&follower, &[]);
        let led = self.sync(&leader, &[(&leader, "left"), (&follower, "right")]);
        assert_eq!(*sync_answer(led).await.assignment, *b"left");
        assert_eq!(*sync_answer(waiting).await.assignment, *b"right");
        (leader, follower)
    }
}

/// What is configured for a node alone.
fn config() -> BrokerConfig {
    let mut config = BrokerConfig::standalone(Path::new("/d")).unwrap();
    config.node.id = BrokerId(LOCAL);
    config.groups.initial_rebalance_delay_ms = 3_000;
    config
}

fn caller(waiter: coordinator::WaiterId) -> Caller<'static> {
    Caller {
        waiter,
        api_version: 9,
        client_id: "c",
        client_host: "/127.0.0.1",
    }
}

pub(super) async fn join_answer(answer: oneshot::Receiver<Response>) -> JoinGroupResponse<'static> {
    match answer.await.unwrap() {
        Response::Join(response) => response,
        other => panic!("no answer to a join: {other:?}"),
    }
}

pub(super) async fn sync_answer(answer: oneshot::Receiver<Response>) -> SyncGroupResponse<'static> {
    match answer.await.unwrap() {
        Response::Sync(response) => response,
        other => panic!("no answer to a sync: {other:?}"),
    }
}

pub(super) async fn commit_error(answer: oneshot::Receiver<Response>) -> ErrorCode {
    match answer.await.unwrap() {
        Response::CommitOffsets(response) => response.topics[0].partitions[0].error_code,
        other => panic!("no answer to a commit: {other:?}"),
    }
}

/// Two brokers, the topic of the groups with one partition on some of them, all in sync and led by
/// the first, and a topic that groups consume.
pub(super) fn records(replicas: &[i32]) -> Vec<MetadataRecord> {
    vec![
        broker(LOCAL),
        broker(OTHER),
        topic(CONSUMER_OFFSETS, OFFSETS_ID),
        partition(OFFSETS_ID, replicas),
        topic(TOPIC, TOPIC_ID),
        partition(TOPIC_ID, &[OTHER]),
    ]
}

pub(super) fn elect(leader: i32) -> MetadataRecord {
    MetadataRecord::PartitionChange(PartitionChangeRecord {
        partition_id: PARTITION,
        topic_id: OFFSETS_ID,
        leader,
        ..PartitionChangeRecord::default()
    })
}

pub(super) fn remove(topic_id: Uuid) -> MetadataRecord {
    MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id })
}

pub(super) fn set_on_offsets(key: &str, value: &str) -> MetadataRecord {
    MetadataRecord::Config(ConfigRecord {
        resource_type: ResourceKind::TOPIC.0,
        resource_name: CONSUMER_OFFSETS.to_owned(),
        name: key.to_owned(),
        value: Some(value.to_owned()),
    })
}

fn broker(id: i32) -> MetadataRecord {
    MetadataRecord::RegisterBroker(RegisterBrokerRecord {
        broker_id: id,
        broker_epoch: 10,
        fenced: false,
        ..RegisterBrokerRecord::default()
    })
}

fn topic(name: &str, topic_id: Uuid) -> MetadataRecord {
    MetadataRecord::Topic(TopicRecord {
        name: name.to_owned(),
        topic_id,
    })
}

fn partition(topic_id: Uuid, replicas: &[i32]) -> MetadataRecord {
    MetadataRecord::Partition(PartitionRecord {
        partition_id: PARTITION,
        topic_id,
        replicas: replicas.to_vec(),
        isr: replicas.to_vec(),
        leader: replicas[0],
        leader_epoch: 0,
        partition_epoch: 0,
        ..PartitionRecord::default()
    })
}
