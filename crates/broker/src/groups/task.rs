//! The task that runs the coordinator of one partition of `__consumer_offsets` while this node
//! leads it.
//!
//! Not the job of this module: what requests mean, and which partitions this node leads.
//!
//! Life: the log is replayed, and whoever asks meanwhile is told to come again; then requests are
//! served; when the sender of commands is dropped, all who wait are told, and the task ends.
//!
//! Invariants:
//! - Commands are carried out one by one, in the order in which they were sent, and the effects of
//!   one in full before the next.
//! - Records are appended in the order in which the coordinator hands them out; several appends
//!   may wait for the high watermark at a time.
//! - Records that were appended and are not known to be committed when the leadership goes are in
//!   the log: the coordinator ends with them in doubt, and the next one begins with what the log
//!   has.
//! - Nothing ticks: the task sleeps until the coordinator's next deadline.

use std::collections::VecDeque;
use std::error::Error;
use std::pin::pin;
use std::sync::Arc;

use coordinator::{Append, AppendId, Coordinator, DeletedTopic, Effects};
use net::BoxFuture;
use net::timers::Sleep;
use protocol::compression::{Compressor, Decompressor};
use protocol::ids::{LeaderEpoch, Offset};
use protocol::time::Now;
use protocol::{ApiKey, ErrorCode};
use replica::Acks;
use storage::log::{AppendOrigin, Codecs};
use tokio::select;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;
use tracing::{error, info};

use super::batch::{self, BatchRules};
use super::command::Command;
use super::load::{self, Piece};
use super::replay::replay;
use super::settings::GroupsSettings;
use super::waiters::Waiters;
use crate::environment::Environment;
use crate::partitions::{Ack, LocalPartition, ProduceAppend};

/// Comes when an append is committed, or cannot be any more.
type Acknowledgement = BoxFuture<'static, Result<(), ErrorCode>>;

/// The coordinator of one partition, with all it needs.
pub(super) struct CoordinatorTask {
    settings: Arc<GroupsSettings>,
    environment: Environment,
    partition: Arc<LocalPartition>,
    leader_epoch: LeaderEpoch,
    commands: UnboundedReceiver<Command>,
    coordinator: Coordinator,
    waiters: Waiters,
    /// Appends that wait for the high watermark, oldest first.
    in_flight: VecDeque<(AppendId, Acknowledgement)>,
    alarm: Option<Sleep>,
    /// Topics that went away while the log was replayed.
    deleted_topics: Vec<DeletedTopic>,
    compressor: Compressor,
    codecs: Codecs,
}

/// Why a coordinator does not serve any longer.
enum Ended {
    /// This node does not lead the partition any more, or stops.
    Dismissed,
    /// The log cannot be taken over, or does not take any more.
    Failed,
}

impl CoordinatorTask {
    pub(super) fn new(
        settings: Arc<GroupsSettings>,
        environment: Environment,
        partition: Arc<LocalPartition>,
        leader_epoch: LeaderEpoch,
        commands: UnboundedReceiver<Command>,
    ) -> Self {
        Self {
            coordinator: Coordinator::new(settings.group.clone()),
            settings,
            environment,
            partition,
            leader_epoch,
            commands,
            waiters: Waiters::default(),
            in_flight: VecDeque::new(),
            alarm: None,
            deleted_topics: Vec::new(),
            compressor: Compressor::new(),
            codecs: Codecs::default(),
        }
    }

    /// Runs until it is dismissed. Touches nothing before the task of an earlier leadership has
    /// ended.
    pub(super) async fn run(mut self, before: Option<JoinHandle<()>>) {
        if let Some(mut before) = before
            && self.meanwhile(&mut before).await.is_none()
        {
            // Who comes next waits for this task only. A panic of that one has been reported.
            let _ = before.await;
            return;
        }
        let ended = match self.load().await {
            Ok(()) => self.serve().await,
            Err(ended) => ended,
        };
        let effects = self.coordinator.on_unloaded();
        self.waiters.answer(effects.completed);
        if matches!(ended, Ended::Failed) {
            self.meanwhile(std::future::pending::<()>()).await;
        }
    }

    /// Replays the log from its start to its end.
    async fn load(&mut self) -> Result<(), Ended> {
        let partition = Arc::clone(&self.partition);
        let mut next = Offset::ZERO;
        loop {
            let piece = load::read(partition.log(), next, self.settings.load_buffer_bytes);
            let piece = self.meanwhile(piece).await.ok_or(Ended::Dismissed)?;
            match piece {
                Ok(Piece::Batches(bytes)) => next = self.replay(&bytes, next).await?,
                Ok(Piece::StartsAt(log_start_offset)) => next = log_start_offset,
                Ok(Piece::End) => break,
                Err(failure) => return Err(self.give_up(&failure)),
            }
        }
        let committed = load::committed(&partition, next);
        let committed = self.meanwhile(committed).await.ok_or(Ended::Dismissed)?;
        committed.map_err(|error_code| self.end(error_code))?;
        let effects = self.coordinator.on_loaded(self.now(), self.leader_epoch);
        self.carry_out(effects).await;
        let deleted = std::mem::take(&mut self.deleted_topics);
        self.forget_topics(&deleted).await;
        Ok(())
    }

    /// Replays a piece of the log; returns the offset behind it. Others get the worker in between.
    async fn replay(&mut self, piece: &[u8], from: Offset) -> Result<Offset, Ended> {
        let mut decompressor = Decompressor::new();
        let (mut rest, mut next) = (piece, from);
        loop {
            let replayed = replay(&mut self.coordinator, rest, next, &mut decompressor);
            let replayed = replayed.map_err(|failure| self.give_up(&failure))?;
            if replayed.size == 0 {
                return Ok(next);
            }
            rest = &rest[replayed.size..];
            next = replayed.next;
            let others_had_a_turn = self.meanwhile(tokio::task::yield_now()).await;
            others_had_a_turn.ok_or(Ended::Dismissed)?;
        }
    }

    /// Serves requests until it must not any longer.
    async fn serve(&mut self) -> Ended {
        loop {
            self.set_alarm();
            select! {
                biased;
                (id, acknowledged) = first(&mut self.in_flight) => match acknowledged {
                    Err(code) if !is_committed(code) => return self.end(code),
                    _ => {
                        let effects = self.coordinator.on_committed(self.now(), id);
                        self.carry_out(effects).await;
                    }
                },
                () = due(&mut self.alarm) => self.expire().await,
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command).await,
                    None => return Ended::Dismissed,
                },
            }
        }
    }

    /// Lets happen what is due. Whoever has written before is heard first: that a disk was slow
    /// must not be taken for the silence of members.
    async fn expire(&mut self) {
        for _ in 0..self.commands.len() {
            if let Ok(command) = self.commands.try_recv() {
                self.obey(command).await;
            }
        }
        let effects = self.coordinator.expire(self.now());
        self.carry_out(effects).await;
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Ask { request, answer } => {
                let waiter = self.waiters.add(answer);
                let now = self.now();
                let effects = request(&mut self.coordinator, now, waiter);
                self.carry_out(effects).await;
            }
            Command::Look(look) => look(&self.coordinator),
            Command::ForgetTopics(topics) => self.forget_topics(&topics).await,
        }
    }

    async fn forget_topics(&mut self, topics: &[DeletedTopic]) {
        if !topics.is_empty() {
            let effects = self.coordinator.on_topics_deleted(self.now(), topics);
            self.carry_out(effects).await;
        }
    }

    /// Answers, and appends in order. What the coordinator hands out in return comes behind.
    async fn carry_out(&mut self, effects: Effects) {
        self.waiters.answer(effects.completed);
        let mut appends = VecDeque::from(effects.appends);
        while let Some(append) = appends.pop_front() {
            let effects = match self.append(&append).await {
                Ok(Ack::Waiting(pending)) => {
                    let acknowledgement = Box::pin(pending.wait());
                    self.in_flight.push_back((append.id, acknowledgement));
                    continue;
                }
                Ok(Ack::Ready) => self.coordinator.on_committed(self.now(), append.id),
                Err(error) => {
                    // They were made seeing the records that failed, and failed with them.
                    appends.clear();
                    self.coordinator
                        .on_append_failed(self.now(), append.id, error)
                }
            };
            self.waiters.answer(effects.completed);
            appends.extend(effects.appends);
        }
    }

    async fn append(&mut self, append: &Append) -> Result<Ack, ErrorCode> {
        let rules = BatchRules {
            compression: self.settings.compression,
            now_ms: self.now().wall_ms,
            size_max: self.partition.log().config().max_message_bytes as usize,
        };
        let batches = batch::build(&append.records, rules, &mut self.compressor);
        let mut batches = batches.map_err(|_| ErrorCode::UNKNOWN_SERVER_ERROR)?;
        let acknowledgement = ProduceAppend {
            acks: Acks::All,
            origin: AppendOrigin::Coordinator,
            produce_version: *ApiKey::Produce.stable_versions().end(),
            // A limit would say nothing about the records, which are in the log.
            timeout_ms: u64::MAX,
        };
        let appended = self
            .partition
            .append(&mut batches, acknowledgement, &mut self.codecs);
        match appended.await {
            Ok((_, ack)) => Ok(ack),
            Err(failure) if is_committed(failure.error_code) => Ok(Ack::Ready),
            Err(failure) => Err(failure.error_code),
        }
    }

    /// Works on something else while the coordinator does not serve, and answers whoever asks; none
    /// when dismissed.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        loop {
            select! {
                biased;
                command = self.commands.recv() => match command? {
                    Command::ForgetTopics(topics) => self.deleted_topics.extend_from_slice(&topics),
                    command => self.obey(command).await,
                },
                done = &mut work => return Some(done),
            }
        }
    }

    fn set_alarm(&mut self) {
        let deadline_ms = self.coordinator.next_deadline_ms();
        let deadline = deadline_ms.and_then(|ms| self.environment.clock.instant_at(ms));
        if self.alarm.as_ref().map(Sleep::deadline) != deadline {
            self.alarm = deadline.map(|deadline| self.environment.timers.sleep_until(deadline));
        }
    }

    fn give_up(&self, failure: &(dyn Error + 'static)) -> Ended {
        let partition = self.partition.topic_partition().to_string();
        error!(partition, failure, "group coordinator cannot be loaded");
        Ended::Failed
    }

    fn end(&self, error_code: ErrorCode) -> Ended {
        let partition = self.partition.topic_partition().to_string();
        info!(
            partition,
            ?error_code,
            "group coordinator ends with its leadership"
        );
        Ended::Failed
    }

    fn now(&self) -> Now {
        self.environment.clock.now()
    }
}

/// Whether records are committed although a producer would be told that too few replicas have
/// them: the high watermark has passed them, which is all that a coordinator goes by.
fn is_committed(error_code: ErrorCode) -> bool {
    error_code == ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND
}

/// Waits for the oldest append to be acknowledged; for ever if there is none.
async fn first(
    in_flight: &mut VecDeque<(AppendId, Acknowledgement)>,
) -> (AppendId, Result<(), ErrorCode>) {
    let Some((id, acknowledgement)) = in_flight.front_mut() else {
        return std::future::pending().await;
    };
    let id = *id;
    let acknowledged = acknowledgement.await;
    in_flight.pop_front();
    (id, acknowledged)
}

/// Waits for the alarm; for ever if none is set. One that has rung is gone.
async fn due(alarm: &mut Option<Sleep>) {
    match alarm {
        Some(sleep) => sleep.await,
        None => std::future::pending().await,
    }
    *alarm = None;
}
