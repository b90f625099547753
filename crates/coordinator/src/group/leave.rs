//! LeaveGroup: members go at once instead of timing out, several in one request since version 3,
//! static ones by their instance id (KIP-345).

use std::borrow::Cow;

use protocol::ErrorCode;
use protocol::generated::leave_group_request::{LeaveGroupRequest, MemberIdentity};
use protocol::generated::leave_group_response::{LeaveGroupResponse, MemberResponse};
use protocol::time::Now;

use super::state::GroupState;
use crate::coordinator::Coordinator;
use crate::names::{GroupId, MemberId};
use crate::response::{Caller, Effects, Response};

impl Coordinator {
    /// Members leave the group, which rebalances if one of them was in it.
    pub fn handle_leave(
        &mut self,
        now: Now,
        caller: &Caller<'_>,
        request: &LeaveGroupRequest<'_>,
    ) -> Effects {
        let mut response = LeaveGroupResponse::default();
        match self.check_leave(request) {
            Err(error) => response.error_code = error,
            Ok(()) => response.members = self.leave(now, caller.api_version, request),
        }
        if caller.api_version < 3 {
            // These versions have one member, whose error is that of the response.
            let member = response.members.pop();
            response.error_code = member.map_or(response.error_code, |member| member.error_code);
        }
        self.reply_when_committed(caller.waiter(), Response::Leave(response));
        self.take_effects()
    }

    fn leave(
        &mut self,
        now: Now,
        api_version: i16,
        request: &LeaveGroupRequest<'_>,
    ) -> Vec<MemberResponse<'static>> {
        let id = GroupId::from(request.group_id.as_ref());
        let only = [MemberIdentity {
            member_id: Cow::Borrowed(request.member_id.as_ref()),
            ..MemberIdentity::default()
        }];
        let leaving = match api_version {
            ..3 => &only[..],
            _ => request.members.as_slice(),
        };
        let mut responses = Vec::new();
        for member in leaving {
            let left = self.find_leaving(&id, member);
            if let Ok(member_id) = &left {
                self.drop_member(&id, member_id);
            }
            responses.push(MemberResponse {
                member_id: member.member_id.clone().into_owned().into(),
                group_instance_id: member
                    .group_instance_id
                    .as_deref()
                    .map(|instance_id| instance_id.to_owned().into()),
                error_code: left.err().unwrap_or(ErrorCode::NONE),
            });
        }
        let has_left = responses.iter().any(|it| it.error_code == ErrorCode::NONE);
        let is_empty = self
            .groups
            .get(&id)
            .is_none_or(|group| group.state == GroupState::Empty);
        if has_left && !is_empty {
            self.prepare_or_complete(now, &id);
        }
        responses
    }

    fn find_leaving(
        &self,
        id: &GroupId,
        member: &MemberIdentity<'_>,
    ) -> Result<MemberId, ErrorCode> {
        let group = self.groups.get(id).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?;
        let member_id = member.member_id.as_ref();
        let instance_id = member.group_instance_id.as_deref();
        if member_id.is_empty() {
            let current = instance_id.and_then(|it| group.static_members.get(it));
            return current.cloned().ok_or(ErrorCode::UNKNOWN_MEMBER_ID);
        }
        if let Some(pending) = group.pending_joins.get(member_id) {
            return Ok(pending.clone());
        }
        group.validate_member(member_id, instance_id).cloned()
    }

    fn check_leave(&self, request: &LeaveGroupRequest<'_>) -> Result<(), ErrorCode> {
        if request.group_id.is_empty() {
            return Err(ErrorCode::INVALID_GROUP_ID);
        }
        self.check_active()
    }
}
