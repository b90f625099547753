//! A classic group as its last record has it: a generation that was assigned, or an empty group.

use std::collections::BTreeSet;

use protocol::generated::group::GroupMetadataValue;
use protocol::generated::group::group_metadata_value::MemberMetadata;

use super::ReplayError;
use crate::names::GroupId;

/// The replicated part of a classic group; moved by its metadata records only.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredGroup(GroupMetadataValue);

impl StoredGroup {
    /// Checks that a group can be run from the record.
    pub(crate) fn from_record(
        group: &GroupId,
        value: GroupMetadataValue,
    ) -> Result<Self, ReplayError> {
        let refuse = |reason| {
            let group = group.clone();
            Err(ReplayError::Group { group, reason })
        };
        if !value.members.is_empty() && value.protocol.is_none() {
            return refuse("it has members and no protocol");
        }
        let mut ids = BTreeSet::new();
        let mut instance_ids = BTreeSet::new();
        for member in &value.members {
            if !ids.insert(&member.member_id) {
                return refuse("two members have one id");
            }
            let instance_id = member.group_instance_id.as_ref();
            if instance_id.is_some_and(|instance_id| !instance_ids.insert(instance_id)) {
                return refuse("two members have one instance id");
            }
        }
        Ok(Self(value))
    }

    pub(crate) const fn generation(&self) -> i32 {
        self.0.generation
    }

    pub(crate) fn protocol_type(&self) -> Option<&str> {
        Some(self.0.protocol_type.as_str()).filter(|text| !text.is_empty())
    }

    pub(crate) fn protocol(&self) -> Option<&str> {
        self.0.protocol.as_deref()
    }

    pub(crate) fn leader(&self) -> Option<&str> {
        self.0.leader.as_deref()
    }

    pub(crate) fn state_since_ms(&self) -> Option<i64> {
        Some(self.0.current_state_timestamp).filter(|timestamp| *timestamp != -1)
    }

    pub(crate) fn members(&self) -> &[MemberMetadata] {
        &self.0.members
    }
}
