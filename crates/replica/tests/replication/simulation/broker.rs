//! A simulated broker: the shell around one partition.

use protocol::ids::{BrokerEpoch, BrokerId, Offset};
use protocol::time::Now;
use replica::{Context, Partition};

use super::controller::Image;
use crate::toy_log::ToyLog;

pub(crate) const LAG_MAX_MS: u64 = 300;
pub(crate) const MIN_INSYNC_REPLICAS: usize = 2;

/// One broker; the log and the checkpoint survive a crash.
pub(crate) struct Broker {
    pub(crate) id: BrokerId,
    pub(crate) log: ToyLog,
    pub(crate) partition: Partition,
    pub(crate) image: Image,
    pub(crate) epoch: BrokerEpoch,
    /// Counts the starts, so that what was meant for an earlier one does not reach a later one.
    pub(crate) starts: u64,
    pub(crate) is_up: bool,
    pub(crate) paused_until_ms: u64,
    pub(crate) checkpoint: Offset,
    /// The number of the fetch whose answer is waited for.
    pub(crate) fetch: u64,
    pub(crate) deadline_ms: Option<u64>,
}

impl Broker {
    pub(super) fn new(id: BrokerId, image: Image) -> Self {
        Self {
            id,
            log: ToyLog::default(),
            partition: Partition::new(id, Offset::ZERO),
            epoch: image.brokers[&id].epoch,
            image,
            starts: 0,
            is_up: true,
            paused_until_ms: 0,
            checkpoint: Offset::ZERO,
            fetch: 0,
            deadline_ms: None,
        }
    }

    /// Calls the partition with the surroundings of this broker.
    pub(super) fn call<T>(
        &mut self,
        now_ms: u64,
        act: impl FnOnce(&mut Partition, &Context<'_>) -> T,
    ) -> T {
        let context = Context {
            now: Now {
                monotonic_ms: now_ms,
                wall_ms: 0,
            },
            log: &self.log,
            brokers: &self.image,
            local_broker_epoch: self.epoch,
            replica_lag_time_max_ms: LAG_MAX_MS,
            min_insync_replicas: MIN_INSYNC_REPLICAS,
        };
        act(&mut self.partition, &context)
    }
}
