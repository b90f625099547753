//! A whole node on a simulated disk.

mod moves;

use super::*;
use crate::chance::Chance;
use crate::clock::{Clock, WallClock};
use crate::config::{Base, Sources};
use crate::loggers::NoLoggers;
use crate::partitions::TopicConfigs;
use crate::simulated_control_plane::{CLUSTER, NODE, create, topic};
use metadata::controller::bootstrap_records;
use metadata::features::{MetadataVersion, default_levels};
use metadata::image::{NO_LEADER, ResourceKind};
use net::request_connection::{RequestConnection, RequestConnectionOptions};
use net::timers::Timers;
use net::transport::Address;
use net::transport::memory::{MemoryFaults, MemoryNetwork};
use protocol::generated::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use protocol::generated::{
    ApiVersionsRequest, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};
use protocol::{ErrorCode, Uuid};
use quorum::{FormatOptions, InitialVoters, format};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use storage::directories::NodeIdentity;
use storage::disk::simulated::{Fault, Operation, SimulatedDisk};
use storage::disk::{Disk, DiskErrorKind};
use tokio::runtime::Handle;
use tokio::time::Instant;

/// Calendar time that stands still.
struct Noon;

impl WallClock for Noon {
    fn wall_ms(&self) -> i64 {
        1_795_003_200_000
    }
}

fn directory_id(index: usize) -> Uuid {
    Uuid::from_u128(0x1234_0000_0000_0000_0000 + index as u128)
}

/// A disk with these log directories, the first that of the metadata log.
async fn formatted_disk(log_dirs: &[&str]) -> Arc<SimulatedDisk> {
    let disk = Arc::new(SimulatedDisk::new(1));
    let records = bootstrap_records(&default_levels(MetadataVersion::LATEST));
    let directories = log_dirs.iter().enumerate();
    let options = FormatOptions {
        identity: NodeIdentity {
            node_id: NODE,
            cluster_id: CLUSTER.to_owned(),
        },
        log_dirs: directories
            .map(|(index, path)| (PathBuf::from(path), directory_id(index)))
            .collect(),
        metadata_log_dir: PathBuf::from(log_dirs[0]),
        bootstrap_records: records
            .iter()
            .map(|each| each.to_frame().unwrap())
            .collect(),
        voters: InitialVoters::Standalone {
            endpoints: Vec::new(),
        },
        ignore_formatted: false,
        now_ms: 0,
    };
    format(disk.as_ref(), &options).await.unwrap();
    disk
}

/// Starts a node whose configuration has these keys on top.
async fn start(disk: &Arc<SimulatedDisk>, overrides: &[&str]) -> Result<Node, StartError> {
    // Another life, with other ids.
    let seed = 1 + disk.counters().directory_syncs;
    let disk: Arc<dyn Disk> = disk.clone();
    let overrides: Vec<_> = overrides.iter().map(|text| (*text).to_owned()).collect();
    let sources = Sources {
        base: Base::Standalone(Path::new("/data")),
        environment: &[],
        overrides: &overrides,
    };
    let (config, _) = BrokerConfig::load(&sources).unwrap();
    let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let network = MemoryNetwork::new(1, MemoryFaults::default());
    let environment = Environment {
        disk: Arc::clone(&disk),
        transport: Arc::new(network.node("node", host)),
        clock: Clock::new(Arc::new(Noon)),
        chance: Chance::from_seed(seed),
        timers: Timers::start(),
        control: Handle::current(),
        loggers: Arc::new(NoLoggers),
    };
    let directories = NodeDirectories::claim(&disk, &config, &environment.chance).await?;
    Node::start(environment, Arc::new(config), directories).await
}

fn order(disk: &SimulatedDisk, operation: Operation, path_suffix: &str) {
    disk.order_fault(Fault {
        operation,
        path_suffix: path_suffix.to_owned(),
        successes_before: 0,
        kind: DiskErrorKind::Failed,
    });
}

async fn create_topic(node: &Node, name: &str, partition_count: i32) -> ErrorCode {
    create(&node.controller.channel(), topic(name, partition_count)).await
}

/// The leader of each partition, as soon as the node has read what was decided until now.
async fn leaders(node: &Node, name: &str) -> Vec<i32> {
    let end_offset = node.quorum.high_watermark().unwrap();
    let published = node.broker.metadata.reached(end_offset).await;
    let topic = published.image.topics().by_name(name).unwrap();
    topic
        .partitions
        .values()
        .map(|partition| partition.leader)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_metadata_log_that_cannot_be_synced_ends_the_node_without_waiting_for_leave() {
    let disk = formatted_disk(&["/data"]).await;
    let mut node = start(&disk, &[]).await.unwrap();
    order(
        &disk,
        Operation::Sync,
        "__cluster_metadata-0/00000000000000000000.log",
    );
    assert_ne!(create_topic(&node, "t", 1).await, ErrorCode::NONE);
    let failure = node.failed().await.to_string();
    assert!(failure.contains("sync"), "{failure}");
    let start = Instant::now();
    node.stop().await;
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_node_whose_metadata_log_fails_while_it_takes_leave_stops_at_once() {
    let disk = formatted_disk(&["/data"]).await;
    let node = start(&disk, &[]).await.unwrap();
    order(
        &disk,
        Operation::Sync,
        "__cluster_metadata-0/00000000000000000000.log",
    );
    let start = Instant::now();
    node.stop().await;
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_log_directory_that_fails_takes_its_partitions_along_and_no_others() {
    let disk = formatted_disk(&["/data", "/other"]).await;
    let mut node = start(&disk, &["log.dirs=/data,/other"]).await.unwrap();
    assert_eq!(create_topic(&node, "t", 4).await, ErrorCode::NONE);
    assert_eq!(leaders(&node, "t").await, [NODE; 4]);
    let other = &node.partitions.logs().directories()[1];
    assert_eq!(other.partition_count(), 2);
    order(&disk, Operation::SyncDirectory, "/other");
    assert_eq!(create_topic(&node, "u", 1).await, ErrorCode::NONE);
    assert_eq!(create_topic(&node, "v", 1).await, ErrorCode::NONE);
    let partitions = node.partitions.all();
    let leads = |path: &str| {
        let in_directory = partitions.iter().filter(|partition| {
            partition.log().directory().starts_with(path) && partition.is_leader()
        });
        in_directory.count()
    };
    assert_eq!((leads("/data"), leads("/other")), (4, 0));
    assert!(
        tokio::time::timeout(Duration::from_secs(60), node.failed())
            .await
            .is_err()
    );
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_last_log_directory_for_partitions_ends_the_node_and_the_controller_is_told() {
    let disk = formatted_disk(&["/metadata", "/data"]).await;
    let keys = ["log.dirs=/data", "metadata.log.dir=/metadata"];
    let mut node = start(&disk, &keys).await.unwrap();
    assert_eq!(create_topic(&node, "t", 1).await, ErrorCode::NONE);
    order(&disk, Operation::SyncDirectory, "/data");
    create_topic(&node, "u", 1).await;
    let failure = node.failed().await.to_string();
    assert!(failure.contains("none works any more"), "{failure}");
    let no_leader = async {
        while leaders(&node, "t").await != [NO_LEADER] {
            tokio::time::advance(Duration::from_millis(100)).await;
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(5), no_leader).await;
    assert!(told.is_ok(), "the controller was not told");
    node.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_listener_has_the_limit_that_is_said_of_it_and_the_others_do_not() {
    let disk = formatted_disk(&["/data"]).await;
    let own = "listener.name.plaintext.max.connections=1";
    let node = start(&disk, &[own]).await.unwrap();
    for listener in node.listeners() {
        let address = listener.address.into();
        let mut served = Vec::new();
        for _ in 0..2 {
            let connection = connect(&node, &address).await;
            let asked = ApiVersionsRequest::default();
            let answer = connection.send(0, &asked, Duration::from_secs(1)).await;
            served.push((answer.is_ok(), connection));
        }
        let counts = served.iter().map(|(is_served, _)| *is_served);
        let expected = [true, listener.is_controllers];
        assert_eq!(counts.collect::<Vec<_>>(), expected);
    }
    node.stop().await;
}

/// Sets a key of a broker, or of all under an empty name, and waits until that is in effect.
async fn set(node: &Node, broker: &str, key: &str, value: Option<&str>) {
    let request = IncrementalAlterConfigsRequest {
        resources: vec![AlterConfigsResource {
            resource_type: ResourceKind::BROKER.0,
            resource_name: broker.into(),
            configs: vec![AlterableConfig {
                name: key.into(),
                config_operation: i8::from(value.is_none()),
                value: value.map(Into::into),
            }],
        }],
        validate_only: false,
    };
    let answer = node.controller.channel().ask(&request, 1).await.unwrap();
    let response: IncrementalAlterConfigsResponse<'_> = answer.decode().unwrap();
    assert_eq!(response.responses[0].error_code, ErrorCode::NONE);
    let end_offset = node.quorum.high_watermark().unwrap();
    node.broker.metadata.reached(end_offset).await;
}

/// What the logs of the node's partitions take at most.
fn message_bytes_max(node: &Node) -> Vec<u32> {
    let partitions = node.partitions.all();
    let logs = partitions.iter().map(|partition| partition.log().config());
    logs.map(|config| config.max_message_bytes).collect()
}

#[tokio::test(start_paused = true)]
async fn dynamic_values_hold_at_once_the_brokers_over_those_of_all() {
    let disk = formatted_disk(&["/data"]).await;
    let keys = ["message.max.bytes=1000"];
    let node = start(&disk, &keys).await.unwrap();
    assert_eq!(create_topic(&node, "t", 1).await, ErrorCode::NONE);
    assert_eq!(leaders(&node, "t").await, [NODE]);
    assert_eq!(message_bytes_max(&node), [1000]);
    let (name, own) = ("message.max.bytes", NODE.to_string());
    set(&node, "", name, Some("2000")).await;
    assert_eq!(message_bytes_max(&node), [2000]);
    set(&node, &own, name, Some("3000")).await;
    assert_eq!(message_bytes_max(&node), [3000]);
    set(&node, "", name, Some("4000")).await;
    assert_eq!(message_bytes_max(&node), [3000]);
    set(&node, &own, name, None).await;
    assert_eq!(message_bytes_max(&node), [4000]);
    set(&node, "", name, None).await;
    assert_eq!(message_bytes_max(&node), [1000]);
    let expiration_ms = || node.broker.config.producer_expiration_ms();
    set(&node, "", "producer.id.expiration.ms", Some("5")).await;
    assert_eq!(expiration_ms(), 5);
    node.stop().await;
}

async fn connect(node: &Node, address: &Address) -> RequestConnection {
    let options = RequestConnectionOptions {
        client_id: "client".to_owned(),
        response_bytes_max: 1 << 20,
        in_flight_count_max: 1,
        connect_timeout: Duration::from_secs(1),
    };
    let environment = &node.environment;
    let transport = environment.transport.as_ref();
    let connection =
        RequestConnection::open(transport, address, options, &environment.timers).await;
    connection.unwrap()
}

#[tokio::test(start_paused = true)]
async fn connections_are_taken_by_the_limits_of_the_moment() {
    let disk = formatted_disk(&["/data"]).await;
    let node = start(&disk, &[]).await.unwrap();
    set(&node, "", "max.connections.per.ip", Some("1")).await;
    let request = ApiVersionsRequest::default();
    let second = Duration::from_secs(1);
    let address = node.listeners()[0].address.into();
    let first = connect(&node, &address).await;
    assert!(first.send(0, &request, second).await.is_ok());
    assert!(
        connect(&node, &address)
            .await
            .send(0, &request, second)
            .await
            .is_err()
    );
    set(&node, "", "max.connections.per.ip", None).await;
    assert!(
        connect(&node, &address)
            .await
            .send(0, &request, second)
            .await
            .is_ok()
    );
    node.stop().await;
}
