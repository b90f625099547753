//! What a command has around it that is no node: the disk, a small runtime, the wall clock and the
//! environment.
//!
//! Not the job of this module: connections to a cluster, which want a runtime with a network
//! (`cluster`).

use std::num::NonZeroUsize;
use std::sync::Arc;

use anyhow::{Context, Result};
use broker::clock::Clock;
use storage::disk::{Disk, RealDisk};

/// Descriptors that a command keeps open for later use; it has few files.
const DESCRIPTORS_MAX: NonZeroUsize = NonZeroUsize::new(16).expect("16 is not 0");

/// The file system.
pub(crate) fn disk() -> Arc<dyn Disk> {
    Arc::new(RealDisk::new(DESCRIPTORS_MAX))
}

/// Runs work to its end on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    Ok(runtime.context("start runtime")?.block_on(work))
}

/// Milliseconds since 1970.
pub(crate) fn wall_ms() -> i64 {
    Clock::system().now().wall_ms
}

/// The environment variables whose names and values are text.
pub(crate) fn variables() -> Vec<(String, String)> {
    let all = std::env::vars_os();
    let texts =
        all.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    texts.collect()
}
