//! A classic group while its coordinator lives: members, votes and who waits for what.
//!
//! Not the job of this file: deadlines, records and responses, which the files beside it see to,
//! one for each request. Invariants:
//! - `awaiting_join_count` and `supported` are what the members add up to, so that a join and a
//!   heartbeat do not walk the members.
//! - A member with an instance id is in `static_members` under it.
//! - No member is in `pending_joins`.

pub(crate) mod counts;
mod delete;
mod describe;
mod heartbeat;
mod join;
mod leave;
mod list;
pub(crate) mod member;
mod rebalance;
pub(crate) mod state;
mod static_member;
mod sync;

use std::collections::{BTreeMap, BTreeSet};

use protocol::ErrorCode;
use protocol::generated::consumer_protocol::ConsumerProtocolSubscription;
use protocol::generated::group::GroupMetadataValue;
use protocol::time::Now;
use protocol::wire::{Message, Reader};

use crate::names::MemberId;
use crate::replicated::stored_group::StoredGroup;
use crate::response::Waiter;
use member::{Member, MemberProtocol, Timeouts};
use state::GroupState;

/// The soft state of a group. What of it outlives the coordinator is in the group's record.
#[derive(Debug)]
pub(crate) struct ClassicGroup {
    state: GroupState,
    previous_state: GroupState,
    /// When the state was entered, milliseconds since 1970.
    state_since_ms: Option<i64>,
    generation: i32,
    protocol_type: Option<String>,
    protocol_name: Option<String>,
    leader: Option<MemberId>,
    members: BTreeMap<MemberId, Member>,
    static_members: BTreeMap<String, MemberId>,
    /// Ids that were given out and have not joined yet (KIP-394).
    pending_joins: BTreeSet<MemberId>,
    /// Members of this generation that have not asked for their assignment.
    pending_syncs: BTreeSet<MemberId>,
    /// How many members offer each protocol.
    supported: BTreeMap<String, usize>,
    awaiting_join_count: usize,
    /// The first rebalance waits for more members while this is set.
    initial_delay: Option<InitialDelay>,
    /// What the members consume; none when their metadata does not tell.
    subscribed_topics: Option<BTreeSet<String>>,
}

/// How long the first rebalance of an empty group has been and may be put off.
#[derive(Debug, Clone, Copy)]
struct InitialDelay {
    delay_ms: u64,
    remaining_ms: u64,
    new_member_added: bool,
}

impl ClassicGroup {
    pub(crate) const CONSUMER_PROTOCOL_TYPE: &'static str = "consumer";

    pub(crate) const fn new(state_since_ms: Option<i64>) -> Self {
        Self {
            state: GroupState::Empty,
            previous_state: GroupState::Dead,
            state_since_ms,
            generation: 0,
            protocol_type: None,
            protocol_name: None,
            leader: None,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            pending_joins: BTreeSet::new(),
            pending_syncs: BTreeSet::new(),
            supported: BTreeMap::new(),
            awaiting_join_count: 0,
            initial_delay: None,
            subscribed_topics: None,
        }
    }

    /// The group as a new coordinator takes it over.
    pub(crate) fn from_record(stored: &StoredGroup) -> Self {
        let mut group = Self::new(stored.state_since_ms());
        group.generation = stored.generation();
        group.protocol_name = stored.protocol().map(str::to_owned);
        group.leader = stored.leader().map(MemberId::from);
        for member in stored.members() {
            group.add(Member::from_record(member, stored.protocol().unwrap_or("")));
        }
        group.protocol_type = stored.protocol_type().map(str::to_owned);
        if !group.members.is_empty() {
            group.state = GroupState::Stable;
        }
        group.subscribed_topics = group.compute_subscribed_topics();
        group
    }

    fn transition(&mut self, next: GroupState, now: Now) {
        assert!(
            self.state.may_become(next),
            "a group in state {} does not become {next}",
            self.state
        );
        self.previous_state = self.state;
        self.state = next;
        self.state_since_ms = Some(now.wall_ms);
    }

    fn add(&mut self, member: Member) {
        if let Some(instance_id) = &member.instance_id {
            self.static_members
                .insert(instance_id.clone(), member.id.clone());
        }
        self.leader.get_or_insert_with(|| member.id.clone());
        self.pending_joins.remove(&member.id);
        self.awaiting_join_count += usize::from(member.awaiting_join.is_some());
        count_up(&mut self.supported, &member.protocols);
        self.members.insert(member.id.clone(), member);
    }

    /// Takes a member or a pending one out, with what it waited for.
    fn remove(&mut self, id: &str) -> Option<Member> {
        self.pending_joins.remove(id);
        self.pending_syncs.remove(id);
        let member = self.members.remove(id)?;
        count_down(&mut self.supported, &member.protocols);
        self.awaiting_join_count -= usize::from(member.awaiting_join.is_some());
        if let Some(instance_id) = &member.instance_id {
            self.static_members.remove(instance_id);
        }
        if self.is_leader(id) {
            self.leader = self.members.keys().next().cloned();
        }
        Some(member)
    }

    fn update(&mut self, id: &str, protocols: Vec<MemberProtocol>, timeouts: Timeouts) {
        if let Some(member) = self.members.get_mut(id) {
            count_down(&mut self.supported, &member.protocols);
            count_up(&mut self.supported, &protocols);
            member.protocols = protocols;
            member.timeouts = timeouts;
        }
    }

    /// Lets a member wait for its join, and hands back who waited before.
    fn await_join(&mut self, id: &str, waiter: Waiter) -> Option<Waiter> {
        let member = self.members.get_mut(id)?;
        let before = member.awaiting_join.replace(waiter);
        self.awaiting_join_count += usize::from(before.is_none());
        before
    }

    fn take_join(&mut self, id: &str) -> Option<Waiter> {
        let waiter = self.members.get_mut(id)?.awaiting_join.take()?;
        self.awaiting_join_count -= 1;
        Some(waiter)
    }

    /// Makes sure that the leader is one of those who joined; false when nobody did.
    fn elect_joined_leader(&mut self) -> bool {
        let Some(leader) = &self.leader else {
            return false;
        };
        if self.is_awaiting_join(leader.as_str()) {
            return true;
        }
        let joined = self.members.values().find(|it| it.awaiting_join.is_some());
        let Some(joined) = joined else {
            return false;
        };
        self.leader = Some(joined.id.clone());
        true
    }

    fn begin_generation(&mut self, now: Now) {
        self.generation = self.generation.wrapping_add(1);
        self.protocol_name = self.select_protocol();
        self.subscribed_topics = self.compute_subscribed_topics();
        self.initial_delay = None;
        self.pending_syncs.clear();
        let next = match self.members.is_empty() {
            true => GroupState::Empty,
            false => GroupState::CompletingRebalance,
        };
        self.transition(next, now);
    }

    /// The protocol that all members offer and most put first; none without members.
    fn select_protocol(&self) -> Option<String> {
        let mut votes = BTreeMap::<&str, usize>::new();
        for member in self.members.values() {
            let mut offered = member.protocols.iter().map(|offered| offered.name.as_str());
            if let Some(name) = offered.find(|name| self.is_offered_by_all(name)) {
                *votes.entry(name).or_default() += 1;
            }
        }
        // Kafka leaves a tie to the order of a hash map; here the first name by sort order wins.
        let winner = votes
            .into_iter()
            .max_by(|(left, some), (right, more)| some.cmp(more).then_with(|| right.cmp(left)));
        winner.map(|(name, _)| name.to_owned())
    }

    fn is_offered_by_all(&self, protocol: &str) -> bool {
        self.supported.get(protocol).copied().unwrap_or(0) == self.members.len()
    }

    /// Whether somebody with these protocols can be a member.
    fn supports(&self, protocol_type: &str, protocols: &[MemberProtocol]) -> bool {
        if self.state == GroupState::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        self.protocol_type.as_deref() == Some(protocol_type)
            && protocols
                .iter()
                .any(|offered| self.is_offered_by_all(&offered.name))
    }

    fn has_all_joined(&self) -> bool {
        self.members.len() == self.awaiting_join_count && self.pending_joins.is_empty()
    }

    fn is_leader(&self, id: &str) -> bool {
        self.leader
            .as_ref()
            .is_some_and(|leader| leader.as_str() == id)
    }

    fn is_awaiting_join(&self, id: &str) -> bool {
        let member = self.members.get(id);
        member.is_some_and(|member| member.awaiting_join.is_some())
    }

    fn rebalance_timeout_ms(&self) -> u64 {
        let timeouts = self.members.values().map(|it| it.timeouts.rebalance_ms());
        timeouts.max().unwrap_or(0)
    }

    /// Whether the ids name a member, and the one that holds its instance id now (KIP-345).
    pub(crate) fn validate_member(
        &self,
        id: &str,
        instance_id: Option<&str>,
    ) -> Result<&MemberId, ErrorCode> {
        if let Some(instance_id) = instance_id {
            match self.static_members.get(instance_id) {
                None => return Err(ErrorCode::UNKNOWN_MEMBER_ID),
                Some(current) if current.as_str() != id => {
                    return Err(ErrorCode::FENCED_INSTANCE_ID);
                }
                Some(_) => {}
            }
        }
        let entry = self.members.get_key_value(id);
        entry.map(|(id, _)| id).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)
    }

    pub(crate) const fn state(&self) -> GroupState {
        self.state
    }

    pub(crate) const fn state_since_ms(&self) -> Option<i64> {
        self.state_since_ms
    }

    pub(crate) const fn generation(&self) -> i32 {
        self.generation
    }

    pub(crate) fn protocol_type(&self) -> Option<&str> {
        self.protocol_type.as_deref()
    }

    pub(crate) fn is_consumer_group(&self) -> bool {
        self.protocol_type.as_deref() == Some(Self::CONSUMER_PROTOCOL_TYPE)
    }

    pub(crate) const fn subscriptions_are_known(&self) -> bool {
        self.subscribed_topics.is_some()
    }

    /// Whether a member may consume the topic; a consumer group whose metadata does not tell may
    /// consume every topic.
    pub(crate) fn is_subscribed(&self, topic: &str) -> bool {
        match &self.subscribed_topics {
            Some(topics) => topics.contains(topic),
            None => self.is_consumer_group(),
        }
    }

    /// Whether nothing is lost when the group is forgotten.
    pub(crate) fn is_hollow(&self) -> bool {
        self.state == GroupState::Empty && self.members.is_empty() && self.pending_joins.is_empty()
    }

    /// All who wait for something, with whether it is a join, and their ids.
    pub(crate) fn take_waiters(&mut self) -> Vec<(MemberId, Option<Waiter>, Option<Waiter>)> {
        self.awaiting_join_count = 0;
        let members = self.members.values_mut();
        let waiters = members.map(|it| {
            (
                it.id.clone(),
                it.awaiting_join.take(),
                it.awaiting_sync.take(),
            )
        });
        waiters.collect()
    }

    /// The group's record with the assignment it is to have.
    fn to_record(&self, mut assignments: BTreeMap<MemberId, Vec<u8>>) -> GroupMetadataValue {
        let protocol = self.protocol_name.as_deref();
        let members = self.members.values().map(|member| {
            member.to_record(protocol, assignments.remove(&member.id).unwrap_or_default())
        });
        GroupMetadataValue {
            protocol_type: self.protocol_type.clone().unwrap_or_default(),
            generation: self.generation,
            protocol: self.protocol_name.clone(),
            leader: self.leader.as_ref().map(|id| id.as_str().to_owned()),
            current_state_timestamp: self.state_since_ms.unwrap_or(-1),
            members: members.collect(),
        }
    }

    fn assignments(&self) -> BTreeMap<MemberId, Vec<u8>> {
        let members = self.members.values();
        members
            .map(|it| (it.id.clone(), it.assignment.clone()))
            .collect()
    }

    fn compute_subscribed_topics(&self) -> Option<BTreeSet<String>> {
        if !self.is_consumer_group() {
            return None;
        }
        if self.members.is_empty() {
            return Some(BTreeSet::new());
        }
        let protocol = Some(self.protocol_name.as_deref()?);
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            topics.extend(subscription_topics(member.metadata(protocol))?);
        }
        Some(topics)
    }
}

/// The topics in a consumer's metadata, whose later versions only add fields behind them.
fn subscription_topics(metadata: &[u8]) -> Option<Vec<String>> {
    let mut reader = Reader::new(metadata);
    let version = reader.i16().ok()?;
    if version < 0 {
        return None;
    }
    let subscription = ConsumerProtocolSubscription::decode(&mut reader, 0).ok()?;
    Some(subscription.topics)
}

fn count_up(supported: &mut BTreeMap<String, usize>, protocols: &[MemberProtocol]) {
    for protocol in protocols {
        *supported.entry(protocol.name.clone()).or_default() += 1;
    }
}

fn count_down(supported: &mut BTreeMap<String, usize>, protocols: &[MemberProtocol]) {
    for protocol in protocols {
        if let Some(count) = supported.get_mut(&protocol.name) {
            *count -= 1;
            if *count == 0 {
                supported.remove(&protocol.name);
            }
        }
    }
}
