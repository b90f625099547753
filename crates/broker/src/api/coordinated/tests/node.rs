//! The node, and a client of it.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metadata::image::{MetadataDelta, MetadataImage};
use net::BoxFuture;
use net::byte_budget::ByteBudget;
use net::request_connection::{RequestConnection, RequestConnectionOptions, ResponseBytes};
use net::request_context::{ConnectionContext, ListenerName, Principal, RequestContext};
use net::server::{
    Allowance, AnyRate, CloseReason, ConnectionLimits, Observer, PatienceConfig, Refusal,
    RequestSizes, RequestTimes, Server, ServerConfig, ServerParts,
};
use net::transport::Address;
use protocol::api_key::Request;
use protocol::generated::ListGroupsRequest;
use protocol::ids::BrokerId;
use protocol::topic::TopicName;
use protocol::{ErrorCode, Uuid};
use storage::config::LogConfig;
use storage::directories::{
    ClaimedDirectories, ConfiguredDirectory, DirectorySettings, ExpectedNode,
};

use crate::api::ListenerKind;
use crate::auto_topic_creation::AutoTopicCreation;
use crate::broker::{Broker, Identity};
use crate::client_telemetry::ClientTelemetry;
use crate::codec_pool::CodecPool;
use crate::config::BrokerConfig;
use crate::effective_config::EffectiveConfig;
use crate::fetch_sessions::FetchSessions;
use crate::groups::Groups;
use crate::lifecycle::BrokerLifecycle;
use crate::metadata_follower::MetadataPublisher;
use crate::partitions::{PartitionParts, PartitionSettings, Partitions};
use crate::producer_ids::ProducerIds;
use crate::requests::{Authorizer, BrokerService, Operation, Resource, Unlimited};
use crate::simulated_control_plane::{
    CLUSTER, ControlPlane, NODE, Options, formatted_disk, pass, topic,
};
use crate::topic_names::CONSUMER_OFFSETS;

/// A topic of two partitions that groups consume.
pub(super) const TOPIC: &str = "t";
const PARTITION_COUNT: i32 = 5;

pub(super) struct Node {
    pub(super) client: RequestConnection,
    pub(super) broker: Arc<Broker>,
    followers: Arc<Followers>,
    plane: ControlPlane,
    _lifecycle: BrokerLifecycle,
    _server: Server,
}

/// Tells partitions and groups, once they are there.
#[derive(Default)]
struct Followers {
    told: OnceLock<(Arc<Partitions>, Arc<Groups>)>,
    /// How long it takes until they know.
    delay_ms: AtomicU64,
}

/// Nobody may do anything to what is called `secret`.
struct NoSecrets;

struct Silent;

impl Node {
    /// A node with a topic, and without the topic of the groups.
    pub(super) async fn start() -> Self {
        let followers = Arc::new(Followers::default());
        let options = Options {
            publishers: vec![followers.clone()],
            ..Options::default()
        };
        let plane = ControlPlane::start_with(&formatted_disk().await, options).await;
        let partitions = start_partitions(&plane).await;
        let groups = Arc::new(Groups::new((&config()).into(), plane.environment.clone()));
        let told = followers
            .told
            .set((Arc::clone(&partitions), Arc::clone(&groups)));
        assert!(told.is_ok());
        let lifecycle = plane.running_broker().await;
        assert_eq!(plane.create(topic(TOPIC, 2)).await, ErrorCode::NONE);
        assert_eq!(plane.create(topic("secret", 1)).await, ErrorCode::NONE);
        plane.published().await;
        let broker = Arc::new(Broker {
            identity: Identity {
                node_id: NODE,
                cluster_id: CLUSTER.to_owned(),
            },
            config: Arc::new(EffectiveConfig::new(config())),
            controller: plane.channel(),
            broker_epoch: Arc::default(),
            producer_ids: ProducerIds::default(),
            environment: plane.environment.clone(),
            metadata: Arc::clone(&plane.cache),
            partitions,
            fetch_sessions: FetchSessions::new(10, plane.environment.chance.clone()),
            codecs: CodecPool::new(1),
            fetch_bytes_max: 1 << 20,
            groups,
            topic_creation: AutoTopicCreation::new((&config()).into(), plane.channel()),
            client_telemetry: Arc::new(ClientTelemetry::new(
                config().client_telemetry,
                plane.environment.clock.clone(),
            )),
            authorizer: Arc::new(NoSecrets),
            quotas: Arc::new(Unlimited),
        });
        let server = serve(&broker).await;
        Self {
            client: connect(&broker, &server).await,
            broker,
            followers,
            plane,
            _lifecycle: lifecycle,
            _server: server,
        }
    }

    /// A node whose groups are ready.
    pub(super) async fn with_groups() -> Self {
        let node = Self::start().await;
        node.broker.topic_creation.begin_internal(CONSUMER_OFFSETS);
        for _ in 0..1000 {
            if node.are_groups_loaded().await {
                return node;
            }
            tokio::task::yield_now().await;
        }
        panic!("the groups are not ready");
    }

    /// From now on, changes take this long to be in effect.
    pub(super) fn slow_down(&self, delay_ms: u64) {
        self.followers.delay_ms.store(delay_ms, Ordering::Relaxed);
    }

    pub(super) fn topic_id(&self, name: &str) -> Option<Uuid> {
        let published = self.plane.cache.current();
        let topic = published.image.topics().by_name(name);
        topic.map(|topic| topic.id)
    }

    async fn are_groups_loaded(&self) -> bool {
        let groups = &self.broker.groups;
        let led = groups.led();
        for partition in &led {
            let all = ListGroupsRequest::default();
            let listed = groups.look(*partition, move |it| it.list_groups(&all).error_code);
            if listed.await.unwrap() != ErrorCode::NONE {
                return false;
            }
        }
        led.len() == PARTITION_COUNT as usize
    }

    pub(super) async fn ask<'a, R: Request<'a>>(
        &self,
        version: i16,
        request: &R,
    ) -> ResponseBytes<R> {
        let timeout = Duration::from_secs(600);
        self.client.send(version, request, timeout).await.unwrap()
    }
}

async fn start_partitions(plane: &ControlPlane) -> Arc<Partitions> {
    let node = ExpectedNode {
        node_id: NODE,
        cluster_id: Some(CLUSTER.to_owned()),
    };
    let directory = ConfiguredDirectory {
        path: PathBuf::from("/data"),
        new_id: None,
    };
    let disk = Arc::clone(&plane.environment.disk);
    let claimed = ClaimedDirectories::claim(disk, &node, &[directory]).await;
    let settings = DirectorySettings {
        concurrency: NonZeroUsize::MIN,
        file_delete_delay_ms: 60_000,
        jitter_seed: 7,
        unflushed_bytes_max: DirectorySettings::UNFLUSHED_BYTES_MAX,
    };
    let configs = |_: &TopicName| LogConfig::default();
    let loaded = claimed.unwrap().load(settings, &configs, 0).await;
    Partitions::start(PartitionParts {
        settings: PartitionSettings {
            local: BrokerId(NODE),
            replica_lag_time_max_ms: 30_000,
            apply_concurrency: 8,
        },
        environment: plane.environment.clone(),
        metadata: Arc::clone(&plane.cache),
        logs: Arc::new(loaded.unwrap().0),
        topic_configs: Arc::new(config()),
        telemetry: Arc::default(),
        broker_epoch: Arc::new(AtomicI64::new(-1)),
    })
}

/// What is configured for a node alone, and fewer partitions of the topic of the groups.
fn config() -> BrokerConfig {
    let mut config = BrokerConfig::standalone(Path::new("/data")).unwrap();
    config.node.id = BrokerId(NODE);
    config.internal_topics.offsets.partition_count = PARTITION_COUNT;
    config.groups.initial_rebalance_delay_ms = 3_000;
    config
}

async fn serve(broker: &Arc<Broker>) -> Server {
    let environment = &broker.environment;
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
        service: BrokerService::new(Arc::clone(broker), ListenerKind::Broker),
        observer: Arc::new(Silent),
        budget: ByteBudget::new(1 << 20),
        limits: ConnectionLimits::new(Allowance::of(10), 10, BTreeMap::new(), Arc::new(AnyRate))
            .for_clients(Allowance::of(10)),
        connection_ids: Arc::default(),
        timers: environment.timers.clone(),
    };
    let address = Address::new("127.0.0.1", 0);
    let listener = environment.transport.listen(&address).await;
    Server::start(listener.unwrap(), parts)
}

async fn connect(broker: &Broker, server: &Server) -> RequestConnection {
    let options = RequestConnectionOptions {
        client_id: "c".to_owned(),
        response_bytes_max: 1 << 20,
        in_flight_count_max: 8,
        connect_timeout: Duration::from_secs(1),
    };
    let environment = &broker.environment;
    let address = server.local_address().into();
    let transport = environment.transport.as_ref();
    let connection =
        RequestConnection::open(transport, &address, options, &environment.timers).await;
    connection.unwrap()
}

impl MetadataPublisher for Followers {
    fn apply<'a>(
        &'a self,
        delta: &'a MetadataDelta,
        image: &'a MetadataImage,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            pass(Duration::from_millis(self.delay_ms.load(Ordering::Relaxed))).await;
            if let Some((partitions, groups)) = self.told.get() {
                let applied = partitions.apply(delta, image).await;
                assert!(applied.failures.is_empty(), "{:?}", applied.failures);
                groups.apply(&applied, delta, image, partitions);
            }
        })
    }
}

impl Authorizer for NoSecrets {
    fn authorise(&self, _: &Principal, _: IpAddr, _: Operation, resource: Resource<'_>) -> bool {
        match resource {
            Resource::Topic(name) | Resource::Group(name) | Resource::TransactionalId(name) => {
                name != "secret"
            }
            Resource::Cluster => false,
        }
    }
}

impl Observer for Silent {
    fn connection_opened(&self, _: &ConnectionContext) {}

    fn connection_closed(&self, _: &ConnectionContext, _: &CloseReason) {}

    fn connection_refused(&self, _: &ListenerName, _: SocketAddr, _: Refusal) {}

    fn accept_failed(&self, _: &ListenerName, _: &io::Error) {}

    fn request_answered(&self, _: &RequestContext, _: &RequestTimes, _: RequestSizes) {}
}
