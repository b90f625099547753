//! SyncGroup: the leader brings the assignment, each member takes its part.
//!
//! The assignment is in the log before anybody gets it. A member that waits is answered when that
//! is so, or when another rebalance begins.

use std::collections::BTreeMap;

use protocol::ErrorCode;
use protocol::generated::sync_group_request::SyncGroupRequest;
use protocol::generated::sync_group_response::SyncGroupResponse;
use protocol::time::Now;

use super::ClassicGroup;
use super::state::GroupState;
use crate::append::Continuation;
use crate::coordinator::Coordinator;
use crate::names::{GroupId, MemberId};
use crate::record::Record;
use crate::response::{Caller, Effects, Response, sync_error};
use crate::timers::Timer;

impl Coordinator {
    /// A member of the generation asks for its assignment; the leader brings all of them.
    pub fn handle_sync(
        &mut self,
        now: Now,
        caller: &Caller<'_>,
        request: &SyncGroupRequest<'_>,
    ) -> Effects {
        let id = GroupId::from(request.group_id.as_ref());
        match self.check_sync(&id, request) {
            Err(error) => self.reply(caller.waiter(), Response::Sync(sync_error(error))),
            Ok((GroupState::Stable, member_id)) => {
                self.finish_sync(&id, &member_id);
                if let Some(group) = self.groups.get(&id) {
                    let response = group.sync_response(&member_id);
                    self.reply(caller.waiter(), Response::Sync(response));
                }
            }
            Ok((_, member_id)) => self.await_assignment(now, caller, request, &member_id),
        }
        self.take_effects()
    }

    /// The leader's assignment is in the log: it is the group's, if no rebalance came between.
    pub(crate) fn assign(
        &mut self,
        now: Now,
        id: &GroupId,
        generation: i32,
        mut assignments: BTreeMap<MemberId, Vec<u8>>,
    ) {
        let group = self.groups.get_mut(id);
        let Some(group) = group.filter(|group| group.awaits_assignment_of(generation)) else {
            return;
        };
        for member in group.members.values_mut() {
            member.assignment = assignments.remove(&member.id).unwrap_or_default();
        }
        group.transition(GroupState::Stable, now);
        self.answer_syncs(now, id, ErrorCode::NONE);
    }

    /// The leader's assignment did not get into the log: the group starts over.
    pub(crate) fn fail_assignment(
        &mut self,
        now: Now,
        id: &GroupId,
        generation: i32,
        error: ErrorCode,
    ) {
        let group = self.groups.get(id);
        if group.is_some_and(|group| group.awaits_assignment_of(generation)) {
            self.fail_syncs(now, id, error);
            self.prepare_rebalance(now, id);
        }
    }

    /// Answers all who wait for an assignment that will not come.
    pub(super) fn fail_syncs(&mut self, now: Now, id: &GroupId, error: ErrorCode) {
        let group = self.groups.get_mut(id);
        let waiting = group.filter(|group| group.state == GroupState::CompletingRebalance);
        if let Some(group) = waiting {
            for member in group.members.values_mut() {
                member.assignment.clear();
            }
            self.answer_syncs(now, id, error);
        }
    }

    fn answer_syncs(&mut self, now: Now, id: &GroupId, error: ErrorCode) {
        let Some(group) = self.groups.get_mut(id) else {
            return;
        };
        let members = group.members.values_mut();
        let waiting = members.filter_map(|it| Some((it.id.clone(), it.awaiting_sync.take()?)));
        for (member_id, waiter) in waiting.collect::<Vec<_>>() {
            let response = match (error, self.groups.get(id)) {
                (ErrorCode::NONE, Some(group)) => group.sync_response(&member_id),
                (error, _) => sync_error(error),
            };
            self.reply(waiter, Response::Sync(response));
            self.restart_session(now, id, &member_id);
        }
    }

    fn await_assignment(
        &mut self,
        now: Now,
        caller: &Caller<'_>,
        request: &SyncGroupRequest<'_>,
        member_id: &MemberId,
    ) {
        let id = GroupId::from(request.group_id.as_ref());
        self.finish_sync(&id, member_id);
        let Some(group) = self.groups.get_mut(&id) else {
            return;
        };
        let is_leader = group.is_leader(member_id.as_str());
        let member = group.members.get_mut(member_id);
        if let Some(before) = member.and_then(|it| it.awaiting_sync.replace(caller.waiter())) {
            let response = sync_error(ErrorCode::REBALANCE_IN_PROGRESS);
            self.reply(before, Response::Sync(response));
        }
        if is_leader {
            self.store_assignment(now, &id, request);
        }
    }

    fn store_assignment(&mut self, now: Now, id: &GroupId, request: &SyncGroupRequest<'_>) {
        let Some(group) = self.groups.get(id) else {
            return;
        };
        let assignments: BTreeMap<MemberId, Vec<u8>> = request
            .assignments
            .iter()
            .map(|it| (it.member_id.as_ref().into(), it.assignment.to_vec()))
            .collect();
        let record = Record::group_metadata(id, group.to_record(assignments.clone()));
        let then = Continuation::Assignment {
            group: id.clone(),
            generation: group.generation,
            assignments,
        };
        let records = record.map(|record| vec![record]);
        self.append(now, vec![id.clone()], records, then, Vec::new());
    }

    /// The member has asked; when all have, nobody is waited for.
    fn finish_sync(&mut self, id: &GroupId, member_id: &MemberId) {
        if let Some(group) = self.groups.get_mut(id) {
            group.pending_syncs.remove(member_id);
            if group.pending_syncs.is_empty() {
                self.timers.cancel(&Timer::Sync(id.clone()));
            }
        }
    }

    fn check_sync(
        &self,
        id: &GroupId,
        request: &SyncGroupRequest<'_>,
    ) -> Result<(GroupState, MemberId), ErrorCode> {
        if request.group_id.is_empty() {
            return Err(ErrorCode::INVALID_GROUP_ID);
        }
        self.check_active()?;
        let group = self.groups.get(id);
        let group = group.filter(|group| group.state != GroupState::Empty);
        let group = group.ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?;
        let instance_id = request.group_instance_id.as_deref();
        let member_id = group.validate_member(&request.member_id, instance_id)?;
        if request.generation_id != group.generation {
            return Err(ErrorCode::ILLEGAL_GENERATION);
        }
        let contradicts = |told: Option<&str>, held: Option<&str>| {
            told.zip(held).is_some_and(|(told, held)| told != held)
        };
        if contradicts(request.protocol_type.as_deref(), group.protocol_type())
            || contradicts(
                request.protocol_name.as_deref(),
                group.protocol_name.as_deref(),
            )
        {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        if group.state == GroupState::PreparingRebalance {
            return Err(ErrorCode::REBALANCE_IN_PROGRESS);
        }
        Ok((group.state, member_id.clone()))
    }
}

impl ClassicGroup {
    fn awaits_assignment_of(&self, generation: i32) -> bool {
        self.state == GroupState::CompletingRebalance && self.generation == generation
    }

    fn sync_response(&self, member_id: &MemberId) -> SyncGroupResponse<'static> {
        let member = self.members.get(member_id);
        let assignment = member.map_or_else(Vec::new, |member| member.assignment.clone());
        SyncGroupResponse {
            protocol_type: self.protocol_type.clone().map(Into::into),
            protocol_name: self.protocol_name.clone().map(Into::into),
            assignment: assignment.into(),
            ..SyncGroupResponse::default()
        }
    }
}
