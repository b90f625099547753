//! What a partition wants done.

use protocol::ids::{BrokerEpoch, BrokerId, LeaderEpoch, Offset, PartitionEpoch};

use crate::{WaiterId, Wake};

/// Something for the shell to carry out, in the order in which it is returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Note in the log that this epoch begins at its end, before anything is appended in it.
    AssignEpochStart {
        /// The leader epoch.
        epoch: LeaderEpoch,
        /// The offset at which it begins.
        start: Offset,
    },
    /// Records below this offset are committed: readers and coordinators may see them.
    HighWatermarkMoved(Offset),
    /// Ask the controller; its answer goes to [`crate::Partition::on_alter_partition_answer`].
    AlterPartition(AlterPartition),
    /// Answer who waits.
    Wake(WaiterId, Wake),
    /// Fetch from this leader, by [`crate::Partition::next_fetch`], until told otherwise.
    FetchFrom {
        /// The leader.
        leader: BrokerId,
        /// The leader epoch.
        epoch: LeaderEpoch,
    },
    /// There is no leader to fetch from any more.
    StopFetching,
    /// Append the records of the answer to the log, then call
    /// [`crate::Partition::on_fetched_appended`].
    AppendFetched,
    /// Truncate the log and its epoch history to this offset, the log's end included, then call
    /// [`crate::Partition::on_truncated`].
    Truncate {
        /// The offset that the log ends at then.
        to: Offset,
        /// The high watermark before, if committed records go: only after an unclean election.
        lost_below: Option<Offset>,
    },
    /// Discard the whole log and begin at this offset, then call
    /// [`crate::Partition::on_truncated`].
    TruncateFullyAndStartAt(Offset),
    /// Ask the leader for its log start and log end offsets (ListOffsets), then call
    /// [`crate::Partition::on_leader_offsets`].
    AskLeaderOffsets {
        /// The leader.
        leader: BrokerId,
        /// The leader epoch.
        epoch: LeaderEpoch,
    },
    /// Move the log start offset up, as the leader has.
    AdvanceLogStart(Offset),
    /// Fetch again only after `replica.fetch.backoff.ms`.
    BackOff,
}

/// Tells a proposal from those before it, so that a late answer is not taken for another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProposalId(pub u64);

/// A proposed set of in-sync replicas (KIP-497), with the broker epochs they fetched under
/// (KIP-903). The recovery state to send along is always RECOVERED.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlterPartition {
    /// Which proposal.
    pub proposal: ProposalId,
    /// The leader epoch.
    pub leader_epoch: LeaderEpoch,
    /// The partition epoch that the proposal is based on.
    pub partition_epoch: PartitionEpoch,
    /// [`BrokerEpoch::NONE`] stands for a replica that has not fetched from this leader yet.
    pub isr: Vec<(BrokerId, BrokerEpoch)>,
}
