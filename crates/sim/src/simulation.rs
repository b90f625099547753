//! A run: lives of the node one after the other, the last ones without faults.

use crate::chance::{self, between};
use crate::checker::{End, SharedChecker};
use crate::clients::idempotent_producer::ProducerState;
use crate::counters::Counters;
use crate::history::Violation;
use crate::life::{self, LifeKind, LifePlan, Run};
use crate::panics;
use crate::world::World;
use std::sync::{Arc, Mutex};

const IDEMPOTENT_PRODUCER_COUNT: u32 = 3;

/// How a run went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// A hash of everything that happened: the same for the same seed and number of steps.
    pub hash: u64,
    /// How much happened.
    pub counters: Counters,
    /// The first broken promise.
    pub violation: Option<Violation>,
}

/// Runs a seed with so many faults.
pub fn run(seed: u64, steps: u32) -> Outcome {
    panics::listen();
    let state = |number| Arc::new(Mutex::new(ProducerState::new(number)));
    let mut run = Run {
        world: World::new(seed),
        checker: SharedChecker::default(),
        producers: (0..IDEMPOTENT_PRODUCER_COUNT).map(state).collect(),
    };
    let mut before = None;
    for (number, kind) in (0..).zip(lives(seed, steps)) {
        let plan = LifePlan { number, kind };
        let (end, lived) = life::live(&run, plan, before.as_ref());
        run.world.pass(lived);
        before = end;
        let is_broken = run.checker.lock().history.violation().is_some();
        if is_broken || before.is_none() {
            break;
        }
    }
    let checker = run.checker.lock();
    Outcome {
        hash: checker.history.hash(),
        counters: checker.counters,
        violation: checker.history.violation().cloned(),
    }
}

/// What the lives of a run are like.
fn lives(seed: u64, steps: u32) -> Vec<LifeKind> {
    let chance = chance::stream(seed, "lives");
    let mut lives = Vec::new();
    let mut left = steps;
    while left > 0 {
        let fault_count = left.min(between(&chance, 1, 6) as u32);
        left -= fault_count;
        let end = match chance.below(5) {
            0 => End::CleanStop,
            1 | 2 => End::Kill,
            _ => End::PowerLoss,
        };
        lives.push(LifeKind::Faulty { fault_count, end });
    }
    lives.extend([LifeKind::Healed, LifeKind::Read]);
    lives
}
