//! How many groups and offsets a partition has, for metrics.

use protocol::ErrorCode;

use super::state::GroupState;
use crate::coordinator::Coordinator;

/// What a coordinator keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GroupCounts {
    /// Classic groups that are empty.
    pub empty: u64,
    /// Those whose members join.
    pub preparing_rebalance: u64,
    /// Those that wait for an assignment.
    pub completing_rebalance: u64,
    /// Those that have one.
    pub stable: u64,
    /// Committed offsets, outside of open transactions.
    pub offsets: u64,
}

impl GroupCounts {
    /// Groups in all states.
    #[must_use]
    pub const fn groups(&self) -> u64 {
        self.empty + self.preparing_rebalance + self.completing_rebalance + self.stable
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            empty: self.empty + other.empty,
            preparing_rebalance: self.preparing_rebalance + other.preparing_rebalance,
            completing_rebalance: self.completing_rebalance + other.completing_rebalance,
            stable: self.stable + other.stable,
            offsets: self.offsets + other.offsets,
        }
    }
}

impl Coordinator {
    /// Counts what there is; takes as long as there are groups.
    ///
    /// # Errors
    /// When the partition is being loaded, or is not served any more.
    pub fn counts(&self) -> Result<GroupCounts, ErrorCode> {
        self.check_active()?;
        let mut counts = GroupCounts {
            offsets: self.committed.offsets.count() as u64,
            ..GroupCounts::default()
        };
        for group in self.groups.values() {
            let of_state = match group.state {
                GroupState::Empty => &mut counts.empty,
                GroupState::PreparingRebalance => &mut counts.preparing_rebalance,
                GroupState::CompletingRebalance => &mut counts.completing_rebalance,
                GroupState::Stable => &mut counts.stable,
                // It is told, never held.
                GroupState::Dead => continue,
            };
            *of_state += 1;
        }
        Ok(counts)
    }
}
