//! The configuration of a node in the terms of its parts.
//!
//! Not the job of this module: reading and checking the keys.

use crate::config::{BrokerConfig, Listener};
use crate::controller::ControllerSettings;
use crate::lifecycle::{AdvertisedListener, LifecycleSettings};
use crate::partitions::{PartitionSettings, UpkeepSettings};
use protocol::Uuid;
use quorum::{MetadataLogConfig, QuorumOptions};
use raft::{Endpoint, KraftVersionRange, ReplicaKey, SnapshotRetention, Voter, VoterSet};
use std::num::NonZeroUsize;
use storage::directories::{DirectorySettings, LogDirectory};

/// The broker waits so long for the controller's leave to stop, as in Kafka.
const CONTROLLED_SHUTDOWN_MS: u64 = 5 * 60 * 1000;
/// So many partitions are created, loaded, flushed or closed at a time, for each log directory.
/// More than `num.recovery.threads.per.data.dir`: what waits for a disk needs no thread here.
const CONCURRENCY_MIN: usize = 64;
/// `log.flush.scheduler.interval.ms` is for ever by default; so often logs are flushed that have
/// more unflushed bytes than a start should have to read.
const FLUSH_CHECK_MS: u64 = 1000;
/// The security protocol PLAINTEXT, as registrations number it.
const PLAINTEXT: i16 = 0;

pub(super) fn quorum_options(config: &BrokerConfig, directory: &LogDirectory) -> QuorumOptions {
    let log = &config.metadata_log;
    let endpoints = config.listeners.controller_advertised.iter();
    QuorumOptions {
        log_dir: config.node.metadata_log_dir.clone(),
        node_id: config.node.id.0,
        directory_id: directory.id(),
        endpoints: endpoints
            .map(|listener| Endpoint {
                name: listener.name.clone(),
                host: listener.host.clone().unwrap_or_default(),
                port: listener.port,
            })
            .collect(),
        configured_voters: configured_voters(config),
        config: MetadataLogConfig {
            segment_bytes: log.segment_bytes,
            segment_ms: log.segment_ms,
            snapshot_bytes_max: log.snapshot_bytes,
            snapshot_interval_ms: log.snapshot_interval_ms.unwrap_or(0),
            retention: SnapshotRetention {
                bytes_max: log.retention_bytes,
                ms_max: log.retention_ms.map(|ms| ms as i64),
            },
            file_delete_delay_ms: log.delete_delay_ms as i64,
        },
    }
}

fn configured_voters(config: &BrokerConfig) -> VoterSet {
    let name = config.listeners.controller_names.first();
    let name = name.cloned().unwrap_or_default();
    VoterSet::new(config.quorum.voters.iter().map(|voter| Voter {
        key: ReplicaKey {
            id: voter.id.0,
            directory_id: None,
        },
        endpoints: vec![Endpoint {
            name: name.clone(),
            host: voter.address.host.clone(),
            port: voter.address.port,
        }],
        kraft_versions: KraftVersionRange::SUPPORTED,
    }))
}

pub(super) fn controller(
    config: &BrokerConfig,
    cluster_id: &str,
    listeners: Vec<AdvertisedListener>,
    held_directories: Vec<Uuid>,
) -> ControllerSettings {
    ControllerSettings {
        decisions: metadata::controller::ControllerSettings {
            node_id: config.node.id.0,
            cluster_id: cluster_id.to_owned(),
            partition_count: config.topics.partition_count,
            replication_factor: config.topics.replication_factor,
        },
        session_timeout_ms: config.replication.session_timeout_ms,
        idle_interval_ms: config.metadata_log.idle_interval_ms,
        is_topic_deletion_enabled: config.topics.delete_enabled,
        listeners,
        held_directories,
    }
}

pub(super) fn directories(config: &BrokerConfig, jitter_seed: u64) -> DirectorySettings {
    DirectorySettings {
        concurrency: concurrency(config),
        file_delete_delay_ms: config.topic_config([]).log.file_delete_delay_ms,
        jitter_seed,
        unflushed_bytes_max: DirectorySettings::UNFLUSHED_BYTES_MAX,
    }
}

pub(super) fn partitions(config: &BrokerConfig) -> PartitionSettings {
    PartitionSettings {
        local: config.node.id,
        replica_lag_time_max_ms: config.replication.lag_ms_max,
        apply_concurrency: concurrency(config).get(),
    }
}

fn concurrency(config: &BrokerConfig) -> NonZeroUsize {
    let configured = config.logs.recoveries_per_directory as usize;
    NonZeroUsize::new(configured.max(CONCURRENCY_MIN)).unwrap_or(NonZeroUsize::MIN)
}

pub(super) fn upkeep(config: &BrokerConfig) -> UpkeepSettings {
    let logs = &config.logs;
    let transactions = &config.transactions;
    UpkeepSettings {
        flush_check_interval_ms: logs.flush_check_interval_ms.min(FLUSH_CHECK_MS),
        retention_check_interval_ms: logs.retention_check_interval_ms,
        recovery_point_checkpoint_interval_ms: logs.recovery_point_checkpoint_interval_ms,
        log_start_checkpoint_interval_ms: logs.start_offset_checkpoint_interval_ms,
        high_watermark_checkpoint_interval_ms: config
            .replication
            .high_watermark_checkpoint_interval_ms,
        producer_check_interval_ms: transactions.producer_id_expiration_check_interval_ms,
    }
}

/// Listeners with their ports, as registrations show them.
pub(super) fn advertised<'a>(
    listeners: impl Iterator<Item = (&'a Listener, u16)>,
) -> Vec<AdvertisedListener> {
    let advertised = listeners.map(|(listener, port)| AdvertisedListener {
        name: listener.name.clone(),
        host: listener.host.clone().unwrap_or_default(),
        port,
        security_protocol: PLAINTEXT,
    });
    advertised.collect()
}

pub(super) fn lifecycle(
    config: &BrokerConfig,
    cluster_id: &str,
    listeners: Vec<AdvertisedListener>,
    directories: Vec<Uuid>,
    previous_broker_epoch: Option<i64>,
) -> LifecycleSettings {
    LifecycleSettings {
        broker_id: config.node.id.0,
        cluster_id: cluster_id.to_owned(),
        rack: config.node.rack.clone(),
        listeners,
        directories,
        previous_broker_epoch,
        heartbeat_interval_ms: config.replication.heartbeat_interval_ms,
        registration_timeout_ms: config.replication.registration_timeout_ms,
        controlled_shutdown_timeout_ms: CONTROLLED_SHUTDOWN_MS,
    }
}
