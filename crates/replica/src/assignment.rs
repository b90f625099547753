//! What the metadata log says about a partition.

use std::collections::BTreeSet;

use protocol::ids::{BrokerId, LeaderEpoch, PartitionEpoch};

/// A partition as registered in the metadata.
///
/// The recovery state of the leader is not part of it: as in Kafka, a leader counts as recovered as
/// soon as it leads, and every AlterPartition says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionAssignment {
    /// None while no eligible replica is alive.
    pub leader: Option<BrokerId>,
    /// Grows with each change of leader.
    pub leader_epoch: LeaderEpoch,
    /// Grows with each change of any field.
    pub partition_epoch: PartitionEpoch,
    /// The in-sync replicas as the controller has committed them.
    pub isr: BTreeSet<BrokerId>,
    /// All replicas, those included that a reassignment adds or removes.
    pub replicas: BTreeSet<BrokerId>,
}

/// An assignment that contradicts itself. It is not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAssignment {
    /// The in-sync replicas have one that is no replica.
    #[error("apply assignment of epoch {epoch}: broker {broker} is in sync but no replica")]
    InSyncButNoReplica {
        /// The epoch of the assignment.
        epoch: PartitionEpoch,
        /// The broker.
        broker: BrokerId,
    },
    /// The leader is not in sync.
    #[error("apply assignment of epoch {epoch}: leader {leader} is not in sync")]
    LeaderNotInSync {
        /// The epoch of the assignment.
        epoch: PartitionEpoch,
        /// The leader.
        leader: BrokerId,
    },
}

impl PartitionAssignment {
    pub(crate) fn check(&self) -> Result<(), InvalidAssignment> {
        let epoch = self.partition_epoch;
        if let Some(&broker) = self.isr.difference(&self.replicas).next() {
            return Err(InvalidAssignment::InSyncButNoReplica { epoch, broker });
        }
        match self.leader {
            Some(leader) if !self.isr.contains(&leader) => {
                Err(InvalidAssignment::LeaderNotInSync { epoch, leader })
            }
            _ => Ok(()),
        }
    }
}
