//! How a group comes to its next generation, and what deadlines do to it.
//!
//! A rebalance begins (`prepare_rebalance`), gathers joins until all are there or the time is up
//! (`complete_join`), and then waits for the leader's assignment, which `sync` takes over. The
//! first rebalance of an empty group is put off, so that members that start together meet.

use protocol::ErrorCode;
use protocol::time::Now;

use super::member::Member;
use super::state::GroupState;
use super::{ClassicGroup, InitialDelay};
use crate::append::Continuation;
use crate::coordinator::Coordinator;
use crate::names::{GroupId, MemberId};
use crate::record::Record;
use crate::response::{Response, join_error, sync_error};
use crate::timers::Timer;
use protocol::generated::join_group_response::JoinGroupResponse;

impl Coordinator {
    /// Begins a rebalance, or goes on with the one under way.
    pub(super) fn prepare_or_complete(&mut self, now: Now, id: &GroupId) {
        match self.groups.get(id) {
            Some(group) if group.state.can_rebalance() => self.prepare_rebalance(now, id),
            _ => self.complete_if_all_joined(now, id),
        }
    }

    pub(super) fn prepare_rebalance(&mut self, now: Now, id: &GroupId) {
        self.fail_syncs(now, id, ErrorCode::REBALANCE_IN_PROGRESS);
        self.timers.cancel(&Timer::Sync(id.clone()));
        let Some(group) = self.groups.get_mut(id) else {
            return;
        };
        group.pending_syncs.clear();
        let is_first = group.state == GroupState::Empty;
        group.transition(GroupState::PreparingRebalance, now);
        let timeout_ms = group.rebalance_timeout_ms();
        if is_first {
            let delay_ms = self.config.initial_rebalance_delay_ms;
            group.initial_delay = Some(InitialDelay {
                delay_ms,
                remaining_ms: timeout_ms.saturating_sub(delay_ms),
                new_member_added: false,
            });
            self.schedule(now, Timer::Rebalance(id.clone()), delay_ms);
        } else if group.has_all_joined() {
            self.complete_join(now, id);
        } else {
            self.schedule(now, Timer::Rebalance(id.clone()), timeout_ms);
        }
    }

    /// Ends the gathering of joins when nobody is missing. The first rebalance waits for its time.
    pub(super) fn complete_if_all_joined(&mut self, now: Now, id: &GroupId) {
        let is_complete = self.groups.get(id).is_some_and(|group| {
            group.state == GroupState::PreparingRebalance
                && group.previous_state != GroupState::Empty
                && group.has_all_joined()
        });
        if is_complete {
            self.complete_join(now, id);
        }
    }

    pub(super) fn expire_rebalance_of_first(&mut self, now: Now, id: &GroupId) -> bool {
        let initial_delay_ms = self.config.initial_rebalance_delay_ms;
        let group = self.groups.get_mut(id);
        let Some(delay) = group.and_then(|group| group.initial_delay.as_mut()) else {
            return false;
        };
        if !delay.new_member_added || delay.remaining_ms == 0 {
            return false;
        }
        let delay_ms = initial_delay_ms.min(delay.remaining_ms);
        *delay = InitialDelay {
            delay_ms,
            remaining_ms: delay.remaining_ms.saturating_sub(delay.delay_ms),
            new_member_added: false,
        };
        self.schedule(now, Timer::Rebalance(id.clone()), delay_ms);
        true
    }

    /// The members had their time to join.
    pub(crate) fn expire_rebalance(&mut self, now: Now, id: &GroupId) {
        let is_gathering = self
            .groups
            .get(id)
            .is_some_and(|group| group.state == GroupState::PreparingRebalance);
        if is_gathering && !self.expire_rebalance_of_first(now, id) {
            self.complete_join(now, id);
        }
    }

    /// The members had their time to ask for their assignment: those that did not are out.
    pub(crate) fn expire_sync(&mut self, now: Now, id: &GroupId) {
        let Some(group) = self.groups.get(id) else {
            return;
        };
        let is_assigning = matches!(
            group.state,
            GroupState::CompletingRebalance | GroupState::Stable
        );
        if is_assigning && !group.pending_syncs.is_empty() {
            for member in group.pending_syncs.clone() {
                self.drop_member(id, &member);
            }
            self.prepare_rebalance(now, id);
        }
    }

    /// A member was not heard of for a session.
    pub(crate) fn expire_session(&mut self, now: Now, id: &GroupId, member_id: &MemberId) {
        let Some(group) = self.groups.get(id) else {
            return;
        };
        let is_gone = match group.members.get(member_id) {
            Some(member) => !member.has_satisfied_heartbeat(),
            None => group.pending_joins.contains(member_id),
        };
        if is_gone {
            self.remove_and_rebalance(now, id, member_id);
        }
    }

    pub(super) fn remove_and_rebalance(&mut self, now: Now, id: &GroupId, member_id: &MemberId) {
        let was_member = self.drop_member(id, member_id);
        let Some(group) = self.groups.get(id) else {
            return;
        };
        match group.state {
            GroupState::Stable | GroupState::CompletingRebalance if was_member => {
                self.prepare_rebalance(now, id);
            }
            GroupState::PreparingRebalance if group.has_all_joined() => {
                self.complete_join(now, id);
            }
            _ => {}
        }
    }

    /// Takes a member, or a pending one, out of the group and answers what it waited for.
    pub(super) fn drop_member(&mut self, id: &GroupId, member_id: &MemberId) -> bool {
        let session = Timer::Session(id.clone(), member_id.clone());
        self.timers.cancel(&session);
        let group = self.groups.get_mut(id);
        let Some(member) = group.and_then(|group| group.remove(member_id.as_str())) else {
            return false;
        };
        self.refuse_waiters(&member, "", ErrorCode::UNKNOWN_MEMBER_ID);
        true
    }

    pub(super) fn refuse_waiters(&mut self, member: &Member, member_id: &str, error: ErrorCode) {
        if let Some(waiter) = member.awaiting_join {
            self.reply(waiter, Response::Join(join_error(member_id, error)));
        }
        if let Some(waiter) = member.awaiting_sync {
            self.reply(waiter, Response::Sync(sync_error(error)));
        }
    }

    /// Makes the next generation of those who joined.
    pub(super) fn complete_join(&mut self, now: Now, id: &GroupId) {
        self.timers.cancel(&Timer::Rebalance(id.clone()));
        let Some(group) = self.groups.get(id) else {
            return;
        };
        let missing = group
            .members
            .values()
            .filter(|member| member.awaiting_join.is_none() && member.instance_id.is_none());
        for member in missing.map(|member| member.id.clone()).collect::<Vec<_>>() {
            self.drop_member(id, &member);
        }
        let Some(group) = self.groups.get_mut(id) else {
            return;
        };
        if !group.elect_joined_leader() && !group.members.is_empty() {
            // Only static members are left and none of them came: they keep their place.
            let timeout_ms = group.rebalance_timeout_ms().max(1);
            self.schedule(now, Timer::Rebalance(id.clone()), timeout_ms);
            return;
        }
        group.begin_generation(now);
        if group.state == GroupState::Empty {
            let record = Record::group_metadata(id, group.to_record(group.assignments()));
            let records = record.map(|record| vec![record]);
            self.append(
                now,
                vec![id.clone()],
                records,
                Continuation::Nothing,
                Vec::new(),
            );
        } else {
            self.answer_joins(now, id);
        }
    }

    fn answer_joins(&mut self, now: Now, id: &GroupId) {
        let Some(group) = self.groups.get_mut(id) else {
            return;
        };
        let timeout_ms = group.rebalance_timeout_ms();
        for member_id in group.members.keys().cloned().collect::<Vec<_>>() {
            let Some(group) = self.groups.get_mut(id) else {
                return;
            };
            if let Some(member) = group.members.get_mut(&member_id) {
                member.is_new = false;
            }
            group.pending_syncs.insert(member_id.clone());
            if let Some(waiter) = group.take_join(member_id.as_str()) {
                let response = group.join_response(&member_id);
                self.reply(waiter, Response::Join(response));
            }
            self.restart_session(now, id, &member_id);
        }
        self.schedule(now, Timer::Sync(id.clone()), timeout_ms);
    }

    /// Starts the sessions of a group that was loaded. One that is over capacity rebalances, so
    /// that its members can commit before some of them are refused.
    pub(crate) fn start_sessions(&mut self, now: Now, id: &GroupId) {
        let Some(group) = self.groups.get(id) else {
            return;
        };
        let is_too_large = group.members.len() > self.config.group_size_max;
        for member_id in group.members.keys().cloned().collect::<Vec<_>>() {
            self.restart_session(now, id, &member_id);
        }
        if is_too_large {
            self.prepare_rebalance(now, id);
        }
    }

    /// A member was heard of.
    pub(crate) fn restart_session(&mut self, now: Now, id: &GroupId, member_id: &MemberId) {
        let member = self.groups.get(id).and_then(|it| it.members.get(member_id));
        if let Some(timeout_ms) = member.map(|member| member.timeouts.session_ms()) {
            let session = Timer::Session(id.clone(), member_id.clone());
            self.schedule(now, session, timeout_ms);
        }
    }

    pub(super) fn schedule(&mut self, now: Now, timer: Timer, delay_ms: u64) {
        let deadline_ms = now.monotonic_ms.saturating_add(delay_ms);
        self.timers.schedule(timer, deadline_ms);
    }
}

impl ClassicGroup {
    /// The answer to a member of the present generation; the leader is told of all members.
    pub(super) fn join_response(&self, member_id: &MemberId) -> JoinGroupResponse<'static> {
        let protocol = self.protocol_name.as_deref();
        let members = match self.is_leader(member_id.as_str()) {
            true => self
                .members
                .values()
                .map(|it| it.to_join_response(protocol))
                .collect(),
            false => Vec::new(),
        };
        JoinGroupResponse {
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone().map(Into::into),
            protocol_name: self.protocol_name.clone().map(Into::into),
            leader: self.leader_name().into(),
            member_id: member_id.as_str().to_owned().into(),
            members,
            ..JoinGroupResponse::default()
        }
    }

    pub(super) fn leader_name(&self) -> String {
        let leader = self.leader.as_ref();
        leader.map_or_else(String::new, |leader| leader.as_str().to_owned())
    }
}
