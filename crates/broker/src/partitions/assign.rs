//! One partition takes what the metadata say of it, and its log follows.
//!
//! Not the job of this module: creating and deleting; other partitions.
//!
//! Invariant: nobody appends or reads between a change of the core and that of its log.

use metadata::image::{MetadataImage, NO_LEADER, PartitionRegistration};
use protocol::ids::{BrokerId, LeaderEpoch, PartitionEpoch};
use replica::{InvalidAssignment, PartitionAssignment};
use storage::log::LogError;

use super::apply::{ElectedReplica, ReplicaError};
use super::local_partition::{LocalPartition, LogEffect, State};

impl LocalPartition {
    /// Takes what the metadata say, and has the log follow.
    pub(super) async fn assign(
        &self,
        registration: &PartitionRegistration,
        image: &MetadataImage,
    ) -> Result<(), ReplicaError> {
        let assignment = assignment_of(registration);
        let lifecycle = self.lifecycle.write().await;
        let of_log = self.with_core_under(image, |state, context| {
            // Who has failed is told so under the same lock afterwards, if not before.
            if self.is_directory_offline() {
                return Ok(Vec::new());
            }
            let effects = state.core.apply(context, &assignment)?;
            Ok::<_, InvalidAssignment>(state.carry_out(effects))
        })?;
        let followed = self.carry_out_on_log(of_log).await;
        drop(lifecycle);
        // What was due meanwhile was passed over.
        self.moved_under(image);
        followed.map_err(|error| {
            self.log_failed(&error);
            ReplicaError::Log(error)
        })
    }

    /// Carries out the effects that concern the log. Nobody else calls the core meanwhile.
    async fn carry_out_on_log(&self, effects: Vec<LogEffect>) -> Result<(), LogError> {
        let now_ms = self.surroundings.wall_ms();
        for effect in effects {
            match effect {
                LogEffect::AssignEpochStart(epoch) => {
                    self.log().assign_leader_epoch(epoch).await?;
                }
                LogEffect::TruncateTo(to) => {
                    self.log().truncate_to(to, now_ms).await?;
                    self.truncated().await;
                }
                LogEffect::TruncateFullyAndStartAt(offset) => {
                    let log = self.log();
                    log.truncate_fully_and_start_at(offset, now_ms).await?;
                    self.truncated().await;
                }
                LogEffect::AdvanceLogStart(offset) => {
                    self.log().advance_log_start(offset).await?;
                }
            }
        }
        Ok(())
    }

    /// A recovery point behind the truncation would have a crash believe what was never synced.
    async fn truncated(&self) {
        let logs = &self.surroundings.parts.logs;
        logs.checkpoint_recovery_points().await;
        self.with_core(|state, context| {
            let effects = state.core.on_truncated(context);
            state.answer(effects);
        });
    }

    pub(super) fn moved_under(&self, image: &MetadataImage) {
        self.with_core_under(image, State::moved);
    }

    pub(super) fn as_elected(&self) -> ElectedReplica {
        ElectedReplica {
            id: self.id(),
            topic_partition: self.topic_partition().clone(),
            leader_epoch: self.leader_epoch(),
        }
    }
}

fn assignment_of(registration: &PartitionRegistration) -> PartitionAssignment {
    let brokers = |ids: &[i32]| ids.iter().copied().map(BrokerId).collect();
    PartitionAssignment {
        leader: (registration.leader != NO_LEADER).then_some(BrokerId(registration.leader)),
        leader_epoch: LeaderEpoch(registration.leader_epoch),
        partition_epoch: PartitionEpoch(registration.partition_epoch),
        isr: brokers(&registration.isr),
        replicas: brokers(&registration.replicas),
    }
}
