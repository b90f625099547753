//! The in-sync replicas as their leader has them: committed by the controller, and perhaps a
//! proposal under way (KIP-497).
//!
//! Invariants:
//! - One proposal at a time. While it is open, acknowledgements wait for the *maximal* set: the
//!   committed and the proposed replicas together, because either may be what the controller has.
//! - Only the controller's answer or a newer assignment ends a proposal.

use protocol::ids::BrokerId;
use std::collections::BTreeSet;

use crate::AlterPartition;

/// The in-sync replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IsrState {
    /// What the controller has committed, as far as is known here.
    pub(super) committed: BTreeSet<BrokerId>,
    pub(super) pending: Option<Pending>,
    /// No new proposal before this time: the controller has just refused one.
    pub(super) quiet_until_ms: u64,
}

/// A proposal without a final answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) request: AlterPartition,
    /// When to send it again; none while it is with the controller, or waits for metadata.
    pub(super) retry_at_ms: Option<u64>,
}

impl IsrState {
    pub(super) const fn committed(isr: BTreeSet<BrokerId>) -> Self {
        Self {
            committed: isr,
            pending: None,
            quiet_until_ms: 0,
        }
    }

    /// Whether a proposal may be made.
    pub(super) fn may_propose(&self, now_ms: u64) -> bool {
        self.pending.is_none() && now_ms >= self.quiet_until_ms
    }

    /// Whether the replica is committed as in sync, or may have become so by the proposal.
    pub(super) fn may_contain(&self, broker: BrokerId) -> bool {
        self.committed.contains(&broker) || self.proposes(broker)
    }

    /// How many replicas [`IsrState::may_contain`].
    pub(super) fn maximal_count(&self) -> usize {
        let proposed = self.pending.iter().flat_map(|pending| &pending.request.isr);
        let added = proposed.filter(|(broker, _)| !self.committed.contains(broker));
        self.committed.len() + added.count()
    }

    fn proposes(&self, broker: BrokerId) -> bool {
        let proposed = self.pending.iter().flat_map(|pending| &pending.request.isr);
        proposed
            .into_iter()
            .any(|(proposed, _)| *proposed == broker)
    }
}
