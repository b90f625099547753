//! Who leads a partition when its in-sync replicas or its brokers change (KIP-841, KIP-966).
//!
//! Invariants:
//! - Without unclean election, a leader is in sync, or eligible when nobody is in sync.
//! - The last in-sync replica stays in sync while it is away, unless eligible leader replicas
//!   keep its claim.

use protocol::Uuid;
use protocol::generated::metadata::{MetadataRecord, PartitionChangeRecord};

use crate::features::MetadataVersion;
use crate::image::{LeaderRecoveryState, NO_LEADER, NO_LEADER_CHANGE, PartitionRegistration};
use crate::record::VersionedRecord;

/// A partition and what is to be asked of it.
pub(super) struct PartitionChange<'a> {
    pub(super) topic_id: Uuid,
    pub(super) index: i32,
    pub(super) partition: &'a PartitionRegistration,
    pub(super) target_isr: Vec<i32>,
    pub(super) is_acceptable_leader: &'a dyn Fn(i32) -> bool,
    /// `unclean.leader.election.enable` of the topic.
    pub(super) is_unclean_allowed: bool,
    /// A replica that may have lost what it had.
    pub(super) lost_replica: Option<i32>,
    /// The minimum of in-sync replicas, if eligible leader replicas are kept.
    pub(super) eligible_below: Option<usize>,
    pub(super) version: MetadataVersion,
}

struct Election {
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

    fn elect(&self, eligible: &[i32]) -> Election {
        let old = self.partition;
        let is_valid = |replica: &i32| {
            let is_eligible = self.target_isr.contains(replica)
                || (self.target_isr.is_empty() && eligible.contains(replica));
            is_eligible && (self.is_acceptable_leader)(*replica)
        };
        let clean = std::iter::once(&old.leader)
            .chain(&old.replicas)
            .find(|replica| is_valid(replica));
        if let Some(leader) = clean {
            return Election {
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
        let any = old.replicas.iter().find(is_acceptable);
        let unclean = last_known.or(any.filter(|_| self.is_unclean_allowed));
        Election {
            leader: unclean.copied().unwrap_or(NO_LEADER),
            is_unclean: unclean.is_some(),
        }
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
