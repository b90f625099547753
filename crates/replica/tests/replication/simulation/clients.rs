//! What clients were told: the history that the invariants are checked against.

use std::collections::BTreeMap;

use protocol::ids::{BrokerId, LeaderEpoch, Offset};
use replica::WaiterId;

/// A record whose producer waits for acks=all.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Produced {
    pub(crate) offset: Offset,
    pub(crate) entry: (LeaderEpoch, u64),
    /// Whether a later leader had begun before this record was appended.
    pub(crate) is_by_zombie: bool,
}

/// All that clients did and saw.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    /// Produce requests without answer, by broker, start and waiter.
    pub(super) waiting: BTreeMap<(BrokerId, u64, WaiterId), Produced>,
    pub(crate) acked: Vec<Produced>,
    /// What readers were told is the latest offset, with the leader epoch.
    pub(crate) latest: Option<(LeaderEpoch, Offset)>,
    pub(super) next_value: u64,
}
