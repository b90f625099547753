//! One broker over a simulated disk, with a listener in memory and a client of it: what the tests
//! of the handlers of records work with.

use crate::auto_topic_creation::AutoTopicCreation;
use crate::broker::{Broker, Identity};
use crate::chance::Chance;
use crate::client_telemetry::ClientTelemetry;
use crate::clock::{Clock, WallClock};
use crate::codec_pool::CodecPool;
use crate::config::{BrokerConfig, TopicConfig};
use crate::controller::ControllerChannel;
use crate::effective_config::EffectiveConfig;
use crate::environment::Environment;
use crate::fetch_sessions::FetchSessions;
use crate::groups::Groups;
use crate::loggers::{LogLevel, Loggers, ROOT_LOGGER};
use crate::metadata_cache::{MetadataCache, Published};
use crate::partitions::{
    CompactionSettings, LocalPartition, PartitionParts, PartitionSettings, Partitions,
    ProduceAppend, TopicConfigs,
};
use crate::producer_ids::ProducerIds;
use crate::requests::{Authorizer, BrokerService, Operation, Quotas, Resource, Usage};
use crate::telemetry::Telemetry;
use metadata::image::{MetadataDelta, MetadataImage};
use net::byte_budget::ByteBudget;
use net::request_connection::{
    RequestConnection, RequestConnectionOptions, RequestError, ResponseBytes,
};
use net::request_context::{ConnectionContext, ListenerName, Principal, RequestContext};
use net::server::{
    Allowance, AnyRate, CloseReason, ConnectionLimits, Observer, PatienceConfig, Refusal,
    RequestSizes, RequestTimes, Server, ServerConfig, ServerParts,
};
use net::timers::Timers;
use net::transport::memory::{MemoryFaults, MemoryNetwork};
use net::transport::{Address, Transport};
use protocol::Uuid;
use protocol::api_key::Request;
use protocol::compression::{Compression, Compressor};
use protocol::generated::metadata::register_broker_record::BrokerEndpoint;
use protocol::generated::metadata::{
    MetadataRecord, PartitionRecord, RegisterBrokerRecord, TopicRecord,
};
use protocol::ids::BrokerId;
use protocol::records::{BatchBuilder, BatchTemplate, NewRecord};
use protocol::topic::TopicName;
use replica::Acks;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use storage::config::LogConfig;
use storage::directories::{
    ClaimedDirectories, ConfiguredDirectory, DirectorySettings, ExpectedNode, TopicIdPartition,
};
use storage::disk::Disk;
use storage::disk::simulated::SimulatedDisk;
use storage::log::{AppendOrigin, ReadOutcome, ReadRequest};

/// The time of all records.
pub(super) const WALL_MS: i64 = 1_000_000;
const LOCAL: i32 = 1;
const ELSEWHERE: i32 = 2;
pub(super) const FETCH_BYTES_MAX: usize = 4096;

/// Partitions 0 and 1 are led here by a single replica, 2 elsewhere, 3 here with a replica
/// elsewhere that never fetches.
pub(super) const T: Uuid = Uuid::from_u128(500);
/// Takes no records without a key.
pub(super) const COMPACTED: Uuid = Uuid::from_u128(501);
/// Stamps records with the time of the append.
pub(super) const STAMPED: Uuid = Uuid::from_u128(502);
/// Has room for one value of 1,000 bytes in a segment.
pub(super) const SHORT: Uuid = Uuid::from_u128(505);
const SEGMENT_BYTES: u32 = 1_500;
/// Nobody may use it.
const SECRET: Uuid = Uuid::from_u128(503);
const CONSUMER_OFFSETS: Uuid = Uuid::from_u128(504);

pub(super) struct Node {
    pub(super) broker: Arc<Broker>,
    pub(super) client: RequestConnection,
    pub(super) events: Arc<Events>,
    pub(super) throttle: Arc<Throttle>,
    pub(super) rights: Arc<Rights>,
    pub(super) telemetry: Arc<Telemetry>,
    /// What the frames of requests are charged on.
    pub(super) budget: ByteBudget,
    address: Address,
    _server: Server,
}

/// Why connections were closed.
#[derive(Debug, Default)]
pub(super) struct Events {
    pub(super) closed: Mutex<Vec<String>>,
}

/// Holds back whoever moves records, for as many milliseconds.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    pub(super) ms: AtomicU64,
}

/// The root and one logger below it.
#[derive(Debug, Default)]
struct Levels {
    of_broker: Mutex<Option<LogLevel>>,
}

#[derive(Debug)]
struct StoppedClock;

/// The defaults, but for topics whose names say otherwise.
struct ByName(BrokerConfig);

/// Nobody may do anything to what is called `secret`, and only some may act for the cluster.
#[derive(Debug, Default)]
pub(super) struct Rights {
    pub(super) cluster: AtomicBool,
}

impl Node {
    pub(super) async fn start() -> Self {
        Self::serving(super::ListenerKind::Broker).await
    }

    /// A node whose listener serves what is served on listeners of this kind.
    pub(super) async fn serving(listener: super::ListenerKind) -> Self {
        let network = MemoryNetwork::new(1, MemoryFaults::default());
        let transport = Arc::new(network.node("b1", IpAddr::V4(Ipv4Addr::LOCALHOST)));
        let environment = Environment {
            disk: Arc::new(SimulatedDisk::new(1)),
            transport: transport.clone(),
            clock: Clock::new(Arc::new(StoppedClock)),
            chance: Chance::from_seed(1),
            timers: Timers::start(),
            control: tokio::runtime::Handle::current(),
            loggers: Arc::new(Levels::default()),
        };
        let throttle = Arc::new(Throttle::default());
        let rights = Arc::new(Rights::default());
        let telemetry = Arc::default();
        let broker = start_broker(environment.clone(), &throttle, &rights, &telemetry).await;
        let events = Arc::new(Events::default());
        let budget = ByteBudget::new(1 << 20);
        let parts = ServerParts {
            config: ServerConfig {
                listener: ListenerName::new("PLAINTEXT"),
                request_bytes_max: 1 << 20,
                in_flight_count_max: 8,
                patience: PatienceConfig {
                    first_byte: Duration::from_secs(600),
                    frame_window: Duration::from_secs(600),
                    frame_bytes_min: 1,
                    idle: Duration::from_secs(600),
                },
            },
            service: BrokerService::new(Arc::clone(&broker), listener),
            observer: events.clone(),
            budget: budget.clone(),
            limits: ConnectionLimits::new(
                Allowance::of(10),
                10,
                BTreeMap::new(),
                Arc::new(AnyRate),
            )
            .for_clients(Allowance::of(10)),
            connection_ids: Arc::default(),
            timers: environment.timers.clone(),
        };
        let listen = Address::new("127.0.0.1", 0);
        let server = Server::start(transport.listen(&listen).await.unwrap(), parts);
        let address: Address = server.local_address().into();
        Self {
            client: connect(&broker, &address, "client").await,
            broker,
            events,
            throttle,
            rights,
            telemetry,
            budget,
            address,
            _server: server,
        }
    }

    /// Another client.
    pub(super) async fn connect(&self, client_id: &str) -> RequestConnection {
        connect(&self.broker, &self.address, client_id).await
    }

    pub(super) async fn send<'a, R: Request<'a>>(
        &self,
        version: i16,
        request: &R,
    ) -> ResponseBytes<R> {
        self.try_send(version, request).await.unwrap()
    }

    pub(super) async fn try_send<'a, R: Request<'a>>(
        &self,
        version: i16,
        request: &R,
    ) -> Result<ResponseBytes<R>, RequestError> {
        let timeout = Duration::from_secs(60);
        self.client.send(version, request, timeout).await
    }

    /// Lets virtual time pass.
    pub(super) async fn pass_ms(&self, ms: u64) {
        let timers = &self.broker.environment.timers;
        timers.sleep(Duration::from_millis(ms)).await;
    }

    /// What is counted under this name for topic `t`.
    pub(super) async fn count_of_t(&self, name: &str) -> u64 {
        let exposition = self.telemetry.exposition().await;
        let line = format!("kafka_server_brokertopicmetrics_{name}_total{{topic=\"t\"}} ");
        let mut counts = exposition
            .lines()
            .filter_map(|each| each.strip_prefix(&*line));
        counts.next().map_or(0, |count| count.parse().unwrap())
    }

    /// Puts records into effect.
    pub(super) async fn apply(&self, records: &[MetadataRecord]) {
        apply(&self.broker, records).await;
    }

    /// Appends values to a partition, one batch each.
    pub(super) async fn fill(&self, topic_id: Uuid, index: i32, values: &[&str]) {
        for value in values {
            let origin = AppendOrigin::Client;
            self.append(topic_id, index, origin, &mut batch(&[value]))
                .await;
        }
    }

    pub(super) async fn append(
        &self,
        topic_id: Uuid,
        index: i32,
        origin: AppendOrigin,
        records: &mut [u8],
    ) {
        let append = ProduceAppend {
            acks: Acks::Leader,
            origin,
            produce_version: 9,
            timeout_ms: 1_000,
        };
        let partition = self.partition(topic_id, index);
        let mut codecs = self.broker.codecs.lend();
        let appended = partition.append(records, append, &mut codecs);
        appended.await.unwrap();
    }

    /// All bytes of a partition's log.
    pub(super) async fn log_bytes(&self, topic_id: Uuid, index: i32) -> Vec<u8> {
        let partition = self.partition(topic_id, index);
        let log = partition.log();
        let read = ReadRequest {
            fetch_offset: log.log_start_offset(),
            size_max: usize::MAX,
            upper_bound: log.log_end_offset(),
            at_least_one_batch: true,
        };
        let ReadOutcome::Slice(slice) = log.read(&read).await.unwrap() else {
            return Vec::new();
        };
        let mut bytes = vec![0; slice.size];
        slice
            .file
            .read_at(&mut bytes, slice.position)
            .await
            .unwrap();
        bytes
    }

    pub(super) fn partition(&self, topic_id: Uuid, partition: i32) -> Arc<LocalPartition> {
        let id = TopicIdPartition {
            topic_id,
            partition,
        };
        self.broker.partitions.find(id).unwrap()
    }
}

async fn connect(broker: &Broker, address: &Address, client_id: &str) -> RequestConnection {
    let options = RequestConnectionOptions {
        client_id: client_id.to_owned(),
        response_bytes_max: 1 << 20,
        in_flight_count_max: 8,
        connect_timeout: Duration::from_secs(1),
    };
    let environment = &broker.environment;
    let transport = environment.transport.as_ref();
    let connection =
        RequestConnection::open(transport, address, options, &environment.timers).await;
    connection.unwrap()
}

async fn start_broker(
    environment: Environment,
    throttle: &Arc<Throttle>,
    rights: &Arc<Rights>,
    telemetry: &Arc<Telemetry>,
) -> Arc<Broker> {
    let node = ExpectedNode {
        node_id: LOCAL,
        cluster_id: Some("cluster".to_owned()),
    };
    let directory = ConfiguredDirectory {
        path: PathBuf::from("/d"),
        new_id: Some(Uuid::from_u128(1000)),
    };
    let disk: Arc<dyn Disk> = environment.disk.clone();
    let claimed = ClaimedDirectories::claim(disk, &node, &[directory]).await;
    let settings = DirectorySettings {
        concurrency: NonZeroUsize::MIN,
        file_delete_delay_ms: 60_000,
        jitter_seed: 7,
        unflushed_bytes_max: DirectorySettings::UNFLUSHED_BYTES_MAX,
    };
    let configs = |_: &TopicName| LogConfig::default();
    let loaded = claimed.unwrap().load(settings, &configs, WALL_MS).await;
    let metadata = Arc::new(MetadataCache::default());
    let parts = PartitionParts {
        settings: PartitionSettings {
            local: BrokerId(LOCAL),
            replica_lag_time_max_ms: 1_000_000_000,
            apply_concurrency: 1,
        },
        environment: environment.clone(),
        metadata: Arc::clone(&metadata),
        logs: Arc::new(loaded.unwrap().0),
        topic_configs: Arc::new(ByName(BrokerConfig::standalone(Path::new("/d")).unwrap())),
        telemetry: Arc::clone(telemetry),
        broker_epoch: Arc::new(AtomicI64::new(10)),
    };
    let config = BrokerConfig::standalone(Path::new("/d")).unwrap();
    let controller = ControllerChannel::to_nobody(environment.clock.clone());
    let broker = Arc::new(Broker {
        identity: Identity {
            node_id: LOCAL,
            cluster_id: "cluster".to_owned(),
        },
        config: Arc::new(EffectiveConfig::new(config.clone())),
        controller: controller.clone(),
        broker_epoch: Arc::new(AtomicI64::new(10)),
        producer_ids: ProducerIds::default(),
        groups: Arc::new(Groups::new((&config).into(), environment.clone())),
        fetch_sessions: FetchSessions::new(10, environment.chance.clone()),
        client_telemetry: Arc::new(ClientTelemetry::new(
            config.client_telemetry,
            environment.clock.clone(),
        )),
        environment,
        metadata,
        partitions: Partitions::start(parts),
        codecs: CodecPool::new(1),
        fetch_bytes_max: FETCH_BYTES_MAX,
        topic_creation: AutoTopicCreation::new((&config).into(), controller),
        authorizer: rights.clone(),
        quotas: throttle.clone(),
    });
    apply(&broker, &first_metadata()).await;
    broker
}

async fn apply(broker: &Broker, records: &[MetadataRecord]) {
    let before = broker.metadata.current();
    let mut image = before.image.clone();
    for record in records {
        image.replay(record).unwrap();
    }
    let delta = MetadataDelta::between(&before.image, &image);
    let applied = broker.partitions.apply(&delta, &image).await;
    assert!(applied.failures.is_empty(), "{:?}", applied.failures);
    let end_offset = before.end_offset.next();
    broker.metadata.publish(Published {
        image,
        end_offset,
        ..Published::default()
    });
}

fn first_metadata() -> Vec<MetadataRecord> {
    vec![
        registration(LOCAL),
        registration(ELSEWHERE),
        topic("t", T),
        partition(T, 0, &[LOCAL]),
        partition(T, 1, &[LOCAL]),
        partition(T, 2, &[ELSEWHERE]),
        partition(T, 3, &[LOCAL, ELSEWHERE]),
        topic("compacted", COMPACTED),
        partition(COMPACTED, 0, &[LOCAL]),
        topic("stamped", STAMPED),
        partition(STAMPED, 0, &[LOCAL]),
        topic("short", SHORT),
        partition(SHORT, 0, &[LOCAL]),
        topic("secret", SECRET),
        partition(SECRET, 0, &[LOCAL]),
        topic("__consumer_offsets", CONSUMER_OFFSETS),
        partition(CONSUMER_OFFSETS, 0, &[LOCAL]),
    ]
}

fn registration(id: i32) -> MetadataRecord {
    MetadataRecord::RegisterBroker(RegisterBrokerRecord {
        broker_id: id,
        broker_epoch: 10,
        fenced: false,
        rack: Some("r".to_owned()),
        end_points: vec![BrokerEndpoint {
            name: "PLAINTEXT".to_owned(),
            host: format!("b{id}"),
            port: 9092,
            security_protocol: 0,
        }],
        ..RegisterBrokerRecord::default()
    })
}

pub(super) fn topic(name: &str, topic_id: Uuid) -> MetadataRecord {
    let name = name.to_owned();
    MetadataRecord::Topic(TopicRecord { name, topic_id })
}

/// A partition with all replicas in sync, the first of which leads in epoch 0.
pub(super) fn partition(topic_id: Uuid, index: i32, replicas: &[i32]) -> MetadataRecord {
    MetadataRecord::Partition(PartitionRecord {
        partition_id: index,
        topic_id,
        replicas: replicas.to_vec(),
        isr: replicas.to_vec(),
        leader: replicas[0],
        leader_epoch: 0,
        partition_epoch: 0,
        ..PartitionRecord::default()
    })
}

/// A batch of records without keys.
pub(super) fn batch(values: &[&str]) -> Vec<u8> {
    batch_from(BatchTemplate::new(0), values)
}

pub(super) fn compressed(compression: Compression, values: &[&str]) -> Vec<u8> {
    let template = BatchTemplate {
        compression,
        ..BatchTemplate::new(0)
    };
    batch_from(template, values)
}

pub(super) fn batch_from(template: BatchTemplate, values: &[&str]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(template);
    for value in values {
        let record = NewRecord {
            timestamp_ms: WALL_MS,
            key: None,
            value: Some(value.as_bytes()),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    builder.finish(&mut Compressor::new()).unwrap()
}

impl WallClock for StoppedClock {
    fn wall_ms(&self) -> i64 {
        WALL_MS
    }
}

impl Loggers for Levels {
    fn levels(&self) -> BTreeMap<String, LogLevel> {
        let root = LogLevel::Info;
        let of_broker = self.of_broker.lock().unwrap().unwrap_or(root);
        let levels = [(ROOT_LOGGER, root), ("broker", of_broker)];
        levels.map(|(name, level)| (name.to_owned(), level)).into()
    }

    fn set_level(&self, _: &str, level: Option<LogLevel>) {
        *self.of_broker.lock().unwrap() = level;
    }
}

impl TopicConfigs for ByName {
    fn of_topic(&self, topic: &TopicName, image: &MetadataImage) -> TopicConfig {
        let mut config = self.0.of_topic(topic, image);
        match topic.as_str() {
            "compacted" => config.log.compact = true,
            "stamped" => config.log.log_append_time = true,
            "short" => config.log.segment_bytes = SEGMENT_BYTES,
            _ => {}
        }
        config
    }

    fn producer_expiration_ms(&self) -> i64 {
        self.0.producer_expiration_ms()
    }

    fn compaction(&self) -> CompactionSettings {
        self.0.compaction()
    }
}

impl Authorizer for Rights {
    fn authorise(&self, _: &Principal, _: IpAddr, _: Operation, resource: Resource<'_>) -> bool {
        match resource {
            Resource::Topic(name) | Resource::Group(name) | Resource::TransactionalId(name) => {
                name != "secret"
            }
            Resource::Cluster => self.cluster.load(Ordering::Relaxed),
        }
    }
}

impl Quotas for Throttle {
    fn throttle(&self, _: &RequestContext, usage: Usage) -> Duration {
        match usage {
            Usage::Request | Usage::Handling(_) | Usage::UnsentBytes(_) => Duration::ZERO,
            Usage::ProducedBytes(_) | Usage::FetchedBytes(_) => {
                Duration::from_millis(self.ms.load(Ordering::Relaxed))
            }
        }
    }
}

impl Observer for Events {
    fn connection_opened(&self, _: &ConnectionContext) {}

    fn connection_closed(&self, _: &ConnectionContext, reason: &CloseReason) {
        self.closed.lock().unwrap().push(reason.to_string());
    }

    fn connection_refused(&self, _: &ListenerName, _: SocketAddr, _: Refusal) {}

    fn accept_failed(&self, _: &ListenerName, _: &io::Error) {}

    fn request_answered(&self, _: &RequestContext, _: &RequestTimes, _: RequestSizes) {}
}
