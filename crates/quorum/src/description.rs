//! The quorum as its leader sees it: who votes, and how far everybody is (KIP-595, KIP-853).

use protocol::ids::{LeaderEpoch, Offset};
use protocol::time::Now;
use raft::{Endpoint, ReplicaKey, Role};

use crate::quorum::Quorum;

/// What the leader of an epoch knows. Nobody fetches from it so far, so there are no observers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumDescription {
    /// The leader, which is this node.
    pub leader_id: i32,
    /// The epoch it leads.
    pub epoch: LeaderEpoch,
    /// The offset below which everything is committed, none before it knows.
    pub high_watermark: Option<Offset>,
    /// The voters by ascending id.
    pub voters: Vec<ReplicaDescription>,
}

/// One replica of the metadata log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaDescription {
    /// Who it is.
    pub key: ReplicaKey,
    /// Where it is reached.
    pub endpoints: Vec<Endpoint>,
    /// The offset below which it has everything durably, none before the leader knows.
    pub log_end_offset: Option<Offset>,
    /// When it last fetched, in milliseconds since 1970; a leader does all the time.
    pub last_fetch_ms: i64,
    /// When it last had everything that the leader had.
    pub last_caught_up_ms: i64,
}

impl Quorum {
    /// The quorum now, if this node leads it.
    pub fn describe(&self, now: Now) -> Option<QuorumDescription> {
        let high_watermark = self.high_watermark();
        self.raft(|raft| {
            let epoch = match raft.role() {
                Role::Leader(leader) => leader.epoch,
                Role::Unattached(_) | Role::Candidate(_) => return None,
            };
            // The only voter: what it has durably is committed.
            let voters = raft.voters().iter().map(|voter| ReplicaDescription {
                key: voter.key,
                endpoints: voter.endpoints.clone(),
                log_end_offset: high_watermark,
                last_fetch_ms: now.wall_ms,
                last_caught_up_ms: now.wall_ms,
            });
            Some(QuorumDescription {
                leader_id: raft.local().key.id,
                epoch,
                high_watermark,
                voters: voters.collect(),
            })
        })
    }

    /// Why `kraft.version` cannot be raised: the voters would have to stand in the log by their
    /// directories.
    ///
    /// # Errors
    /// The reason.
    pub fn check_kraft_version_upgrade(&self) -> Result<(), String> {
        let local = self.raft(|raft| raft.local().key);
        match local.directory_id {
            Some(_) => Ok(()),
            None => Err(format!(
                "Directory id must be known for all of the voters, but that of node {} is not",
                local.id
            )),
        }
    }
}
