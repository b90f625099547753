//! DescribeGroups: one group with its members.

use protocol::ErrorCode;
use protocol::generated::describe_groups_response::DescribedGroup;

use super::state::GroupState;
use crate::coordinator::Coordinator;

impl Coordinator {
    /// Describes a group. One that is not there is dead, and since version 6 also an error
    /// (KIP-1043). Authorised operations are for the caller to fill in.
    #[must_use]
    pub fn describe_group(&self, group_id: &str, api_version: i16) -> DescribedGroup<'static> {
        let described = DescribedGroup {
            group_id: group_id.to_owned().into(),
            ..DescribedGroup::default()
        };
        if let Err(error_code) = self.check_active() {
            return DescribedGroup {
                error_code,
                ..described
            };
        }
        let Some(group) = self.groups.get(group_id) else {
            let mut dead = DescribedGroup {
                group_state: GroupState::Dead.name().into(),
                ..described
            };
            if api_version >= 6 {
                dead.error_code = ErrorCode::GROUP_ID_NOT_FOUND;
                dead.error_message = Some(format!("Group {group_id} not found.").into());
            }
            return dead;
        };
        // What members told under a protocol is shown only while that protocol is agreed on.
        let protocol = group
            .protocol_name
            .as_deref()
            .filter(|_| group.state == GroupState::Stable);
        let members = group.members.values();
        DescribedGroup {
            group_state: group.state.name().into(),
            protocol_type: group.protocol_type().unwrap_or("").to_owned().into(),
            protocol_data: protocol.unwrap_or("").to_owned().into(),
            members: members.map(|member| member.describe(protocol)).collect(),
            ..described
        }
    }
}
