//! One member of a classic group.

use protocol::generated::describe_groups_response::DescribedGroupMember;
use protocol::generated::group::group_metadata_value::MemberMetadata;
use protocol::generated::join_group_request::{JoinGroupRequest, JoinGroupRequestProtocol};
use protocol::generated::join_group_response::JoinGroupResponseMember;

use crate::names::MemberId;
use crate::response::Waiter;

/// A way to assign that a member offers, with what it tells the leader under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemberProtocol {
    pub(crate) name: String,
    pub(crate) metadata: Vec<u8>,
}

/// A member; soft, but for what the group's record has of it.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: MemberId,
    pub(crate) instance_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) client_host: String,
    pub(crate) timeouts: Timeouts,
    /// In the member's order of preference.
    pub(crate) protocols: Vec<MemberProtocol>,
    pub(crate) assignment: Vec<u8>,
    /// It has not yet had the answer to its first join, and expires even while it waits for it.
    pub(crate) is_new: bool,
    pub(crate) awaiting_join: Option<Waiter>,
    pub(crate) awaiting_sync: Option<Waiter>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    pub(crate) session_ms: i32,
    pub(crate) rebalance_ms: i32,
}

impl Timeouts {
    /// Version 0 has no time to rebalance: its session counts for both.
    pub(crate) fn of_request(request: &JoinGroupRequest<'_>, api_version: i16) -> Self {
        let session_ms = request.session_timeout_ms;
        let rebalance_ms = match api_version {
            0 => session_ms,
            _ => request.rebalance_timeout_ms,
        };
        Self {
            session_ms,
            rebalance_ms,
        }
    }

    pub(crate) fn session_ms(self) -> u64 {
        u64::try_from(self.session_ms).unwrap_or(0)
    }

    pub(crate) fn rebalance_ms(self) -> u64 {
        u64::try_from(self.rebalance_ms).unwrap_or(0)
    }
}

impl Member {
    /// The member as the group's record has it, with the one protocol that was chosen.
    pub(crate) fn from_record(stored: &MemberMetadata, protocol: &str) -> Self {
        let session_ms = stored.session_timeout;
        let rebalance_ms = match stored.rebalance_timeout {
            -1 => session_ms,
            rebalance_ms => rebalance_ms,
        };
        Self {
            id: stored.member_id.as_str().into(),
            instance_id: stored.group_instance_id.clone(),
            client_id: stored.client_id.clone(),
            client_host: stored.client_host.clone(),
            timeouts: Timeouts {
                session_ms,
                rebalance_ms,
            },
            protocols: vec![MemberProtocol {
                name: protocol.to_owned(),
                metadata: stored.subscription.clone(),
            }],
            assignment: stored.assignment.clone(),
            is_new: false,
            awaiting_join: None,
            awaiting_sync: None,
        }
    }

    /// Whether it is known to be there without a heartbeat, because it waits for an answer.
    pub(crate) const fn has_satisfied_heartbeat(&self) -> bool {
        !self.is_new && (self.awaiting_join.is_some() || self.awaiting_sync.is_some())
    }

    /// Its metadata under a protocol, empty when it does not offer it.
    pub(crate) fn metadata(&self, protocol: Option<&str>) -> &[u8] {
        self.protocols
            .iter()
            .find(|offered| Some(offered.name.as_str()) == protocol)
            .map_or(&[], |offered| offered.metadata.as_slice())
    }

    pub(crate) fn to_record(&self, protocol: Option<&str>, assignment: Vec<u8>) -> MemberMetadata {
        MemberMetadata {
            member_id: self.id.as_str().to_owned(),
            group_instance_id: self.instance_id.clone(),
            client_id: self.client_id.clone(),
            client_host: self.client_host.clone(),
            rebalance_timeout: self.timeouts.rebalance_ms,
            session_timeout: self.timeouts.session_ms,
            subscription: self.metadata(protocol).to_vec(),
            assignment,
        }
    }

    pub(crate) fn to_join_response(
        &self,
        protocol: Option<&str>,
    ) -> JoinGroupResponseMember<'static> {
        JoinGroupResponseMember {
            member_id: self.id.as_str().to_owned().into(),
            group_instance_id: self.instance_id.clone().map(Into::into),
            metadata: self.metadata(protocol).to_vec().into(),
        }
    }

    pub(crate) fn describe(&self, protocol: Option<&str>) -> DescribedGroupMember<'static> {
        DescribedGroupMember {
            member_id: self.id.as_str().to_owned().into(),
            group_instance_id: self.instance_id.clone().map(Into::into),
            client_id: self.client_id.clone().into(),
            client_host: self.client_host.clone().into(),
            member_metadata: self.metadata(protocol).to_vec().into(),
            member_assignment: self.assignment.clone().into(),
        }
    }
}

/// The protocols of a request; a name that comes twice counts once, with what came first.
pub(crate) fn protocols_of(offered: &[JoinGroupRequestProtocol<'_>]) -> Vec<MemberProtocol> {
    let mut seen = std::collections::BTreeSet::new();
    offered
        .iter()
        .filter(|protocol| seen.insert(protocol.name.as_ref()))
        .map(|protocol| MemberProtocol {
            name: protocol.name.clone().into_owned(),
            metadata: protocol.metadata.clone().into_owned(),
        })
        .collect()
}
