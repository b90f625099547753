//! Which voters and which `kraft.version` hold from which offset on, as the log and the latest
//! snapshot tell. Voters hold as soon as they are in the log, committed or not (KIP-853).

use std::collections::BTreeMap;

use protocol::ids::Offset;

use crate::batch::{BatchContent, ControlRecord, LogBatch};
use crate::snapshot::Snapshot;
use crate::voters::{KraftVersion, VoterSet};

/// The voters and versions by the offset of their records.
#[derive(Debug, Clone, Default)]
pub struct VoterHistory {
    voters: BTreeMap<Offset, VoterSet>,
    kraft_versions: BTreeMap<Offset, KraftVersion>,
}

impl VoterHistory {
    /// Takes over what a snapshot says; its records count as those before its end offset.
    pub fn load_snapshot(&mut self, snapshot: &Snapshot) {
        let offset = snapshot.id.offset.plus(-1);
        if let Some(kraft_version) = snapshot.kraft_version {
            self.kraft_versions.insert(offset, kraft_version);
        }
        if let Some(voters) = &snapshot.voters {
            self.voters.insert(offset, voters.clone());
        }
    }

    /// Takes over what a batch of the log says.
    pub fn replay(&mut self, batch: &LogBatch) {
        let BatchContent::Control(records) = &batch.content else {
            return;
        };
        for (record, delta) in records.iter().zip(0..) {
            let offset = batch.base_offset.plus(delta);
            match record {
                ControlRecord::KraftVersion(version) => {
                    self.kraft_versions.insert(offset, *version);
                }
                ControlRecord::Voters(voters) => {
                    self.voters.insert(offset, voters.clone());
                }
                ControlRecord::LeaderChange(_)
                | ControlRecord::SnapshotHeader { .. }
                | ControlRecord::SnapshotFooter
                | ControlRecord::Other(_) => {}
            }
        }
    }

    /// Forgets what no snapshot at or behind `offset` needs any more.
    pub fn forget_before(&mut self, offset: Offset) {
        forget_before(&mut self.voters, offset);
        forget_before(&mut self.kraft_versions, offset);
    }

    /// The latest voters with the offset of their record, -1 if only the snapshot that formatting
    /// has written tells of them.
    pub fn voters(&self) -> Option<(Offset, &VoterSet)> {
        let latest = self.voters.last_key_value();
        latest.map(|(offset, voters)| (*offset, voters))
    }

    /// The latest version.
    pub fn kraft_version(&self) -> KraftVersion {
        let latest = self.kraft_versions.last_key_value();
        latest.map_or(KraftVersion::Zero, |(_, version)| *version)
    }

    /// The voters that a snapshot with this end offset has to tell of.
    pub fn voters_before(&self, end_offset: Offset) -> Option<&VoterSet> {
        let before = self.voters.range(..end_offset).next_back();
        before.map(|(_, voters)| voters)
    }

    /// The version that holds at the end of a snapshot.
    pub fn kraft_version_before(&self, end_offset: Offset) -> KraftVersion {
        let before = self.kraft_versions.range(..end_offset).next_back();
        before.map_or(KraftVersion::Zero, |(_, version)| *version)
    }
}

/// Keeps the last entry below `offset`, which holds there.
fn forget_before<T>(entries: &mut BTreeMap<Offset, T>, offset: Offset) {
    let holding = entries.range(..offset).next_back().map(|(at, _)| *at);
    if let Some(holding) = holding {
        entries.retain(|at, _| *at >= holding);
    }
}
