//! The chores of this workspace, run as `cargo xtask <chore>`.
//!
//! This file only finds the chore. What several chores need lives in [`stages`] (run named pieces
//! of work in order and say what took how long) and [`workspace`] (where the tree is).

#![forbid(unsafe_code)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a chore talks to the person who started it"
)]

mod ci;
mod compat;
mod stages;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "usage: cargo xtask <chore>
  tidy    check what no compiler checks: layers, fences, file sizes, names, pages
  ci      the whole gate: format, tidy, lints, tests, documentation, dependencies
  compat  compare with Apache Kafka itself; needs Java 17 and Maven
          compat [scenario]...";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((chore, rest)) = arguments.split_first() else {
        bail!("{USAGE}");
    };
    let root = workspace::root()?;
    match (chore.as_str(), rest) {
        ("tidy", []) => tidy::run(&root),
        ("ci", []) => ci::run(&root),
        ("compat", scenarios) => compat::run(&root, scenarios),
        _ => bail!("run `{}`: not a chore\n{USAGE}", arguments.join(" ")),
    }
}
