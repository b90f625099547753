//! One life of the node: a runtime of its own with paused time, so that everything the node has
//! begun ends with it, as with a process. Start, audit, workload under faults, end.

use crate::chance::{self, between, happens};
use crate::checker::{DiskAtEnd, End, SharedChecker};
use crate::clients::admin::Admin;
use crate::clients::auditor::{Auditor, logged_commits};
use crate::clients::consumer::Consumer;
use crate::clients::idempotent_producer::{IdempotentProducer, ProducerState};
use crate::clients::member::{Member, member_name};
use crate::clients::producer::Producer;
use crate::clients::{NODE, Surroundings};
use crate::faults::{Faults, calm};
use crate::files::{self, logs};
use crate::panics;
use crate::world::{LOG_DIR, SimulatedWallClock, WALL_ORIGIN_MS, World};
use broker::clock::Clock;
use broker::environment::Environment;
use broker::loggers::NoLoggers;
use broker::node::{Node, NodeDirectories};
use net::timers::Timers;
use net::transport::memory::MemoryNetwork;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use storage::checkpoint::{self, CleanShutdown, OffsetCheckpoint};
use storage::disk::Disk;
use storage::disk::simulated::poll_once;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::Instant;

const PRODUCER_COUNT: u32 = 3;
const CONSUMER_COUNT: u32 = 3;
/// Groups with so many members each: one with more members than the topic has partitions.
const GROUPS: [(&str, u32); 2] = [("group-a", 2), ("group-b", 5)];
/// Some lives end after a time without faults.
const QUIET_MS: u64 = 7_000;
/// So long nothing is wrong before everything has to work.
const HEALING_MS: u64 = 10_000;
/// And so long for everybody to get on.
const PROGRESS_MS: u64 = 20_000;

/// What one life is to be like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LifePlan {
    /// Counts lives.
    pub(crate) number: u32,
    pub(crate) kind: LifeKind,
}

/// What happens in a life.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LifeKind {
    /// The workload runs under so many faults, and then it ends.
    Faulty { fault_count: u32, end: End },
    /// The workload runs, and everything has to work.
    Healed,
    /// Everything is read once more.
    Read,
}

/// What goes through all lives.
pub(crate) struct Run {
    pub(crate) world: World,
    pub(crate) checker: SharedChecker,
    pub(crate) producers: Vec<Arc<Mutex<ProducerState>>>,
}

/// One life.
struct Life<'a> {
    run: &'a Run,
    plan: LifePlan,
    surroundings: Surroundings,
    before: Option<&'a DiskAtEnd>,
}

/// Lives one life; returns the disk as it is left and how long it took.
pub(crate) fn live(
    run: &Run,
    plan: LifePlan,
    before: Option<&DiskAtEnd>,
) -> (Option<DiskAtEnd>, Duration) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime without input and output can be built");
    let lived = runtime.block_on(async {
        let began = Instant::now();
        let life = Life::new(run, plan, before);
        (life.live().await, began.elapsed())
    });
    drop(runtime);
    if let Some(panic) = panics::take() {
        run.checker.lock().violate("panics", "node", &panic);
    }
    lived
}

impl<'a> Life<'a> {
    fn new(run: &'a Run, plan: LifePlan, before: Option<&'a DiskAtEnd>) -> Self {
        let seed = run.world.seed;
        let network_seed = chance::number(seed, &format!("network {}", plan.number));
        let surroundings = Surroundings {
            seed,
            life: plan.number,
            network: MemoryNetwork::new(network_seed, calm()),
            timers: Timers::start(),
            checker: run.checker.clone(),
            healed: Arc::new(AtomicBool::new(false)),
            wall_base_ms: run.world.wall_ms,
            began: Instant::now(),
        };
        surroundings.tell_time();
        run.checker.lock().life_begins();
        Self {
            run,
            plan,
            surroundings,
            before,
        }
    }

    async fn live(&self) -> Option<DiskAtEnd> {
        if self.plan.number == 0 {
            self.run.world.format().await;
        }
        let mut node = match self.start().await {
            Ok(node) => node,
            Err(message) => {
                self.violate("progress", &message);
                return None;
            }
        };
        self.audit().await;
        let end = match self.plan.kind {
            LifeKind::Faulty { fault_count, end } => {
                let mut faults = Faults::new(&self.run.world.disk, &self.surroundings);
                let clients = self.spawn_clients();
                let gave_up = self.suffer(&mut node, &mut faults, fault_count).await;
                // A node that has failed is stopped too, as the command line does.
                if gave_up || end == End::CleanStop {
                    faults.heal();
                    self.stop(node).await;
                }
                let end = if gave_up { End::Kill } else { end };
                let works_since_ms = faults.works_since_ms();
                faults.heal();
                drop(clients);
                (end, works_since_ms)
            }
            LifeKind::Healed => {
                let clients = self.spawn_clients();
                self.heal(&clients).await;
                drop(clients);
                self.audit_again().await;
                self.stop(node).await;
                (End::CleanStop, 0)
            }
            LifeKind::Read => {
                self.stop(node).await;
                (End::CleanStop, 0)
            }
        };
        self.surroundings.tell_time();
        Some(self.end(end.0, end.1))
    }

    async fn start(&self) -> Result<Node, String> {
        let world = &self.run.world;
        let disk: Arc<dyn Disk> = world.disk.clone();
        let environment = Environment {
            disk: Arc::clone(&disk),
            transport: Arc::new(self.surroundings.network.node("node", NODE)),
            clock: Clock::new(Arc::new(SimulatedWallClock {
                base_ms: world.wall_ms,
                began: Instant::now(),
            })),
            chance: self.surroundings.chance("node"),
            timers: Timers::start(),
            control: Handle::current(),
            loggers: Arc::new(NoLoggers),
        };
        let claimed = NodeDirectories::claim(&disk, &world.config, &environment.chance).await;
        let directories = claimed.map_err(|error| error.to_string())?;
        let node = Node::start(environment, Arc::clone(&world.config), directories);
        match tokio::time::timeout(Duration::from_secs(60), node).await {
            Ok(node) => node.map_err(|error| format!("{error:?}")),
            Err(_) => Err("the node does not start within a minute".to_owned()),
        }
    }

    /// Reads everything, and begins what there has to be at the first start.
    async fn audit(&self) {
        let disk = &self.run.world.disk;
        let now = logs::scan(&files::current(disk, logs::is_wanted));
        if let Some(before) = self.before {
            self.surroundings.checker.lock().check_logs(before, &now);
        }
        let mut auditor = Auditor::new(&self.surroundings);
        auditor.audit(self.before, &logged_commits(&now)).await;
        if self.plan.number == 0 {
            let mut admin = Admin::new(&self.surroundings);
            let mut is_ready = admin.create_first_topics().await;
            for (group, _) in GROUPS {
                is_ready &= auditor.find_coordinator(group).await;
            }
            if !is_ready {
                self.violate("progress", "the first topics cannot be created");
            }
        }
    }

    async fn audit_again(&self) {
        // What the clients sent last is still on its way.
        self.surroundings.sleep_ms(1_000).await;
        let disk = &self.run.world.disk;
        let now = logs::scan(&files::current(disk, logs::is_wanted));
        let mut auditor = Auditor::new(&self.surroundings);
        auditor.audit(None, &logged_commits(&now)).await;
    }

    fn spawn_clients(&self) -> JoinSet<()> {
        let surroundings = &self.surroundings;
        let mut clients = JoinSet::new();
        clients.spawn(Admin::new(surroundings).run());
        for number in 0..PRODUCER_COUNT {
            clients.spawn(Producer::new(surroundings, number).run());
        }
        for state in &self.run.producers {
            clients.spawn(IdempotentProducer::new(surroundings, state).run());
        }
        for number in 0..CONSUMER_COUNT {
            clients.spawn(Consumer::new(surroundings, number).run());
        }
        for (group, count) in GROUPS {
            for number in 0..count {
                clients.spawn(Member::new(surroundings, group, number).run());
            }
        }
        clients
    }

    /// Lets things go wrong; returns whether the node gave up.
    async fn suffer(&self, node: &mut Node, faults: &mut Faults, fault_count: u32) -> bool {
        let chance = self.surroundings.chance("moments");
        for _ in 0..=fault_count {
            let pause_ms = between(&chance, 200, 2_500);
            tokio::select! {
                biased;
                failure = node.failed() => {
                    let mut checker = self.surroundings.checker.lock();
                    checker.record("node", &format!("gave up: {failure}"));
                    checker.counters.gave_up += 1;
                    return true;
                }
                () = self.surroundings.sleep_ms(pause_ms) => {}
            }
            self.surroundings.tell_time();
            if self
                .surroundings
                .checker
                .lock()
                .history
                .violation()
                .is_some()
            {
                return false;
            }
            faults.step();
        }
        if happens(&chance, 30) {
            // What is to be flushed soon has the time.
            faults.heal();
            self.surroundings.sleep_ms(QUIET_MS).await;
            self.surroundings.tell_time();
        }
        false
    }

    /// Nothing is wrong: everybody has to get on.
    async fn heal(&self, _clients: &JoinSet<()>) {
        let surroundings = &self.surroundings;
        surroundings.sleep_ms(HEALING_MS).await;
        surroundings.healed.store(true, Ordering::Relaxed);
        surroundings.checker.lock().watch_progress();
        surroundings.sleep_ms(PROGRESS_MS).await;
        surroundings.healed.store(false, Ordering::Relaxed);
        surroundings.tell_time();
        let mut names = vec!["admin".to_owned()];
        names.extend(
            (0..PRODUCER_COUNT)
                .filter(|id| id % 3 != 2)
                .map(|id| format!("producer {id}")),
        );
        names.extend((0..self.run.producers.len()).map(|id| format!("idempotent producer {id}")));
        names.extend((0..CONSUMER_COUNT).map(|id| format!("consumer {id}")));
        for (group, count) in GROUPS {
            names.extend((0..count).map(|number| member_name(group, number)));
        }
        surroundings.checker.lock().check_progress(&names);
    }

    async fn stop(&self, node: Node) {
        let stopped = tokio::time::timeout(Duration::from_secs(120), node.stop()).await;
        self.surroundings.tell_time();
        if stopped.is_err() {
            self.violate("progress", "the node does not stop within two minutes");
        }
    }

    /// The end: what lies on the disk now counts.
    fn end(&self, end: End, works_since_ms: i64) -> DiskAtEnd {
        let disk = &self.run.world.disk;
        let path = Path::new(LOG_DIR).join(OffsetCheckpoint::RECOVERY_POINTS);
        let recovery_points = poll_once(checkpoint::load(disk.as_ref(), &path));
        let ended_ms = self.surroundings.wall_ms() - WALL_ORIGIN_MS;
        let mut checker = self.surroundings.checker.lock();
        let at_end = DiskAtEnd {
            end,
            durable: logs::scan(&disk.durable_files(logs::is_wanted)),
            recovery_points: recovery_points.and_then(Result::ok).flatten(),
            works_since_ms,
            ended_ms,
        };
        match end {
            End::PowerLoss => {
                checker.check_recovery_points(&at_end);
                disk.crash();
            }
            End::Kill => {}
            // A node whose disk has failed cannot stop cleanly.
            End::CleanStop if !self.has_mark() => {
                if !matches!(self.plan.kind, LifeKind::Faulty { .. }) {
                    checker.violate("durability", "node", "a clean stop leaves no mark of it");
                }
            }
            End::CleanStop => {
                let files = files::current(disk, |path| {
                    logs::is_wanted(path) || files::indexes::is_wanted(path)
                });
                checker.check_indexes(Path::new(LOG_DIR), &logs::scan(&files), &files);
            }
        }
        checker.life_ends(end);
        at_end
    }

    /// Whether the log directory says that it was stopped cleanly.
    fn has_mark(&self) -> bool {
        let entries = poll_once(self.run.world.disk.list(Path::new(LOG_DIR)));
        let entries = entries.and_then(Result::ok).unwrap_or_default();
        entries
            .iter()
            .any(|entry| entry.name == CleanShutdown::FILE_NAME)
    }

    fn violate(&self, invariant: &'static str, message: &str) {
        self.surroundings.tell_time();
        self.surroundings
            .checker
            .lock()
            .violate(invariant, "node", message);
    }
}
