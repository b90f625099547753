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

mod bench;
mod ci;
mod codegen;
mod compat;
mod compat_page;
mod fuzz;
mod stages;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "usage: cargo xtask <chore>
  tidy                     check what no compiler checks: layers, fences, sizes, names, pages
  ci                       the whole gate: format, tidy, dependencies, lints, tests, documentation
  codegen [--check]        write the generated code from the message definitions
  docs [--check]           write the pages that are made from the tree
  compat [scenario]...     compare with Apache Kafka itself; needs Java 17, Maven, Python 3, Go
  compat clients-kafka [client]... [--record]
                           ask Apache Kafka what the clients ask Klamm; record what they see
  bench [--rounds N] [--quick] [--slow-disk | --recovery | --build | --again] [--page]
                           measure beside Apache Kafka; needs Java 17, Maven, Go
  fuzz <target> <seconds>  run a fuzz target; needs cargo-fuzz and a nightly compiler";

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
        ("codegen", rest) => codegen::run(&root, rest),
        ("docs", []) => compat_page::write(&root),
        ("docs", [check]) if check == "--check" => compat_page::check(&root),
        ("fuzz", [target, seconds]) => fuzz::run(&root, target, seconds),
        ("bench", arguments) => bench::run(&root, arguments),
        ("compat", scenarios) => compat::run(&root, scenarios),
        _ => bail!("run `{}`: not a chore\n{USAGE}", arguments.join(" ")),
    }
}
