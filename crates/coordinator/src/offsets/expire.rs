//! Offsets that nobody has needed for the time of retention go (KIP-211), and with the last of them
//! an empty group.
//!
//! From when the time counts: since the group became empty, if it had members; since the commit for
//! groups that never had members, and for topics that a stable group of consumers does not consume
//! any more. Offsets whose client named a time of its own go by that.

use protocol::time::Now;
use protocol::wire::EncodeError;

use crate::append::Continuation;
use crate::coordinator::Coordinator;
use crate::group::ClassicGroup;
use crate::group::state::GroupState;
use crate::names::GroupId;
use crate::record::Record;
use crate::replicated::offsets::{CommittedOffset, OffsetKey};

impl Coordinator {
    pub(crate) fn expire_offsets(&mut self, now: Now) {
        for id in self.groups.keys().cloned().collect::<Vec<_>>() {
            let Some(group) = self.groups.get(&id) else {
                continue;
            };
            let (expired, remain) = self.expired_of_group(now, &id, group);
            let is_over = !remain && group.state() == GroupState::Empty;
            if expired.is_empty() && !is_over {
                continue;
            }
            let records = to_records(&id, &expired, is_over);
            if is_over {
                self.forget_group(&id);
            }
            self.append(now, vec![id], records, Continuation::Nothing, Vec::new());
        }
    }

    /// The offsets that have expired, and whether any remain.
    fn expired_of_group(
        &self,
        now: Now,
        id: &GroupId,
        group: &ClassicGroup,
    ) -> (Vec<OffsetKey>, bool) {
        let offsets = &self.uncommitted.offsets;
        let mut remain = offsets.open_of_group(id).next().is_some();
        let mut expired = Vec::new();
        for (key, offset) in offsets.of_group(id) {
            let is_expired = group.may_expire(key.topic.as_str())
                && self.is_past_retention(now, group, offset)
                && !offsets.is_unstable(key);
            if is_expired {
                expired.push(key.clone());
            } else {
                remain = true;
            }
        }
        (expired, remain)
    }

    fn is_past_retention(&self, now: Now, group: &ClassicGroup, offset: &CommittedOffset) -> bool {
        if let Some(expire_timestamp_ms) = offset.expire_timestamp_ms {
            return now.wall_ms >= expire_timestamp_ms;
        }
        let had_members = group.protocol_type().is_some() && group.state() == GroupState::Empty;
        let since_ms = group
            .state_since_ms()
            .filter(|_| had_members)
            .unwrap_or(offset.commit_timestamp_ms);
        now.wall_ms.saturating_sub(since_ms) >= self.config.offsets_retention_ms
    }
}

impl ClassicGroup {
    /// Whether offsets of the topic may expire at all in the group's state.
    fn may_expire(&self, topic: &str) -> bool {
        let is_idle = self.protocol_type().is_none() || self.state() == GroupState::Empty;
        let is_known = self.state() == GroupState::Stable
            && self.is_consumer_group()
            && self.subscriptions_are_known();
        (is_idle || is_known) && !self.is_subscribed(topic)
    }
}

fn to_records(
    id: &GroupId,
    expired: &[OffsetKey],
    is_over: bool,
) -> Result<Vec<Record>, EncodeError> {
    let offsets = expired.iter().map(Record::offset_tombstone);
    let group = is_over.then(|| Record::group_tombstone(id));
    offsets.chain(group).collect()
}
