//! The states of a classic group.
//!
//! ```text
//! state                may come from                       waits for
//! Empty                PreparingRebalance                  a member, or expiry of its offsets
//! PreparingRebalance   Empty, CompletingRebalance, Stable  members to join
//! CompletingRebalance  PreparingRebalance                  the leader's assignment
//! Stable               CompletingRebalance                 a reason to rebalance
//! Dead                 every state                         nothing
//! ```
//!
//! A dead group is one that is not there: the state is told, never held.

use std::fmt;

/// The state of a classic group, with Kafka's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table above says what they are")]
pub enum GroupState {
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
    Dead,
}

impl GroupState {
    /// The name in responses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
            Self::Dead => "Dead",
        }
    }

    pub(crate) const fn may_become(self, next: Self) -> bool {
        match next {
            Self::Empty | Self::CompletingRebalance => matches!(self, Self::PreparingRebalance),
            Self::PreparingRebalance => self.can_rebalance(),
            Self::Stable => matches!(self, Self::CompletingRebalance),
            Self::Dead => true,
        }
    }

    pub(crate) const fn can_rebalance(self) -> bool {
        matches!(self, Self::Empty | Self::CompletingRebalance | Self::Stable)
    }
}

impl fmt::Display for GroupState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
