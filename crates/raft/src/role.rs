//! The roles of a replica, each with the state that only it has.
//!
//! ```text
//! from        by                                  to          effects
//! Unattached  Start                               Candidate   persist epoch + 1 and our vote
//! Candidate   our vote is durable, and enough     Leader      persist that we lead
//! Leader      that is durable                     Leader      append the start of the epoch
//! Leader      the log is durable further          Leader      commit
//! ```

use protocol::ids::{LeaderEpoch, Offset};

/// What a replica is in its epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It knows of no leader and does not want to be it.
    Unattached(Unattached),
    /// It has voted for itself.
    Candidate(Candidate),
    /// It leads.
    Leader(Leader),
}

/// The state of a replica that knows no leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unattached {
    /// The latest epoch known.
    pub epoch: LeaderEpoch,
}

/// The state of a replica that wants to lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The epoch it wants to lead.
    pub epoch: LeaderEpoch,
}

/// The state of the leader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leader {
    /// The epoch it leads.
    pub epoch: LeaderEpoch,
    /// Where the epoch starts, once its first batch is in the log. Nothing is committed before a
    /// record of this epoch is.
    pub epoch_start: Option<Offset>,
}

impl Role {
    /// The epoch.
    pub const fn epoch(&self) -> LeaderEpoch {
        match self {
            Self::Unattached(Unattached { epoch })
            | Self::Candidate(Candidate { epoch })
            | Self::Leader(Leader { epoch, .. }) => *epoch,
        }
    }
}
