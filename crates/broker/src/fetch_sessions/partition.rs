//! A partition as a fetch names it, what it asks for, and what of an answer a session remembers.

use protocol::Uuid;
use protocol::ids::{LeaderEpoch, Offset};
use std::sync::Arc;

/// A topic as a fetch names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TopicKey {
    /// By its name: up to version 12.
    Name(Arc<str>),
    /// By its id: from version 13 on (KIP-516).
    Id(Uuid),
}

/// A partition as a fetch names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartitionKey {
    /// Its topic.
    pub topic: TopicKey,
    /// Its index.
    pub partition: i32,
}

/// What a fetch asks of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionRequest {
    /// The epoch the client believes in; none if it does not check (KIP-320).
    pub current_leader_epoch: Option<LeaderEpoch>,
    /// From where on.
    pub fetch_offset: Offset,
    /// The epoch of the last record it has; none if it does not check (KIP-595).
    pub last_fetched_epoch: Option<LeaderEpoch>,
    /// Where a follower's log begins; -1 from consumers.
    pub log_start_offset: Offset,
    /// At most so many bytes, first batch excepted.
    pub bytes_max: usize,
}

/// A partition that a fetch asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedPartition {
    /// Which.
    pub key: PartitionKey,
    /// What it asks.
    pub request: PartitionRequest,
    /// What the topic of this id was called when the session last saw it. A topic that had a name
    /// and is gone is answered with another error than one that never was.
    pub known_name: Option<Arc<str>>,
}

/// What matters to a session of a partition's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnsweredPartition {
    /// As answered; -1 beside an error.
    pub high_watermark: Offset,
    /// As answered; -1 beside an error.
    pub log_start_offset: Offset,
    /// Whether there are records.
    pub has_records: bool,
    /// Whether there is an error: it is always told, and so is that it has gone.
    pub is_error: bool,
    /// Whether there is something else to be told: a diverging epoch, a replica to read from.
    pub is_notable: bool,
}

/// A partition of a session.
#[derive(Debug, Clone)]
pub(super) struct CachedPartition {
    pub(super) requested: RequestedPartition,
    /// As last answered; -1 if it has to be told again.
    high_watermark: Offset,
    /// As last answered.
    log_start_offset: Offset,
}

impl CachedPartition {
    /// What was answered last, when nothing was.
    const NOTHING: Offset = Offset(-1);

    pub(super) const fn new(requested: RequestedPartition) -> Self {
        Self {
            requested,
            high_watermark: Self::NOTHING,
            log_start_offset: Self::NOTHING,
        }
    }

    /// Remembers an answer, and returns whether it says anything new.
    pub(super) fn note(&mut self, answered: &AnsweredPartition) -> bool {
        let has_moved = self.high_watermark != answered.high_watermark
            || self.log_start_offset != answered.log_start_offset;
        self.log_start_offset = answered.log_start_offset;
        self.high_watermark = if answered.is_error {
            Self::NOTHING
        } else {
            answered.high_watermark
        };
        has_moved || answered.has_records || answered.is_error || answered.is_notable
    }
}
