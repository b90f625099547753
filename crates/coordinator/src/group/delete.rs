//! DeleteGroups: a group without members goes, with its offsets.

use protocol::ErrorCode;
use protocol::generated::delete_groups_request::DeleteGroupsRequest;
use protocol::generated::delete_groups_response::{DeletableGroupResult, DeleteGroupsResponse};
use protocol::time::Now;
use protocol::wire::EncodeError;

use super::state::GroupState;
use crate::append::Continuation;
use crate::coordinator::Coordinator;
use crate::names::{GroupId, MemberId};
use crate::record::Record;
use crate::response::{Caller, Effects, Response};
use crate::timers::Timer;

impl Coordinator {
    /// Deletes groups that have no members. A group named twice is not found the second time.
    pub fn delete_groups(
        &mut self,
        now: Now,
        caller: &Caller<'_>,
        request: &DeleteGroupsRequest<'_>,
    ) -> Effects {
        let mut records = Ok(Vec::new());
        let mut deleted = Vec::new();
        let mut results = Vec::new();
        for name in &request.groups_names {
            let id = GroupId::from(name.as_ref());
            let checked = self.check_delete(&id);
            if checked.is_ok() {
                records = records.and_then(|records| self.tombstones(&id, records));
                self.forget_group(&id);
                deleted.push(id);
            }
            results.push(DeletableGroupResult {
                group_id: name.clone().into_owned().into(),
                error_code: checked.err().unwrap_or(ErrorCode::NONE),
            });
        }
        let response = Response::DeleteGroups(DeleteGroupsResponse {
            results,
            ..DeleteGroupsResponse::default()
        });
        if deleted.is_empty() {
            self.reply_when_committed(caller.waiter(), response);
        } else {
            let parked = vec![(caller.waiter(), response)];
            self.append(now, deleted, records, Continuation::Nothing, parked);
        }
        self.take_effects()
    }

    /// Drops the soft state of a group without members; ids given out to nobody yet go with it.
    pub(crate) fn forget_group(&mut self, id: &GroupId) {
        let group = self.groups.remove(id);
        let pending: Vec<MemberId> = group.into_iter().flat_map(|it| it.pending_joins).collect();
        for member_id in pending {
            self.timers.cancel(&Timer::Session(id.clone(), member_id));
        }
    }

    /// The records that delete a group, behind others.
    fn tombstones(
        &self,
        id: &GroupId,
        mut records: Vec<Record>,
    ) -> Result<Vec<Record>, EncodeError> {
        let offsets = &self.uncommitted.offsets;
        for (key, _) in offsets.of_group(id) {
            records.push(Record::offset_tombstone(key)?);
        }
        for key in offsets.open_of_group(id) {
            if offsets.committed(key).is_none() {
                records.push(Record::offset_tombstone(key)?);
            }
        }
        records.push(Record::group_tombstone(id)?);
        Ok(records)
    }

    fn check_delete(&self, id: &GroupId) -> Result<(), ErrorCode> {
        self.check_active()?;
        match self.groups.get(id).map(|group| group.state) {
            None | Some(GroupState::Dead) => Err(ErrorCode::GROUP_ID_NOT_FOUND),
            Some(GroupState::Empty) => Ok(()),
            Some(_) => Err(ErrorCode::NON_EMPTY_GROUP),
        }
    }
}
