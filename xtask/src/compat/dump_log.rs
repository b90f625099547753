//! `klamm dump-log` beside Apache Kafka's `kafka-dump-log`: the same arguments, the same output
//! and exit codes, for logs that Kafka has written and for broken ones. `tests/compat/dump-log`
//! does the work.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::directories::scratch;
use crate::workspace;

/// Both tools say the same.
pub(super) fn compare(root: &Path) -> Result<()> {
    let logs = logs(root)?;
    let scratch = scratch(root, "dump-log")?;
    let program = workspace::built(root, "klamm")?;
    let mut check = Command::new(root.join("tests/compat/dump-log/check"));
    check.arg(program).arg(scratch);
    workspace::run(check.arg(logs))
}

/// What Apache Kafka has written, for another scenario or now.
fn logs(root: &Path) -> Result<PathBuf> {
    const NAME: &str = "kafka-directories";
    let logs = root.join("target/compat").join(NAME);
    // What is written last.
    if !logs.join("killed/expected").exists() {
        let write = root.join("tests/compat/java/directories/write");
        workspace::run(Command::new(write).arg(scratch(root, NAME)?))?;
    }
    Ok(logs)
}
