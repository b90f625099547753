//! Heartbeat: a member is there, and learns whether it has to join again.

use protocol::ErrorCode;
use protocol::generated::heartbeat_request::HeartbeatRequest;
use protocol::time::Now;

use super::state::GroupState;
use crate::coordinator::Coordinator;
use crate::names::GroupId;
use crate::response::{Caller, Effects, Response, heartbeat};

impl Coordinator {
    /// A member is heard of. While the group loads it is told that all is well, so that it does not
    /// look for another coordinator.
    pub fn handle_heartbeat(
        &mut self,
        now: Now,
        caller: &Caller<'_>,
        request: &HeartbeatRequest<'_>,
    ) -> Effects {
        let error = match self.beat(now, request) {
            Ok(GroupState::PreparingRebalance) => ErrorCode::REBALANCE_IN_PROGRESS,
            Ok(_) | Err(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS) => ErrorCode::NONE,
            Err(error) => error,
        };
        self.reply_when_committed(caller.waiter(), Response::Heartbeat(heartbeat(error)));
        self.take_effects()
    }

    fn beat(&mut self, now: Now, request: &HeartbeatRequest<'_>) -> Result<GroupState, ErrorCode> {
        if request.group_id.is_empty() {
            return Err(ErrorCode::INVALID_GROUP_ID);
        }
        self.check_active()?;
        let id = GroupId::from(request.group_id.as_ref());
        let group = self.groups.get(&id).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?;
        let instance_id = request.group_instance_id.as_deref();
        let member_id = group.validate_member(&request.member_id, instance_id)?;
        if request.generation_id != group.generation {
            return Err(ErrorCode::ILLEGAL_GENERATION);
        }
        let (state, member_id) = (group.state, member_id.clone());
        self.restart_session(now, &id, &member_id);
        Ok(state)
    }
}
