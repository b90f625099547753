//! The crate `storage` cleans logs as Apache Kafka's own cleaner does. The work is done by
//! `tests/compat/storage` and `tests/compat/compaction`.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::directories::{ours, scratch};
use crate::workspace;

/// Both clean the same logs at the same times, and leave the same batches; Apache Kafka reads ours.
pub(super) fn compare(root: &Path) -> Result<()> {
    let scratch = scratch(root, "compaction")?;
    workspace::run(&mut ours(root, "compact", &scratch))?;
    let mut check = Command::new(root.join("tests/compat/compaction/check"));
    workspace::run(check.arg(scratch))
}
