//! A record of `__consumer_offsets` on its way to the log: key and value as bytes, in the versions
//! that Apache Kafka 4.3.1 writes.

use protocol::generated::group::{
    GroupKey, GroupMetadataKey, GroupMetadataValue, GroupValue, OffsetCommitKey, OffsetCommitValue,
};
use protocol::wire::{EncodeError, Writer};

use crate::names::GroupId;
use crate::replicated::offsets::OffsetKey;

/// A record to be appended, or one that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The type of the record (`int16`) and the fields of its key.
    pub key: Vec<u8>,
    /// The version (`int16`) and the fields of the value; none is a tombstone.
    pub value: Option<Vec<u8>>,
}

impl Record {
    const GROUP_METADATA_VERSION: i16 = 3;
    const OFFSET_COMMIT_VERSION: i16 = 4;
    /// The only version that can carry a time of expiry.
    const OFFSET_COMMIT_VERSION_WITH_EXPIRY: i16 = 1;

    pub(crate) fn group_metadata(
        group: &GroupId,
        value: GroupMetadataValue,
    ) -> Result<Self, EncodeError> {
        let value = GroupValue::GroupMetadata(value);
        Self::encode(
            &group_key(group),
            Some((&value, Self::GROUP_METADATA_VERSION)),
        )
    }

    pub(crate) fn group_tombstone(group: &GroupId) -> Result<Self, EncodeError> {
        Self::encode(&group_key(group), None)
    }

    pub(crate) fn offset_commit(
        key: &OffsetKey,
        value: OffsetCommitValue,
    ) -> Result<Self, EncodeError> {
        let version = match value.expire_timestamp {
            -1 => Self::OFFSET_COMMIT_VERSION,
            _ => Self::OFFSET_COMMIT_VERSION_WITH_EXPIRY,
        };
        let value = GroupValue::OffsetCommit(value);
        Self::encode(&offset_key(key), Some((&value, version)))
    }

    pub(crate) fn offset_tombstone(key: &OffsetKey) -> Result<Self, EncodeError> {
        Self::encode(&offset_key(key), None)
    }

    fn encode(key: &GroupKey, value: Option<(&GroupValue, i16)>) -> Result<Self, EncodeError> {
        let mut key_writer = Writer::new();
        key.encode(&mut key_writer)?;
        let value = match value {
            None => None,
            Some((value, version)) => {
                let mut writer = Writer::new();
                value.encode(&mut writer, version)?;
                Some(writer.into_parts().0)
            }
        };
        let key = key_writer.into_parts().0;
        Ok(Self { key, value })
    }
}

fn group_key(group: &GroupId) -> GroupKey {
    GroupKey::GroupMetadata(GroupMetadataKey {
        group: group.as_str().to_owned(),
    })
}

fn offset_key(key: &OffsetKey) -> GroupKey {
    GroupKey::OffsetCommit(OffsetCommitKey {
        group: key.group.as_str().to_owned(),
        topic: key.topic.as_str().to_owned(),
        partition: key.partition,
    })
}
