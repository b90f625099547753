//! `cargo run -p sim -- --seed N [--steps M] [--count K]`: runs seeds, one line for each.
//!
//! Exit code 1 when a promise is broken, with a report; when runs did nothing; or for wrong
//! arguments.

#![forbid(unsafe_code)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the reports are for the person who started it"
)]

use sim::{Counters, Violation};
use std::process::ExitCode;

const USAGE: &str = "usage: sim --seed N [--steps M] [--count K]
  --seed N   the first seed
  --steps M  faults in each run; 12 if not given
  --count K  so many seeds, one after the other; 1 if not given";
const STEPS: u32 = 12;
/// Fewer runs may by chance not do everything.
const GATE_RUNS_MIN: u64 = 20;

struct Arguments {
    seed: u64,
    steps: u32,
    count: u64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(arguments) = parse(&arguments) else {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    };
    let mut total = Counters::default();
    for seed in arguments.seed..arguments.seed.saturating_add(arguments.count) {
        let outcome = sim::run(seed, arguments.steps);
        println!("seed={seed} hash={:016x}{}", outcome.hash, outcome.counters);
        total += outcome.counters;
        if let Some(violation) = outcome.violation {
            report(seed, arguments.steps, &violation);
            return ExitCode::FAILURE;
        }
    }
    let too_few = match arguments.count >= GATE_RUNS_MIN && arguments.steps >= STEPS {
        true => total.too_few(arguments.count),
        false => Vec::new(),
    };
    if too_few.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("runs did too little: {}", too_few.join(", "));
    ExitCode::FAILURE
}

fn parse(arguments: &[String]) -> Option<Arguments> {
    let mut seed = None;
    let mut parsed = Arguments {
        seed: 0,
        steps: STEPS,
        count: 1,
    };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return None };
        match name.as_str() {
            "--seed" => seed = Some(value.parse().ok()?),
            "--steps" => parsed.steps = value.parse().ok()?,
            "--count" => parsed.count = value.parse().ok()?,
            _ => return None,
        }
    }
    parsed.seed = seed?;
    Some(parsed)
}

fn report(seed: u64, steps: u32, violation: &Violation) {
    eprintln!(
        "violation of {}: {}",
        violation.invariant, violation.message
    );
    eprintln!("again with: cargo run -p sim -- --seed {seed} --steps {steps}");
    for line in &violation.history {
        eprintln!("{line}");
    }
}
