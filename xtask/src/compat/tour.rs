//! The tour of the README, taken with Apache Kafka's own tools. A plain `cargo test` takes it with
//! Klamm's.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::workspace;

/// Takes the tour. Only errors are shown besides what the tools print: a warning of Java's clients,
/// such as that a rebalance came in between, is there or not, as it happens.
pub(super) fn take(root: &Path) -> Result<()> {
    // A shell that runs us in the background makes us ignore SIGINT. The tools would inherit that,
    // and no Ctrl+C could stop them.
    let mut command = Command::new("env");
    command.args([
        "--default-signal=INT",
        "cargo",
        "test",
        "--package",
        "klamm",
    ]);
    command.args(["--test", "cli", "tour::"]).current_dir(root);
    command.env("KLAMM_TOUR_TOOLS", root.join("tests/compat/kafka/run"));
    workspace::run(command.env("KAFKA_LOG_LEVEL", "ERROR"))
}
