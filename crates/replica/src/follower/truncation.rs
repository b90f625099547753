//! To where a follower truncates when its log parts from the leader's (KIP-101, KIP-279).
//!
//! Not the job of this module: finding out that it does; the leader's answer says so.

use protocol::ids::Offset;

use crate::{EpochEnd, LogView};

/// Where to truncate, given the largest epoch not above ours that the leader has, and its end
/// there.
///
/// If the follower does not have that epoch, it truncates to the end of the largest one below, and
/// the next fetch asks with that: so it comes down to a common epoch step by step, and never keeps
/// records of an epoch the leader does not know (KIP-279). The target may be the log's end; then
/// only epochs without records go (KAFKA-10706).
pub(super) fn target(log: &dyn LogView, leader: EpochEnd) -> Offset {
    let log_end = log.log_end_offset();
    let target = match log.end_offset_of(leader.epoch) {
        Some(ours) if ours.epoch == leader.epoch => ours.end_offset.min(leader.end_offset),
        Some(ours) => ours.end_offset,
        None => leader.end_offset,
    };
    // A leader may answer anything; the log is neither longer nor does it begin earlier.
    target.min(log_end).max(log.log_start_offset())
}
