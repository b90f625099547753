//! The version sweep: every version of every request that Klamm serves, with good and bad values,
//! and what Apache Kafka answers to each. `tests/compat/java/sweep` does the work.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::directories::scratch;
use crate::workspace;

const SWEEP: &str = "tests/compat/java/sweep/sweep";
/// Two ports from here on, which no other scenario listens on.
const PORT: &str = "19692";
const KAFKA_PORT: &str = "19694";

/// Klamm answers as Apache Kafka did, but for what is accepted.
pub(super) fn compare(root: &Path) -> Result<()> {
    let scratch = scratch(root, "sweep")?;
    let program = workspace::built(root, "klamm")?;
    let mut sweep = Command::new(root.join(SWEEP));
    sweep.arg(scratch.join("klamm")).arg(PORT);
    workspace::run(sweep.arg(program))
}

/// Apache Kafka answers as it did when its answers were recorded.
pub(super) fn check_recording(root: &Path) -> Result<()> {
    let scratch = scratch(root, "sweep-kafka")?;
    let mut sweep = Command::new(root.join(SWEEP));
    sweep.arg(scratch.join("kafka")).arg(KAFKA_PORT);
    workspace::run(sweep.arg("kafka"))
}
