//! Locks a file as a node locks a log directory, for another process to run into.

use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::Result;
use storage::disk::DiskErrorKind;

use crate::node;

/// Prints "locked" and holds the lock until standard input ends, or prints "refused".
pub(crate) async fn lock(path: &Path) -> Result<()> {
    let _lock = match node::disk().lock(path).await {
        Ok(lock) => lock,
        Err(error) if error.kind() == DiskErrorKind::Locked => return say("refused"),
        Err(error) => return Err(error.into()),
    };
    say("locked")?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn say(word: &str) -> Result<()> {
    let mut out = io::stdout();
    writeln!(out, "{word}")?;
    Ok(out.flush()?)
}
