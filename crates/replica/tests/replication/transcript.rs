//! Transcripts: a script of commands to one partition, and everything that comes of each.
//!
//! A line that begins with `> ` is a command; the lines below it are what the partition answered
//! and wants done. Effects on the log are carried out at once, as the shell would. Broker 1 is
//! local.

use std::collections::BTreeMap;
use std::fmt::Write;

use protocol::ErrorCode;
use protocol::ids::{BrokerEpoch, BrokerId, LeaderEpoch, Offset, PartitionEpoch};
use protocol::time::Now;
use replica::{
    AckCondition, Acks, AlterPartitionAnswer, BrokerState, Brokers, ClientRead, Context, Effect,
    EpochEnd, FollowerFetch, Isolation, LeaderAnswer, LeaderData, LeaderOffsets, LogView,
    OfflineReason, Partition, PartitionAssignment, ProposalId, WaiterId,
};

use crate::toy_log::ToyLog;

macro_rules! scripts {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            check(include_str!(concat!("../../testscripts/", stringify!($name))));
        }
    )*};
}

scripts! {
    acks_wait_for_the_in_sync_replicas
    follower_truncates_step_by_step_to_a_common_epoch
    follower_begins_anew_behind_the_leaders_log_start
    isr_shrinks_and_expands_by_proposals
    leader_elected_again_forgets_how_far_followers_had_got
    reads_end_at_the_high_watermark_or_the_last_stable_offset
    records_are_deleted_when_every_live_replica_has_deleted_them
    stale_brokers_and_epochs_are_refused
}

fn check(script: &str) {
    let mut scene = Scene::new();
    let mut actual = String::new();
    for line in script.lines() {
        if line.starts_with('#') || line.is_empty() {
            writeln!(actual, "{line}").unwrap();
        } else if let Some(command) = line.strip_prefix("> ") {
            writeln!(actual, "{line}").unwrap();
            for said in scene.obey(command) {
                writeln!(actual, "{said}").unwrap();
            }
        }
    }
    assert!(actual == script, "the transcript is now:\n{actual}");
}

struct Scene {
    now_ms: u64,
    log: ToyLog,
    partition: Partition,
    brokers: Registered,
    min_insync_replicas: usize,
}

struct Registered(BTreeMap<BrokerId, BrokerState>);

impl Brokers for Registered {
    fn state_of(&self, broker: BrokerId) -> Option<BrokerState> {
        self.0.get(&broker).copied()
    }
}

/// The `name=value` pairs of a command.
struct Arguments<'a>(BTreeMap<&'a str, &'a str>);

impl Arguments<'_> {
    fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name).map(|value| value.parse().unwrap())
    }

    fn needed(&self, name: &str) -> i64 {
        self.number(name)
            .unwrap_or_else(|| panic!("{name}= is missing"))
    }

    fn offset(&self, name: &str) -> Offset {
        Offset(self.needed(name))
    }

    fn epoch(&self, name: &str) -> Option<LeaderEpoch> {
        self.number(name)
            .map(|epoch| LeaderEpoch(i32::try_from(epoch).unwrap()))
    }

    fn partition_epoch(&self) -> PartitionEpoch {
        PartitionEpoch(i32::try_from(self.needed("partition")).unwrap())
    }

    fn broker(&self, name: &str) -> Option<BrokerId> {
        self.number(name)
            .map(|id| BrokerId(i32::try_from(id).unwrap()))
    }

    fn brokers<C: FromIterator<BrokerId>>(&self, name: &str) -> C {
        self.0[name]
            .split(',')
            .map(|id| BrokerId(id.parse().unwrap()))
            .collect()
    }

    fn isolation(&self) -> Option<Isolation> {
        match self.0.get("isolation") {
            None => None,
            Some(&"committed") => Some(Isolation::ReadCommitted),
            Some(&"uncommitted") => Some(Isolation::ReadUncommitted),
            Some(other) => panic!("no isolation {other}"),
        }
    }
}

impl Scene {
    fn new() -> Self {
        let state = |id| BrokerState {
            epoch: BrokerEpoch(id * 10),
            is_fenced: false,
            is_in_controlled_shutdown: false,
        };
        let brokers = (1..=3).map(|id| (BrokerId(id), state(i64::from(id))));
        Self {
            now_ms: 0,
            log: ToyLog::default(),
            partition: Partition::new(BrokerId(1), Offset::ZERO),
            brokers: Registered(brokers.collect()),
            min_insync_replicas: 2,
        }
    }

    fn obey(&mut self, command: &str) -> Vec<String> {
        let mut words = command.split(' ');
        let verb = words.next().unwrap();
        let arguments = Arguments(words.map(|word| word.split_once('=').unwrap()).collect());
        if let Some(said) = self.set_up(verb, &arguments) {
            return said;
        }
        if let Some(said) = self.ask(verb, &arguments) {
            return vec![said];
        }
        let mut said = Vec::new();
        let effects = self.tell(verb, &arguments, &mut said);
        self.carry_out(effects, &mut said);
        said
    }

    /// Commands that change what is around the partition.
    fn set_up(&mut self, verb: &str, arguments: &Arguments<'_>) -> Option<Vec<String>> {
        match verb {
            "now" => self.now_ms = u64::try_from(arguments.needed("ms")).unwrap(),
            "log" => {
                let epoch = arguments.epoch("epoch").unwrap();
                for _ in 0..arguments.needed("count") {
                    self.log.append((epoch, 0));
                }
            }
            "epoch" => {
                let end = self.log.log_end_offset();
                self.log
                    .assign_epoch(arguments.epoch("epoch").unwrap(), end);
            }
            "checkpoint" => {
                self.partition = Partition::new(BrokerId(1), arguments.offset("offset"));
            }
            "unstable" => self.log.first_unstable = arguments.number("offset").map(Offset),
            "delete" => self.log.delete_below(arguments.offset("below")),
            "broker" => {
                let state = BrokerState {
                    epoch: BrokerEpoch(arguments.needed("epoch")),
                    is_fenced: arguments.number("fenced") == Some(1),
                    is_in_controlled_shutdown: arguments.number("stopping") == Some(1),
                };
                self.brokers
                    .0
                    .insert(arguments.broker("id").unwrap(), state);
            }
            "min-insync" => {
                self.min_insync_replicas = usize::try_from(arguments.needed("count")).unwrap();
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    /// Questions, which change nothing or only add a waiter.
    fn ask(&mut self, verb: &str, arguments: &Arguments<'_>) -> Option<String> {
        let deadline_ms = self.now_ms + 1000;
        let epoch = arguments.epoch("epoch");
        Some(match verb {
            "produce" => {
                let is_synced = arguments.number("synced") == Some(1);
                self.produce(arguments.needed("acks"), is_synced, deadline_ms)
            }
            "read" => self.read(arguments),
            "wait" => {
                let (isolation, seen) = (arguments.isolation(), arguments.offset("seen"));
                said(self.call(|partition, context| {
                    partition.await_bytes(context, isolation, seen, deadline_ms)
                }))
            }
            "wait-deleted" => {
                let below = arguments.offset("below");
                said(self.call(|partition, context| {
                    partition.await_low_watermark(context, below, deadline_ms)
                }))
            }
            "may-delete" => said(
                self.partition
                    .delete_records_target(arguments.number("below").map(Offset)),
            ),
            "latest" => {
                let isolation = arguments.isolation();
                said(
                    self.call(|partition, context| {
                        partition.latest_offset(context, epoch, isolation)
                    }),
                )
            }
            "earliest" => {
                said(self.call(|partition, context| partition.earliest_offset(context, epoch)))
            }
            "at-timestamp" => {
                let (isolation, found) = (arguments.isolation(), arguments.number("found"));
                said(self.call(|partition, context| {
                    partition.offset_for_timestamp(context, epoch, isolation, found.map(Offset))
                }))
            }
            "epoch-end" => {
                let of = arguments.epoch("of").unwrap();
                said(self.call(|partition, context| partition.end_offset_of(context, epoch, of)))
            }
            "low-watermark" => {
                said(self.call(|partition, context| partition.low_watermark(context)))
            }
            "next-fetch" => {
                format!(
                    "{:?}",
                    self.call(|partition, context| partition.next_fetch(context))
                )
            }
            "deadline" => {
                let at_ms = self.call(|partition, context| partition.next_deadline_ms(context));
                format!("{at_ms:?}")
            }
            "cancel" => {
                let id = WaiterId(u64::try_from(arguments.needed("id")).unwrap());
                format!("{}", self.partition.cancel(id))
            }
            _ => return None,
        })
    }

    fn read(&mut self, arguments: &Arguments<'_>) -> String {
        let read = ClientRead {
            current_leader_epoch: arguments.epoch("epoch"),
            fetch_offset: arguments.offset("from"),
            last_fetched_epoch: arguments.epoch("last"),
            isolation: arguments.isolation().unwrap(),
        };
        said(self.call(|partition, context| partition.read(context, &read)))
    }

    /// Appends one record and waits for its acknowledgement.
    fn produce(&mut self, acks: i64, is_synced: bool, deadline_ms: u64) -> String {
        let acks = [Acks::All, Acks::None, Acks::Leader][usize::try_from(acks + 1).unwrap()];
        let admission = self.call(|partition, context| partition.admit(context, acks));
        let Ok(admission) = admission else {
            return said(admission);
        };
        self.log.append((admission.leader_epoch, 0));
        let condition = AckCondition {
            required_offset: self.log.log_end_offset(),
            is_synced,
            deadline_ms,
        };
        let effects = self.call(|partition, context| partition.on_moved(context));
        let waits =
            self.call(|partition, context| partition.await_ack(context, admission, condition));
        let effects = effects.iter().map(|effect| format!("{effect:?}\n"));
        effects.collect::<String>() + &said(waits)
    }

    /// Events.
    fn tell(
        &mut self,
        verb: &str,
        arguments: &Arguments<'_>,
        answers: &mut Vec<String>,
    ) -> Vec<Effect> {
        match verb {
            "apply" => {
                let assignment = PartitionAssignment {
                    leader: arguments.broker("leader"),
                    leader_epoch: arguments.epoch("epoch").unwrap(),
                    partition_epoch: arguments.partition_epoch(),
                    isr: arguments.brokers("isr"),
                    replicas: arguments.brokers("replicas"),
                };
                self.call(|partition, context| partition.apply(context, &assignment))
                    .unwrap_or_else(|error| {
                        answers.push(error.to_string());
                        Vec::new()
                    })
            }
            "fetch" => {
                let replica = arguments.broker("replica").unwrap();
                let fetch = FollowerFetch {
                    replica,
                    broker_epoch: BrokerEpoch(
                        arguments
                            .number("broker-epoch")
                            .unwrap_or(i64::from(replica.0) * 10),
                    ),
                    current_leader_epoch: arguments.epoch("epoch").unwrap(),
                    fetch_offset: arguments.offset("from"),
                    last_fetched_epoch: arguments.epoch("last"),
                    log_start_offset: Offset(arguments.number("start").unwrap_or(0)),
                };
                let handled =
                    self.call(|partition, context| partition.on_follower_fetch(context, &fetch));
                answers.push(said(handled.answer));
                handled.effects
            }
            "controller" => self.controller(arguments),
            "leader" => self.leader(arguments),
            "leader-offsets" => {
                let offsets = LeaderOffsets {
                    current_leader_epoch: arguments.epoch("epoch").unwrap(),
                    log_start_offset: arguments.offset("start"),
                    log_end_offset: arguments.offset("end"),
                };
                self.call(|partition, context| partition.on_leader_offsets(context, Ok(offsets)))
            }
            "moved" => self.call(|partition, context| partition.on_moved(context)),
            "synced" => self.partition.on_synced(arguments.offset("offset")),
            "due" => self.call(|partition, context| partition.on_deadline(context)),
            "disk-failed" => self
                .partition
                .take_offline(OfflineReason::LogDirectoryFailed),
            _ => panic!("no command {verb}"),
        }
    }

    /// The controller's answer to a proposal.
    fn controller(&mut self, arguments: &Arguments<'_>) -> Vec<Effect> {
        let proposal = ProposalId(u64::try_from(arguments.needed("proposal")).unwrap());
        let answer = match arguments.number("error") {
            Some(code) => Err(ErrorCode(i16::try_from(code).unwrap())),
            None => Ok(AlterPartitionAnswer {
                leader_epoch: arguments.epoch("epoch").unwrap(),
                partition_epoch: arguments.partition_epoch(),
                isr: arguments.brokers("isr"),
            }),
        };
        self.call(|partition, context| {
            partition.on_alter_partition_answer(context, proposal, answer)
        })
    }

    /// The leader's answer to the fetch that is due.
    fn leader(&mut self, arguments: &Arguments<'_>) -> Vec<Effect> {
        let fetch = self
            .call(|partition, context| partition.next_fetch(context))
            .unwrap();
        let data = |arguments: &Arguments<'_>| LeaderData {
            has_records: arguments.number("records").is_some(),
            diverging: arguments.epoch("diverging").map(|epoch| EpochEnd {
                epoch,
                end_offset: arguments.offset("end"),
            }),
            high_watermark: arguments.offset("high-watermark"),
            log_start_offset: Offset(arguments.number("start").unwrap_or(0)),
        };
        let result = match arguments.number("error") {
            Some(code) => Err(ErrorCode(i16::try_from(code).unwrap())),
            None => Ok(data(arguments)),
        };
        let answer = LeaderAnswer { fetch, result };
        let effects = self.call(|partition, context| partition.on_leader_answer(context, &answer));
        for _ in 0..arguments.number("records").unwrap_or(0) {
            self.log.append((fetch.current_leader_epoch, 0));
        }
        effects
    }

    fn carry_out(&mut self, effects: Vec<Effect>, said: &mut Vec<String>) {
        for effect in effects {
            said.push(format!("{effect:?}"));
            let more = match effect {
                Effect::AssignEpochStart { epoch, start } => {
                    self.log.assign_epoch(epoch, start);
                    Vec::new()
                }
                Effect::AppendFetched => {
                    self.call(|partition, context| partition.on_fetched_appended(context))
                }
                Effect::Truncate { to, .. } => {
                    self.log.truncate(to);
                    self.call(|partition, context| partition.on_truncated(context))
                }
                Effect::TruncateFullyAndStartAt(start) => {
                    self.log.restart_at(start);
                    self.call(|partition, context| partition.on_truncated(context))
                }
                Effect::AdvanceLogStart(start) => {
                    self.log.delete_below(start);
                    Vec::new()
                }
                _ => Vec::new(),
            };
            self.carry_out(more, said);
        }
    }

    fn call<T>(&mut self, act: impl FnOnce(&mut Partition, &Context<'_>) -> T) -> T {
        let context = Context {
            now: Now {
                monotonic_ms: self.now_ms,
                wall_ms: 0,
            },
            log: &self.log,
            brokers: &self.brokers,
            local_broker_epoch: BrokerEpoch(10),
            replica_lag_time_max_ms: 100,
            min_insync_replicas: self.min_insync_replicas,
        };
        act(&mut self.partition, &context)
    }
}

fn said<T: std::fmt::Debug>(answer: Result<T, ErrorCode>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => error.to_string(),
    }
}
