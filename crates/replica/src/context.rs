//! What a partition looks at while it handles a call: the time, its log, the other brokers and the
//! configuration. The shell gathers it; nothing of it is kept from call to call.

use protocol::ids::{BrokerEpoch, BrokerId, LeaderEpoch, Offset};
use protocol::time::Now;

/// The surroundings of one call.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The time.
    pub now: Now,
    /// The log.
    pub log: &'a dyn LogView,
    /// The other brokers.
    pub brokers: &'a dyn Brokers,
    /// The epoch of this broker's registration.
    pub local_broker_epoch: BrokerEpoch,
    /// `replica.lag.time.max.ms`: how long a follower may not have caught up and stay in sync.
    pub replica_lag_time_max_ms: u64,
    /// `min.insync.replicas` of the topic; never more than there are replicas is asked for.
    pub min_insync_replicas: usize,
}

/// The log of the partition as it is at this moment.
pub trait LogView {
    /// The first offset of the log.
    fn log_start_offset(&self) -> Offset;

    /// The offset behind the last record.
    fn log_end_offset(&self) -> Offset;

    /// The offset below which no transaction is open, given how far records are committed.
    fn last_stable_offset(&self, high_watermark: Offset) -> Offset;

    /// The latest leader epoch in the log's history.
    fn latest_epoch(&self) -> Option<LeaderEpoch>;

    /// The largest epoch not above `epoch` that the log has, and where it ended; none if `epoch` is
    /// above all it knows (KIP-101, KIP-279).
    fn end_offset_of(&self, epoch: LeaderEpoch) -> Option<EpochEnd>;
}

/// Where a leader epoch ended: the offset behind its last record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochEnd {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// The offset behind the last record.
    pub end_offset: Offset,
}

/// The brokers as the metadata image has them.
pub trait Brokers {
    /// None if the broker is not registered.
    fn state_of(&self, broker: BrokerId) -> Option<BrokerState>;
}

/// A registered broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokerState {
    /// The epoch.
    pub epoch: BrokerEpoch,
    /// Whether it may not lead.
    pub is_fenced: bool,
    /// Whether it is giving up its leaderships.
    pub is_in_controlled_shutdown: bool,
}

impl BrokerState {
    /// Whether its heartbeats arrive.
    pub(crate) fn is_alive(self) -> bool {
        !self.is_fenced
    }
}
