//! What an operator sets for the coordinators of a node, under Kafka's keys. Reading and checking
//! the keys is the job of `config`.

use coordinator::GroupConfig;
use protocol::compression::Compression;
use protocol::ids::BrokerId;

use crate::config::BrokerConfig;

/// The settings of the coordinators. Each field names its key.
#[derive(Debug, Clone)]
pub struct GroupsSettings {
    /// `node.id`.
    pub broker_id: BrokerId,
    /// `offsets.topic.num.partitions`: how many partitions groups are spread over as long as the
    /// topic does not exist. Afterwards it is as many as the topic has.
    pub offsets_topic_partition_count: i32,
    /// `offsets.topic.compression.codec`.
    pub compression: Compression,
    /// `offsets.load.buffer.size`: so much of the log is read at a time, and one batch at least.
    pub load_buffer_bytes: usize,
    /// What concerns the groups themselves.
    pub group: GroupConfig,
}

impl From<&BrokerConfig> for GroupsSettings {
    fn from(config: &BrokerConfig) -> Self {
        let (groups, topic) = (&config.groups, &config.internal_topics.offsets);
        let retention_check_interval_ms = groups.offsets_retention_check_interval_ms;
        Self {
            broker_id: config.node.id,
            offsets_topic_partition_count: topic.partition_count,
            compression: Compression::with_default_level(topic.codec),
            load_buffer_bytes: groups.load_buffer_bytes as usize,
            group: GroupConfig {
                session_timeout_ms_min: groups.session_timeout_ms_min,
                session_timeout_ms_max: groups.session_timeout_ms_max,
                // A delay below zero is none.
                initial_rebalance_delay_ms: u64::try_from(groups.initial_rebalance_delay_ms)
                    .unwrap_or(0),
                group_size_max: groups.members_max as usize,
                offset_metadata_size_max: groups.offset_metadata_bytes_max as usize,
                offsets_retention_ms: groups.offsets_retention_ms,
                offsets_retention_check_interval_ms: retention_check_interval_ms,
            },
        }
    }
}
