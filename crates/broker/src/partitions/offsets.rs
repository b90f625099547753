//! Look-ups of offsets: what ListOffsets and OffsetForLeaderEpoch ask for.
//!
//! Not the job of this module: requests, and which versions may ask for what. Nothing is tiered
//! yet: the local log is all of the log.

use protocol::ErrorCode;
use protocol::ids::{LeaderEpoch, Offset};
use replica::{EpochEnd, Isolation};
use storage::log::{LogError, TimestampOffset};

use super::LocalPartition;

/// Which offset is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetQuery {
    /// The first record with this timestamp, in milliseconds since 1970, or a later one.
    Timestamp(i64),
    /// The offset behind the last record that the reader may have.
    Latest,
    /// The log start.
    Earliest,
    /// The first record with the largest timestamp (KIP-734).
    MaxTimestamp,
    /// The first offset that is on this broker's disk (KIP-405).
    EarliestLocal,
    /// The last offset that is tiered (KIP-1005).
    LatestTiered,
    /// The first offset that is yet to be tiered (KIP-1023).
    EarliestPendingUpload,
}

/// A look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetLookup {
    /// What is asked for.
    pub query: OffsetQuery,
    /// How far the reader may see; none stands for a replica, which sees everything.
    pub isolation: Option<Isolation>,
    /// None if the reader does not check epochs.
    pub current_leader_epoch: Option<LeaderEpoch>,
}

/// What a look-up has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundOffset {
    /// The timestamp of the record, in milliseconds since 1970; none if it was not looked for.
    pub timestamp: Option<i64>,
    /// The offset.
    pub offset: Offset,
    /// The epoch that the offset belongs to, if one is known.
    pub leader_epoch: Option<LeaderEpoch>,
}

impl OffsetQuery {
    /// What the timestamp of a request means; none if it means nothing.
    pub const fn of_timestamp(timestamp: i64) -> Option<Self> {
        Some(match timestamp {
            -1 => Self::Latest,
            -2 => Self::Earliest,
            -3 => Self::MaxTimestamp,
            -4 => Self::EarliestLocal,
            -5 => Self::LatestTiered,
            -6 => Self::EarliestPendingUpload,
            0.. => Self::Timestamp(timestamp),
            _ => return None,
        })
    }
}

impl LocalPartition {
    /// Looks up an offset; none if there is nothing of the kind, or the reader may not see it yet.
    ///
    /// # Errors
    /// When the node does not lead, the epochs do not fit, the answer is not known so early in the
    /// epoch (KIP-207), or the log directory has failed.
    pub async fn look_up_offset(
        &self,
        lookup: &OffsetLookup,
    ) -> Result<Option<FoundOffset>, ErrorCode> {
        let _lifecycle = self.lifecycle.read().await;
        match lookup.query {
            OffsetQuery::Latest => self.latest(lookup).map(Some),
            OffsetQuery::Earliest | OffsetQuery::EarliestLocal => self.earliest(lookup).map(Some),
            OffsetQuery::LatestTiered | OffsetQuery::EarliestPendingUpload => {
                // As an untiered topic answers in Kafka; only the right to ask is looked at.
                self.earliest(lookup)?;
                Ok(None)
            }
            OffsetQuery::Timestamp(timestamp) => {
                let found = self.log().offset_for_timestamp(timestamp).await;
                self.by_timestamp(lookup, found)
            }
            OffsetQuery::MaxTimestamp => {
                let found = self.log().max_timestamp().await;
                self.by_timestamp(lookup, found)
            }
        }
    }

    /// The largest epoch not above `epoch` that the leader has, and where it ended (KIP-320); none
    /// if it knows of none.
    ///
    /// # Errors
    /// When the node does not lead, or the epochs do not fit.
    pub fn end_offset_of(
        &self,
        current_leader_epoch: Option<LeaderEpoch>,
        epoch: LeaderEpoch,
    ) -> Result<Option<EpochEnd>, ErrorCode> {
        self.with_core(|state, context| {
            state
                .core
                .end_offset_of(context, current_leader_epoch, epoch)
        })
    }

    fn latest(&self, lookup: &OffsetLookup) -> Result<FoundOffset, ErrorCode> {
        self.with_core(|state, context| {
            let (current, isolation) = (lookup.current_leader_epoch, lookup.isolation);
            Ok(FoundOffset {
                timestamp: None,
                offset: state.core.latest_offset(context, current, isolation)?,
                leader_epoch: Some(state.core.leader_epoch()),
            })
        })
    }

    fn earliest(&self, lookup: &OffsetLookup) -> Result<FoundOffset, ErrorCode> {
        let current = lookup.current_leader_epoch;
        let offset =
            self.with_core(|state, context| state.core.earliest_offset(context, current))?;
        Ok(FoundOffset {
            timestamp: None,
            offset,
            leader_epoch: self.log().epoch_at(offset),
        })
    }

    fn by_timestamp(
        &self,
        lookup: &OffsetLookup,
        found: Result<Option<TimestampOffset>, LogError>,
    ) -> Result<Option<FoundOffset>, ErrorCode> {
        // Whether the reader may ask comes before what came of it.
        let offset = found.as_ref().ok().copied().flatten();
        let answered = self.with_core(|state, context| {
            let (current, isolation) = (lookup.current_leader_epoch, lookup.isolation);
            let offset = offset.map(|found| found.offset);
            let core = &state.core;
            core.offset_for_timestamp(context, current, isolation, offset)
        })?;
        let found = found.map_err(|error| self.log_failed(&error))?;
        Ok(found
            .filter(|_| answered.is_some())
            .map(|found| FoundOffset {
                timestamp: Some(found.timestamp),
                offset: found.offset,
                leader_epoch: (found.leader_epoch >= LeaderEpoch(0)).then_some(found.leader_epoch),
            }))
    }
}
