//! What a voter must remember across a crash: the epoch it is in, who leads it, and whom it has
//! voted for. The file `quorum-state` holds it.

use protocol::ids::LeaderEpoch;

use crate::voters::ReplicaKey;

/// The election as this replica knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ElectionState {
    /// The latest epoch known. It never goes back.
    pub epoch: LeaderEpoch,
    /// Who leads it, if that is known.
    pub leader_id: Option<i32>,
    /// Whom this replica has voted for in it; a second vote would make two leaders.
    pub voted: Option<ReplicaKey>,
}

impl ElectionState {
    /// Of a replica that has never taken part in an election.
    pub const NONE: Self = Self {
        epoch: LeaderEpoch(0),
        leader_id: None,
        voted: None,
    };
}
