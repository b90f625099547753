//! Apache Kafka's console tools against Klamm: what they print is what they print against Kafka.
//! `tests/compat/tools` has the commands with what was recorded, and does the work.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::directories::scratch;
use crate::workspace;

const PLAY: &str = "tests/compat/tools/play";
/// Two ports from here on, which no other scenario listens on.
const PORT: &str = "19696";

/// Plays the recorded commands against a new node.
pub(super) fn compare(root: &Path) -> Result<()> {
    let scratch = scratch(root, "tools-kafka")?;
    let program = workspace::built(root, "klamm")?;
    let mut play = Command::new(root.join(PLAY));
    play.arg(scratch.join("klamm")).arg(PORT);
    workspace::run(play.arg(program))
}
