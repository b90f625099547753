//! Clients that misbehave at random: requests and answers are lost, doubled and late, appends fail,
//! the coordinator restarts from its log.
//!
//! What must hold: a waiter gets one answer; no partition is owned by two members in one
//! generation, and one generation has one assignment; an acknowledged offset stays until a later
//! commit; the log alone gives the replicated state.

use std::collections::BTreeMap;

use coordinator::{GroupConfig, Response};
use proptest::prelude::*;
use protocol::ErrorCode;

use crate::harness::{Harness, config};

const PARTITION_COUNT: usize = 3;

#[derive(Debug, Clone)]
enum Step {
    Join(usize),
    Sync(usize),
    Heartbeat(usize),
    Leave(usize),
    Commit(usize),
    /// The client reads its answers, oldest first.
    Read(usize),
    /// The client's answers are lost.
    Lose(usize),
    Write,
    FailWrite,
    Pass(u64),
    Restart,
}

#[derive(Debug, Default)]
struct Client {
    instance_id: Option<String>,
    member_id: String,
    generation: i32,
    /// Whom it assigns to, when it leads.
    members: Vec<String>,
    unread: Vec<u64>,
}

struct Simulation {
    harness: Harness,
    clients: Vec<Client>,
    /// Waiters of syncs, with generation and owner.
    syncs: BTreeMap<u64, (i32, String)>,
    /// Generation to owner to what the owner was given.
    given: BTreeMap<i32, BTreeMap<String, Vec<u8>>>,
    /// Waiters of offset commits, with their offsets.
    commits: BTreeMap<u64, i64>,
    next_offset: i64,
    stable_count: usize,
}

fn step() -> impl Strategy<Value = Step> {
    let client = 0..4_usize;
    prop_oneof![
        6 => client.clone().prop_map(Step::Join),
        6 => client.clone().prop_map(Step::Sync),
        3 => client.clone().prop_map(Step::Heartbeat),
        1 => client.clone().prop_map(Step::Leave),
        3 => client.clone().prop_map(Step::Commit),
        10 => client.clone().prop_map(Step::Read),
        1 => client.prop_map(Step::Lose),
        8 => Just(Step::Write),
        1 => Just(Step::FailWrite),
        5 => (0..4_000_u64).prop_map(Step::Pass),
        1 => (20_000..70_000_u64).prop_map(Step::Pass),
        1 => Just(Step::Restart),
    ]
}

impl Simulation {
    fn new() -> Self {
        let mut harness = Harness::load(endless(), &[]);
        harness.commits_at_once = false;
        let instance_ids = [None, None, None, Some("i".to_owned())];
        let clients = instance_ids.map(|instance_id| Client {
            instance_id,
            ..Client::default()
        });
        Self {
            harness,
            clients: clients.into(),
            syncs: BTreeMap::new(),
            given: BTreeMap::new(),
            commits: BTreeMap::new(),
            next_offset: 0,
            stable_count: 0,
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Join(index) => {
                let client = &mut self.clients[index];
                let (id, instance_id) = (client.member_id.clone(), client.instance_id.clone());
                let asked = self.harness.join_as(&id, instance_id.as_deref());
                client.unread.push(asked);
            }
            Step::Sync(index) => self.sync(index),
            Step::Heartbeat(index) => {
                let client = &self.clients[index];
                let request = protocol::generated::heartbeat_request::HeartbeatRequest {
                    group_id: "g".into(),
                    generation_id: client.generation,
                    member_id: client.member_id.clone().into(),
                    ..Default::default()
                };
                self.harness
                    .ask(|it, now, caller| it.handle_heartbeat(now, caller, &request));
            }
            Step::Leave(index) => {
                let id = self.clients[index].member_id.clone();
                self.harness.leave(&id, None);
            }
            Step::Commit(index) => {
                self.next_offset += 1;
                let client = &self.clients[index];
                let (id, generation) = (client.member_id.clone(), client.generation);
                let asked = self.harness.commit(&id, generation, self.next_offset);
                self.commits.insert(asked, self.next_offset);
            }
            Step::Read(index) => self.read(index),
            Step::Lose(index) => self.clients[index].unread.clear(),
            Step::Write if !self.harness.unwritten.is_empty() => self.harness.commit_one(),
            Step::FailWrite if !self.harness.unwritten.is_empty() => {
                self.harness.fail_appends(ErrorCode::NOT_ENOUGH_REPLICAS);
            }
            Step::Write | Step::FailWrite => {}
            Step::Pass(duration_ms) => self.harness.pass(duration_ms),
            Step::Restart => self.restart(),
        }
        self.check();
    }

    /// A leader gives each partition to one of the members it was told of, like a range assignor.
    fn sync(&mut self, index: usize) {
        let client = &mut self.clients[index];
        let mut parts = vec![String::new(); client.members.len()];
        for partition in 0..PARTITION_COUNT {
            if let Some(count) = std::num::NonZero::new(parts.len()) {
                parts[partition % count].push_str(&partition.to_string());
            }
        }
        let assignments: Vec<(&str, &str)> = client
            .members
            .iter()
            .zip(&parts)
            .map(|(member, part)| (member.as_str(), part.as_str()))
            .collect();
        let asked = self
            .harness
            .sync(&client.member_id, client.generation, &assignments);
        client.unread.push(asked);
        // A static member keeps what it owns under its next id.
        let owner = client.instance_id.clone();
        let owner = owner.unwrap_or_else(|| client.member_id.clone());
        self.syncs.insert(asked, (client.generation, owner));
    }

    fn read(&mut self, index: usize) {
        let client = &mut self.clients[index];
        let position = client
            .unread
            .iter()
            .position(|asked| self.harness.answers.contains_key(asked));
        let Some(position) = position else {
            return;
        };
        let asked = client.unread.remove(position);
        match &self.harness.answers[&asked] {
            Response::Join(response) if response.error_code == ErrorCode::NONE => {
                client.member_id = response.member_id.to_string();
                client.generation = response.generation_id;
                let members = response.members.iter();
                client.members = members.map(|it| it.member_id.to_string()).collect();
            }
            Response::Join(response) if response.error_code == ErrorCode::MEMBER_ID_REQUIRED => {
                client.member_id = response.member_id.to_string();
            }
            Response::Join(response)
                if response.error_code == ErrorCode::UNKNOWN_MEMBER_ID
                    || response.error_code == ErrorCode::FENCED_INSTANCE_ID =>
            {
                client.member_id.clear();
            }
            _ => {}
        }
    }

    /// The node is gone, with what it had not written, and comes back.
    fn restart(&mut self) {
        let effects = self.harness.coordinator.on_unloaded();
        self.harness.unwritten.clear();
        self.harness.carry_out(effects);
        assert_eq!(self.harness.answers.len() as u64, self.harness.asked);
        let mut loaded = Harness::load(endless(), &self.harness.log);
        loaded.commits_at_once = false;
        loaded.answers = std::mem::take(&mut self.harness.answers);
        loaded.asked = self.harness.asked;
        self.harness = loaded;
    }

    fn check(&mut self) {
        let replayed = self.harness.replayed();
        assert_eq!(replayed, *self.harness.coordinator.committed_state());
        let commits = self.commits.iter().filter(|(asked, _)| {
            let answered = self.harness.answers.contains_key(asked);
            answered && self.harness.commit_error(**asked) == ErrorCode::NONE
        });
        if let Some(acknowledged) = commits.map(|(_, offset)| *offset).max() {
            assert!(self.harness.committed_offset() >= acknowledged);
        }
        self.check_given();
        let described = self.harness.coordinator.describe_group("g", 5);
        if described.group_state != "Stable" {
            return;
        }
        self.stable_count += 1;
        let mut owners = BTreeMap::new();
        for member in &described.members {
            for partition in member.member_assignment.iter() {
                let other = owners.insert(*partition, &member.member_id);
                assert_eq!(other, None, "partition {partition} has one owner");
            }
        }
    }

    /// What members were told is one assignment a generation, with one owner for each partition.
    fn check_given(&mut self) {
        let answered: Vec<u64> = self
            .syncs
            .keys()
            .filter(|asked| self.harness.answers.contains_key(asked))
            .copied()
            .collect();
        for asked in answered {
            let Some((generation, owner)) = self.syncs.remove(&asked) else {
                continue;
            };
            let answer = self.harness.sync_answer(asked);
            if answer.error_code != ErrorCode::NONE {
                continue;
            }
            let given = self.given.entry(generation).or_default();
            let before = given.insert(owner, answer.assignment.to_vec());
            assert!(before.is_none_or(|before| before == *answer.assignment));
            let mut owned: Vec<u8> = given.values().flatten().copied().collect();
            owned.sort_unstable();
            assert!(owned.windows(2).all(|pair| pair[0] != pair[1]), "{given:?}");
        }
    }

    /// Faults end: everything is written, and in the end nobody waits.
    fn heal(&mut self) {
        self.harness.commits_at_once = true;
        while !self.harness.unwritten.is_empty() {
            self.harness.commit_one();
        }
        self.harness.pass(400_000);
        assert_eq!(self.harness.answers.len() as u64, self.harness.asked);
        self.check();
    }
}

/// Groups are not forgotten, so that generations count on.
fn endless() -> GroupConfig {
    GroupConfig {
        offsets_retention_check_interval_ms: 1 << 40,
        ..config()
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_clients_do_the_group_stays_one(steps in prop::collection::vec(step(), 1..150)) {
        let mut simulation = Simulation::new();
        for step in &steps {
            simulation.take(step);
        }
        simulation.heal();
    }
}

#[test]
fn clients_that_do_as_they_should_reach_a_stable_group() {
    let mut simulation = Simulation::new();
    for _ in 0..20 {
        for client in 0..4 {
            simulation.take(&Step::Join(client));
            simulation.take(&Step::Write);
            simulation.take(&Step::Read(client));
        }
        simulation.take(&Step::Pass(3_000));
        for client in 0..4 {
            simulation.take(&Step::Read(client));
            simulation.take(&Step::Sync(client));
            simulation.take(&Step::Write);
        }
    }
    assert!(simulation.stable_count > 10);
    assert!(simulation.given.len() > 3);
}
