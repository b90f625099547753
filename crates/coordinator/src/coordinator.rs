//! One partition of `__consumer_offsets` and its groups: life, records under way, waiters.
//!
//! Not the job of this file: what requests mean, which the files of `group` and `offsets` know, one
//! for each kind of request.
//!
//! Life: made while its partition loads; records come in through [`Coordinator::replay`];
//! [`Coordinator::on_loaded`] opens it to requests; [`Coordinator::on_unloaded`] closes it for
//! good.
//!
//! Invariants:
//! - Two views of the replicated state: requests that write see `uncommitted`, readers `committed`.
//! - Records are replayed when they are handed out; when they fail, the view before them returns.
//! - Records of one leadership never count in another ([`AppendId`]).

use std::collections::BTreeMap;

use protocol::ErrorCode;
use protocol::ids::{LeaderEpoch, ProducerId};
use protocol::time::Now;
use protocol::wire::EncodeError;

use crate::append::{Append, AppendId, Continuation, PendingAppend, PendingAppends};
use crate::config::GroupConfig;
use crate::group::ClassicGroup;
use crate::names::GroupId;
use crate::record::Record;
use crate::replicated::offsets::TransactionResult;
use crate::replicated::{ReplayError, ReplicatedState};
use crate::response::{Completed, Effects, Response, Waiter, join_error, sync_error};
use crate::timers::{Timer, Timers};

/// The group coordinator of one partition.
#[derive(Debug)]
pub struct Coordinator {
    pub(crate) config: GroupConfig,
    life: Life,
    pub(crate) uncommitted: ReplicatedState,
    pub(crate) committed: ReplicatedState,
    pub(crate) groups: BTreeMap<GroupId, ClassicGroup>,
    pub(crate) timers: Timers,
    pending: PendingAppends,
    next_sequence: u64,
    /// Gathers what the call under way leads to.
    effects: Effects,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Loading,
    Active(LeaderEpoch),
    Unloaded,
}

impl Coordinator {
    /// A coordinator whose partition is about to be loaded.
    #[must_use]
    pub fn new(config: GroupConfig) -> Self {
        Self {
            config,
            life: Life::Loading,
            uncommitted: ReplicatedState::default(),
            committed: ReplicatedState::default(),
            groups: BTreeMap::new(),
            timers: Timers::default(),
            pending: PendingAppends::new(),
            next_sequence: 0,
            effects: Effects::default(),
        }
    }

    /// Takes over one record of the log while it loads, with the producer id of its batch.
    ///
    /// # Errors
    /// When the record does not decode or contradicts itself: the partition cannot be loaded.
    ///
    /// # Panics
    /// When loading is over.
    pub fn replay(&mut self, record: &Record, producer_id: ProducerId) -> Result<(), ReplayError> {
        assert_eq!(
            self.life,
            Life::Loading,
            "records are replayed while loading"
        );
        self.uncommitted.replay(record, producer_id)
    }

    /// Takes over the marker that ends a transaction, while it loads.
    ///
    /// # Panics
    /// When loading is over.
    pub fn end_transaction(&mut self, producer_id: ProducerId, result: TransactionResult) {
        assert_eq!(
            self.life,
            Life::Loading,
            "markers are replayed while loading"
        );
        self.uncommitted.end_transaction(producer_id, result);
    }

    /// Opens the coordinator: all of the log was replayed, and this node leads in `leader_epoch`.
    /// Members get a whole session to be heard of.
    ///
    /// # Panics
    /// When loading is over.
    pub fn on_loaded(&mut self, now: Now, leader_epoch: LeaderEpoch) -> Effects {
        assert_eq!(self.life, Life::Loading, "a coordinator is loaded once");
        self.life = Life::Active(leader_epoch);
        self.committed = self.uncommitted.clone();
        let mut ids: Vec<GroupId> = self.uncommitted.groups.keys().cloned().collect();
        ids.extend(self.uncommitted.offsets.keys().map(|key| key.group.clone()));
        ids.dedup();
        for id in ids {
            self.revive_group(now, &id);
        }
        self.schedule_offset_retention(now);
        self.take_effects()
    }

    /// Closes the coordinator: its partition is led elsewhere or resigned. All who wait are told.
    pub fn on_unloaded(&mut self) -> Effects {
        self.life = Life::Unloaded;
        for append in std::mem::take(&mut self.pending) {
            for (waiter, response) in append.parked {
                self.reply(waiter, response.failed(ErrorCode::NOT_COORDINATOR));
            }
        }
        for mut group in std::mem::take(&mut self.groups).into_values() {
            for (id, join, sync) in group.take_waiters() {
                let error = ErrorCode::NOT_COORDINATOR;
                if let Some(waiter) = join {
                    self.reply(waiter, Response::Join(join_error(id.as_str(), error)));
                }
                if let Some(waiter) = sync {
                    self.reply(waiter, Response::Sync(sync_error(error)));
                }
            }
        }
        self.timers.clear();
        self.uncommitted = ReplicatedState::default();
        self.committed = ReplicatedState::default();
        self.take_effects()
    }

    /// The records of this append, and of all before it, are committed. An id of another
    /// leadership is passed over.
    pub fn on_committed(&mut self, now: Now, id: AppendId) -> Effects {
        if self.life == Life::Active(id.leader_epoch) {
            while let Some(append) = self.pending.pop_front_if(|append| append.id <= id) {
                self.committed = append.view;
                self.continue_committed(now, append.then);
                for (waiter, response) in append.parked {
                    self.reply(waiter, response);
                }
            }
        }
        self.take_effects()
    }

    /// The records of this append could not be written, and so none behind them count. An id of
    /// another leadership is passed over.
    pub fn on_append_failed(&mut self, now: Now, id: AppendId, error: ErrorCode) -> Effects {
        let position = self.pending.iter().position(|append| append.id == id);
        if let (Life::Active(_), Some(position)) = (self.life, position) {
            let failed = self.pending.split_off(position);
            let before = self.pending.back().map(|append| &append.view);
            self.uncommitted = before.unwrap_or(&self.committed).clone();
            for append in failed {
                self.fail(now, append.then, append.parked, error);
                for group in append.groups {
                    self.put_right(now, &group);
                }
            }
        }
        self.take_effects()
    }

    /// Lets everything happen that is due.
    pub fn expire(&mut self, now: Now) -> Effects {
        while let Some(timer) = self.timers.pop_due(now.monotonic_ms) {
            match timer {
                Timer::Session(group, member) => self.expire_session(now, &group, &member),
                Timer::Rebalance(group) => self.expire_rebalance(now, &group),
                Timer::Sync(group) => self.expire_sync(now, &group),
                Timer::OffsetRetention => {
                    self.expire_offsets(now);
                    self.schedule_offset_retention(now);
                }
            }
        }
        self.take_effects()
    }

    /// When [`Coordinator::expire`] is to be called next, on the monotonic clock.
    #[must_use]
    pub fn next_deadline_ms(&self) -> Option<u64> {
        self.timers.next_deadline_ms()
    }

    /// The replicated state as committed, which is what a new coordinator would load.
    #[must_use]
    pub const fn committed_state(&self) -> &ReplicatedState {
        &self.committed
    }

    /// Why no request is served, if none is.
    pub(crate) const fn check_active(&self) -> Result<(), ErrorCode> {
        match self.life {
            Life::Active(_) => Ok(()),
            Life::Loading => Err(ErrorCode::COORDINATOR_LOAD_IN_PROGRESS),
            Life::Unloaded => Err(ErrorCode::NOT_COORDINATOR),
        }
    }

    pub(crate) fn take_effects(&mut self) -> Effects {
        std::mem::take(&mut self.effects)
    }

    pub(crate) fn reply(&mut self, waiter: Waiter, response: Response) {
        self.effects.completed.push(Completed {
            waiter: waiter.id,
            response: response.fit_to_version(waiter.api_version),
        });
    }

    /// Answers once all records handed out so far are committed, since the response saw them.
    pub(crate) fn reply_when_committed(&mut self, waiter: Waiter, response: Response) {
        match self.pending.back_mut() {
            Some(append) => append.parked.push((waiter, response)),
            None => self.reply(waiter, response),
        }
    }

    /// Hands records out and replays them. Records that cannot be encoded fail as if the log had
    /// refused them.
    pub(crate) fn append(
        &mut self,
        now: Now,
        groups: Vec<GroupId>,
        records: Result<Vec<Record>, EncodeError>,
        then: Continuation,
        parked: Vec<(Waiter, Response)>,
    ) {
        let Life::Active(leader_epoch) = self.life else {
            unreachable!("only an active coordinator has something to append");
        };
        let before = self.uncommitted.clone();
        let replayed = records.ok().filter(|records| {
            let mut replayed = records.iter();
            replayed.all(|record| self.uncommitted.replay(record, ProducerId::NONE).is_ok())
        });
        let Some(records) = replayed else {
            self.uncommitted = before;
            self.fail(now, then, parked, ErrorCode::UNKNOWN_SERVER_ERROR);
            for group in groups {
                self.put_right(now, &group);
            }
            return;
        };
        let id = AppendId {
            leader_epoch,
            sequence: self.next_sequence,
        };
        self.next_sequence += 1;
        self.effects.appends.push(Append { id, records });
        self.pending.push_back(PendingAppend {
            id,
            view: self.uncommitted.clone(),
            then,
            parked,
            groups,
        });
    }

    fn continue_committed(&mut self, now: Now, then: Continuation) {
        match then {
            Continuation::Nothing | Continuation::NewGroup { .. } => {}
            Continuation::Assignment {
                group,
                generation,
                assignments,
            } => self.assign(now, &group, generation, assignments),
            Continuation::StaticMember(replacement) => self.confirm_replacement(&replacement),
        }
    }

    fn fail(
        &mut self,
        now: Now,
        then: Continuation,
        parked: Vec<(Waiter, Response)>,
        error: ErrorCode,
    ) {
        let error = append_error_to_response_error(error);
        match then {
            Continuation::Nothing => {}
            Continuation::NewGroup { group, waiter } => {
                self.fail_first_join(now, &group, waiter, error);
            }
            Continuation::Assignment {
                group, generation, ..
            } => self.fail_assignment(now, &group, generation, error),
            Continuation::StaticMember(replacement) => {
                self.undo_replacement(now, &replacement, error);
            }
        }
        for (waiter, response) in parked {
            self.reply(waiter, response.failed(error));
        }
    }

    /// Brings the live groups in line with the replicated state after records failed: a group that
    /// was deleted is back, one that was only about to be is not there.
    fn put_right(&mut self, now: Now, id: &GroupId) {
        match self.groups.get(id) {
            None => self.revive_group(now, id),
            Some(group) if group.is_hollow() && !self.uncommitted.knows(id) => {
                self.groups.remove(id);
            }
            Some(_) => {}
        }
    }

    /// Makes a group live that the replicated state knows.
    fn revive_group(&mut self, now: Now, id: &GroupId) {
        if self.uncommitted.is_other_kind(id.as_str()) || self.groups.contains_key(id) {
            return;
        }
        let group = match self.uncommitted.groups.get(id) {
            Some(stored) => ClassicGroup::from_record(stored),
            None if self.uncommitted.offsets.has_any(id) => ClassicGroup::new(Some(now.wall_ms)),
            None => return,
        };
        self.groups.insert(id.clone(), group);
        self.start_sessions(now, id);
    }

    fn schedule_offset_retention(&mut self, now: Now) {
        let interval_ms = self.config.offsets_retention_check_interval_ms.max(1);
        let deadline_ms = now.monotonic_ms.saturating_add(interval_ms);
        self.timers.schedule(Timer::OffsetRetention, deadline_ms);
    }
}

/// What a client is told when the log refused its records: always something it can act on.
const fn append_error_to_response_error(error: ErrorCode) -> ErrorCode {
    match error {
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
        | ErrorCode::NOT_ENOUGH_REPLICAS
        | ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND
        | ErrorCode::REQUEST_TIMED_OUT => ErrorCode::COORDINATOR_NOT_AVAILABLE,
        ErrorCode::NOT_LEADER_OR_FOLLOWER | ErrorCode::KAFKA_STORAGE_ERROR => {
            ErrorCode::NOT_COORDINATOR
        }
        ErrorCode::MESSAGE_TOO_LARGE
        | ErrorCode::RECORD_LIST_TOO_LARGE
        | ErrorCode::INVALID_FETCH_SIZE => ErrorCode::UNKNOWN_SERVER_ERROR,
        error => error,
    }
}
