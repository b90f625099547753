//! The scheduler: one queue of events in virtual time, and what each does.

use std::collections::BTreeMap;

use protocol::ErrorCode;
use protocol::ids::{BrokerId, LeaderEpoch};
use replica::{
    AckCondition, Acks, AlterPartition, Effect, FollowerFetch, Isolation, LeaderAnswer, LeaderData,
    LogView, NextFetch, Partition, Read, WaiterId, Waiting, Wake,
};

use super::broker::Broker;
use super::chance::Chance;
use super::clients::{Clients, Produced};
use super::controller::Image;
use super::network::{Event, Message, Network};
use super::trace::Trace;
use crate::invariants;
use crate::toy_log::Entry;

const BROKERS: [BrokerId; 3] = [BrokerId(1), BrokerId(2), BrokerId(3)];
const FAULTS_END_MS: u64 = 4000;
const END_MS: u64 = 6000;
const FETCH_WAIT_MS: u64 = 40;

/// A fetch of a replica that waits at the leader for records.
type WaitingFetch = (FollowerFetch, u64, u64);

pub(super) struct World {
    seed: u64,
    now_ms: u64,
    queue: BTreeMap<(u64, u64), Event>,
    sequence: u64,
    faults: Chance,
    work: Chance,
    network: Network,
    controller: Image,
    brokers: Vec<Broker>,
    fetches: BTreeMap<(BrokerId, WaiterId), WaitingFetch>,
    clients: Clients,
    committed: Vec<Entry>,
    /// Whether logs, the in-sync replicas or what is committed changed in a way that could hurt.
    is_to_compare: bool,
    /// The latest leader epoch that began on any broker.
    newest_leadership: LeaderEpoch,
    pub(super) trace: Trace,
    pub(super) count: Count,
}

/// What a run did, so that a run that did nothing does not pass.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Count {
    pub(super) acked: i64,
    pub(super) refused: i64,
    pub(super) elections: i64,
    pub(super) truncations: i64,
    pub(super) proposals: i64,
    pub(super) zombie_appends: i64,
}

impl Count {
    pub(super) fn add(&mut self, other: &Self) {
        self.acked += other.acked;
        self.refused += other.refused;
        self.elections += other.elections;
        self.truncations += other.truncations;
        self.proposals += other.proposals;
        self.zombie_appends += other.zombie_appends;
    }
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let controller = Image::new(&BROKERS);
        let broker = |id: &BrokerId| Broker::new(*id, controller.clone());
        Self {
            seed,
            now_ms: 0,
            queue: BTreeMap::new(),
            sequence: 0,
            faults: Chance::new(seed, 1),
            work: Chance::new(seed, 2),
            network: Network {
                chance: Chance::new(seed, 3),
                is_healed: false,
            },
            brokers: BROKERS.iter().map(broker).collect(),
            controller,
            fetches: BTreeMap::new(),
            clients: Clients::default(),
            committed: Vec::new(),
            is_to_compare: false,
            newest_leadership: LeaderEpoch::NONE,
            trace: Trace::new(),
            count: Count::default(),
        }
    }

    pub(super) fn run(&mut self) {
        let seed = self.seed;
        let guard = SeedOnPanic(seed);
        for id in BROKERS {
            self.start(id);
        }
        self.plan();
        while let Some(((at_ms, _), event)) = self.queue.pop_first() {
            if at_ms > END_MS {
                break;
            }
            self.now_ms = at_ms;
            self.network.is_healed = at_ms > FAULTS_END_MS;
            self.happen(event);
        }
        let is_last_acked = self.clients.waiting.is_empty();
        invariants::progress::check(&self.controller, &self.brokers, is_last_acked);
        invariants::acked_kept::check(&self.brokers[0].log, &self.clients.acked);
        std::mem::forget(guard);
    }

    /// Lays out clients' requests and faults over the time of the run.
    fn plan(&mut self) {
        let mut at_ms = 1;
        while at_ms < FAULTS_END_MS {
            at_ms += self.work.between(1, 40);
            let waits_for_all = !self.work.percent(20);
            let to = self.any_broker_by_work();
            self.push(at_ms, Event::Produce { to, waits_for_all });
            let to = self.any_broker_by_work();
            self.push(at_ms, Event::Read { to });
        }
        let mut at_ms = 100;
        while at_ms < FAULTS_END_MS - 500 {
            at_ms += self.faults.between(20, 500);
            let broker = BROKERS[usize::try_from(self.faults.below(3)).unwrap()];
            let event = match self.faults.below(10) {
                0..3 => Event::Crash(broker),
                3..6 => Event::Pause(broker),
                _ => Event::MoveLeader,
            };
            self.push(at_ms, event);
        }
        for to in BROKERS {
            let waits_for_all = true;
            self.push(END_MS - 400, Event::Produce { to, waits_for_all });
        }
    }

    fn any_broker_by_work(&mut self) -> BrokerId {
        BROKERS[usize::try_from(self.work.below(3)).unwrap()]
    }

    fn happen(&mut self, event: Event) {
        if let Some(id) = event.broker_that_must_run() {
            let resumes_ms = self.broker(id).paused_until_ms;
            if resumes_ms > self.now_ms {
                self.push(resumes_ms, event);
                return;
            }
        }
        self.trace.note(self.now_ms, format_args!("{event:?}"));
        match event {
            Event::Deliver { to, start, message } => {
                if self.broker(to).is_up && self.broker(to).starts == start {
                    self.deliver(to, message);
                }
            }
            Event::Produce { to, waits_for_all } => self.produce(to, waits_for_all),
            Event::Read { to } => self.read(to),
            Event::Alter {
                from,
                start,
                request,
            } => self.alter(from, start, &request),
            Event::Crash(id) => self.crash(id),
            Event::Restart(id) => self.restart(id),
            Event::Pause(id) => {
                let pause_ms = self.faults.between(20, 600);
                let until_ms = self.now_ms + pause_ms;
                let fence_ms = self.now_ms + self.faults.between(50, 250);
                let broker = self.broker(id);
                if broker.is_up && broker.paused_until_ms < until_ms {
                    broker.paused_until_ms = until_ms;
                    self.push(fence_ms, Event::Fence(id));
                    self.push(until_ms, Event::Resume(id));
                }
            }
            Event::Resume(id) => {
                let broker = self.broker(id);
                let runs = broker.is_up && broker.paused_until_ms <= self.now_ms;
                if runs && self.controller.brokers[&id].is_fenced {
                    self.controller.register(id, false);
                    self.publish();
                }
            }
            Event::Fence(id) => {
                let now_ms = self.now_ms;
                let broker = self.broker(id);
                if !broker.is_up || broker.paused_until_ms > now_ms {
                    self.controller.fence(id);
                    self.publish();
                }
            }
            Event::MoveLeader => {
                self.controller.move_leader();
                self.publish();
            }
        }
        if std::mem::take(&mut self.is_to_compare) {
            let (committed, controller) = (&self.committed, &self.controller);
            invariants::committed_prefix::check(committed, controller, &self.brokers);
        }
    }

    /// The controller decides about a proposal; its answer may be lost.
    fn alter(&mut self, from: BrokerId, start: u64, request: &AlterPartition) {
        // Now and then the request reaches a controller that is not active.
        let is_astray = !self.network.is_healed && self.faults.percent(5);
        let answer = if is_astray {
            Err(ErrorCode::NOT_CONTROLLER)
        } else {
            self.controller.alter(request)
        };
        self.publish();
        let proposal = request.proposal;
        let delays_ms = self.network.delays_ms();
        if delays_ms.is_empty() {
            // The shell notices that the answer does not come.
            let answer = Err(ErrorCode::NETWORK_EXCEPTION);
            let message = Message::AlterAnswer { proposal, answer };
            self.send_at(from, start, self.now_ms + 100, message);
        }
        for delay_ms in delays_ms {
            let answer = answer.clone();
            let message = Message::AlterAnswer { proposal, answer };
            self.send_at(from, start, self.now_ms + delay_ms, message);
        }
    }

    fn crash(&mut self, id: BrokerId) {
        let restart_ms = self.now_ms + self.faults.between(30, 500);
        let fence_ms = self.now_ms + self.faults.between(50, 250);
        let broker = self.broker(id);
        if !broker.is_up {
            return;
        }
        broker.is_up = false;
        broker.paused_until_ms = 0;
        broker.starts += 1;
        broker.deadline_ms = None;
        broker.partition = Partition::new(id, broker.checkpoint);
        self.fetches.retain(|(at, _), _| *at != id);
        self.clients.waiting.retain(|(at, _, _), _| *at != id);
        self.push(restart_ms, Event::Restart(id));
        self.push(fence_ms, Event::Fence(id));
    }

    fn restart(&mut self, id: BrokerId) {
        self.controller.register(id, true);
        let image = self.controller.clone();
        let broker = self.broker(id);
        broker.is_up = true;
        broker.epoch = image.brokers[&id].epoch;
        broker.image = image;
        self.start(id);
        self.publish();
    }

    fn start(&mut self, id: BrokerId) {
        let assignment = self.broker(id).image.assignment.clone();
        let effects = self.call(id, |partition, context| {
            partition.apply(context, &assignment)
        });
        self.carry_out(id, effects.unwrap());
        let number = self.broker(id).fetch;
        self.send(id, 1, Message::FetchTick { number });
        self.send(id, 100, Message::Checkpoint);
    }

    fn publish(&mut self) {
        self.is_to_compare = true;
        for id in BROKERS {
            let delay_ms = self.network.delay_ms();
            let image = Box::new(self.controller.clone());
            self.send(id, delay_ms, Message::Metadata(image));
        }
    }

    fn deliver(&mut self, to: BrokerId, message: Message) {
        match message {
            Message::Fetch {
                fetch,
                number,
                start,
            } => self.serve_fetch(to, (fetch, number, start), true),
            Message::FetchAnswer {
                answer,
                entries,
                number,
            } => {
                let effects = self.call(to, |partition, context| {
                    partition.on_leader_answer(context, &answer)
                });
                if effects.contains(&Effect::AppendFetched) {
                    for entry in entries {
                        self.broker(to).log.append(entry);
                    }
                }
                self.carry_out(to, effects);
                if number == self.broker(to).fetch {
                    self.broker(to).fetch += 1;
                    self.send(to, 2, Message::FetchTick { number: number + 1 });
                }
            }
            Message::AlterAnswer { proposal, answer } => {
                let effects = self.call(to, |partition, context| {
                    partition.on_alter_partition_answer(context, proposal, answer)
                });
                self.carry_out(to, effects);
            }
            Message::Metadata(image) => {
                if image.version > self.broker(to).image.version {
                    let assignment = image.assignment.clone();
                    self.broker(to).image = *image;
                    let effects = self.call(to, |partition, context| {
                        partition.apply(context, &assignment)
                    });
                    self.carry_out(to, effects.unwrap());
                    let effects = self.call(to, |partition, context| partition.on_moved(context));
                    self.carry_out(to, effects);
                }
            }
            Message::FetchTick { number } => self.fetch(to, number),
            Message::Deadline => {
                self.broker(to).deadline_ms = None;
                let effects = self.call(to, |partition, context| partition.on_deadline(context));
                self.carry_out(to, effects);
            }
            Message::Checkpoint => {
                let high_watermark = self.broker(to).partition.high_watermark();
                self.broker(to).checkpoint = high_watermark;
                self.send(to, 300, Message::Checkpoint);
            }
        }
    }

    /// Sends the next fetch, unless that was done already.
    fn fetch(&mut self, from: BrokerId, number: u64) {
        if number != self.broker(from).fetch {
            return;
        }
        self.broker(from).fetch += 1;
        let number = number + 1;
        let next = self.call(from, |partition, context| partition.next_fetch(context));
        // If no answer comes, or there is nobody to ask.
        self.send(
            from,
            if next.is_some() { 120 } else { 10 },
            Message::FetchTick { number },
        );
        let Some(next) = next else { return };
        let fetch = FollowerFetch {
            replica: from,
            broker_epoch: self.broker(from).epoch,
            current_leader_epoch: next.current_leader_epoch,
            fetch_offset: next.fetch_offset,
            last_fetched_epoch: next.last_fetched_epoch,
            log_start_offset: next.log_start_offset,
        };
        let start = self.broker(from).starts;
        for delay_ms in self.network.delays_ms() {
            let message = Message::Fetch {
                fetch,
                number,
                start,
            };
            self.send(next.leader, delay_ms, message);
        }
    }

    /// Answers a replica's fetch, or lets it wait for records the first time.
    fn serve_fetch(&mut self, at: BrokerId, waiting: WaitingFetch, may_wait: bool) {
        let (fetch, number, start) = waiting;
        let handled = self.call(at, |partition, context| {
            partition.on_follower_fetch(context, &fetch)
        });
        self.carry_out(at, handled.effects);
        let mut entries = Vec::new();
        let data = |bounds: replica::ReadBounds, has_records, diverging| LeaderData {
            has_records,
            diverging,
            high_watermark: bounds.high_watermark,
            log_start_offset: bounds.log_start_offset,
        };
        let result = match handled.answer {
            Ok(Read::Records { end_offset, bounds }) => {
                let available = self.broker(at).log.entries_from(fetch.fetch_offset);
                entries.extend(available.iter().take(5));
                // A follower that lacks the high watermark is answered at once.
                let is_idle = entries.is_empty() && bounds.high_watermark == end_offset;
                if is_idle && may_wait {
                    let deadline_ms = self.now_ms + FETCH_WAIT_MS;
                    let waits = self.call(at, |partition, context| {
                        partition.await_bytes(context, None, end_offset, deadline_ms)
                    });
                    if let Ok(Waiting::Until(id)) = waits {
                        self.fetches.insert((at, id), waiting);
                        return;
                    }
                }
                Ok(data(bounds, !entries.is_empty(), None))
            }
            Ok(Read::Diverging { end, bounds }) => Ok(data(bounds, false, Some(end))),
            Err(error) => Err(error),
        };
        let answer = LeaderAnswer {
            fetch: NextFetch {
                leader: at,
                current_leader_epoch: fetch.current_leader_epoch,
                fetch_offset: fetch.fetch_offset,
                last_fetched_epoch: fetch.last_fetched_epoch,
                log_start_offset: fetch.log_start_offset,
            },
            result,
        };
        for delay_ms in self.network.delays_ms() {
            let message = Message::FetchAnswer {
                answer: answer.clone(),
                entries: entries.clone(),
                number,
            };
            self.send_at(fetch.replica, start, self.now_ms + delay_ms, message);
        }
    }

    fn produce(&mut self, to: BrokerId, waits_for_all: bool) {
        let acks = if waits_for_all {
            Acks::All
        } else {
            Acks::Leader
        };
        let admission = self.call(to, |partition, context| partition.admit(context, acks));
        let Some(admission) = admission.ok().filter(|_| self.broker(to).is_up) else {
            self.count.refused += 1;
            return;
        };
        self.clients.next_value += 1;
        let offset = self.broker(to).log.log_end_offset();
        let produced = Produced {
            offset,
            entry: (admission.leader_epoch, self.clients.next_value),
            is_by_zombie: self.newest_leadership > admission.leader_epoch,
        };
        self.count.zombie_appends += i64::from(produced.is_by_zombie);
        self.broker(to).log.append(produced.entry);
        let effects = self.call(to, |partition, context| partition.on_moved(context));
        self.carry_out(to, effects);
        let condition = AckCondition {
            required_offset: offset.next(),
            is_synced: false,
            deadline_ms: self.now_ms + 1500,
        };
        let waits = self.call(to, |partition, context| {
            partition.await_ack(context, admission, condition)
        });
        match waits {
            Ok(Waiting::Ready) if waits_for_all => self.acknowledge(to, produced),
            Ok(Waiting::Until(id)) => {
                let start = self.broker(to).starts;
                self.clients.waiting.insert((to, start, id), produced);
            }
            _ => {}
        }
    }

    fn read(&mut self, to: BrokerId) {
        let isolation = Some(Isolation::ReadUncommitted);
        let latest = self.call(to, |partition, context| {
            partition.latest_offset(context, None, isolation)
        });
        let epoch = self.broker(to).partition.leader_epoch();
        if let Ok(offset) = latest {
            invariants::high_watermark::check_reader(&mut self.clients.latest, epoch, offset);
        }
    }

    fn acknowledge(&mut self, by: BrokerId, produced: Produced) {
        self.count.acked += 1;
        let epoch = self.broker(by).partition.leader_epoch();
        invariants::zombie::check(&produced, epoch);
        invariants::ack_after_isr::check(&self.controller, &self.brokers, &produced);
        self.clients.acked.push(produced);
    }

    fn carry_out(&mut self, id: BrokerId, effects: Vec<Effect>) {
        for effect in effects {
            self.trace
                .note(self.now_ms, format_args!("  {id}: {effect:?}"));
            match effect {
                Effect::AssignEpochStart { epoch, start } => {
                    self.count.elections += 1;
                    self.newest_leadership = self.newest_leadership.max(epoch);
                    self.broker(id).log.assign_epoch(epoch, start);
                }
                Effect::HighWatermarkMoved(offset) => {
                    self.is_to_compare = true;
                    let at = self.index_of(id);
                    let log = &self.brokers[at].log;
                    invariants::committed_prefix::extend(&mut self.committed, log, offset);
                }
                Effect::AlterPartition(request) => {
                    self.count.proposals += 1;
                    let (from, start) = (id, self.broker(id).starts);
                    let at_ms = self.now_ms + self.network.delay_ms();
                    self.push(
                        at_ms,
                        Event::Alter {
                            from,
                            start,
                            request,
                        },
                    );
                }
                Effect::Wake(waiter, wake) => self.wake(id, waiter, wake),
                Effect::AppendFetched => {
                    let more = self.call(id, |partition, context| {
                        partition.on_fetched_appended(context)
                    });
                    self.carry_out(id, more);
                }
                Effect::Truncate { to, lost_below } => {
                    assert_eq!(lost_below, None, "committed records are truncated");
                    self.count.truncations += 1;
                    self.is_to_compare = true;
                    self.broker(id).log.truncate(to);
                    let more = self.call(id, |partition, context| partition.on_truncated(context));
                    self.carry_out(id, more);
                }
                Effect::AskLeaderOffsets { .. } => {
                    let lost = Err(ErrorCode::NETWORK_EXCEPTION);
                    let more = self.call(id, |partition, context| {
                        partition.on_leader_offsets(context, lost)
                    });
                    self.carry_out(id, more);
                }
                Effect::TruncateFullyAndStartAt(_) | Effect::AdvanceLogStart(_) => {
                    panic!("nothing is ever deleted here, but {effect:?}")
                }
                Effect::FetchFrom { .. } | Effect::StopFetching | Effect::BackOff => {}
            }
        }
    }

    fn wake(&mut self, id: BrokerId, waiter: WaiterId, wake: Wake) {
        if let Some(waiting) = self.fetches.remove(&(id, waiter)) {
            self.serve_fetch(id, waiting, false);
            return;
        }
        let start = self.broker(id).starts;
        let produced = self.clients.waiting.remove(&(id, start, waiter));
        let produced = produced.expect("who is woken has waited, and is woken once");
        if wake == Wake::Satisfied {
            self.acknowledge(id, produced);
        }
    }

    /// Calls a partition, looks whether its high watermark went back, and arms its timer.
    fn call<T>(
        &mut self,
        id: BrokerId,
        act: impl FnOnce(&mut Partition, &replica::Context<'_>) -> T,
    ) -> T {
        let now_ms = self.now_ms;
        let broker = self.broker(id);
        let before = broker.partition.high_watermark();
        let result = broker.call(now_ms, act);
        invariants::high_watermark::check_broker(before, broker.partition.high_watermark());
        let deadline_ms = broker.call(now_ms, |partition, context| {
            partition.next_deadline_ms(context)
        });
        let is_earlier = deadline_ms.is_some_and(|at_ms| {
            broker.deadline_ms.is_none_or(|armed| at_ms < armed) && broker.is_up
        });
        if let (Some(at_ms), true) = (deadline_ms, is_earlier) {
            broker.deadline_ms = deadline_ms;
            let start = broker.starts;
            self.send_at(id, start, at_ms.max(now_ms), Message::Deadline);
        }
        result
    }

    fn send(&mut self, to: BrokerId, delay_ms: u64, message: Message) {
        let start = self.broker(to).starts;
        self.send_at(to, start, self.now_ms + delay_ms, message);
    }

    fn send_at(&mut self, to: BrokerId, start: u64, at_ms: u64, message: Message) {
        self.push(at_ms, Event::Deliver { to, start, message });
    }

    fn push(&mut self, at_ms: u64, event: Event) {
        self.sequence += 1;
        self.queue.insert((at_ms, self.sequence), event);
    }

    fn broker(&mut self, id: BrokerId) -> &mut Broker {
        let index = self.index_of(id);
        &mut self.brokers[index]
    }

    fn index_of(&self, id: BrokerId) -> usize {
        self.brokers
            .iter()
            .position(|broker| broker.id == id)
            .unwrap()
    }
}

impl Event {
    /// A broker that stands still gets to it only when it goes on.
    fn broker_that_must_run(&self) -> Option<BrokerId> {
        match self {
            Self::Deliver { to, .. } | Self::Produce { to, .. } | Self::Read { to } => Some(*to),
            _ => None,
        }
    }
}

/// Tells the seed when a run panics.
struct SeedOnPanic(u64);

impl Drop for SeedOnPanic {
    fn drop(&mut self) {
        println!("broken under seed {0}: SEED={0} replays it", self.0);
    }
}
