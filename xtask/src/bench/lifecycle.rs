//! Scenarios apart from traffic: how long a start after a kill takes, and how long a build.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};

use super::load::Load;
use super::servers::{Running, Server};
use super::{Bench, Figure};
use crate::workspace;

const TOPIC: &str = "stream";

/// The time until a server answers that was killed with many partitions full of records. They are
/// all read afterwards.
pub(super) fn recovery(bench: &Bench, server: Server) -> Result<Vec<Figure>> {
    println!("recovery, {}", server.name());
    let folder = bench.fresh_folder()?;
    let program = bench.program(server);
    let running = Running::format_and_start(program, &folder)?;
    let address = running.address();
    let load = Load::new(bench.root, address);
    load.create(TOPIC, bench.size.recovery_partitions)?;
    load.produce(TOPIC, bench.size.recovery_records, "1")?;
    running.kill();
    let running = Running::start(program, &folder, address.port())?;
    let ready_ms = running.ready_ms();
    load.consume(TOPIC, bench.size.recovery_records)?;
    running.kill();
    fs::remove_dir_all(folder).context("remove the server's folder")?;
    Ok(vec![("ready_ms", ready_ms)])
}

/// The wall time of a release build of the program in an empty target folder. Sources of
/// dependencies are fetched before.
pub(super) fn build(root: &Path, scratch: &Path) -> Result<Vec<Figure>> {
    workspace::run(workspace::cargo(root).args(["fetch", "--quiet", "--locked"]))?;
    let target = scratch.join("build");
    if target.exists() {
        fs::remove_dir_all(&target).context("remove the last build")?;
    }
    let mut command = workspace::cargo(root);
    command.args([
        "build",
        "--release",
        "--locked",
        "--quiet",
        "--package",
        "klamm",
    ]);
    let begin = Instant::now();
    workspace::run(command.env("CARGO_TARGET_DIR", &target))?;
    let seconds = begin.elapsed().as_secs_f64();
    fs::remove_dir_all(&target).context("remove the build")?;
    Ok(vec![("seconds", seconds)])
}
