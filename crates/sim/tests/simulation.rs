//! Some seeds, and that a seed decides everything.

use sim::Counters;
use std::process::Command;

const STEPS: u32 = 12;

/// Seeds that have found something: a node that had failed waited five minutes for its controller
/// before it stopped (47); a producer was told that a batch was out of order that the node had from
/// before a clean stop (5), which is as in Kafka.
const FOUND: [u64; 2] = [47, 5];

#[test]
fn nothing_is_broken_and_enough_happens_in_twenty_runs() {
    let mut total = Counters::default();
    for seed in 1..=20 {
        total += run(seed);
    }
    assert_eq!(total.too_few(20), Vec::<String>::new());
}

#[test]
fn seeds_that_have_found_something_find_nothing_any_more() {
    for seed in FOUND {
        run(seed);
    }
}

#[test]
fn the_same_seed_prints_the_same_in_two_processes_and_another_does_not() {
    let first = print(7);
    assert!(first.starts_with("seed=7 hash="), "{first}");
    assert_eq!(print(7), first);
    let hash = |line: &str| line.split(' ').nth(1).map(str::to_owned);
    assert_ne!(hash(&print(8)), hash(&first));
}

#[test]
fn a_run_without_faults_loses_nothing() {
    let outcome = sim::run(1, 0);
    assert_eq!(outcome.violation, None);
    assert_eq!(outcome.counters.lost_unsynced, 0);
    assert!(outcome.counters.acked > 0);
}

fn run(seed: u64) -> Counters {
    let outcome = sim::run(seed, STEPS);
    if let Some(violation) = outcome.violation {
        panic!(
            "seed {seed} violates {}: {}\n{}",
            violation.invariant,
            violation.message,
            violation.history.join("\n")
        );
    }
    outcome.counters
}

fn print(seed: u64) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sim"));
    let output = command.args(["--seed", &seed.to_string()]).output();
    let output = output.expect("the program can be run");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("reports are text")
}
