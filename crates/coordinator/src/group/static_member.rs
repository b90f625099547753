//! A static member that comes back under a new id (KIP-345): it takes the old one's place, whose
//! requests are fenced from then on. A stable group does not rebalance for it.

use protocol::ErrorCode;
use protocol::generated::join_group_response::JoinGroupResponse;
use protocol::time::Now;

use super::ClassicGroup;
use super::join::Join;
use super::state::GroupState;
use crate::append::{Continuation, StaticReplacement};
use crate::coordinator::Coordinator;
use crate::names::MemberId;
use crate::record::Record;
use crate::response::{Response, Waiter, join_error};
use crate::timers::Timer;

impl Coordinator {
    pub(super) fn replace_static_member(
        &mut self,
        now: Now,
        join: &Join<'_>,
        old_id: &MemberId,
        new_id: MemberId,
    ) {
        let old_session = Timer::Session(join.group.clone(), old_id.clone());
        self.timers.cancel(&old_session);
        let Some(group) = self.groups.get_mut(&join.group) else {
            return;
        };
        let old_leader = group.leader.clone();
        let waiters = group.rename_static_member(old_id, &new_id);
        self.fence(old_id, waiters);
        self.update_member(join, &new_id);
        self.restart_session(now, &join.group, &new_id);
        let Some(group) = self.groups.get(&join.group) else {
            return;
        };
        match group.state {
            GroupState::Stable if group.select_protocol() == group.protocol_name => {
                let record =
                    Record::group_metadata(&join.group, group.to_record(group.assignments()));
                let then = Continuation::StaticMember(StaticReplacement {
                    group: join.group.clone(),
                    generation: group.generation,
                    old_id: old_id.clone(),
                    new_id,
                    old_leader,
                    waiter: join.waiter.id,
                });
                let records = record.map(|record| vec![record]);
                self.append(now, vec![join.group.clone()], records, then, Vec::new());
            }
            GroupState::Stable => self.prepare_or_complete(now, &join.group),
            GroupState::CompletingRebalance => self.prepare_rebalance(now, &join.group),
            _ => self.complete_if_all_joined(now, &join.group),
        }
    }

    /// The replacement is in the log: the member keeps its assignment. A rebalance that began
    /// meanwhile answers instead.
    pub(crate) fn confirm_replacement(&mut self, replacement: &StaticReplacement) {
        let Some((group, waiter)) = self.take_replacement(replacement) else {
            return;
        };
        let is_leader = group.is_leader(replacement.new_id.as_str());
        let response = group.join_response(&replacement.new_id);
        let response = if waiter.api_version >= 9 {
            // The leader is told of all members and that it need not assign (KIP-814).
            JoinGroupResponse {
                skip_assignment: is_leader,
                ..response
            }
        } else {
            // It must not take itself for the leader, or it would assign anew.
            let leader = replacement.old_leader.as_ref();
            let leader = leader.map_or_else(String::new, |leader| leader.as_str().to_owned());
            JoinGroupResponse {
                leader: leader.into(),
                members: Vec::new(),
                ..response
            }
        };
        self.reply(waiter, Response::Join(response));
    }

    /// The replacement did not get into the log: the old id holds the place again.
    pub(crate) fn undo_replacement(
        &mut self,
        now: Now,
        replacement: &StaticReplacement,
        error: ErrorCode,
    ) {
        let Some((_, waiter)) = self.take_replacement(replacement) else {
            return;
        };
        self.reply(waiter, Response::Join(join_error("", error)));
        let new_session = Timer::Session(replacement.group.clone(), replacement.new_id.clone());
        self.timers.cancel(&new_session);
        if let Some(group) = self.groups.get_mut(&replacement.group) {
            let waiters = group.rename_static_member(&replacement.new_id, &replacement.old_id);
            self.fence(&replacement.new_id, waiters);
        }
        self.restart_session(now, &replacement.group, &replacement.old_id);
    }

    /// The waiter of a replacement, if it still waits for it in the same generation.
    fn take_replacement(
        &mut self,
        replacement: &StaticReplacement,
    ) -> Option<(&ClassicGroup, Waiter)> {
        let group = self.groups.get_mut(&replacement.group)?;
        let member = group.members.get(&replacement.new_id)?;
        let is_same = member.awaiting_join?.id == replacement.waiter
            && group.state == GroupState::Stable
            && group.generation == replacement.generation;
        let waiter = is_same.then(|| group.take_join(replacement.new_id.as_str()))??;
        Some((group, waiter))
    }

    fn fence(&mut self, old_id: &MemberId, (join, sync): (Option<Waiter>, Option<Waiter>)) {
        let error = ErrorCode::FENCED_INSTANCE_ID;
        if let Some(waiter) = join {
            let response = JoinGroupResponse {
                protocol_name: None,
                ..join_error(old_id.as_str(), error)
            };
            self.reply(waiter, Response::Join(response));
        }
        if let Some(waiter) = sync {
            self.reply(waiter, Response::Sync(crate::response::sync_error(error)));
        }
    }
}

impl ClassicGroup {
    /// Gives a static member another id, and hands back who waited under the old one: for a join
    /// and for a sync.
    fn rename_static_member(
        &mut self,
        old_id: &MemberId,
        new_id: &MemberId,
    ) -> (Option<Waiter>, Option<Waiter>) {
        let join = self.take_join(old_id.as_str());
        let Some(mut member) = self.members.remove(old_id) else {
            return (join, None);
        };
        let sync = member.awaiting_sync.take();
        member.id = new_id.clone();
        if let Some(instance_id) = &member.instance_id {
            self.static_members
                .insert(instance_id.clone(), new_id.clone());
        }
        if self.is_leader(old_id.as_str()) {
            self.leader = Some(new_id.clone());
        }
        if self.pending_syncs.remove(old_id) {
            self.pending_syncs.insert(new_id.clone());
        }
        self.members.insert(new_id.clone(), member);
        (join, sync)
    }
}
