//! The state machine itself: inputs in, effects out.
//!
//! Effects are carried out in order, and each one that has an answer is answered by an input before
//! the next input is given.

use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::BuildError;
use protocol::time::Now;
use thiserror::Error;

use crate::batch::LogBatch;
use crate::election_state::ElectionState;
use crate::role::{Candidate, Leader, Role, Unattached};
use crate::start_of_epoch::StartOfEpoch;
use crate::voter_history::VoterHistory;
use crate::voters::{KraftVersion, ReplicaKey, Voter, VoterSet};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The node is up.
    Start,
    /// The election state of the last [`Effect::Persist`] is durable.
    Persisted,
    /// The batch of [`Effect::AppendStartOfEpoch`] is in the log, from this offset on.
    EpochStarted {
        /// The offset of its first record.
        base_offset: Offset,
    },
    /// Everything below is durable.
    Flushed {
        /// The offset after the last durable record.
        end_offset: Offset,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make this durable, then answer [`Input::Persisted`].
    Persist(ElectionState),
    /// Append this control batch in the epoch, then answer [`Input::EpochStarted`].
    AppendStartOfEpoch {
        /// The epoch.
        epoch: LeaderEpoch,
        /// The batch.
        batch: Vec<u8>,
    },
    /// Everything below is committed now.
    Commit {
        /// The new high watermark.
        high_watermark: Offset,
    },
}

/// What a replica begins with: its own description, and what its disk remembers.
#[derive(Debug, Clone)]
pub struct Replica {
    /// This node as its configuration describes it.
    pub local: Voter,
    /// What `quorum-state` said.
    pub election: ElectionState,
    /// The epoch of the last record in the log or of the latest snapshot; none if there is neither.
    pub last_epoch: Option<LeaderEpoch>,
    /// What log and snapshots tell of the voters.
    pub history: VoterHistory,
    /// `controller.quorum.voters`; it counts while `kraft.version` is 0.
    pub configured_voters: VoterSet,
}

/// Why this node cannot be the quorum.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SoleVoterError {
    /// `kraft.version` is above 0, but nothing tells of voters.
    #[error(
        "start quorum: kraft.version is 1, but neither the log nor a snapshot tells of voters; \
         format the directory with --standalone"
    )]
    NoVoters,
    /// `kraft.version` is 0, and no voters are configured.
    #[error(
        "start quorum: kraft.version is 0 and controller.quorum.voters is empty; configure it, or \
         format the directory with --standalone"
    )]
    NotConfigured,
    /// Elections among several voters are missing.
    #[error(
        "start quorum: it has {count} voters, and elections among several (Vote, \
         BeginQuorumEpoch, Fetch between controllers) are not implemented yet"
    )]
    SeveralVoters {
        /// How many there are.
        count: usize,
    },
    /// Following a leader is missing.
    #[error(
        "start quorum: node {local:?} is not the voter, which is {voter:?}, and following a \
         leader (observers) is not implemented yet"
    )]
    NotTheVoter {
        /// This node.
        local: ReplicaKey,
        /// The voter.
        voter: ReplicaKey,
    },
}

/// One replica of the quorum.
#[derive(Debug)]
pub struct Raft {
    local: Voter,
    role: Role,
    history: VoterHistory,
    configured_voters: VoterSet,
    high_watermark: Option<Offset>,
}

impl Raft {
    /// A replica that is not started yet.
    ///
    /// # Errors
    /// When this node is not the only voter.
    pub fn new(replica: Replica) -> Result<Self, SoleVoterError> {
        // A log that is ahead of the election state was written by somebody who knew more.
        let log_epoch = replica.last_epoch.unwrap_or(LeaderEpoch(0));
        let epoch = replica.election.epoch.max(log_epoch);
        let raft = Self {
            local: replica.local,
            role: Role::Unattached(Unattached { epoch }),
            history: replica.history,
            configured_voters: replica.configured_voters,
            high_watermark: None,
        };
        raft.check_sole_voter()?;
        Ok(raft)
    }

    /// Takes an input; returns what is to be done.
    ///
    /// # Errors
    /// When the voters do not fit into a batch.
    pub fn handle(&mut self, now: Now, input: Input) -> Result<Vec<Effect>, BuildError> {
        match (self.role, input) {
            (Role::Unattached(Unattached { epoch }), Input::Start) => {
                Ok(self.become_candidate(LeaderEpoch(epoch.0 + 1)))
            }
            (Role::Candidate(Candidate { epoch }), Input::Persisted) => {
                Ok(self.become_leader(epoch))
            }
            (Role::Leader(Leader { epoch, .. }), Input::Persisted) => {
                let batch = self.start_of(epoch).batch(now.wall_ms)?;
                Ok(vec![Effect::AppendStartOfEpoch { epoch, batch }])
            }
            (Role::Leader(leader), Input::EpochStarted { base_offset }) => {
                let epoch_start = Some(base_offset);
                self.role = Role::Leader(Leader {
                    epoch_start,
                    ..leader
                });
                Ok(Vec::new())
            }
            (Role::Leader(leader), Input::Flushed { end_offset }) => {
                Ok(self.advance_high_watermark(leader, end_offset))
            }
            // Nothing that was asked for, or not in this role any more.
            (Role::Unattached(_), _)
            | (Role::Candidate(_), _)
            | (Role::Leader(_), Input::Start) => Ok(Vec::new()),
        }
    }

    /// Takes over what a batch says that was appended.
    pub fn replay(&mut self, batch: &LogBatch) {
        self.history.replay(batch);
    }

    /// Forgets voters that no snapshot from `offset` on needs.
    pub fn forget_before(&mut self, offset: Offset) {
        self.history.forget_before(offset);
    }

    /// The control batch with which the leader raises `kraft.version` to 1. To be appended, and
    /// then replayed.
    ///
    /// # Errors
    /// When the voters do not fit into a batch.
    pub fn raised_kraft_version_batch(
        &self,
        epoch: LeaderEpoch,
        now: Now,
    ) -> Result<Vec<u8>, BuildError> {
        let leader = self.start_of(epoch);
        leader.raised_kraft_version_batch(now.wall_ms)
    }

    /// This node as its configuration describes it.
    pub const fn local(&self) -> &Voter {
        &self.local
    }

    /// The role.
    pub const fn role(&self) -> &Role {
        &self.role
    }

    /// The offset below which everything is committed; none before this leader has committed.
    pub const fn high_watermark(&self) -> Option<Offset> {
        self.high_watermark
    }

    /// What log and snapshots tell of the voters.
    pub const fn history(&self) -> &VoterHistory {
        &self.history
    }

    /// The voters that count now.
    pub fn voters(&self) -> &VoterSet {
        match (self.history.kraft_version(), self.history.voters()) {
            (KraftVersion::One, Some((_, voters))) => voters,
            (KraftVersion::Zero, _) | (KraftVersion::One, None) => &self.configured_voters,
        }
    }

    fn start_of(&self, epoch: LeaderEpoch) -> StartOfEpoch<'_> {
        StartOfEpoch {
            epoch,
            local: &self.local,
            voters: self.voters(),
            history: &self.history,
        }
    }

    fn become_candidate(&mut self, epoch: LeaderEpoch) -> Vec<Effect> {
        self.role = Role::Candidate(Candidate { epoch });
        vec![Effect::Persist(ElectionState {
            epoch,
            leader_id: None,
            voted: Some(self.local.key),
        })]
    }

    /// Our own vote is all there is to wait for.
    fn become_leader(&mut self, epoch: LeaderEpoch) -> Vec<Effect> {
        self.role = Role::Leader(Leader {
            epoch,
            epoch_start: None,
        });
        vec![Effect::Persist(ElectionState {
            epoch,
            leader_id: Some(self.local.key.id),
            // Whoever leads an epoch grants nobody a vote in it.
            voted: None,
        })]
    }

    fn advance_high_watermark(&mut self, leader: Leader, durable: Offset) -> Vec<Effect> {
        // What earlier leaders wrote is committed by a record of this epoch only (Raft, 5.4.2).
        let is_of_epoch = leader.epoch_start.is_some_and(|start| durable > start);
        let is_higher = self
            .high_watermark
            .is_none_or(|committed| durable > committed);
        if !is_of_epoch || !is_higher {
            return Vec::new();
        }
        self.high_watermark = Some(durable);
        let high_watermark = durable;
        vec![Effect::Commit { high_watermark }]
    }

    fn check_sole_voter(&self) -> Result<(), SoleVoterError> {
        let kraft_version = self.history.kraft_version();
        if kraft_version == KraftVersion::One && self.history.voters().is_none() {
            return Err(SoleVoterError::NoVoters);
        }
        let voters = self.voters();
        let mut all = voters.iter();
        let Some(voter) = all.next() else {
            return Err(match kraft_version {
                KraftVersion::Zero => SoleVoterError::NotConfigured,
                KraftVersion::One => SoleVoterError::NoVoters,
            });
        };
        if all.len() > 0 {
            let count = voters.count();
            return Err(SoleVoterError::SeveralVoters { count });
        }
        let (local, voter) = (self.local.key, voter.key);
        let is_same_directory =
            voter.directory_id.is_none() || voter.directory_id == local.directory_id;
        if voter.id != local.id || !is_same_directory {
            return Err(SoleVoterError::NotTheVoter { local, voter });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
