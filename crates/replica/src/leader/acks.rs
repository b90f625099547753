//! Acknowledgements: what a produce request has to wait for.

use protocol::ErrorCode;
use protocol::ids::{LeaderEpoch, Offset};

use super::Leader;
use crate::partition::Standing;
use crate::waiters::{Purpose, Watched};
use crate::{Context, Waiting};

/// Whom a producer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acks {
    /// Nobody (0).
    None,
    /// The leader's log (1).
    Leader,
    /// The in-sync replicas (-1).
    All,
}

/// The permission to append, given before it; it shows afterwards that leadership did not break in
/// between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// The epoch to append in.
    pub leader_epoch: LeaderEpoch,
    pub(crate) acks: Acks,
}

/// What an acknowledgement waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AckCondition {
    /// The offset behind the last record appended.
    pub required_offset: Offset,
    /// Whether the records have to be on this broker's disk too.
    pub is_synced: bool,
    /// On the monotonic clock.
    pub deadline_ms: u64,
}

impl Leader {
    /// Whether a producer may append.
    pub(crate) fn admit(
        &self,
        context: &Context<'_>,
        standing: &Standing,
        acks: Acks,
    ) -> Result<Admission, ErrorCode> {
        let is_under_min = self.isr.committed.len() < self.min_insync_replicas(context);
        if acks == Acks::All && is_under_min {
            return Err(ErrorCode::NOT_ENOUGH_REPLICAS);
        }
        Ok(Admission {
            leader_epoch: standing.leader_epoch,
            acks,
        })
    }

    /// Waits until an append may be acknowledged.
    pub(crate) fn await_ack(
        &mut self,
        context: &Context<'_>,
        standing: &Standing,
        admission: Admission,
        condition: AckCondition,
    ) -> Result<Waiting, ErrorCode> {
        if admission.leader_epoch < self.since || admission.leader_epoch > standing.leader_epoch {
            return Err(ErrorCode::NOT_LEADER_OR_FOLLOWER);
        }
        let AckCondition {
            required_offset,
            is_synced,
            deadline_ms,
        } = condition;
        let is_committed = standing.high_watermark >= required_offset;
        let purpose = Purpose::Ack {
            then_synced: is_synced,
        };
        match admission.acks {
            Acks::All if !is_committed => {
                let watched = Watched::HighWatermark;
                let id = self
                    .waiters
                    .add(watched, required_offset, purpose, deadline_ms);
                return Ok(Waiting::Until(id));
            }
            Acks::All if self.isr.maximal_count() < self.min_insync_replicas(context) => {
                return Err(ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND);
            }
            Acks::None => return Ok(Waiting::Ready),
            Acks::All | Acks::Leader => {}
        }
        if !is_synced {
            return Ok(Waiting::Ready);
        }
        let synced = self.synced;
        Ok(self.await_offset(
            Watched::Synced,
            synced,
            required_offset,
            purpose,
            deadline_ms,
        ))
    }
}
