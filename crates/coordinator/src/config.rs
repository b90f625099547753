//! What an operator sets for the group coordinator, under Kafka's keys. Reading and checking the
//! keys is the job of the caller.

/// The settings of the group coordinator. Each field names its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupConfig {
    /// `group.min.session.timeout.ms`; Kafka's default is 6,000.
    pub session_timeout_ms_min: i32,
    /// `group.max.session.timeout.ms`; Kafka's default is 1,800,000.
    pub session_timeout_ms_max: i32,
    /// `group.initial.rebalance.delay.ms`; Kafka's default is 3,000.
    pub initial_rebalance_delay_ms: u64,
    /// `group.max.size`; Kafka's default is 2,147,483,647 members.
    pub group_size_max: usize,
    /// `offset.metadata.max.bytes`, which Kafka counts in UTF-16 units; its default is 4,096.
    pub offset_metadata_size_max: usize,
    /// `offsets.retention.minutes`, in milliseconds; Kafka's default is seven days.
    pub offsets_retention_ms: i64,
    /// `offsets.retention.check.interval.ms`; Kafka's default is 600,000.
    pub offsets_retention_check_interval_ms: u64,
}

impl GroupConfig {
    /// How long a member that joins for the first time may wait for its first answer before it is
    /// taken for gone. Kafka has no key for it.
    pub(crate) const NEW_MEMBER_JOIN_TIMEOUT_MS: u64 = 5 * 60 * 1000;
}
