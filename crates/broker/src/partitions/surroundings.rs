//! What all partitions of a node share, and the adapters by which a partition's core sees its log
//! and the other brokers.
//!
//! Not the job of this module: the partitions themselves, and where the settings come from.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use metadata::image::{ConfigResource, MetadataImage};
use protocol::ids::{BrokerEpoch, BrokerId, LeaderEpoch, Offset};
use protocol::topic::TopicName;
use replica::{BrokerState, Brokers, EpochEnd, LogView};
use storage::directories::LogDirectories;
use storage::log::Log;
use tokio::sync::Notify;

use super::compaction::CompactionSettings;
use super::deadlines::Deadlines;
use super::moves::Moves;
use crate::config::{BrokerConfig, TopicConfig};
use crate::environment::Environment;
use crate::metadata_cache::MetadataCache;
use crate::telemetry::Telemetry;

/// What the node's configuration says about partitions.
#[derive(Debug, Clone, Copy)]
pub struct PartitionSettings {
    /// `node.id`.
    pub local: BrokerId,
    /// `replica.lag.time.max.ms`.
    pub replica_lag_time_max_ms: u64,
    /// How many partitions an assignment is applied to at a time; at least one is.
    pub apply_concurrency: usize,
}

/// Works out the configuration of topics, and of what else logs go by, that holds at the moment.
pub trait TopicConfigs: Send + Sync {
    /// The configuration of a topic as the image and the node's own defaults have it.
    fn of_topic(&self, topic: &TopicName, image: &MetadataImage) -> TopicConfig;

    /// `producer.id.expiration.ms`.
    fn producer_expiration_ms(&self) -> i64;

    /// `log.cleaner.*`.
    fn compaction(&self) -> CompactionSettings;
}

/// As the node was started, without what was changed since in its own configuration.
impl TopicConfigs for BrokerConfig {
    fn of_topic(&self, topic: &TopicName, image: &MetadataImage) -> TopicConfig {
        let own = image.configs().of(&ConfigResource::topic(topic.as_str()));
        self.topic_config(own.into_iter().flatten())
    }

    fn producer_expiration_ms(&self) -> i64 {
        self.transactions.producer_id_expiration_ms
    }

    fn compaction(&self) -> CompactionSettings {
        (&self.cleaner).into()
    }
}

/// What the partitions of a node are put together from.
#[derive(Clone)]
pub struct PartitionParts {
    /// From the configuration.
    pub settings: PartitionSettings,
    /// Clocks, timers and chance.
    pub environment: Environment,
    /// The metadata in effect.
    pub metadata: Arc<MetadataCache>,
    /// The loaded logs.
    pub logs: Arc<LogDirectories>,
    /// The configuration of topics.
    pub topic_configs: Arc<dyn TopicConfigs>,
    /// Who counts what goes in and out of topics.
    pub telemetry: Arc<Telemetry>,
    /// The epoch of this broker's registration, [`BrokerEpoch::NONE`] until it has one. Whoever
    /// registers the broker sets it.
    pub broker_epoch: Arc<AtomicI64>,
}

/// The parts, and what the partitions have in common besides.
pub(super) struct Surroundings {
    pub(super) parts: PartitionParts,
    pub(super) deadlines: Deadlines,
    /// Told when there is something that may be flushed.
    pub(super) flush_wanted: Notify,
    /// Told when there are files that are to be removed one day.
    pub(super) removal_wanted: Notify,
    /// What moves between log directories.
    pub(super) moves: Moves,
}

impl Surroundings {
    pub(super) fn local_broker_epoch(&self) -> BrokerEpoch {
        BrokerEpoch(self.parts.broker_epoch.load(Ordering::Acquire))
    }

    pub(super) fn wall_ms(&self) -> i64 {
        self.parts.environment.clock.now().wall_ms
    }
}

/// A log as the core looks at it.
pub(super) struct LogAtNow<'a>(pub(super) &'a Log);

impl LogView for LogAtNow<'_> {
    fn log_start_offset(&self) -> Offset {
        self.0.log_start_offset()
    }

    fn log_end_offset(&self) -> Offset {
        self.0.log_end_offset()
    }

    fn last_stable_offset(&self, high_watermark: Offset) -> Offset {
        self.0.last_stable_offset(high_watermark)
    }

    fn latest_epoch(&self) -> Option<LeaderEpoch> {
        let (epoch, _) = self.0.latest_epoch()?;
        Some(epoch)
    }

    fn end_offset_of(&self, epoch: LeaderEpoch) -> Option<EpochEnd> {
        let (epoch, end_offset) = self.0.end_offset_for_epoch(epoch)?;
        Some(EpochEnd { epoch, end_offset })
    }
}

/// The brokers that an image has.
pub(super) struct BrokersOf<'a>(pub(super) &'a MetadataImage);

impl Brokers for BrokersOf<'_> {
    fn state_of(&self, broker: BrokerId) -> Option<BrokerState> {
        let registration = self.0.cluster().broker(broker.0)?;
        Some(BrokerState {
            epoch: BrokerEpoch(registration.epoch),
            is_fenced: registration.fenced,
            is_in_controlled_shutdown: registration.in_controlled_shutdown,
        })
    }
}
