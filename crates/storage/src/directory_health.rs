//! Whether a log directory still works: shared by all logs in it.
//!
//! Not the job of this module: what follows. Whoever owns the directory waits for
//! [`DirectoryHealth::failed`] and takes its partitions offline.
//!
//! Invariant: the first failure stays; a directory never becomes healthy again in this process,
//! because after a failed sync nobody knows which bytes are on the disk.

use std::sync::OnceLock;

use tokio::sync::Notify;

use crate::disk::DiskError;

/// The health of a log directory.
#[derive(Debug, Default)]
pub struct DirectoryHealth {
    failure: OnceLock<DiskError>,
    changed: Notify,
}

impl DirectoryHealth {
    /// Marks the directory as failed, unless it is already.
    pub fn fail(&self, error: &DiskError) {
        if self.failure.set(error.clone()).is_ok() {
            self.changed.notify_waiters();
        }
    }

    /// Waits until the directory has failed, and returns why.
    pub async fn failed(&self) -> DiskError {
        loop {
            let changed = self.changed.notified();
            if let Some(error) = self.failure.get() {
                return error.clone();
            }
            changed.await;
        }
    }

    /// Why the directory has failed; none while it works.
    pub fn failure(&self) -> Option<&DiskError> {
        self.failure.get()
    }
}
