//! What follows from a log directory that fails: the controller hears of it, so that others take
//! over what can be taken over (KIP-858); and the node ends, as Kafka's does, when it was the last
//! one for partitions, or the one with the metadata log.
//!
//! Not the job of this module: noticing failures, and taking the partitions offline.
//!
//! Invariant: a directory that had failed before the watch began is told of as well.

use crate::fatal::Fatal;
use crate::lifecycle::BrokerLifecycle;
use std::sync::{Arc, Weak};
use storage::directories::LogDirectory;
use storage::disk::DiskError;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tracing::error;

/// A watch over all log directories. It ends when this is dropped.
#[derive(Debug)]
pub(super) struct DirectoryWatch {
    _tasks: JoinSet<()>,
}

/// Whose directories are watched, and who is told.
#[derive(Debug, Clone)]
pub(super) struct WatchParts {
    /// `log.dirs`.
    pub(super) data: Vec<Arc<LogDirectory>>,
    /// That of the metadata log, which may be one of them.
    pub(super) metadata: Arc<LogDirectory>,
    pub(super) lifecycle: Weak<BrokerLifecycle>,
    pub(super) fatal: Fatal,
}

/// Why a node cannot go on without a directory.
#[derive(Debug, Error)]
enum DirectoryLost {
    #[error("it has the metadata log and has failed: {0}")]
    Metadata(DiskError),
    #[error("none works any more, the last has failed: {0}")]
    All(DiskError),
}

impl DirectoryWatch {
    /// Begins on the runtime of the control plane.
    pub(super) fn start(parts: &WatchParts, control: &Handle) -> Self {
        let mut tasks = JoinSet::new();
        let is_metadata = |directory: &Arc<_>| Arc::ptr_eq(directory, &parts.metadata);
        let apart = Some(&parts.metadata).filter(|_| !parts.data.iter().any(is_metadata));
        for directory in parts.data.iter().chain(apart) {
            let watch = watch(Arc::clone(directory), parts.clone());
            tasks.spawn_on(watch, control);
        }
        Self { _tasks: tasks }
    }
}

async fn watch(directory: Arc<LogDirectory>, parts: WatchParts) {
    let failure = directory.health().failed().await;
    let path = directory.path().display();
    error!("log directory {path} is offline: {failure}");
    let lifecycle = parts.lifecycle.upgrade();
    if let (Some(lifecycle), Some(id)) = (lifecycle, directory.id()) {
        lifecycle.report_offline_directory(id);
    }
    if Arc::ptr_eq(&directory, &parts.metadata) {
        let lost = DirectoryLost::Metadata(failure);
        parts.fatal.report("log directories", lost);
    } else if parts.data.iter().all(|directory| !directory.is_online()) {
        let lost = DirectoryLost::All(failure);
        parts.fatal.report("log directories", lost);
    }
}
