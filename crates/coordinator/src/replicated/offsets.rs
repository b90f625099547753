//! Committed offsets, and those that wait for the end of a transaction (KIP-447).
//!
//! Invariant: an offset is in `pending` for a producer exactly when the producer is in `open` for
//! its key.

use imbl::{OrdMap, OrdSet};
use protocol::Uuid;
use protocol::generated::group::OffsetCommitValue;
use protocol::ids::ProducerId;

use crate::names::{GroupId, TopicName};

/// Whose offset of which partition. Topics go by name here, as in Kafka's records; the id beside
/// the offset tells a topic from one that had its name before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub struct OffsetKey {
    pub group: GroupId,
    pub topic: TopicName,
    pub partition: i32,
}

/// A committed offset as its record has it; moved by replay only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The next offset the group reads.
    pub offset: i64,
    /// The leader epoch of the record before it, -1 when the client did not tell.
    pub leader_epoch: i32,
    /// What the client wanted to keep beside it.
    pub metadata: String,
    /// When it was committed, milliseconds since 1970.
    pub commit_timestamp_ms: i64,
    /// When it expires, milliseconds since 1970. Without it the retention of the group decides.
    pub expire_timestamp_ms: Option<i64>,
    /// The topic's id, zero when it was not known.
    pub topic_id: Uuid,
    /// Counts the replayed offsets. Where a transaction ends, the later record wins.
    order: u64,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionResult {
    /// Its offsets count from now on.
    Commit,
    /// Its offsets are gone.
    Abort,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Offsets {
    committed: OrdMap<OffsetKey, CommittedOffset>,
    pending: OrdMap<(ProducerId, OffsetKey), CommittedOffset>,
    open: OrdMap<OffsetKey, OrdSet<ProducerId>>,
    next_order: u64,
}

impl Offsets {
    pub(crate) fn put(
        &mut self,
        key: OffsetKey,
        mut offset: CommittedOffset,
        producer_id: ProducerId,
    ) {
        offset.order = self.next_order;
        self.next_order += 1;
        if producer_id == ProducerId::NONE {
            self.committed.insert(key, offset);
        } else {
            self.open
                .entry(key.clone())
                .or_default()
                .insert(producer_id);
            self.pending.insert((producer_id, key), offset);
        }
    }

    pub(crate) fn remove(&mut self, key: &OffsetKey) {
        self.committed.remove(key);
        for producer_id in self.open.remove(key).into_iter().flatten() {
            self.pending.remove(&(producer_id, key.clone()));
        }
    }

    pub(crate) fn end_transaction(&mut self, producer_id: ProducerId, result: TransactionResult) {
        let ended = self.pending_of(producer_id);
        for (key, offset) in ended {
            if let Some(producers) = self.open.get_mut(&key) {
                producers.remove(&producer_id);
                if producers.is_empty() {
                    self.open.remove(&key);
                }
            }
            self.pending.remove(&(producer_id, key.clone()));
            let is_later = self
                .committed
                .get(&key)
                .is_none_or(|present| present.order < offset.order);
            if result == TransactionResult::Commit && is_later {
                self.committed.insert(key, offset);
            }
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.committed.len()
    }

    pub(crate) fn committed(&self, key: &OffsetKey) -> Option<&CommittedOffset> {
        self.committed.get(key)
    }

    /// Whether a transaction that is open may still move the offset.
    pub(crate) fn is_unstable(&self, key: &OffsetKey) -> bool {
        self.open.contains_key(key)
    }

    pub(crate) fn of_group<'a>(
        &'a self,
        group: &GroupId,
    ) -> impl Iterator<Item = (&'a OffsetKey, &'a CommittedOffset)> {
        let group = group.clone();
        self.committed
            .range(first_key(&group)..)
            .take_while(move |(key, _)| key.group == group)
    }

    /// The keys of a group that open transactions have written to.
    pub(crate) fn open_of_group<'a>(
        &'a self,
        group: &GroupId,
    ) -> impl Iterator<Item = &'a OffsetKey> {
        let group = group.clone();
        self.open
            .range(first_key(&group)..)
            .map(|(key, _)| key)
            .take_while(move |key| key.group == group)
    }

    pub(crate) fn has_any(&self, group: &GroupId) -> bool {
        self.of_group(group).next().is_some() || self.open_of_group(group).next().is_some()
    }

    /// The keys of every group that has an offset, committed or in a transaction.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &OffsetKey> {
        self.committed.keys().chain(self.open.keys())
    }

    /// Every offset with its key, committed or in a transaction.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&OffsetKey, &CommittedOffset)> {
        let pending = self.pending.iter().map(|((_, key), offset)| (key, offset));
        self.committed.iter().chain(pending)
    }

    fn pending_of(&self, producer_id: ProducerId) -> Vec<(OffsetKey, CommittedOffset)> {
        let first = (producer_id, first_key(&"".into()));
        self.pending
            .range(first..)
            .take_while(|((producer, _), _)| *producer == producer_id)
            .map(|((_, key), offset)| (key.clone(), offset.clone()))
            .collect()
    }
}

impl From<OffsetCommitValue> for CommittedOffset {
    fn from(value: OffsetCommitValue) -> Self {
        Self {
            offset: value.offset,
            leader_epoch: value.leader_epoch,
            metadata: value.metadata,
            commit_timestamp_ms: value.commit_timestamp,
            expire_timestamp_ms: Some(value.expire_timestamp).filter(|timestamp| *timestamp >= 0),
            topic_id: value.topic_id,
            order: 0,
        }
    }
}

/// No key of the group sorts before it.
fn first_key(group: &GroupId) -> OffsetKey {
    OffsetKey {
        group: group.clone(),
        topic: "".into(),
        partition: i32::MIN,
    }
}
