//! What the records of one partition of `__consumer_offsets` amount to.
//!
//! Not the job of this module: sessions, pending joins and everything else that a new coordinator
//! does not inherit. Invariants:
//! - [`ReplicatedState::replay`] and [`ReplicatedState::end_transaction`] are the only changes.
//! - The maps share structure, so that a clone is cheap: a view of one moment.
//! - A record of a type that is not run here is kept as its bytes and changes nothing else, but
//!   that a group of another kind is not taken for a classic one.

pub(crate) mod offsets;
pub(crate) mod stored_group;

use imbl::OrdMap;
use protocol::generated::group::{GroupKey, GroupValue, OffsetCommitKey, OffsetCommitValue};
use protocol::ids::ProducerId;
use protocol::wire::{DecodeError, Reader};

use crate::names::GroupId;
use crate::record::Record;
use offsets::{CommittedOffset, OffsetKey, Offsets};
use stored_group::StoredGroup;

/// Groups and offsets as the log has them. Correctness rests on every field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReplicatedState {
    pub(crate) groups: OrdMap<GroupId, StoredGroup>,
    pub(crate) offsets: Offsets,
    /// Groups that the records of KIP-848, share and streams groups speak of.
    other_groups: OrdMap<GroupId, i16>,
    kept: OrdMap<Vec<u8>, Vec<u8>>,
}

/// A record that cannot be replayed: loading must stop.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReplayError {
    /// The key is not what its type says.
    #[error("decode record key {key:02x?}")]
    Key {
        /// The key as it was read.
        key: Vec<u8>,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// The value is not what the key's type says.
    #[error("decode record value of key {key:02x?}")]
    Value {
        /// The key as it was read.
        key: Vec<u8>,
        /// What is wrong with the value.
        #[source]
        source: DecodeError,
    },
    /// The metadata of a group contradicts itself.
    #[error("replay metadata of group {group}: {reason}")]
    Group {
        /// The group.
        group: GroupId,
        /// What contradicts what.
        reason: &'static str,
    },
}

impl ReplicatedState {
    /// Takes over one record, in the order of the log. `producer_id` is that of its batch, which
    /// tells an offset committed in a transaction; control batches go to
    /// [`ReplicatedState::end_transaction`].
    ///
    /// # Errors
    /// When the record does not decode or contradicts itself; the state is as it was.
    pub fn replay(&mut self, record: &Record, producer_id: ProducerId) -> Result<(), ReplayError> {
        let mut reader = Reader::new(&record.key);
        let key = GroupKey::decode(&mut reader).and_then(|key| {
            reader.expect_end()?;
            Ok(key)
        });
        let key = key.map_err(|source| ReplayError::Key {
            key: record.key.clone(),
            source,
        })?;
        let value = decode_value(&key, record).map_err(|source| ReplayError::Value {
            key: record.key.clone(),
            source,
        })?;
        match (key, value) {
            (GroupKey::GroupMetadata(key), Some(GroupValue::GroupMetadata(value))) => {
                let group = GroupId::from(key.group.as_str());
                let stored = StoredGroup::from_record(&group, value)?;
                self.groups.insert(group, stored);
            }
            (GroupKey::GroupMetadata(key), _) => {
                self.groups.remove(key.group.as_str());
            }
            (GroupKey::OffsetCommit(key), value) => self.replay_offset(&key, value, producer_id),
            (GroupKey::LegacyOffsetCommit(key), value) => {
                let key = OffsetCommitKey {
                    group: key.group,
                    topic: key.topic,
                    partition: key.partition,
                };
                self.replay_offset(&key, value, producer_id);
            }
            (key, _) => self.keep(&key, record),
        }
        Ok(())
    }

    /// Takes over the marker that ends a producer's transaction: its offsets count, or are gone.
    pub fn end_transaction(&mut self, producer_id: ProducerId, result: offsets::TransactionResult) {
        self.offsets.end_transaction(producer_id, result);
    }

    /// The records of types that are not run here, as they are in the log: key and value.
    pub fn kept_records(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.kept
            .iter()
            .map(|(key, value)| (key.as_slice(), value.as_slice()))
    }

    /// The offset a group has committed, outside of open transactions.
    #[must_use]
    pub fn committed_offset(&self, key: &OffsetKey) -> Option<&CommittedOffset> {
        self.offsets.committed(key)
    }

    pub(crate) fn is_other_kind(&self, group: &str) -> bool {
        self.other_groups.contains_key(group)
    }

    /// Whether anything of the group is in the log.
    pub(crate) fn knows(&self, group: &GroupId) -> bool {
        self.groups.contains_key(group) || self.offsets.has_any(group)
    }

    fn replay_offset(
        &mut self,
        key: &OffsetCommitKey,
        value: Option<GroupValue>,
        producer_id: ProducerId,
    ) {
        let key = OffsetKey {
            group: key.group.as_str().into(),
            topic: key.topic.as_str().into(),
            partition: key.partition,
        };
        match value {
            Some(GroupValue::OffsetCommit(value)) => {
                self.offsets.put(key, value.into(), producer_id);
            }
            Some(GroupValue::LegacyOffsetCommit(value)) => {
                let value = OffsetCommitValue {
                    offset: value.offset,
                    metadata: value.metadata,
                    commit_timestamp: value.commit_timestamp,
                    ..OffsetCommitValue::default()
                };
                self.offsets.put(key, value.into(), producer_id);
            }
            _ => self.offsets.remove(&key),
        }
    }

    fn keep(&mut self, key: &GroupKey, record: &Record) {
        let group = match key {
            GroupKey::ConsumerGroupMetadata(key) => Some(key.group_id.as_str()),
            GroupKey::ShareGroupMetadata(key) => Some(key.group_id.as_str()),
            GroupKey::StreamsGroupMetadata(key) => Some(key.group_id.as_str()),
            _ => None,
        };
        match &record.value {
            Some(value) => {
                self.kept.insert(record.key.clone(), value.clone());
                if let Some(group) = group {
                    self.other_groups.insert(group.into(), key.id());
                }
            }
            None => {
                self.kept.remove(&record.key);
                if let Some(group) = group
                    && self.other_groups.get(group) == Some(&key.id())
                {
                    self.other_groups.remove(group);
                }
            }
        }
    }
}

/// Decodes the value where it is understood here; others are only kept.
fn decode_value(key: &GroupKey, record: &Record) -> Result<Option<GroupValue>, DecodeError> {
    let is_understood = matches!(
        key,
        GroupKey::GroupMetadata(_) | GroupKey::OffsetCommit(_) | GroupKey::LegacyOffsetCommit(_)
    );
    match &record.value {
        Some(value) if is_understood => {
            let mut reader = Reader::new(value);
            let decoded = GroupValue::decode(key.id(), &mut reader)?;
            reader.expect_end()?;
            Ok(Some(decoded))
        }
        _ => Ok(None),
    }
}
