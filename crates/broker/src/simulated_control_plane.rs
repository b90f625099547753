//! Quorum, controller and metadata follower of one node on a simulated disk, for tests.

use crate::chance::Chance;
use crate::clock::{Clock, WallClock};
use crate::config::BrokerConfig;
use crate::controller::{
    ActiveController, ControllerChannel, ControllerParts, ControllerSettings,
    read_bootstrap_records,
};
use crate::environment::Environment;
use crate::fatal::{Fatal, FatalErrors};
use crate::lifecycle::{AdvertisedListener, BrokerLifecycle, LifecycleParts, LifecycleSettings};
use crate::loggers::NoLoggers;
use crate::metadata_cache::{MetadataCache, Published};
use crate::metadata_follower::{FollowerParts, MetadataFollower, MetadataPublisher};
use crate::requests::{AllowAll, Authorizer, Quotas, Unlimited};
use metadata::controller::bootstrap_records;
use metadata::features::{MetadataVersion, default_levels};
use net::timers::Timers;
use net::transport::memory::{MemoryFaults, MemoryNetwork};
use protocol::generated::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use protocol::generated::{CreateTopicsRequest, CreateTopicsResponse};
use protocol::{ErrorCode, Uuid};
use quorum::{FormatOptions, InitialVoters, MetadataLogConfig, Quorum, QuorumOptions, format};
use raft::{KraftVersionRange, ReplicaKey, Voter, VoterSet};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use storage::directories::NodeIdentity;
use storage::disk::Disk;
use storage::disk::simulated::{SimulatedDisk, poll_once};
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};

pub(crate) const CLUSTER: &str = "iykqZaBdSNekMPfftoQUpg";
pub(crate) const NODE: i32 = 1;
const LOG_DIR: &str = "/data";

/// Calendar time that stands still.
struct Noon;

impl WallClock for Noon {
    fn wall_ms(&self) -> i64 {
        1_795_003_200_000
    }
}

/// How a control plane is started.
#[derive(Clone)]
pub(crate) struct Options {
    pub(crate) log: MetadataLogConfig,
    pub(crate) authorizer: Arc<dyn Authorizer>,
    pub(crate) quotas: Arc<dyn Quotas>,
    pub(crate) publishers: Vec<Arc<dyn MetadataPublisher>>,
    pub(crate) idle_interval_ms: Option<u64>,
    pub(crate) is_topic_deletion_enabled: bool,
    pub(crate) configured_voters: VoterSet,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            log: MetadataLogConfig::default(),
            authorizer: Arc::new(AllowAll),
            quotas: Arc::new(Unlimited),
            publishers: Vec::new(),
            idle_interval_ms: Some(500),
            is_topic_deletion_enabled: true,
            configured_voters: VoterSet::default(),
        }
    }
}

/// Runs a future as one process whose clocks begin at 0; whatever it has spawned ends with it.
pub(crate) fn in_one_process<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(future)
}

/// Lets virtual time pass, with everything that happens in it.
pub(crate) async fn pass(duration: Duration) {
    sleep_until(Instant::now() + duration).await;
}

/// A control plane that runs.
pub(crate) struct ControlPlane {
    pub(crate) environment: Environment,
    pub(crate) quorum: Arc<Quorum>,
    pub(crate) controller: ActiveController,
    pub(crate) cache: Arc<MetadataCache>,
    pub(crate) follower: MetadataFollower,
    pub(crate) fatal: Fatal,
    pub(crate) fatal_errors: FatalErrors,
}

/// Formats a disk for node 1 alone.
pub(crate) async fn formatted_disk() -> Arc<SimulatedDisk> {
    let standalone = InitialVoters::Standalone {
        endpoints: Vec::new(),
    };
    formatted_disk_at(MetadataVersion::LATEST, standalone).await
}

/// The voters of `controller.quorum.voters` where node 1 is the only one.
pub(crate) fn configured_voters() -> VoterSet {
    VoterSet::new([Voter {
        key: ReplicaKey {
            id: NODE,
            directory_id: None,
        },
        endpoints: Vec::new(),
        kraft_versions: KraftVersionRange::SUPPORTED,
    }])
}

/// Formats a disk for a cluster that begins at this metadata version.
pub(crate) async fn formatted_disk_at(
    version: MetadataVersion,
    voters: InitialVoters,
) -> Arc<SimulatedDisk> {
    let disk = Arc::new(SimulatedDisk::new(1));
    let records = bootstrap_records(&default_levels(version));
    let options = FormatOptions {
        identity: NodeIdentity {
            node_id: NODE,
            cluster_id: CLUSTER.to_owned(),
        },
        log_dirs: vec![(PathBuf::from(LOG_DIR), directory_id())],
        metadata_log_dir: PathBuf::from(LOG_DIR),
        bootstrap_records: records
            .iter()
            .map(|each| each.to_frame().unwrap())
            .collect(),
        voters,
        ignore_formatted: false,
        now_ms: 0,
    };
    format(disk.as_ref(), &options).await.unwrap();
    disk
}

pub(crate) fn directory_id() -> Uuid {
    Uuid::from_u128(0x1234_0000_0000_0000_0001)
}

impl ControlPlane {
    pub(crate) async fn start(disk: &Arc<SimulatedDisk>) -> Self {
        Self::start_with(disk, Options::default()).await
    }

    pub(crate) async fn start_with(disk: &Arc<SimulatedDisk>, options: Options) -> Self {
        let plane = Self::start_unawaited(disk, options).await;
        assert!(plane.controller.activated().await);
        plane
    }

    pub(crate) async fn start_unawaited(disk: &Arc<SimulatedDisk>, options: Options) -> Self {
        let shared: Arc<dyn Disk> = disk.clone();
        let network = MemoryNetwork::new(1, MemoryFaults::default());
        let environment = Environment {
            disk: shared.clone(),
            transport: Arc::new(network.node("node", Ipv4Addr::LOCALHOST.into())),
            clock: Clock::new(Arc::new(Noon)),
            // Another process draws something else.
            chance: Chance::from_seed(disk.counters().writes),
            timers: Timers::start(),
            control: Handle::current(),
            loggers: Arc::new(NoLoggers),
        };
        let quorum_options = QuorumOptions {
            log_dir: PathBuf::from(LOG_DIR),
            node_id: NODE,
            directory_id: Some(directory_id()),
            endpoints: Vec::new(),
            configured_voters: options.configured_voters,
            config: options.log,
        };
        let now = environment.clock.now();
        let quorum = Quorum::open(shared, Arc::default(), quorum_options, now).await;
        let quorum = Arc::new(quorum.unwrap());
        let (fatal, fatal_errors) = Fatal::channel();
        let bootstrap = read_bootstrap_records(disk.as_ref(), Path::new(LOG_DIR)).await;
        let cache = Arc::new(MetadataCache::default());
        let follower = MetadataFollower::start(FollowerParts {
            quorum: quorum.clone(),
            cache: cache.clone(),
            publishers: options.publishers,
            clock: environment.clock.clone(),
            fatal: fatal.clone(),
        });
        let controller = ActiveController::start(ControllerParts {
            environment: environment.clone(),
            quorum: quorum.clone(),
            settings: ControllerSettings {
                decisions: metadata::controller::ControllerSettings {
                    node_id: NODE,
                    cluster_id: CLUSTER.to_owned(),
                    partition_count: 1,
                    replication_factor: 1,
                },
                session_timeout_ms: 9000,
                idle_interval_ms: options.idle_interval_ms,
                is_topic_deletion_enabled: options.is_topic_deletion_enabled,
                listeners: vec![AdvertisedListener {
                    name: "CONTROLLER".to_owned(),
                    host: "localhost".to_owned(),
                    port: 9093,
                    security_protocol: 0,
                }],
                held_directories: vec![directory_id()],
            },
            bootstrap: bootstrap.unwrap(),
            config: Arc::new(BrokerConfig::standalone(Path::new(LOG_DIR)).unwrap()),
            authorizer: options.authorizer,
            quotas: options.quotas,
            fatal: fatal.clone(),
        });
        Self {
            environment,
            quorum,
            controller,
            cache,
            follower,
            fatal,
            fatal_errors,
        }
    }

    /// As a node stops.
    pub(crate) async fn stop(self) {
        self.follower.stop().await;
        self.controller.stop().await;
        self.quorum
            .close(self.environment.clock.now())
            .await
            .unwrap();
    }

    /// A broker of this node that has begun to register.
    pub(crate) fn lifecycle(&self) -> BrokerLifecycle {
        self.lifecycle_with(|_| ())
    }

    pub(crate) fn lifecycle_with(
        &self,
        edit: impl FnOnce(&mut LifecycleSettings),
    ) -> BrokerLifecycle {
        let mut settings = LifecycleSettings {
            broker_id: NODE,
            cluster_id: CLUSTER.to_owned(),
            rack: None,
            listeners: vec![AdvertisedListener {
                name: "PLAINTEXT".to_owned(),
                host: "127.0.0.1".to_owned(),
                port: 9092,
                security_protocol: 0,
            }],
            directories: vec![directory_id()],
            previous_broker_epoch: None,
            heartbeat_interval_ms: 2000,
            registration_timeout_ms: 60_000,
            controlled_shutdown_timeout_ms: 300_000,
        };
        edit(&mut settings);
        BrokerLifecycle::start(LifecycleParts {
            broker_epoch: Arc::default(),
            environment: self.environment.clone(),
            controller: self.channel(),
            metadata: self.cache.clone(),
            settings,
            fatal: self.fatal.clone(),
        })
    }

    /// The report that has been made already, if there is one.
    pub(crate) fn fatal_report(&mut self) -> Option<String> {
        let report = poll_once(self.fatal_errors.next());
        report.map(|report| report.to_string())
    }

    /// A broker that serves.
    pub(crate) async fn running_broker(&self) -> BrokerLifecycle {
        let lifecycle = self.lifecycle();
        lifecycle.become_ready().await.unwrap();
        lifecycle
    }

    /// Creates a topic; returns the code of the answer.
    pub(crate) async fn create(&self, topic: CreatableTopic<'_>) -> ErrorCode {
        create(&self.channel(), topic).await
    }

    /// Everything that is committed so far, as it is in effect.
    pub(crate) async fn published(&self) -> Arc<Published> {
        let end_offset = self.quorum.high_watermark().unwrap();
        self.cache.reached(end_offset).await
    }

    pub(crate) fn channel(&self) -> ControllerChannel {
        self.controller.channel()
    }
}

pub(crate) async fn create(channel: &ControllerChannel, topic: CreatableTopic<'_>) -> ErrorCode {
    let request = CreateTopicsRequest {
        topics: vec![topic],
        ..CreateTopicsRequest::default()
    };
    let answer = match channel.ask(&request, 7).await {
        Ok(answer) => answer,
        Err(refused) => return refused,
    };
    let response: CreateTopicsResponse<'_> = answer.decode().unwrap();
    response.topics[0].error_code
}

/// A topic with one replica of each partition.
pub(crate) fn topic(name: &str, partition_count: i32) -> CreatableTopic<'_> {
    CreatableTopic {
        name: name.into(),
        num_partitions: partition_count,
        replication_factor: 1,
        ..CreatableTopic::default()
    }
}

/// A topic on which one key is set.
pub(crate) fn configured_topic<'a>(
    name: &'a str,
    key: &'a str,
    value: &'a str,
) -> CreatableTopic<'a> {
    CreatableTopic {
        configs: vec![CreatableTopicConfig {
            name: key.into(),
            value: Some(value.into()),
        }],
        ..topic(name, 1)
    }
}
