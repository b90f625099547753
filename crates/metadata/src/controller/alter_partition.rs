//! AlterPartition: a leader says who is in sync with it (KIP-497, KIP-841, KIP-903).
//!
//! Invariants:
//! - Only the leader of the present leader epoch, who knows the present partition epoch, is heard.
//! - Nobody gets in sync who is fenced, on its way out, or of another incarnation than the leader
//!   has seen.

use protocol::ErrorCode;
use protocol::generated::alter_partition_request::{
    AlterPartitionRequest, BrokerState, PartitionData,
};
use protocol::generated::metadata::MetadataRecord;

use super::partition_change::PartitionChange;
use super::{ApiError, Controller, Outcome};
use crate::image::{LeaderRecoveryState, NO_LEADER_CHANGE, PartitionRegistration, TopicImage};
use crate::record::VersionedRecord;
use protocol::Uuid;
use std::sync::Arc;

/// What came of one partition of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlteredPartition {
    /// The topic.
    pub topic_id: Uuid,
    /// The partition.
    pub index: i32,
    /// What it is now.
    pub result: Result<Arc<PartitionRegistration>, ErrorCode>,
}

impl Controller<'_> {
    /// Changes in-sync replicas, in the order of the request.
    ///
    /// # Errors
    /// When the broker is not registered at the epoch that it names.
    pub fn alter_partitions(
        &self,
        request: &AlterPartitionRequest,
    ) -> Result<Outcome<Vec<AlteredPartition>>, ApiError> {
        self.check_broker_epoch(request.broker_id, request.broker_epoch)?;
        let mut outcome = Outcome::none(Vec::new());
        for asked in &request.topics {
            let topic = self.image().topics().by_id(asked.topic_id);
            for data in &asked.partitions {
                let altered = match topic {
                    Some(topic) => self.alter_partition(request.broker_id, topic, data),
                    None => (None, Err(ErrorCode::UNKNOWN_TOPIC_ID)),
                };
                outcome.records.extend(altered.0);
                outcome.response.push(AlteredPartition {
                    topic_id: asked.topic_id,
                    index: data.partition_index,
                    result: altered.1,
                });
            }
        }
        Ok(outcome)
    }

    /// A record and an error at once say that a reassignment has ended and taken the lead from the
    /// broker that asks.
    fn alter_partition(
        &self,
        broker_id: i32,
        topic: &Arc<TopicImage>,
        data: &PartitionData,
    ) -> (
        Option<VersionedRecord>,
        Result<Arc<PartitionRegistration>, ErrorCode>,
    ) {
        let index = data.partition_index;
        let Some(partition) = topic.partitions.get(&index) else {
            return (None, Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
        };
        let isr = new_isr(data);
        let recovery_state = match self.check_alteration(broker_id, partition, data, &isr) {
            Ok(recovery_state) => recovery_state,
            Err(error_code) => return (None, Err(error_code)),
        };
        let elections = self.elections_of(topic);
        let can_lead = |id| self.can_lead(partition, id);
        let change = PartitionChange {
            target_isr: isr.iter().map(|each| each.broker_id).collect(),
            target_recovery_state: recovery_state,
            election: elections.automatic(),
            ..elections.change(index, partition, &can_lead)
        };
        let Some(record) = change.build() else {
            return (None, Ok(Arc::clone(partition)));
        };
        let result = match &record.record {
            MetadataRecord::PartitionChange(change)
                if ![broker_id, NO_LEADER_CHANGE].contains(&change.leader) =>
            {
                Err(ErrorCode::NEW_LEADER_ELECTED)
            }
            MetadataRecord::PartitionChange(change) => match partition.merge(change) {
                Ok(merged) => Ok(Arc::new(merged)),
                Err(_) => return (None, Err(ErrorCode::UNKNOWN_SERVER_ERROR)),
            },
            _ => unreachable!("a partition is changed by a record of that"),
        };
        (Some(record), result)
    }

    /// Whether this broker may make this change; if so, what the leader says of its recovery.
    fn check_alteration(
        &self,
        broker_id: i32,
        partition: &PartitionRegistration,
        data: &PartitionData,
        isr: &[BrokerState],
    ) -> Result<LeaderRecoveryState, ErrorCode> {
        let (leader_epoch, partition_epoch) = (partition.leader_epoch, partition.partition_epoch);
        // A leader that is ahead has seen another controller.
        if data.leader_epoch > leader_epoch || data.partition_epoch > partition_epoch {
            return Err(ErrorCode::NOT_CONTROLLER);
        }
        if data.leader_epoch < leader_epoch {
            return Err(ErrorCode::FENCED_LEADER_EPOCH);
        }
        if broker_id != partition.leader {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        if data.partition_epoch < partition_epoch {
            return Err(ErrorCode::INVALID_UPDATE_VERSION);
        }
        if !is_isr(isr, partition) {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        let recovery_state = LeaderRecoveryState::of(data.leader_recovery_state)
            .map_err(|_| ErrorCode::INVALID_REQUEST)?;
        let was_recovered = partition.leader_recovery_state == LeaderRecoveryState::Recovered;
        let is_recovering = recovery_state == LeaderRecoveryState::Recovering;
        if is_recovering && (was_recovered || isr.len() > 1) {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        if isr.iter().all(|each| self.is_eligible(each)) {
            Ok(recovery_state)
        } else {
            Err(ErrorCode::INELIGIBLE_REPLICA)
        }
    }

    fn is_eligible(&self, state: &BrokerState) -> bool {
        let cluster = self.image().cluster();
        let is_same = |epoch| [-1, epoch].contains(&state.broker_epoch);
        cluster.is_active(state.broker_id)
            && cluster
                .broker(state.broker_id)
                .is_some_and(|broker| is_same(broker.epoch))
    }
}

/// Up to version 2 without the epochs of the brokers.
fn new_isr(data: &PartitionData) -> Vec<BrokerState> {
    if !data.new_isr_with_epochs.is_empty() {
        return data.new_isr_with_epochs.clone();
    }
    let without_epoch = |broker_id: &i32| BrokerState {
        broker_id: *broker_id,
        broker_epoch: -1,
    };
    data.new_isr.iter().map(without_epoch).collect()
}

/// Whether these are replicas, each once, with the leader among them.
fn is_isr(isr: &[BrokerState], partition: &PartitionRegistration) -> bool {
    let mut ids: Vec<i32> = isr.iter().map(|each| each.broker_id).collect();
    ids.sort_unstable();
    let is_twice = ids.windows(2).any(|pair| pair[0] == pair[1]);
    let are_replicas = ids.iter().all(|id| partition.replicas.contains(id));
    are_replicas && !is_twice && ids.contains(&partition.leader)
}
