//! Three brokers with one partition, a toy controller and two clients, under a seeded scheduler
//! with virtual time.
//!
//! Faults: messages are lost, delayed, doubled and overtake each other; brokers crash (the log
//! stays, what was in memory goes) and stop for a while (and go on as zombies); leaders change.
//! After that everything heals, and the partition has to serve again.

mod broker;
mod chance;
mod clients;
mod controller;
mod network;
mod trace;
mod world;

pub(crate) use broker::{Broker, MIN_INSYNC_REPLICAS};
pub(crate) use clients::Produced;
pub(crate) use controller::Image;
use trace::Wants;
use world::World;

const SEEDS: u64 = 2000;

#[test]
fn no_invariant_breaks_under_any_seed() {
    let mut total = world::Count::default();
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        world.run();
        total.add(&world.count);
    }
    // Runs that did nothing prove nothing.
    let each = i64::try_from(SEEDS).unwrap();
    assert!(total.acked > 30 * each, "{total:?}");
    assert!(total.refused > each, "{total:?}");
    assert!(total.elections > 5 * each, "{total:?}");
    assert!(total.truncations > 3 * each, "{total:?}");
    assert!(total.proposals > 3 * each, "{total:?}");
    assert!(total.zombie_appends > each, "{total:?}");
}

#[test]
fn one_seed_is_one_trace() {
    for seed in 0..20 {
        let [mut first, mut second] = [World::new(seed), World::new(seed)];
        first.trace.wants = Wants::Hash;
        second.trace.wants = Wants::Hash;
        first.run();
        second.run();
        assert_eq!(first.trace.hash, second.trace.hash, "seed {seed}");
        assert!(first.trace.events > 500, "seed {seed}");
    }
}

/// Prints what happens under the seed in the variable `SEED` at compile time:
/// `SEED=7 cargo test -p replica replay -- --nocapture`.
#[test]
fn replay_of_one_seed_prints_its_transcript() {
    let seed = option_env!("SEED").unwrap_or("0").parse().unwrap();
    let mut world = World::new(seed);
    if option_env!("SEED").is_some() {
        world.trace.wants = Wants::Text;
    }
    world.run();
    assert!(world.trace.events > 0);
}
