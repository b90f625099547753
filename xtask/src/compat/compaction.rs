//! The crate `storage` cleans logs as Apache Kafka's own cleaner does, and a node so that Apache
//! Kafka's tester of compaction is content. The work is done by `tests/compat/storage` and
//! `tests/compat/compaction`.

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

/// Apache Kafka's LogCompactionTester finds in a node, after compaction, the last value of each key
/// that it has written.
pub(super) fn test_node(root: &Path) -> Result<()> {
    let scratch = scratch(root, "compaction-node")?;
    let program = workspace::built(root, "klamm")?;
    let (broker, controller) = workspace::free_ports()?;
    let mut test = Command::new(root.join("tests/compat/compaction/test-node"));
    test.arg(program).arg(scratch);
    workspace::run(test.arg(broker.to_string()).arg(controller.to_string()))
}
