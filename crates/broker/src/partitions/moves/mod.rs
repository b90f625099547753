//! Replicas move between the log directories of the node, under load (KIP-113, KIP-858).
//!
//! A few tasks take turns for all moves; one more tells the controller in which directories
//! replicas lie, those that were just created and those that are about to move.
//!
//! Not the job of this module: how a copy takes the place of its log; `storage` does that.
//!
//! Invariants:
//! - Work that was begun is driven to its end; only waiting is given up.
//! - A copy that a start has found is gone on with when its partition has a role again.

mod alter;
mod assignments;
mod plan;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metadata::image::ConfigResource;
use protocol::generated::AssignReplicasToDirsResponse;
use protocol::topic::TopicPartition;
use protocol::{ApiKey, ErrorCode};
use storage::directories::{MoveError, PartitionLog, TopicIdPartition};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tracing::warn;

use super::{LocalPartition, Partitions};
use crate::controller::ControllerChannel;
use assignments::{Assignment, Assignments};
use plan::{AfterTurn, MovePlan, Next, Ticket};

const RATE: &str = "replica.alter.log.dirs.io.max.bytes.per.second";
/// How much is copied in a turn.
const TURN_BYTES: usize = 1 << 20;
/// How soon the controller is asked again; each failure in a row doubles it.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// What there is to move, and what is to be told of it.
#[derive(Debug, Default)]
pub(super) struct Moves {
    plan: Mutex<MovePlan>,
    queued: Notify,
    pub(super) assignments: Assignments,
    /// Where partitions are to be created that are not here yet.
    preferred: Mutex<BTreeMap<TopicPartition, PathBuf>>,
    /// Held over a change of what is moved where.
    altering: tokio::sync::Mutex<()>,
}

/// The tasks at work. They end with [`Self::end`], or unasked when this is dropped.
#[derive(Debug)]
pub struct ReplicaMover {
    end: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl ReplicaMover {
    /// Begins, with so many moves at a time.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(
        partitions: &Arc<Partitions>,
        controller: ControllerChannel,
        concurrency: usize,
    ) -> Self {
        let (end, ended) = watch::channel(false);
        let worker = || Worker {
            partitions: Arc::clone(partitions),
            end: ended.clone(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(worker().tell(controller));
        for _ in 0..concurrency.max(1) {
            tasks.spawn(worker().work());
        }
        Self { end, tasks }
    }

    /// Ends the tasks, what is being done first. To be awaited before the partitions are closed.
    pub async fn end(mut self) {
        self.end.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("no task of the mover panics, and nobody aborts it");
        }
    }
}

impl Moves {
    /// Where a partition is to be created; only told once.
    pub(super) fn take_preferred(&self, partition: &TopicPartition) -> Option<PathBuf> {
        self.preferred().remove(partition)
    }

    fn begin(&self, id: TopicIdPartition) {
        if self.plan().begin(id) {
            self.queued.notify_one();
        }
    }

    fn plan(&self) -> MutexGuard<'_, MovePlan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn preferred(&self) -> MutexGuard<'_, BTreeMap<TopicPartition, PathBuf>> {
        self.preferred
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What each task holds.
struct Worker {
    partitions: Arc<Partitions>,
    end: watch::Receiver<bool>,
}

impl Worker {
    async fn work(mut self) {
        let partitions = Arc::clone(&self.partitions);
        let moves = &partitions.surroundings.moves;
        loop {
            let next = moves.plan().next(self.now_ms());
            let wait_ms = match next {
                Next::Turn(ticket, _) => {
                    if *self.end.borrow() {
                        return;
                    }
                    // Somebody else may have the next turn meanwhile.
                    moves.queued.notify_one();
                    self.turn(ticket).await;
                    continue;
                }
                Next::At(ready_at_ms) => Some(ready_at_ms.saturating_sub(self.now_ms()).max(1)),
                Next::Nothing => None,
            };
            if !self
                .wait(&moves.queued, wait_ms.map(Duration::from_millis))
                .await
            {
                return;
            }
        }
    }

    async fn turn(&self, ticket: Ticket) {
        let moves = &self.partitions.surroundings.moves;
        if let Err(error) = self.take_turn(ticket).await {
            moves.plan().ended(ticket);
            if !matches!(error, MoveError::NotServed { .. }) {
                warn!("{error}");
            }
        }
    }

    async fn take_turn(&self, ticket: Ticket) -> Result<(), MoveError> {
        let surroundings = &self.partitions.surroundings;
        let (moves, logs) = (&surroundings.moves, &surroundings.parts.logs);
        let (partition, copy) = (self.partitions.online(ticket.id), logs.copy_of(ticket.id));
        let (Some(partition), Some(copy)) = (partition, copy) else {
            moves.plan().ended(ticket);
            return Ok(());
        };
        let rate = self.bytes_per_second();
        let size = usize::try_from(rate).map_or(TURN_BYTES, |rate| rate.clamp(1, TURN_BYTES));
        let log = &partition.partition_log;
        let copied = logs.copy(log, &copy, size, surroundings.wall_ms()).await?;
        let now_ms = self.now_ms();
        let (bytes, is_complete) = (copied.bytes, copied.is_complete);
        let after = moves
            .plan()
            .copied(ticket, bytes, is_complete, rate, now_ms);
        match after {
            AfterTurn::GoOn => {}
            AfterTurn::Assign => match copy.directory().id() {
                Some(directory) => {
                    let ticket = Some(ticket);
                    let assignment = Assignment { directory, ticket };
                    moves.assignments.add(partition.id(), assignment);
                }
                // Of a version that gave directories no ids.
                None => moves.plan().assigned(ticket),
            },
            AfterTurn::Exchange => {
                self.exchange(&partition, &copy).await?;
                moves.plan().ended(ticket);
            }
        }
        Ok(())
    }

    async fn exchange(
        &self,
        partition: &LocalPartition,
        copy: &Arc<PartitionLog>,
    ) -> Result<(), MoveError> {
        let surroundings = &self.partitions.surroundings;
        let high_watermark = |_: &PartitionLog| Some(partition.high_watermark());
        let high_watermarks = |log: &PartitionLog| match log.topic_id_partition() {
            Some(id) if id == partition.id() => high_watermark(log),
            _ => self.partitions.high_watermark_of(log),
        };
        let (log, now_ms) = (&partition.partition_log, surroundings.wall_ms());
        let logs = &surroundings.parts.logs;
        let finished = logs.finish_move(log, copy, &high_watermarks, now_ms).await;
        surroundings.removal_wanted.notify_one();
        finished
    }

    /// Tells the controller where replicas are.
    async fn tell(mut self, controller: ControllerChannel) {
        let partitions = Arc::clone(&self.partitions);
        let assignments = &partitions.surroundings.moves.assignments;
        let mut backoff = BACKOFF_MIN;
        loop {
            let told = assignments.take();
            if told.is_empty() {
                if !self.wait(&assignments.changed, None).await {
                    return;
                }
                continue;
            }
            match self.ask(&controller, &told).await {
                Ok(()) => {
                    backoff = BACKOFF_MIN;
                    self.told(&told);
                }
                Err(_) => {
                    assignments.put_back(told);
                    if !self.wait(&Notify::new(), Some(backoff)).await {
                        return;
                    }
                    backoff = BACKOFF_MAX.min(backoff * 2);
                }
            }
        }
    }

    async fn ask(
        &self,
        controller: &ControllerChannel,
        told: &BTreeMap<TopicIdPartition, Assignment>,
    ) -> Result<(), ErrorCode> {
        let surroundings = &self.partitions.surroundings;
        let (local, epoch) = (
            surroundings.parts.settings.local,
            surroundings.local_broker_epoch(),
        );
        if epoch.0 < 0 {
            return Err(ErrorCode::STALE_BROKER_EPOCH);
        }
        let request = assignments::request(local.0, epoch.0, told);
        let version = *ApiKey::AssignReplicasToDirs.stable_versions().end();
        let answer = controller.ask(&request, version).await?;
        let response: AssignReplicasToDirsResponse = answer.decode()?;
        match response.error_code {
            // A cluster of an old version does not want to know. What is said of single replicas
            // is that they are not this broker's, which the metadata will say as well.
            ErrorCode::NONE | ErrorCode::UNSUPPORTED_VERSION => Ok(()),
            refused => Err(refused),
        }
    }

    fn told(&self, told: &BTreeMap<TopicIdPartition, Assignment>) {
        let moves = &self.partitions.surroundings.moves;
        for assignment in told.values() {
            if let Some(ticket) = assignment.ticket {
                moves.plan().assigned(ticket);
                moves.queued.notify_one();
            }
        }
    }

    fn bytes_per_second(&self) -> u64 {
        let parts = &self.partitions.surroundings.parts;
        let published = parts.metadata.current();
        let configs = published.image.configs();
        let own = ConfigResource::broker(parts.settings.local.0);
        let value = configs.value(&own, RATE);
        let value = value.or_else(|| configs.value(&ConfigResource::all_brokers(), RATE));
        value
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or(i64::MAX as u64)
    }

    fn now_ms(&self) -> u64 {
        let environment = &self.partitions.surroundings.parts.environment;
        environment.clock.now().monotonic_ms
    }

    /// Waits until work is wanted, or this long; returns whether to go on.
    async fn wait(&mut self, wanted: &Notify, longest: Option<Duration>) -> bool {
        let timers = &self.partitions.surroundings.parts.environment.timers;
        let sleep = async {
            match longest {
                Some(longest) => timers.sleep(longest).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = self.end.wait_for(|end| *end) => false,
            () = wanted.notified() => true,
            () = sleep => true,
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Worker").finish_non_exhaustive()
    }
}
