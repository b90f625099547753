//! The control batches that a leader writes: the one that opens its epoch says who leads, and, if
//! the log does not say so yet, `kraft.version` and the voters; another raises `kraft.version`.

use protocol::Uuid;
use protocol::generated::control::LeaderChangeMessage;
use protocol::generated::control::leader_change_message::Voter as LeaderChangeVoter;
use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::BuildError;

use crate::batch::{ControlRecord, build_control_batch};
use crate::voter_history::VoterHistory;
use crate::voters::{KraftVersion, Voter, VoterSet};

/// What opens an epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StartOfEpoch<'a> {
    pub(crate) epoch: LeaderEpoch,
    /// This node as its configuration describes it.
    pub(crate) local: &'a Voter,
    pub(crate) voters: &'a VoterSet,
    pub(crate) history: &'a VoterHistory,
}

impl StartOfEpoch<'_> {
    pub(crate) fn records(&self) -> Vec<ControlRecord> {
        let voter = |id| LeaderChangeVoter {
            voter_id: id,
            voter_directory_id: Uuid::ZERO,
        };
        // Kafka writes version 0, which knows no directories, whatever kraft.version is; its tools
        // read no other.
        let mut records = vec![ControlRecord::LeaderChange(LeaderChangeMessage {
            version: 0,
            leader_id: self.local.key.id,
            voters: self.voters.iter().map(|each| voter(each.key.id)).collect(),
            granting_voters: vec![voter(self.local.key.id)],
        })];
        let kraft_version = self.history.kraft_version();
        if kraft_version == KraftVersion::One {
            let latest = self.history.voters();
            let is_in_log = latest.is_some_and(|(offset, _)| offset >= Offset::ZERO);
            let is_as_configured = self.voters.voter(self.local.key.id) == Some(self.local);
            if !is_in_log || !is_as_configured {
                records.push(ControlRecord::KraftVersion(kraft_version));
                records.push(ControlRecord::Voters(self.voters.with(self.local.clone())));
            }
        }
        records
    }

    pub(crate) fn batch(&self, timestamp_ms: i64) -> Result<Vec<u8>, BuildError> {
        build_control_batch(Offset::ZERO, self.epoch, timestamp_ms, &self.records())
    }

    /// From here on the voters stand in the log, known by id and directory (KIP-853).
    pub(crate) fn raised_kraft_version_batch(
        &self,
        timestamp_ms: i64,
    ) -> Result<Vec<u8>, BuildError> {
        let records = [
            ControlRecord::KraftVersion(KraftVersion::One),
            ControlRecord::Voters(self.voters.with(self.local.clone())),
        ];
        build_control_batch(Offset::ZERO, self.epoch, timestamp_ms, &records)
    }
}
