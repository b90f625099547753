//! Reads: which offsets a replica or a client may see, and where its log parts from this one.
//!
//! Not the job of this module: the records themselves.

use protocol::ErrorCode;
use protocol::ids::{LeaderEpoch, Offset};

use crate::{EpochEnd, LogView};

/// Up to where a client reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isolation {
    /// The high watermark.
    ReadUncommitted,
    /// The last stable offset.
    ReadCommitted,
}

/// A consumer's fetch of this partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientRead {
    /// None from clients that do not check epochs (before KIP-320).
    pub current_leader_epoch: Option<LeaderEpoch>,
    /// From where on.
    pub fetch_offset: Offset,
    /// The epoch of the last record the client has; none if it does not check.
    pub last_fetched_epoch: Option<LeaderEpoch>,
    /// Up to where.
    pub isolation: Isolation,
}

/// The answer to a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// Read from the fetch offset up to `end_offset`; nothing if that is not above it.
    Records {
        /// The offset behind the last record.
        end_offset: Offset,
        /// What the answer says besides.
        bounds: ReadBounds,
    },
    /// The reader's log parts from this one no later than here (KIP-595).
    Diverging {
        /// Where they part.
        end: EpochEnd,
        /// What the answer says besides.
        bounds: ReadBounds,
    },
}

/// Offsets that every fetch answer carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadBounds {
    /// The first offset of the log.
    pub log_start_offset: Offset,
    /// Below it every transaction is decided.
    pub last_stable_offset: Offset,
    /// Below it records are committed.
    pub high_watermark: Offset,
}

impl ReadBounds {
    /// Up to where a client of this isolation reads.
    pub const fn end(&self, isolation: Isolation) -> Offset {
        match isolation {
            Isolation::ReadUncommitted => self.high_watermark,
            Isolation::ReadCommitted => self.last_stable_offset,
        }
    }
}

/// Checks the epoch a request was made under (KIP-320).
pub(crate) fn check_epoch(ours: LeaderEpoch, theirs: Option<LeaderEpoch>) -> Result<(), ErrorCode> {
    match theirs {
        Some(theirs) if theirs < ours => Err(ErrorCode::FENCED_LEADER_EPOCH),
        Some(theirs) if theirs > ours => Err(ErrorCode::UNKNOWN_LEADER_EPOCH),
        _ => Ok(()),
    }
}

/// Where a log that ends at `fetch_offset` with `last_fetched_epoch` parts from `log`, if it does.
pub(crate) fn divergence(
    log: &dyn LogView,
    fetch_offset: Offset,
    last_fetched_epoch: Option<LeaderEpoch>,
) -> Result<Option<EpochEnd>, ErrorCode> {
    if let Some(epoch) = last_fetched_epoch {
        let end = log.end_offset_of(epoch);
        let end = end.ok_or(ErrorCode::OFFSET_OUT_OF_RANGE)?;
        if fetch_offset < log.log_start_offset() {
            return Err(ErrorCode::OFFSET_OUT_OF_RANGE);
        }
        if end.epoch < epoch || end.end_offset < fetch_offset {
            return Ok(Some(end));
        }
    }
    let is_inside = (log.log_start_offset()..=log.log_end_offset()).contains(&fetch_offset);
    is_inside
        .then_some(None)
        .ok_or(ErrorCode::OFFSET_OUT_OF_RANGE)
}
