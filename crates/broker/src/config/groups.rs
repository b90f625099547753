//! Groups, committed offsets, producers and transactions, and the topics that coordinators keep
//! their state in.

use protocol::compression::Codec;

use super::error::ConfigError;
use super::settings::Settings;

/// Groups and committed offsets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupsConfig {
    /// `group.min.session.timeout.ms`.
    pub session_timeout_ms_min: i32,
    /// `group.max.session.timeout.ms`.
    pub session_timeout_ms_max: i32,
    /// `group.initial.rebalance.delay.ms`.
    pub initial_rebalance_delay_ms: i32,
    /// `group.max.size`.
    pub members_max: u32,
    /// `group.coordinator.append.linger.ms`; `None` adapts to the load.
    pub append_linger_ms: Option<u64>,
    /// `group.coordinator.rebalance.protocols`.
    pub protocols: Vec<String>,
    /// `offset.metadata.max.bytes`.
    pub offset_metadata_bytes_max: u32,
    /// `offsets.commit.timeout.ms`.
    pub commit_timeout_ms: u64,
    /// `offsets.load.buffer.size`.
    pub load_buffer_bytes: u32,
    /// `offsets.retention.minutes`, in milliseconds.
    pub offsets_retention_ms: i64,
    /// `offsets.retention.check.interval.ms`.
    pub offsets_retention_check_interval_ms: u64,
}

/// Producers and transactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionsConfig {
    /// `producer.id.expiration.ms`.
    pub producer_id_expiration_ms: i64,
    /// `producer.id.expiration.check.interval.ms`.
    pub producer_id_expiration_check_interval_ms: u64,
    /// `transactional.id.expiration.ms`.
    pub transactional_id_expiration_ms: i64,
}

/// What the topics of coordinators are made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalTopicsConfig {
    /// `__consumer_offsets`.
    pub offsets: InternalTopicConfig,
    /// `__transaction_state`.
    pub transactions: InternalTopicConfig,
    /// `__share_group_state`.
    pub share: InternalTopicConfig,
}

/// What a topic of a coordinator is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalTopicConfig {
    /// How many partitions.
    pub partition_count: i32,
    /// How many replicas.
    pub replication_factor: i16,
    /// Its `segment.bytes`.
    pub segment_bytes: u32,
    /// Its `min.insync.replicas`; `None` leaves it to the broker's default.
    pub min_insync_replicas: Option<i32>,
    /// The codec that the coordinator writes with.
    pub codec: Codec,
}

impl GroupsConfig {
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        const MINUTE_MS: i64 = 60_000;
        let protocols_key = "group.coordinator.rebalance.protocols";
        let retention_minutes: i64 = settings.number("offsets.retention.minutes")?;
        let config = Self {
            session_timeout_ms_min: settings.number("group.min.session.timeout.ms")?,
            session_timeout_ms_max: settings.number("group.max.session.timeout.ms")?,
            initial_rebalance_delay_ms: settings.number("group.initial.rebalance.delay.ms")?,
            members_max: settings.number("group.max.size")?,
            append_linger_ms: settings.limit("group.coordinator.append.linger.ms")?,
            protocols: settings.list(protocols_key)?.unwrap_or_default(),
            offset_metadata_bytes_max: settings.number("offset.metadata.max.bytes")?,
            commit_timeout_ms: settings.number("offsets.commit.timeout.ms")?,
            load_buffer_bytes: settings.number("offsets.load.buffer.size")?,
            offsets_retention_ms: retention_minutes * MINUTE_MS,
            offsets_retention_check_interval_ms: settings
                .number("offsets.retention.check.interval.ms")?,
        };
        if !config
            .protocols
            .iter()
            .any(|protocol| protocol == "classic")
        {
            let text = "Disabling the 'classic' protocol is not supported.";
            return Err(ConfigError::Conflict(text.to_owned()));
        }
        if config.session_timeout_ms_min > config.session_timeout_ms_max {
            let text = "group.min.session.timeout.ms must be less than or equal to \
                        group.max.session.timeout.ms";
            return Err(ConfigError::Conflict(text.to_owned()));
        }
        Ok(config)
    }
}

impl TransactionsConfig {
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let check_interval = "producer.id.expiration.check.interval.ms";
        Ok(Self {
            producer_id_expiration_ms: settings.number("producer.id.expiration.ms")?,
            producer_id_expiration_check_interval_ms: settings.number(check_interval)?,
            transactional_id_expiration_ms: settings.number("transactional.id.expiration.ms")?,
        })
    }
}

impl InternalTopicsConfig {
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let share_codec = "share.coordinator.state.topic.compression.codec";
        let share_replicas = "share.coordinator.state.topic.replication.factor";
        Ok(Self {
            offsets: InternalTopicConfig {
                partition_count: settings.number("offsets.topic.num.partitions")?,
                replication_factor: settings.number("offsets.topic.replication.factor")?,
                segment_bytes: settings.number("offsets.topic.segment.bytes")?,
                min_insync_replicas: None,
                codec: codec(settings, "offsets.topic.compression.codec")?,
            },
            transactions: InternalTopicConfig {
                partition_count: settings.number("transaction.state.log.num.partitions")?,
                replication_factor: settings.number("transaction.state.log.replication.factor")?,
                segment_bytes: settings.number("transaction.state.log.segment.bytes")?,
                min_insync_replicas: Some(settings.number("transaction.state.log.min.isr")?),
                codec: Codec::None,
            },
            share: InternalTopicConfig {
                partition_count: settings.number("share.coordinator.state.topic.num.partitions")?,
                replication_factor: settings.number(share_replicas)?,
                segment_bytes: settings.number("share.coordinator.state.topic.segment.bytes")?,
                min_insync_replicas: Some(
                    settings.number("share.coordinator.state.topic.min.isr")?,
                ),
                codec: codec(settings, share_codec)?,
            },
        })
    }
}

/// The codec that a key names by its number.
fn codec(settings: &Settings, name: &'static str) -> Result<Codec, ConfigError> {
    let id: i64 = settings.number(name)?;
    let codec = u8::try_from(id).ok().and_then(Codec::from_id);
    let unknown = || ConfigError::value(name, &id.to_string(), "Value must be between 0 and 4");
    codec.ok_or_else(unknown)
}
