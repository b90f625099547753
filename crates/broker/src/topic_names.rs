//! Names of topics that have a meaning of their own.

/// Where groups keep their offsets and members.
pub const CONSUMER_OFFSETS: &str = "__consumer_offsets";
/// Where transactions are kept.
pub const TRANSACTION_STATE: &str = "__transaction_state";
/// Where share groups keep what was delivered.
pub const SHARE_GROUP_STATE: &str = "__share_group_state";

/// Whether a topic is the brokers' own.
pub fn is_internal(name: &str) -> bool {
    [CONSUMER_OFFSETS, TRANSACTION_STATE, SHARE_GROUP_STATE].contains(&name)
}
