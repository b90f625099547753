//! A toy controller: registers and fences brokers, elects from the in-sync replicas only, and
//! decides about AlterPartition.

use std::collections::{BTreeMap, BTreeSet};

use protocol::ErrorCode;
use protocol::ids::{BrokerEpoch, BrokerId, LeaderEpoch, PartitionEpoch};
use replica::{AlterPartition, AlterPartitionAnswer, BrokerState, Brokers, PartitionAssignment};

/// What brokers learn from the metadata log, as of one version.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    pub(crate) version: u64,
    pub(crate) assignment: PartitionAssignment,
    pub(crate) brokers: BTreeMap<BrokerId, BrokerState>,
}

impl Brokers for Image {
    fn state_of(&self, broker: BrokerId) -> Option<BrokerState> {
        self.brokers.get(&broker).copied()
    }
}

impl Image {
    pub(super) fn new(brokers: &[BrokerId]) -> Self {
        let all: BTreeSet<BrokerId> = brokers.iter().copied().collect();
        let state = BrokerState {
            epoch: BrokerEpoch(1),
            is_fenced: false,
            is_in_controlled_shutdown: false,
        };
        Self {
            version: 1,
            assignment: PartitionAssignment {
                leader: Some(brokers[0]),
                leader_epoch: LeaderEpoch(0),
                partition_epoch: PartitionEpoch(0),
                isr: all.clone(),
                replicas: all.clone(),
            },
            brokers: all.into_iter().map(|broker| (broker, state)).collect(),
        }
    }

    pub(super) fn fence(&mut self, broker: BrokerId) {
        if !self.brokers[&broker].is_fenced {
            self.version += 1;
            self.brokers.get_mut(&broker).unwrap().is_fenced = true;
            self.remove_from_isr(broker);
        }
    }

    /// A broker that was only slow comes back, or one that crashed with a new epoch.
    pub(super) fn register(&mut self, broker: BrokerId, is_restart: bool) {
        self.version += 1;
        if is_restart {
            self.brokers.get_mut(&broker).unwrap().is_fenced = true;
            self.remove_from_isr(broker);
        }
        let epoch = BrokerEpoch(i64::try_from(self.version).unwrap());
        let state = self.brokers.get_mut(&broker).unwrap();
        if is_restart {
            state.epoch = epoch;
        }
        state.is_fenced = false;
        if self.assignment.leader.is_none() {
            self.elect(None);
        }
    }

    /// Moves leadership to another in-sync replica, if there is one.
    pub(super) fn move_leader(&mut self) {
        self.version += 1;
        let leader = self.assignment.leader;
        self.elect(leader);
    }

    pub(super) fn alter(
        &mut self,
        request: &AlterPartition,
    ) -> Result<AlterPartitionAnswer, ErrorCode> {
        let assignment = &mut self.assignment;
        if request.leader_epoch < assignment.leader_epoch {
            return Err(ErrorCode::FENCED_LEADER_EPOCH);
        }
        if request.partition_epoch != assignment.partition_epoch {
            return Err(ErrorCode::INVALID_UPDATE_VERSION);
        }
        for (broker, epoch) in &request.isr {
            let state = self.brokers[broker];
            if state.is_fenced || *epoch != BrokerEpoch::NONE && *epoch != state.epoch {
                return Err(ErrorCode::INELIGIBLE_REPLICA);
            }
        }
        self.version += 1;
        assignment.isr = request.isr.iter().map(|(broker, _)| *broker).collect();
        assignment.partition_epoch.0 += 1;
        Ok(AlterPartitionAnswer {
            leader_epoch: assignment.leader_epoch,
            partition_epoch: assignment.partition_epoch,
            isr: assignment.isr.clone(),
        })
    }

    fn remove_from_isr(&mut self, broker: BrokerId) {
        let assignment = &mut self.assignment;
        let is_last = assignment.isr.len() == 1;
        let was_in_sync = assignment.isr.contains(&broker);
        if was_in_sync && !is_last {
            assignment.isr.remove(&broker);
            assignment.partition_epoch.0 += 1;
        }
        if assignment.leader == Some(broker) {
            self.elect(Some(broker));
        }
    }

    fn elect(&mut self, not: Option<BrokerId>) {
        let assignment = &mut self.assignment;
        let mut alive = assignment.isr.iter().copied();
        let leader = alive.find(|broker| Some(*broker) != not && !self.brokers[broker].is_fenced);
        let keeps = not.filter(|broker| !self.brokers[broker].is_fenced);
        let leader = leader.or(keeps);
        if leader != assignment.leader {
            assignment.leader = leader;
            assignment.leader_epoch.0 += 1;
            assignment.partition_epoch.0 += 1;
        }
    }
}
