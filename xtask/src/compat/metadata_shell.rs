//! The metadata log and its snapshots beside Apache Kafka's: the same operations leave the same
//! records, and either server goes on where the other has run. `tests/compat/metadata-shell` does
//! the work.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::directories::scratch;
use crate::workspace;

/// Both write the same records, and each starts on what the other has left.
pub(super) fn compare(root: &Path) -> Result<()> {
    let scratch = scratch(root, "metadata-shell")?;
    let program = workspace::built(root, "klamm")?;
    let mut check = Command::new(root.join("tests/compat/metadata-shell/check"));
    check.arg(program).arg(scratch);
    workspace::run(&mut check)
}
