//! `klamm storage` beside Apache Kafka's `kafka-storage`: the same arguments, the same output and
//! exit codes, and directories that Apache Kafka starts on. `tests/compat/storage-tool` does the
//! work.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::directories::scratch;
use crate::workspace;

/// Both tools say and write the same.
pub(super) fn compare(root: &Path) -> Result<()> {
    let scratch = scratch(root, "storage-tool")?;
    let program = workspace::built(root, "klamm")?;
    let mut check = Command::new(root.join("tests/compat/storage-tool/check"));
    check.arg(program).arg(scratch);
    workspace::run(&mut check)
}
