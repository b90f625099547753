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
    let mut build = workspace::cargo(root);
    workspace::run(build.args(["build", "--quiet", "--package", "klamm"]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR");
    let target = target.map_or_else(|| root.join("target"), Into::into);
    let mut check = Command::new(root.join("tests/compat/storage-tool/check"));
    check.arg(target.join("debug/klamm")).arg(scratch);
    workspace::run(&mut check)
}
