//! The start of a node, step by step; see the module above for the order and its reasons.

use super::directory_watch::{DirectoryWatch, WatchParts};
use super::gauges::BrokerGauges;
use super::listeners::{self, ListenerParts, OpenListener};
use super::publisher::NodePublisher;
use super::{Node, NodeDirectories, StartError, connection_limits, settings};
use crate::api::ListenerKind;
use crate::auto_topic_creation::AutoTopicCreation;
use crate::broker::{Broker, Identity};
use crate::client_telemetry::ClientTelemetry;
use crate::codec_pool::CodecPool;
use crate::config::BrokerConfig;
use crate::controller::{ActiveController, ControllerParts, read_bootstrap_records};
use crate::effective_config::EffectiveConfig;
use crate::environment::Environment;
use crate::fatal::{Fatal, FatalErrors};
use crate::fetch_sessions::FetchSessions;
use crate::groups::Groups;
use crate::lifecycle::{AdvertisedListener, BrokerLifecycle, LifecycleParts};
use crate::metadata_cache::{MetadataCache, Published};
use crate::metadata_follower::{FollowerParts, MetadataFollower};
use crate::metadata_records;
use crate::partitions::{PartitionParts, Partitions, ReplicaMover, TopicConfigs, Upkeep};
use crate::producer_ids::ProducerIds;
use crate::quotas::ClientQuotas;
use crate::requests::{AllowAll, BrokerService};
use crate::telemetry::endpoint::MetricsEndpoint;
use crate::telemetry::gauges::{
    CompactionGauges, ControllerGauges, MetadataGauges, ProcessGauges, ReplicaGauges,
};
use crate::telemetry::{BrokerState, Telemetry};
use metadata::image::{MetadataImage, MetadataReader};
use net::server::{ConnectionLimits, Server};
use net::transport::Address;
use protocol::Uuid;
use protocol::ids::BrokerEpoch;
use protocol::topic::TopicPartition;
use quorum::Quorum;
use std::error::Error;
use std::iter::successors;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use storage::directories::{ClaimedDirectories, LogDirectories, LogDirectory};
use tracing::{info, warn};

/// So many codecs are kept between requests.
const CODECS_IDLE_MAX: usize = 16;

/// What every step of the start works with.
struct Starting {
    environment: Environment,
    config: Arc<BrokerConfig>,
    cluster_id: String,
    metadata: Arc<MetadataCache>,
    telemetry: Arc<Telemetry>,
    effective: Arc<EffectiveConfig>,
    limits: Arc<ConnectionLimits>,
    broker_epoch: Arc<AtomicI64>,
    quotas: Arc<ClientQuotas>,
    client_telemetry: Arc<ClientTelemetry>,
    fatal: Fatal,
    failures: FatalErrors,
}

pub(super) async fn start(
    environment: Environment,
    config: Arc<BrokerConfig>,
    directories: NodeDirectories,
) -> Result<Node, StartError> {
    check_supported(&config)?;
    let open = listeners::open(&environment, &config).await?;
    let mut starting = Starting::new(environment, config, directories.cluster_id());
    starting.telemetry.set_broker_state(BrokerState::Starting);
    let quorum = starting.open_quorum(&directories).await?;
    let listeners = &starting.config.listeners.controller_advertised;
    let advertised = settings::advertised(listeners::advertised(listeners, &open));
    let controller = starting
        .start_controller(&quorum, &directories, advertised)
        .await?;
    let first: MetadataReader = metadata_records::read_committed(&quorum).await?;
    let first = first.image();
    let metadata_directory = starting.metadata_directory(&directories)?;
    let online = online_ids(&directories.data);
    let previous_epoch = directories.data.previous_broker_epoch();
    let logs = starting.load(directories.data, first).await?;
    let partitions = starting.start_partitions(logs, first).await;
    let environment = &starting.environment;
    let groups = Groups::new((&*starting.config).into(), environment.clone());
    let groups = Arc::new(groups);
    let follower = starting.follow(&quorum, &partitions, &groups);
    let listeners = &starting.config.listeners.advertised;
    let advertised = settings::advertised(listeners::advertised(listeners, &open));
    let lifecycle = Arc::new(BrokerLifecycle::start(LifecycleParts {
        environment: starting.environment.clone(),
        controller: controller.channel(),
        metadata: Arc::clone(&starting.metadata),
        settings: settings::lifecycle(
            &starting.config,
            &starting.cluster_id,
            advertised,
            online,
            previous_epoch,
        ),
        broker_epoch: Arc::clone(&starting.broker_epoch),
        fatal: starting.fatal.clone(),
    }));
    let watch = starting.watch_directories(&partitions, metadata_directory, &lifecycle);
    let broker = Arc::new(starting.broker(&controller, &partitions, &groups));
    let metrics = starting.serve_metrics(&broker).await?;
    starting.telemetry.set_broker_state(BrokerState::Recovery);
    let upkeep = starting.start_upkeep(&partitions);
    let mover = starting.start_mover(&partitions, &controller);
    starting.let_in(&lifecycle).await?;
    let bound = open.iter().map(OpenListener::bound).collect();
    let servers = starting.serve(open, &broker);
    starting.telemetry.set_broker_state(BrokerState::Running);
    Ok(Node {
        environment: starting.environment,
        broker,
        telemetry: starting.telemetry,
        listeners: bound,
        servers,
        metrics,
        lifecycle,
        watch,
        upkeep,
        mover,
        follower,
        groups,
        partitions,
        controller,
        quorum,
        failures: starting.failures,
        has_failed: false,
        _metadata_directory: directories.metadata,
    })
}

fn check_supported(config: &BrokerConfig) -> Result<(), StartError> {
    let roles = config.node.roles;
    if roles.broker && roles.controller {
        return Ok(());
    }
    Err(StartError::Unsupported(
        "process.roles must be broker,controller: a node that is only one of them is not there yet",
    ))
}

fn online_ids(claimed: &ClaimedDirectories) -> Vec<Uuid> {
    let directories = claimed.directories().iter();
    let online = directories.filter(|directory| directory.is_online());
    online.filter_map(|directory| directory.id()).collect()
}

impl Starting {
    fn new(environment: Environment, config: Arc<BrokerConfig>, cluster_id: &str) -> Self {
        let (fatal, failures) = Fatal::channel();
        let quotas = Arc::new(ClientQuotas::new(config.quotas, environment.clock.clone()));
        let client_telemetry =
            ClientTelemetry::new(config.client_telemetry, environment.clock.clone());
        let effective = Arc::new(EffectiveConfig::new(BrokerConfig::clone(&config)));
        Self {
            limits: connection_limits::of(&config.network, quotas.clone()),
            environment,
            config,
            cluster_id: cluster_id.to_owned(),
            metadata: Arc::default(),
            telemetry: Arc::default(),
            effective,
            quotas,
            client_telemetry: Arc::new(client_telemetry),
            broker_epoch: Arc::new(AtomicI64::new(BrokerEpoch::NONE.0)),
            fatal,
            failures,
        }
    }

    fn metadata_directory(
        &self,
        directories: &NodeDirectories,
    ) -> Result<Arc<LogDirectory>, StartError> {
        let directory = directories.at(&self.config.node.metadata_log_dir);
        let online = directory.filter(|directory| directory.is_online());
        online.cloned().ok_or(StartError::MetadataDirectoryOffline)
    }

    async fn open_quorum(&self, directories: &NodeDirectories) -> Result<Arc<Quorum>, StartError> {
        let directory = self.metadata_directory(directories)?;
        let quorum = Quorum::open(
            Arc::clone(&self.environment.disk),
            Arc::clone(directory.health()),
            settings::quorum_options(&self.config, &directory),
            self.environment.clock.now(),
        );
        Ok(Arc::new(quorum.await?))
    }

    async fn start_controller(
        &mut self,
        quorum: &Arc<Quorum>,
        directories: &NodeDirectories,
        listeners: Vec<AdvertisedListener>,
    ) -> Result<ActiveController, StartError> {
        let disk = self.environment.disk.as_ref();
        let log_dir = &self.config.node.metadata_log_dir;
        let held = directories.data.directories().iter();
        let held = held.filter_map(|directory| directory.id()).collect();
        let controller = ActiveController::start(ControllerParts {
            environment: self.environment.clone(),
            quorum: Arc::clone(quorum),
            settings: settings::controller(&self.config, &self.cluster_id, listeners, held),
            bootstrap: read_bootstrap_records(disk, log_dir).await?,
            config: Arc::clone(&self.config),
            authorizer: Arc::new(AllowAll),
            quotas: self.quotas.clone(),
            fatal: self.fatal.clone(),
        });
        match controller.activated().await {
            true => Ok(controller),
            false => Err(self.failures.next().await.into()),
        }
    }

    async fn load(
        &self,
        claimed: ClaimedDirectories,
        image: &MetadataImage,
    ) -> Result<Arc<LogDirectories>, StartError> {
        let jitter_seed = self.environment.chance.number();
        let settings = settings::directories(&self.config, jitter_seed);
        let config_of = |topic: &_| self.effective.of_topic(topic, image).log;
        let now_ms = self.environment.clock.now().wall_ms;
        let (logs, reports) = claimed.load(settings, &config_of, now_ms).await?;
        for report in &reports {
            info!(
                directory = %report.directory.path().display(),
                logs = report.logs.len(),
                clean_stop = report.clean_stop,
                "loaded log directory",
            );
            for malformed in &report.malformed_checkpoints {
                warn!("load log directory: {malformed}");
            }
        }
        Ok(Arc::new(logs))
    }

    async fn start_partitions(
        &self,
        logs: Arc<LogDirectories>,
        first: &MetadataImage,
    ) -> Arc<Partitions> {
        let partitions = Partitions::start(PartitionParts {
            settings: settings::partitions(&self.config),
            environment: self.environment.clone(),
            metadata: Arc::clone(&self.metadata),
            logs,
            topic_configs: self.effective.clone(),
            broker_epoch: Arc::clone(&self.broker_epoch),
            telemetry: Arc::clone(&self.telemetry),
        });
        for stray in partitions.set_strays_aside(first).await {
            let name = &stray.topic_partition;
            match stray.failure {
                None => warn!("set partition {name} aside: no topic of the cluster has it here"),
                Some(failure) => warn!("set partition {name} aside: {failure}"),
            }
        }
        partitions
    }

    fn follow(
        &self,
        quorum: &Arc<Quorum>,
        partitions: &Arc<Partitions>,
        groups: &Arc<Groups>,
    ) -> MetadataFollower {
        MetadataFollower::start(FollowerParts {
            quorum: Arc::clone(quorum),
            cache: Arc::clone(&self.metadata),
            publishers: vec![Arc::new(NodePublisher {
                config: Arc::clone(&self.effective),
                quotas: Arc::clone(&self.quotas),
                client_telemetry: Arc::clone(&self.client_telemetry),
                partitions: Arc::clone(partitions),
                groups: Arc::clone(groups),
                limits: Arc::clone(&self.limits),
            })],
            clock: self.environment.clock.clone(),
            fatal: self.fatal.clone(),
        })
    }

    fn watch_directories(
        &self,
        partitions: &Partitions,
        metadata: Arc<LogDirectory>,
        lifecycle: &Arc<BrokerLifecycle>,
    ) -> DirectoryWatch {
        let parts = WatchParts {
            data: partitions.logs().directories().to_vec(),
            metadata,
            lifecycle: Arc::downgrade(lifecycle),
            fatal: self.fatal.clone(),
        };
        DirectoryWatch::start(&parts, &self.environment.control)
    }

    fn broker(
        &self,
        controller: &ActiveController,
        partitions: &Arc<Partitions>,
        groups: &Arc<Groups>,
    ) -> Broker {
        let network = &self.config.network;
        Broker {
            identity: Identity {
                node_id: self.config.node.id.0,
                cluster_id: self.cluster_id.clone(),
            },
            config: Arc::clone(&self.effective),
            environment: self.environment.clone(),
            metadata: Arc::clone(&self.metadata),
            controller: controller.channel(),
            broker_epoch: Arc::clone(&self.broker_epoch),
            producer_ids: ProducerIds::default(),
            partitions: Arc::clone(partitions),
            groups: Arc::clone(groups),
            topic_creation: AutoTopicCreation::new((&*self.config).into(), controller.channel()),
            fetch_sessions: FetchSessions::new(
                network.fetch_sessions_max as usize,
                self.environment.chance.clone(),
            ),
            codecs: CodecPool::new(CODECS_IDLE_MAX),
            fetch_bytes_max: network.fetch_bytes_max as usize,
            authorizer: Arc::new(AllowAll),
            quotas: self.quotas.clone(),
            client_telemetry: Arc::clone(&self.client_telemetry),
        }
    }

    fn start_upkeep(&self, partitions: &Arc<Partitions>) -> Upkeep {
        let report = |partition: &TopicPartition, error: &(dyn Error + 'static)| {
            let causes = successors(error.source(), |&error| error.source());
            let causes: String = causes.map(|cause| format!(": {cause}")).collect();
            warn!("look after {partition}: {error}{causes}");
        };
        Upkeep::start(partitions, settings::upkeep(&self.config), Arc::new(report))
    }

    fn start_mover(
        &self,
        partitions: &Arc<Partitions>,
        controller: &ActiveController,
    ) -> ReplicaMover {
        let configured = self.config.replication.log_directory_move_count;
        let concurrency = configured.unwrap_or(partitions.logs().directories().len());
        ReplicaMover::start(partitions, controller.channel(), concurrency)
    }

    async fn serve_metrics(
        &self,
        broker: &Arc<Broker>,
    ) -> Result<Option<MetricsEndpoint>, StartError> {
        let Some(listener) = &self.config.metrics.listener else {
            return Ok(None);
        };
        let telemetry = &self.telemetry;
        let replicas = Arc::clone(&broker.partitions);
        telemetry.add_source(Arc::new(ReplicaGauges::new(replicas)));
        telemetry.add_source(Arc::new(BrokerGauges(Arc::clone(broker))));
        telemetry.add_source(Arc::clone(&broker.groups) as _);
        telemetry.add_source(self.quotas.clone());
        telemetry.add_source(self.client_telemetry.clone());
        let clock = self.environment.clock.clone();
        let compaction = CompactionGauges::new(Arc::clone(&broker.partitions), clock);
        telemetry.add_source(Arc::new(compaction));
        telemetry.add_source(Arc::new(ProcessGauges));
        telemetry.add_source(Arc::new(MetadataGauges::new(Arc::clone(&self.metadata))));
        let controller = ControllerGauges::new(Arc::clone(&self.metadata), || true);
        telemetry.add_source(Arc::new(controller));
        let address = Address::new(listener.host.clone(), listener.port);
        let endpoint = MetricsEndpoint::start(
            self.environment.transport.as_ref(),
            &address,
            Arc::clone(telemetry),
            self.environment.timers.clone(),
        );
        let endpoint = endpoint.await.map_err(|source| StartError::Listen {
            name: "klamm.metrics.listener".to_owned(),
            address,
            source,
        })?;
        info!(address = %endpoint.local_address(), "serving metrics");
        Ok(Some(endpoint))
    }

    /// Waits until the controller has let the broker in and the node's own metadata say so, with
    /// what it leads since, or until something has failed. A client that comes then finds a broker.
    async fn let_in(&mut self, lifecycle: &BrokerLifecycle) -> Result<(), StartError> {
        let id = self.config.node.id.0;
        let is_in = |published: &Published| published.image.cluster().is_active(id);
        let let_in = async {
            lifecycle.become_ready().await?;
            self.metadata.until(is_in).await;
            Ok(())
        };
        tokio::select! {
            biased;
            failure = self.failures.next() => Err(failure.into()),
            ready = let_in => ready,
        }
    }

    fn serve(&self, open: Vec<OpenListener>, broker: &Arc<Broker>) -> Vec<Server> {
        let parts = ListenerParts::new(&self.environment, &self.config, &self.limits);
        let serve = |open: OpenListener| {
            let kind = match open.is_controllers() {
                true => ListenerKind::Controller,
                false => ListenerKind::Broker,
            };
            let observer = self.telemetry.observer(open.name());
            parts.serve(open, BrokerService::new(Arc::clone(broker), kind), observer)
        };
        open.into_iter().map(serve).collect()
    }
}
