//! The group coordinators of a node: one for each partition of `__consumer_offsets` that it leads.
//!
//! Not the job of this module: what requests mean (crate `coordinator`), checking them against
//! authorisation and topics (their handlers in `api`), and creating the topic.
//!
//! Invariants:
//! - A coordinator lives as long as the leadership of its partition, in one leader epoch.
//! - Requests of one connection reach their coordinator in the order in which they were sent.
//! - Everybody who asks is answered: a partition that is not led here says NOT_COORDINATOR, one
//!   that is loading COORDINATOR_LOAD_IN_PROGRESS, each in the place that the response has for it.

mod batch;
mod command;
mod gauges;
mod load;
mod replay;
mod settings;
mod task;
mod waiters;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coordinator::{Coordinator, DeletedTopic, Effects, Response, WaiterId};
use metadata::image::{MetadataDelta, MetadataImage, PartitionRegistration};
use protocol::Uuid;
use protocol::time::Now;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::environment::Environment;
use crate::partitions::{AppliedReplicas, ElectedReplica, Partitions};
use crate::topic_names::CONSUMER_OFFSETS;
use command::Command;
use gauges::LastCounts;
use task::CoordinatorTask;
use waiters::Waiters;

pub use settings::GroupsSettings;

/// The coordinators of a node.
pub struct Groups {
    settings: Arc<GroupsSettings>,
    environment: Environment,
    /// Where coordinators run: not where the metadata are followed.
    runtime: Handle,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    /// How many partitions the topic has; none while it does not exist.
    partition_count: Option<i32>,
    led: BTreeMap<i32, Led>,
    /// The last task of each partition that was ever led here; it has ended, ends or runs. The next
    /// one waits for it.
    tasks: BTreeMap<i32, JoinHandle<()>>,
}

/// A partition that is led here.
struct Led {
    topic_id: Uuid,
    /// Dropping it dismisses the task.
    commands: mpsc::UnboundedSender<Command>,
    counts: LastCounts,
}

impl Groups {
    /// No partition is led yet. Coordinators will run on the present runtime, that of the requests.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn new(settings: GroupsSettings, environment: Environment) -> Self {
        Self {
            settings: Arc::new(settings),
            environment,
            runtime: Handle::current(),
            table: Mutex::default(),
        }
    }

    /// Follows a change of the metadata, after the partitions have. Returns at once: logs are
    /// replayed in tasks of their own.
    pub fn apply(
        &self,
        applied: &AppliedReplicas,
        delta: &MetadataDelta,
        image: &MetadataImage,
        partitions: &Partitions,
    ) {
        let mut table = self.lock();
        let is_led_elsewhere =
            |after: &Arc<PartitionRegistration>| after.leader != self.settings.broker_id.0;
        for topic in &delta.topics {
            let topic_id = topic.topic().map(|topic| topic.id);
            let lost = topic.partitions.iter();
            let lost = lost.filter(|change| change.after.as_ref().is_none_or(is_led_elsewhere));
            lost.for_each(|change| table.dismiss(topic_id, change.index));
        }
        let led = applied.led.iter();
        for elected in led.filter(|it| it.topic_partition.topic.as_str() == CONSUMER_OFFSETS) {
            self.begin(&mut table, elected, partitions);
        }
        let topic = image.topics().by_name(CONSUMER_OFFSETS);
        table.partition_count = topic.and_then(|topic| topic.partitions.len().try_into().ok());
        table.tell_deletions(delta);
    }

    /// Dismisses all coordinators and waits for them to end.
    pub async fn close(&self) {
        let tasks = {
            let mut table = self.lock();
            table.led.clear();
            std::mem::take(&mut table.tasks)
        };
        for task in tasks.into_values() {
            // It fails only by a panic, which has been reported, or with its runtime.
            let _ = task.await;
        }
    }

    /// Which partition of the topic keeps the group.
    pub fn partition_for(&self, group_id: &str) -> i32 {
        let count = self.lock().partition_count;
        let count = count.unwrap_or(self.settings.offsets_topic_partition_count);
        coordinator::partition_for(group_id, count)
    }

    /// The partitions that are led here.
    pub fn led(&self) -> Vec<i32> {
        self.lock().led.keys().copied().collect()
    }

    /// Brings a request before the coordinator of a partition. Requests are taken in the order of
    /// the calls; the response comes when it comes, and not at all only when the runtime ends.
    pub fn ask(
        &self,
        partition: i32,
        request: impl FnOnce(&mut Coordinator, Now, WaiterId) -> Effects + Send + 'static,
    ) -> oneshot::Receiver<Response> {
        let (answer, response) = oneshot::channel();
        let request = Box::new(request);
        self.send(partition, Command::Ask { request, answer });
        response
    }

    /// Looks at what the coordinator of a partition has committed.
    pub fn look<T: Send + 'static>(
        &self,
        partition: i32,
        look: impl FnOnce(&Coordinator) -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (answer, seen) = oneshot::channel();
        let look = move |coordinator: &Coordinator| {
            // Nobody may want to know any more.
            let _ = answer.send(look(coordinator));
        };
        self.send(partition, Command::Look(Box::new(look)));
        seen
    }

    fn send(&self, partition: i32, command: Command) {
        let unsent = match self.lock().led.get(&partition) {
            Some(led) => led.commands.send(command).err().map(|error| error.0),
            None => Some(command),
        };
        if let Some(command) = unsent {
            self.refuse(command);
        }
    }

    /// Answers as a coordinator does whose partition is led elsewhere.
    fn refuse(&self, command: Command) {
        let mut unloaded = Coordinator::new(self.settings.group.clone());
        // Nobody waits for it yet.
        let _ = unloaded.on_unloaded();
        let mut waiters = Waiters::default();
        match command {
            Command::Ask { request, answer } => {
                let waiter = waiters.add(answer);
                let effects = request(&mut unloaded, self.environment.clock.now(), waiter);
                waiters.answer(effects.completed);
            }
            Command::Look(look) => look(&unloaded),
            Command::ForgetTopics(_) => {}
        }
    }

    fn begin(&self, table: &mut Table, elected: &ElectedReplica, partitions: &Partitions) {
        let id = elected.id;
        table.led.remove(&id.partition);
        // A replica that cannot be used has no coordinator.
        let Ok(partition) = partitions.find(id) else {
            return;
        };
        let (commands, receiver) = mpsc::unbounded_channel();
        let task = CoordinatorTask::new(
            Arc::clone(&self.settings),
            self.environment.clone(),
            partition,
            elected.leader_epoch,
            receiver,
        );
        let led = Led {
            topic_id: id.topic_id,
            commands,
            counts: LastCounts::default(),
        };
        let before = table.tasks.remove(&id.partition);
        let task = self.runtime.spawn(task.run(before));
        table.tasks.insert(id.partition, task);
        table.led.insert(id.partition, led);
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn dismiss(&mut self, topic_id: Option<Uuid>, partition: i32) {
        let present = self.led.get(&partition);
        // Other topics have partitions of that number as well.
        if present.is_some_and(|led| Some(led.topic_id) == topic_id) {
            self.led.remove(&partition);
        }
    }

    fn tell_deletions(&self, delta: &MetadataDelta) {
        let gone = delta.topics.iter().filter(|topic| topic.after.is_none());
        let gone: Arc<[DeletedTopic]> = gone
            .filter_map(|topic| topic.before.as_ref())
            .map(|topic| DeletedTopic {
                name: (*topic.name).into(),
                id: topic.id,
            })
            .collect();
        if gone.is_empty() {
            return;
        }
        for led in self.led.values() {
            // A task that has ended has no offsets left to forget.
            let _ = led.commands.send(Command::ForgetTopics(Arc::clone(&gone)));
        }
    }
}

impl fmt::Debug for Groups {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Groups")
            .field("led", &self.led())
            .finish_non_exhaustive()
    }
}
