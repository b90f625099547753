//! Gauges of replicas, metadata, broker and process.

use super::scrape;
use crate::metadata_cache::{MetadataCache, Published};
use crate::telemetry::gauges::{
    ControllerGauges, LeadershipStatus, LogStatus, MetadataGauges, ProcessGauges, ReplicaGauges,
    ReplicaStatus, Replicas,
};
use crate::telemetry::{BrokerState, Telemetry};
use metadata::image::MetadataImage;
use protocol::Uuid;
use protocol::generated::metadata::{
    MetadataRecord, PartitionRecord, RegisterBrokerRecord, TopicRecord,
};
use protocol::ids::Offset;
use std::sync::Arc;

/// A partition led with 3, 2 and 1 of its 3 replicas in sync, one that is followed, one offline.
struct FiveReplicas;

impl Replicas for FiveReplicas {
    fn visit(&self, see: &mut dyn FnMut(&ReplicaStatus<'_>)) {
        for (partition, isr_count) in [3, 2, 1, 0, 0].into_iter().enumerate() {
            let log = LogStatus {
                topic: "orders",
                partition: partition as i32,
                size_bytes: 1_000,
                segment_count: 2,
                start_offset: Offset(10),
                end_offset: Offset(20 + partition as i64),
            };
            see(&ReplicaStatus {
                leadership: (isr_count > 0).then_some(LeadershipStatus {
                    replica_count: 3,
                    isr_count,
                    isr_count_min: 2,
                }),
                log: (partition < 4).then_some(log),
            });
        }
    }
}

fn image() -> MetadataImage {
    let mut image = MetadataImage::default();
    let brokers = [(1, false, false), (2, true, false), (3, false, true)];
    for (broker_id, fenced, in_controlled_shutdown) in brokers {
        let record = RegisterBrokerRecord {
            broker_id,
            broker_epoch: i64::from(broker_id),
            fenced,
            in_controlled_shutdown,
            ..RegisterBrokerRecord::default()
        };
        let record = MetadataRecord::RegisterBroker(record);
        image.replay(&record).unwrap();
    }
    let topic_id = Uuid::from_random_bytes([7; 16]);
    let topic = TopicRecord {
        name: "orders".to_owned(),
        topic_id,
    };
    image.replay(&MetadataRecord::Topic(topic)).unwrap();
    for (partition_id, leader) in [(0, 1), (1, 3), (2, -1)] {
        let record = PartitionRecord {
            partition_id,
            topic_id,
            replicas: vec![1, 3],
            isr: vec![1, 3],
            leader,
            ..PartitionRecord::default()
        };
        let record = MetadataRecord::Partition(record);
        image.replay(&record).unwrap();
    }
    image
}

#[tokio::test]
async fn replicas_are_counted_as_kafka_counts_them() {
    let telemetry = Telemetry::default();
    telemetry.add_source(Arc::new(ReplicaGauges::new(Arc::new(FiveReplicas))));
    let metrics = scrape(&telemetry).await;
    for (name, value) in [
        ("partitioncount", 5.0),
        ("leadercount", 3.0),
        ("offlinereplicacount", 1.0),
        ("underreplicatedpartitions", 2.0),
        ("underminisrpartitioncount", 1.0),
        ("atminisrpartitioncount", 1.0),
    ] {
        let name = format!("kafka_server_replicamanager_{name}");
        assert_eq!(metrics.value(&name, &[]), Some(value), "{name}");
    }
    let log = |name: &str, partition| {
        let labels = [("topic", "orders"), ("partition", partition)];
        metrics.value(&format!("kafka_log_log_{name}"), &labels)
    };
    assert_eq!(log("size", "0"), Some(1_000.0));
    assert_eq!(log("numlogsegments", "0"), Some(2.0));
    assert_eq!(log("logstartoffset", "1"), Some(10.0));
    assert_eq!(log("logendoffset", "3"), Some(23.0));
    assert_eq!(log("logendoffset", "4"), None);
}

#[tokio::test]
async fn a_controller_counts_what_the_metadata_has() {
    let metadata = Arc::new(MetadataCache::default());
    let telemetry = Telemetry::default();
    telemetry.add_source(Arc::new(MetadataGauges::new(Arc::clone(&metadata))));
    let gauges = ControllerGauges::new(Arc::clone(&metadata), || true);
    telemetry.add_source(Arc::new(gauges));
    let applied = "kafka_server_broker_metadata_metrics_last_applied_record_offset";
    assert_eq!(scrape(&telemetry).await.value(applied, &[]), Some(-1.0));
    metadata.publish(Published {
        image: image(),
        end_offset: Offset(8),
        ..Published::default()
    });
    let metrics = scrape(&telemetry).await;
    assert_eq!(metrics.value(applied, &[]), Some(7.0));
    for (name, value) in [
        ("activecontrollercount", 1.0),
        ("activebrokercount", 2.0),
        ("fencedbrokercount", 1.0),
        ("controlledshutdownbrokercount", 1.0),
        ("globaltopiccount", 1.0),
        ("globalpartitioncount", 3.0),
        ("offlinepartitionscount", 1.0),
        ("preferredreplicaimbalancecount", 2.0),
    ] {
        let name = format!("kafka_controller_kafkacontroller_{name}");
        assert_eq!(metrics.value(&name, &[]), Some(value), "{name}");
    }
}

#[tokio::test]
async fn the_state_of_the_broker_is_shown_and_decides_on_ready() {
    let telemetry = Telemetry::default();
    for (state, number) in [
        (BrokerState::NotRunning, 0.0),
        (BrokerState::Starting, 1.0),
        (BrokerState::Recovery, 2.0),
        (BrokerState::Running, 3.0),
        (BrokerState::PendingControlledShutdown, 6.0),
        (BrokerState::ShuttingDown, 7.0),
    ] {
        telemetry.set_broker_state(state);
        assert_eq!(telemetry.is_ready(), state == BrokerState::Running);
        let name = "kafka_server_kafkaserver_brokerstate";
        assert_eq!(scrape(&telemetry).await.value(name, &[]), Some(number));
    }
}

#[tokio::test]
async fn the_process_has_a_version_and_on_linux_a_size_and_an_age() {
    let telemetry = Telemetry::default();
    telemetry.add_source(Arc::new(ProcessGauges));
    let metrics = scrape(&telemetry).await;
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    assert_eq!(metrics.value("klamm_build_info", &version), Some(1.0));
    if cfg!(target_os = "linux") {
        for (name, min) in [
            ("process_cpu_seconds_total", 0.0),
            ("process_resident_memory_bytes", 4096.0),
            ("process_virtual_memory_bytes", 4096.0),
            ("process_threads", 1.0),
            ("process_open_fds", 1.0),
            ("process_start_time_seconds", 1_600_000_000.0),
        ] {
            let value = metrics.value(name, &[]);
            assert!(value.is_some_and(|value| value >= min), "{name} {value:?}");
        }
    }
}
