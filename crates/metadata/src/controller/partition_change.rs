//! What becomes of a partition when its replicas, its in-sync replicas or its brokers change: who
//! leads, and whether a reassignment is complete (KIP-455, KIP-841, KIP-966).
//!
//! Invariants:
//! - Without unclean election, a leader is in sync, or eligible when nobody is in sync.
//! - The last in-sync replica stays in sync while it is away, unless eligible leader replicas
//!   keep its claim.

use protocol::Uuid;
use protocol::generated::metadata::{MetadataRecord, PartitionChangeRecord};

use super::reassignment::Reassignment;
use crate::features::MetadataVersion;
use crate::image::{
    ClusterImage, LeaderRecoveryState, NO_LEADER, NO_LEADER_CHANGE, PartitionRegistration,
};
use crate::record::VersionedRecord;

/// Who is preferred when a leader is to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Election {
    /// The first replica, even if the leader could stay.
    Preferred,
    /// The leader if it can stay, else any replica that has all that is committed.
    Online,
    /// As [`Self::Online`], and if there is none such, any replica at all.
    Unclean,
}

/// A partition and what is to be asked of it. What begins with `target` is what the partition has
/// until somebody wants it otherwise.
pub(super) struct PartitionChange<'a> {
    pub(super) topic_id: Uuid,
    pub(super) index: i32,
    pub(super) partition: &'a PartitionRegistration,
    pub(super) target_isr: Vec<i32>,
    pub(super) target_replicas: Vec<i32>,
    pub(super) target_removing: Vec<i32>,
    pub(super) target_adding: Vec<i32>,
    pub(super) target_recovery_state: LeaderRecoveryState,
    pub(super) is_acceptable_leader: &'a dyn Fn(i32) -> bool,
    pub(super) election: Election,
    /// A replica that may have lost what it had.
    pub(super) lost_replica: Option<i32>,
    /// The minimum of in-sync replicas, if eligible leader replicas are kept.
    pub(super) eligible_below: Option<usize>,
    /// Where new replicas go.
    pub(super) cluster: &'a ClusterImage,
    pub(super) version: MetadataVersion,
}

struct Elected {
    leader: i32,
    is_unclean: bool,
}

impl PartitionChange<'_> {
    /// The record that makes the change, if there is one.
    pub(super) fn build(mut self) -> Option<VersionedRecord> {
        let old = self.partition;
        let mut record = PartitionChangeRecord {
            topic_id: self.topic_id,
            partition_id: self.index,
            ..PartitionChangeRecord::default()
        };
        self.complete_reassignment();
        let mut eligible = self.target_eligible();
        let election = self.elect(&eligible);
        if election.leader != old.leader {
            if eligible.contains(&election.leader) {
                self.target_isr = vec![election.leader];
                eligible.retain(|replica| *replica != election.leader);
            }
            record.leader = election.leader;
            if election.is_unclean {
                record.isr = Some(vec![election.leader]);
                if old.leader_recovery_state != LeaderRecoveryState::Recovering {
                    record.leader_recovery_state = LeaderRecoveryState::Recovering.code();
                }
            }
        }
        self.bump_leader_epoch_if_replicas_leave(&mut record);
        let keeps_eligible = self.eligible_below.is_some();
        if record.isr.is_some() || !keeps_eligible {
            eligible.clear();
        }
        if eligible != old.eligible_leader_replicas {
            record.eligible_leader_replicas = Some(eligible);
        }
        let is_isr_kept = self.target_isr.is_empty() && !keeps_eligible;
        if record.isr.is_none() && !is_isr_kept && self.target_isr != old.isr {
            record.isr = Some(self.target_isr.clone());
        }
        self.bump_leader_epoch_if_isr_shrinks(&mut record);
        if keeps_eligible {
            self.remember_last_leader(&mut record);
        }
        self.set_assignment(&mut record);
        if self.target_recovery_state != old.leader_recovery_state {
            record.leader_recovery_state = self.target_recovery_state.code();
        }
        let nothing = PartitionChangeRecord {
            topic_id: self.topic_id,
            partition_id: self.index,
            ..PartitionChangeRecord::default()
        };
        (record != nothing).then(|| VersionedRecord {
            record: MetadataRecord::PartitionChange(record),
            version: self.version.partition_record_version(),
        })
    }

    /// Members that leave the in-sync replicas stay eligible while these are too few.
    fn target_eligible(&self) -> Vec<i32> {
        let Some(minimum) = self.eligible_below else {
            return self.partition.eligible_leader_replicas.clone();
        };
        if self.target_isr.len() >= minimum {
            return Vec::new();
        }
        let old = self.partition;
        let mut eligible: Vec<i32> = old.eligible_leader_replicas.clone();
        eligible.extend(&old.isr);
        eligible.sort_unstable();
        eligible.dedup();
        eligible.retain(|replica| {
            !self.target_isr.contains(replica) && self.lost_replica != Some(*replica)
        });
        eligible
    }

    fn elect(&self, eligible: &[i32]) -> Elected {
        let old = self.partition;
        let is_valid = |replica: &&i32| {
            let is_eligible = self.target_isr.contains(replica)
                || (self.target_isr.is_empty() && eligible.contains(replica));
            is_eligible && (self.is_acceptable_leader)(**replica)
        };
        let preferred = match self.election {
            Election::Preferred => self.target_replicas.first(),
            Election::Online | Election::Unclean => None,
        };
        let candidates = preferred.into_iter().chain([&old.leader]);
        let clean = candidates.chain(&self.target_replicas).find(is_valid);
        if let Some(leader) = clean {
            return Elected {
                leader: *leader,
                is_unclean: false,
            };
        }
        let is_acceptable = |replica: &&i32| (self.is_acceptable_leader)(**replica);
        let nobody_is_eligible =
            self.eligible_below.is_some() && eligible.is_empty() && self.target_isr.is_empty();
        let last_known = match &old.last_known_eligible_leader_replicas[..] {
            [only] if nobody_is_eligible => Some(only).filter(is_acceptable),
            _ => None,
        };
        let any = self.target_replicas.iter().find(is_acceptable);
        let is_unclean_allowed = self.election == Election::Unclean;
        let unclean = last_known.or(any.filter(|_| is_unclean_allowed));
        Elected {
            leader: unclean.copied().unwrap_or(NO_LEADER),
            is_unclean: unclean.is_some(),
        }
    }

    fn complete_reassignment(&mut self) {
        let reassignment = Reassignment {
            removing: self.target_removing.clone(),
            adding: self.target_adding.clone(),
            replicas: self.target_replicas.clone(),
        };
        if let Some(completed) = reassignment.completed(&self.target_isr) {
            self.target_isr = completed.isr;
            self.target_replicas = completed.replicas;
            self.target_removing.clear();
            self.target_adding.clear();
        }
    }

    /// Who holds no replica any more must not be able to fetch in the epoch of those who do.
    fn bump_leader_epoch_if_replicas_leave(&self, record: &mut PartitionChangeRecord) {
        let old = self.partition;
        let leave = |replica: &i32| !self.target_replicas.contains(replica);
        if record.leader == NO_LEADER_CHANGE && old.replicas.iter().any(leave) {
            record.leader = old.leader;
        }
    }

    fn set_assignment(&self, record: &mut PartitionChangeRecord) {
        let old = self.partition;
        let differs = |target: &Vec<i32>, old: &Vec<i32>| (target != old).then(|| target.clone());
        if !self.target_replicas.is_empty() {
            let directory = |replica: &i32| {
                let known = old.directory(*replica);
                known.unwrap_or_else(|| self.cluster.default_directory(*replica))
            };
            let directories: Vec<Uuid> = self.target_replicas.iter().map(directory).collect();
            if self.version.has_directory_assignment() && directories != old.directories {
                record.directories = Some(directories);
            }
            record.replicas = differs(&self.target_replicas, &old.replicas);
        }
        record.removing_replicas = differs(&self.target_removing, &old.removing_replicas);
        record.adding_replicas = differs(&self.target_adding, &old.adding_replicas);
    }

    fn bump_leader_epoch_if_isr_shrinks(&self, record: &mut PartitionChangeRecord) {
        let Some(isr) = &record.isr else {
            return;
        };
        let shrinks = self
            .partition
            .isr
            .iter()
            .any(|replica| !isr.contains(replica));
        let is_needed = self.version.bumps_leader_epoch_on_isr_shrink();
        if is_needed && shrinks && record.leader == NO_LEADER_CHANGE {
            record.leader = self.partition.leader;
        }
    }

    fn remember_last_leader(&self, record: &mut PartitionChangeRecord) {
        let known = &self.partition.last_known_eligible_leader_replicas;
        if record.leader == NO_LEADER && known.is_empty() {
            record.last_known_elr = Some(vec![self.partition.leader]);
        } else if record.leader >= 0 && !known.is_empty() {
            record.last_known_elr = Some(Vec::new());
        }
    }
}
