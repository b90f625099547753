//! The metadata log of a node goes to and fro between Apache Kafka and the crate `quorum`: a
//! takeover and a handback, after an orderly stop and after SIGKILL. `tests/compat/quorum` does the
//! work.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::directories::scratch;
use crate::workspace;

/// Apache Kafka starts on what was formatted here, and goes on with its log after it was led for an
/// epoch here.
pub(super) fn hand_over(root: &Path) -> Result<()> {
    let scratch = scratch(root, "metadata-log")?;
    let program = workspace::built(root, "compat-quorum")?;
    let mut check = Command::new(root.join("tests/compat/quorum/check"));
    check.arg(program).arg(scratch);
    workspace::run(&mut check)
}
