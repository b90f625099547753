//! One partition of this node: the core that decides, the log that it decides about, and who waits.
//!
//! How it is synchronised:
//! - The *state* (the core and those who wait) is behind a lock that is held neither across an
//!   await nor over a disk call.
//! - The *lifecycle* lock is held shared by whatever appends or reads, and alone while an
//!   assignment is applied and the effects that concern the log are carried out: so nobody meets a
//!   core that is ahead of its log. Taking a partition offline needs no lifecycle lock: that
//!   changes no log.
//!
//! Not the job of this module: requests; the other partitions.
//!
//! Invariants:
//! - Whatever grows the log as leader is followed by [`LocalPartition::moved`], also when the
//!   request that did it was given up.
//! - A partition whose log directory has failed is never given a role again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metadata::image::MetadataImage;
use protocol::ErrorCode;
use protocol::ids::{LeaderEpoch, Offset};
use protocol::topic::TopicPartition;
use replica::{Context, Effect, OfflineReason, Partition, WaiterId, Wake};
use storage::directories::{PartitionLog, TopicIdPartition};
use storage::log::{Log, LogError};
use tokio::sync::{Notify, oneshot};

use crate::telemetry::TopicMetrics;

use super::surroundings::{BrokersOf, LogAtNow, Surroundings};

/// A partition that this node has a replica of.
pub struct LocalPartition {
    id: TopicIdPartition,
    pub(super) surroundings: Arc<Surroundings>,
    pub(super) partition_log: Arc<PartitionLog>,
    metrics: Arc<TopicMetrics>,
    pub(super) min_insync_replicas: AtomicUsize,
    pub(super) lifecycle: tokio::sync::RwLock<()>,
    state: Mutex<State>,
}

/// What the lock of a partition guards.
pub(super) struct State {
    pub(super) core: Partition,
    pub(super) waiting: BTreeMap<WaiterId, Waiter>,
    /// When the partition is scheduled to be looked at; never later than is needed.
    scheduled_ms: Option<u64>,
}

/// An effect that has to wait for the disk. Only assignments and a leader's answers bring such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LogEffect {
    /// The epoch begins at the log end.
    AssignEpochStart(LeaderEpoch),
    TruncateTo(Offset),
    TruncateFullyAndStartAt(Offset),
    AdvanceLogStart(Offset),
}

/// Who waits for what the core watches.
pub(super) enum Waiter {
    /// A request for its acknowledgement.
    Ack(oneshot::Sender<Result<(), ErrorCode>>),
    /// A fetch for records; it reads again when it is told.
    Records(Arc<Notify>),
}

impl LocalPartition {
    /// A partition without a role yet.
    pub(super) fn new(
        id: TopicIdPartition,
        surroundings: Arc<Surroundings>,
        partition_log: Arc<PartitionLog>,
    ) -> Self {
        let local = surroundings.parts.settings.local;
        let high_watermark = partition_log.checkpointed_high_watermark();
        let topic = partition_log.topic_partition().topic.as_str();
        let metrics = surroundings.parts.telemetry.topics().handle(topic);
        Self {
            id,
            surroundings,
            partition_log,
            metrics,
            min_insync_replicas: AtomicUsize::new(1),
            lifecycle: tokio::sync::RwLock::new(()),
            state: Mutex::new(State {
                core: Partition::new(local, high_watermark),
                waiting: BTreeMap::new(),
                scheduled_ms: None,
            }),
        }
    }

    /// Its identity.
    pub const fn id(&self) -> TopicIdPartition {
        self.id
    }

    /// Its name.
    pub fn topic_partition(&self) -> &TopicPartition {
        self.partition_log.topic_partition()
    }

    /// What is counted of its topic.
    pub fn metrics(&self) -> &TopicMetrics {
        &self.metrics
    }

    /// Its log.
    pub fn log(&self) -> &Log {
        self.partition_log.log()
    }

    /// Records below it are committed, as far as this node knows.
    pub fn high_watermark(&self) -> Offset {
        self.lock().core.high_watermark()
    }

    /// The latest leader epoch that this node has heard of.
    pub fn leader_epoch(&self) -> LeaderEpoch {
        self.lock().core.leader_epoch()
    }

    /// Whether this node leads the partition, as far as it knows.
    pub fn is_leader(&self) -> bool {
        self.lock().core.is_leader()
    }

    /// Takes `min.insync.replicas`; it is looked at when the core is called next.
    pub(super) fn set_min_insync_replicas(&self, count: i32) {
        let count = usize::try_from(count).unwrap_or(1);
        self.min_insync_replicas.store(count, Ordering::Relaxed);
    }

    /// Tells the core that something moved that it looks at.
    pub(super) fn moved(&self) {
        self.with_core(State::moved);
    }

    /// Does what is due by now.
    pub(super) fn on_deadline(&self) {
        self.lock().scheduled_ms = None;
        // Whoever holds the lock alone schedules the partition again afterwards.
        if let Ok(_lifecycle) = self.lifecycle.try_read() {
            self.with_core(|state, context| {
                let effects = state.core.on_deadline(context);
                state.answer(effects);
            });
        }
    }

    /// Gives up the role; everybody who waits is told.
    pub(super) fn take_offline(&self, reason: OfflineReason) {
        let mut state = self.lock();
        let effects = state.core.take_offline(reason);
        state.answer(effects);
    }

    /// Passes on the error code of a failed operation of the log; if that has cost the log
    /// directory, the partition is offline from now on.
    pub(super) fn log_failed(&self, error: &LogError) -> ErrorCode {
        if self.is_directory_offline() {
            self.take_offline(OfflineReason::LogDirectoryFailed);
        }
        error.error_code()
    }

    pub(super) fn is_directory_offline(&self) -> bool {
        !self.partition_log.directory().is_online()
    }

    /// Calls the core with the metadata in effect.
    pub(super) fn with_core<T>(&self, act: impl FnOnce(&mut State, &Context<'_>) -> T) -> T {
        let published = self.surroundings.parts.metadata.current();
        self.with_core_under(&published.image, act)
    }

    /// Calls the core with the metadata of `image`, and schedules what it has due next.
    pub(super) fn with_core_under<T>(
        &self,
        image: &MetadataImage,
        act: impl FnOnce(&mut State, &Context<'_>) -> T,
    ) -> T {
        let parts = &self.surroundings.parts;
        let mut state = self.lock();
        let context = Context {
            now: parts.environment.clock.now(),
            log: &LogAtNow(self.log()),
            brokers: &BrokersOf(image),
            local_broker_epoch: self.surroundings.local_broker_epoch(),
            replica_lag_time_max_ms: parts.settings.replica_lag_time_max_ms,
            min_insync_replicas: self.min_insync_replicas.load(Ordering::Relaxed),
        };
        let outcome = act(&mut state, &context);
        self.schedule(&mut state, &context);
        outcome
    }

    fn schedule(&self, state: &mut State, context: &Context<'_>) {
        let Some(deadline_ms) = state.core.next_deadline_ms(context) else {
            return;
        };
        // What is overdue has just been looked at; a moment later is soon enough.
        let deadline_ms = deadline_ms.max(context.now.monotonic_ms + 1);
        let scheduled_ms = state.scheduled_ms;
        if scheduled_ms.is_none_or(|scheduled_ms| deadline_ms < scheduled_ms) {
            let deadlines = &self.surroundings.deadlines;
            deadlines.schedule(self.id, scheduled_ms, deadline_ms);
            state.scheduled_ms = Some(deadline_ms);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Tells the core that something moved that it looks at.
    pub(super) fn moved(&mut self, context: &Context<'_>) {
        let effects = self.core.on_moved(context);
        self.answer(effects);
    }

    /// Carries out effects of which none concerns the log: a leader has such only from an
    /// assignment.
    pub(super) fn answer(&mut self, effects: Vec<Effect>) {
        let left = self.carry_out(effects);
        assert!(left.is_empty(), "only assignments change the log: {left:?}");
    }

    /// Carries out the effects that need no waiting, and returns those that concern the log.
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) -> Vec<LogEffect> {
        let mut of_log = Vec::new();
        for effect in effects {
            match effect {
                Effect::Wake(id, wake) => self.wake(id, wake),
                Effect::AssignEpochStart { epoch, .. } => {
                    of_log.push(LogEffect::AssignEpochStart(epoch));
                }
                Effect::Truncate { to, .. } => of_log.push(LogEffect::TruncateTo(to)),
                Effect::TruncateFullyAndStartAt(offset) => {
                    of_log.push(LogEffect::TruncateFullyAndStartAt(offset));
                }
                Effect::AdvanceLogStart(offset) => of_log.push(LogEffect::AdvanceLogStart(offset)),
                // Who waits for the high watermark is woken by the core; everybody else looks.
                Effect::HighWatermarkMoved(_) => {}
                // Replication between nodes takes these. Until there is a fetcher, a follower does
                // not move; until the controller takes proposals, in-sync replicas do not change
                // but by its own doing.
                Effect::FetchFrom { .. }
                | Effect::StopFetching
                | Effect::AppendFetched
                | Effect::AskLeaderOffsets { .. }
                | Effect::BackOff
                | Effect::AlterPartition(_) => {}
            }
        }
        of_log
    }

    fn wake(&mut self, id: WaiterId, wake: Wake) {
        match self.waiting.remove(&id) {
            Some(Waiter::Ack(answer)) => {
                let outcome = match wake {
                    Wake::Satisfied => Ok(()),
                    Wake::Expired => Err(ErrorCode::REQUEST_TIMED_OUT),
                    Wake::Failed(error) => Err(error),
                };
                // Whoever does not wait any more needs no answer.
                let _ = answer.send(outcome);
            }
            Some(Waiter::Records(listener)) => listener.notify_one(),
            None => {}
        }
    }
}

impl fmt::Debug for LocalPartition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        formatter
            .debug_struct("LocalPartition")
            .field("name", self.topic_partition())
            .field("core", &state.core)
            .finish_non_exhaustive()
    }
}
