//! JoinGroup: a member comes, comes again, or is told its id first (KIP-394).
//!
//! Departs from Kafka where a second request of one member overtakes the first: the first is
//! answered REBALANCE_IN_PROGRESS, where Kafka would leave it without an answer.

use protocol::ErrorCode;
use protocol::generated::join_group_request::JoinGroupRequest;
use protocol::time::Now;

use super::ClassicGroup;
use super::member::{Member, MemberProtocol, Timeouts, protocols_of};
use super::state::GroupState;
use crate::append::Continuation;
use crate::config::GroupConfig;
use crate::coordinator::Coordinator;
use crate::names::{GroupId, MemberId};
use crate::record::Record;
use crate::response::{Caller, Effects, Response, Waiter, WaiterId, join_error};
use crate::timers::Timer;

/// A request with what was worked out of it.
pub(super) struct Join<'a> {
    pub(super) group: GroupId,
    pub(super) waiter: Waiter,
    pub(super) caller: &'a Caller<'a>,
    pub(super) request: &'a JoinGroupRequest<'a>,
    pub(super) protocols: Vec<MemberProtocol>,
    pub(super) timeouts: Timeouts,
}

impl Coordinator {
    /// A member joins its group. Answered when the group has its next generation; `member_uuid` is
    /// a random (version 4) UUID, used if the member needs an id.
    pub fn handle_join(
        &mut self,
        now: Now,
        caller: &Caller<'_>,
        request: &JoinGroupRequest<'_>,
        member_uuid: u128,
    ) -> Effects {
        let join = Join {
            group: request.group_id.as_ref().into(),
            waiter: caller.waiter(),
            caller,
            request,
            protocols: protocols_of(&request.protocols),
            timeouts: Timeouts::of_request(request, caller.api_version),
        };
        if let Err((member_id, error)) = self.check_join(request) {
            self.refuse_join(&join, member_id, error);
            return self.take_effects();
        }
        let is_new_group = !self.groups.contains_key(&join.group);
        if is_new_group {
            let group = ClassicGroup::new(Some(now.wall_ms));
            self.groups.insert(join.group.clone(), group);
        }
        self.join_group(now, &join, member_uuid);
        if is_new_group {
            let record = self.groups.get(&join.group).map(|group| {
                let empty = ClassicGroup::new(group.state_since_ms);
                Record::group_metadata(&join.group, empty.to_record(empty.assignments()))
            });
            let then = Continuation::NewGroup {
                group: join.group.clone(),
                waiter: join.waiter.id,
            };
            let records = record.into_iter().collect();
            self.append(now, vec![join.group.clone()], records, then, Vec::new());
        }
        self.take_effects()
    }

    /// The record that makes a new group known failed: whoever made it so joins anew.
    pub(crate) fn fail_first_join(
        &mut self,
        now: Now,
        id: &GroupId,
        waiter: WaiterId,
        error: ErrorCode,
    ) {
        let Some(group) = self.groups.get_mut(id) else {
            return;
        };
        let waiting = group.members.values().find(|member| {
            let joining = member.awaiting_join;
            joining.is_some_and(|joining| joining.id == waiter)
        });
        let Some(member_id) = waiting.map(|member| member.id.clone()) else {
            return;
        };
        if let Some(waiter) = group.take_join(member_id.as_str()) {
            self.reply(waiter, Response::Join(join_error("", error)));
        }
        self.remove_and_rebalance(now, id, &member_id);
    }

    /// What is wrong with a request whatever its group is like, and the id to answer it with.
    fn check_join<'a>(
        &self,
        request: &'a JoinGroupRequest<'_>,
    ) -> Result<(), (&'a str, ErrorCode)> {
        let member_id = request.member_id.as_ref();
        let config = &self.config;
        let session_timeouts_ms = config.session_timeout_ms_min..=config.session_timeout_ms_max;
        if request.group_id.is_empty() {
            return Err((member_id, ErrorCode::INVALID_GROUP_ID));
        }
        if !session_timeouts_ms.contains(&request.session_timeout_ms) {
            return Err((member_id, ErrorCode::INVALID_SESSION_TIMEOUT));
        }
        self.check_active().map_err(|error| ("", error))?;
        if self.uncommitted.is_other_kind(&request.group_id) {
            return Err(("", ErrorCode::INCONSISTENT_GROUP_PROTOCOL));
        }
        if !member_id.is_empty() && !self.groups.contains_key(request.group_id.as_ref()) {
            return Err((member_id, ErrorCode::UNKNOWN_MEMBER_ID));
        }
        Ok(())
    }

    fn join_group(&mut self, now: Now, join: &Join<'_>, member_uuid: u128) {
        let member_id = join.request.member_id.as_ref();
        let Some(group) = self.groups.get(&join.group) else {
            return;
        };
        if !group.has_room_for(member_id, self.config.group_size_max) {
            self.drop_member(&join.group, &member_id.into());
            self.refuse_join(join, "", ErrorCode::GROUP_MAX_SIZE_REACHED);
        } else if !group.supports(&join.request.protocol_type, &join.protocols) {
            self.refuse_join(join, member_id, ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        } else if member_id.is_empty() {
            self.join_new(now, join, member_uuid);
        } else if group.pending_joins.contains(member_id) {
            match join.request.group_instance_id {
                // Static members are never given an id ahead of their join.
                Some(_) => self.refuse_join(join, member_id, ErrorCode::UNKNOWN_MEMBER_ID),
                None => self.add_member(now, join, member_id.into()),
            }
        } else {
            match group.validate_member(member_id, join.request.group_instance_id.as_deref()) {
                Ok(member_id) => self.join_again(now, join, &member_id.clone()),
                Err(error) => self.refuse_join(join, member_id, error),
            }
        }
    }

    fn join_new(&mut self, now: Now, join: &Join<'_>, member_uuid: u128) {
        let instance_id = join.request.group_instance_id.as_deref();
        let prefix = instance_id.unwrap_or(join.caller.client_id);
        let member_id = format!("{prefix}-{}", java_uuid(member_uuid));
        if i16::try_from(member_id.len()).is_err() {
            // No record could hold it.
            return self.refuse_join(join, "", ErrorCode::INVALID_REQUEST);
        }
        let member_id = MemberId::from(member_id.as_str());
        let Some(group) = self.groups.get_mut(&join.group) else {
            return;
        };
        if let Some(instance_id) = instance_id {
            match group.static_members.get(instance_id).cloned() {
                Some(old_id) => self.replace_static_member(now, join, &old_id, member_id),
                None => self.add_member(now, join, member_id),
            }
        } else if join.caller.api_version >= 4 {
            group.pending_joins.insert(member_id.clone());
            let session = Timer::Session(join.group.clone(), member_id.clone());
            self.schedule(now, session, join.timeouts.session_ms());
            self.refuse_join(join, member_id.as_str(), ErrorCode::MEMBER_ID_REQUIRED);
        } else {
            self.add_member(now, join, member_id);
        }
    }

    fn add_member(&mut self, now: Now, join: &Join<'_>, member_id: MemberId) {
        let Some(group) = self.groups.get_mut(&join.group) else {
            return;
        };
        if group.members.is_empty() {
            group.protocol_type = Some(join.request.protocol_type.clone().into_owned());
        }
        if let Some(delay) = &mut group.initial_delay {
            delay.new_member_added = true;
        }
        group.add(Member {
            id: member_id.clone(),
            instance_id: join.request.group_instance_id.as_deref().map(str::to_owned),
            client_id: join.caller.client_id.to_owned(),
            client_host: join.caller.client_host.to_owned(),
            timeouts: join.timeouts,
            protocols: join.protocols.clone(),
            assignment: Vec::new(),
            is_new: true,
            awaiting_join: Some(join.waiter),
            awaiting_sync: None,
        });
        let session = Timer::Session(join.group.clone(), member_id);
        self.schedule(now, session, GroupConfig::NEW_MEMBER_JOIN_TIMEOUT_MS);
        self.prepare_or_complete(now, &join.group);
    }

    fn join_again(&mut self, now: Now, join: &Join<'_>, member_id: &MemberId) {
        let Some(group) = self.groups.get(&join.group) else {
            return;
        };
        let member = group.members.get(member_id);
        let is_unchanged = member.is_some_and(|member| member.protocols == join.protocols);
        let is_leader = group.is_leader(member_id.as_str());
        match group.state {
            GroupState::CompletingRebalance if is_unchanged => {
                // The answer was lost: it is given again.
                let response = group.join_response(member_id);
                self.reply(join.waiter, Response::Join(response));
            }
            GroupState::Stable if is_unchanged && !is_leader => {
                let response = group.join_response(member_id);
                self.reply(join.waiter, Response::Join(response));
            }
            GroupState::PreparingRebalance
            | GroupState::CompletingRebalance
            | GroupState::Stable => {
                self.update_member(join, member_id);
                self.prepare_or_complete(now, &join.group);
            }
            GroupState::Empty | GroupState::Dead => {
                self.refuse_join(join, member_id.as_str(), ErrorCode::UNKNOWN_MEMBER_ID);
            }
        }
    }

    /// Takes over what a member offers now, and lets it wait.
    pub(super) fn update_member(&mut self, join: &Join<'_>, member_id: &MemberId) {
        let Some(group) = self.groups.get_mut(&join.group) else {
            return;
        };
        group.update(member_id.as_str(), join.protocols.clone(), join.timeouts);
        if let Some(before) = group.await_join(member_id.as_str(), join.waiter) {
            let response = join_error(member_id.as_str(), ErrorCode::REBALANCE_IN_PROGRESS);
            self.reply(before, Response::Join(response));
        }
    }

    fn refuse_join(&mut self, join: &Join<'_>, member_id: &str, error: ErrorCode) {
        self.reply(join.waiter, Response::Join(join_error(member_id, error)));
    }
}

impl ClassicGroup {
    /// Whether somebody may join. While members gather, those who wait already count, so that a
    /// group over capacity shrinks to those who are first.
    fn has_room_for(&self, member_id: &str, size_max: usize) -> bool {
        match self.state {
            GroupState::Empty | GroupState::Dead => true,
            GroupState::PreparingRebalance => {
                self.is_awaiting_join(member_id) || self.awaiting_join_count < size_max
            }
            GroupState::CompletingRebalance | GroupState::Stable => {
                self.members.contains_key(member_id) || self.members.len() < size_max
            }
        }
    }
}

/// A UUID as Java prints it.
fn java_uuid(uuid: u128) -> String {
    let digits = format!("{uuid:032x}");
    let parts = [
        &digits[..8],
        &digits[8..12],
        &digits[12..16],
        &digits[16..20],
        &digits[20..],
    ];
    parts.join("-")
}
