//! One log directory of the node: where it is, who it is, and whether it still works.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use protocol::{ErrorCode, Uuid};

use super::checkpoints::Checkpoints;
use super::shared_sync::SharedSync;
use crate::checkpoint::CleanShutdown;
use crate::directory_health::DirectoryHealth;
use crate::disk::{DiskError, DiskLock};

/// A log directory.
#[derive(Debug)]
pub struct LogDirectory {
    path: PathBuf,
    id: Option<Uuid>,
    health: Arc<DirectoryHealth>,
    /// Held until the directory is closed, whether or not it works; none if it could not be taken.
    lock: Mutex<Option<Box<dyn DiskLock>>>,
    /// What the mark of a clean stop said; none if there was none.
    pub(super) last_stop: Option<CleanShutdown>,
    /// How many partitions are served from here.
    pub(super) partitions: AtomicUsize,
    /// How many are being created here.
    creating: AtomicUsize,
    /// How partitions that come and go become durable.
    pub(super) names: SharedSync,
    /// Held over a write of any checkpoint, from before the offsets are looked at.
    pub(super) checkpoints: tokio::sync::Mutex<Checkpoints>,
}

/// Whether a log directory serves its partitions.
#[derive(Debug, Clone)]
pub enum DirectoryState {
    /// It does.
    Online,
    /// It has failed, and does not until the node is started again.
    Offline(DiskError),
}

/// A partition lies in a directory that has failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("use log directory {}: it is offline", path.display())]
pub struct DirectoryOffline {
    /// The directory.
    pub path: PathBuf,
    /// Why it failed.
    pub source: DiskError,
}

impl DirectoryOffline {
    /// What a client is answered.
    pub const fn error_code(&self) -> ErrorCode {
        ErrorCode::KAFKA_STORAGE_ERROR
    }
}

impl LogDirectory {
    /// A directory that works.
    pub(super) fn online(
        path: PathBuf,
        id: Option<Uuid>,
        lock: Box<dyn DiskLock>,
        last_stop: Option<CleanShutdown>,
    ) -> Self {
        Self {
            id,
            lock: Mutex::new(Some(lock)),
            last_stop,
            ..Self::offline(path)
        }
    }

    /// A directory that has failed before anything was known of it; the caller says why.
    pub(super) fn offline(path: PathBuf) -> Self {
        Self {
            path,
            id: None,
            health: Arc::default(),
            lock: Mutex::new(None),
            last_stop: None,
            partitions: AtomicUsize::new(0),
            creating: AtomicUsize::new(0),
            names: SharedSync::default(),
            checkpoints: tokio::sync::Mutex::default(),
        }
    }

    /// Its path, as configured.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its id (KIP-858); none if it has none, or failed before the id was known.
    pub fn id(&self) -> Option<Uuid> {
        self.id
    }

    /// Whether it works; to be shared with the logs in it.
    pub fn health(&self) -> &Arc<DirectoryHealth> {
        &self.health
    }

    /// Whether it serves its partitions.
    pub fn state(&self) -> DirectoryState {
        match self.health.failure() {
            Some(failure) => DirectoryState::Offline(failure.clone()),
            None => DirectoryState::Online,
        }
    }

    /// How many partitions were loaded from here or created here, and not deleted.
    pub fn partition_count(&self) -> usize {
        self.partitions.load(Ordering::Relaxed)
    }

    /// How many partitions there are, those included that are being created.
    pub(super) fn expected_partition_count(&self) -> usize {
        self.partition_count() + self.creating.load(Ordering::Relaxed)
    }

    /// Counts a partition that is being created here, until the answer is dropped.
    pub(super) fn expect_partition(&self) -> ExpectedPartition<'_> {
        self.creating.fetch_add(1, Ordering::Relaxed);
        ExpectedPartition(self)
    }

    pub(super) fn check_online(&self) -> Result<(), DirectoryOffline> {
        match self.health.failure() {
            Some(failure) => Err(DirectoryOffline {
                path: self.path.clone(),
                source: failure.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Whether it serves its partitions.
    pub fn is_online(&self) -> bool {
        self.health.failure().is_none()
    }

    /// Passes on what a disk operation gave, and goes offline if that is a failure of any kind.
    pub(super) fn note<T>(&self, outcome: Result<T, DiskError>) -> Result<T, DiskError> {
        if let Err(error) = &outcome {
            self.health.fail(error);
        }
        outcome
    }

    /// Goes offline for a reason that is not the disk's: what lies at `path` cannot be used.
    pub(super) fn fail(&self, path: &Path, reason: impl Error + Send + Sync + 'static) {
        self.health.fail(&unusable(path, reason));
    }

    pub(super) fn release_lock(&self) {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        *lock = None;
    }
}

/// A partition that is being created.
pub(super) struct ExpectedPartition<'a>(&'a LogDirectory);

impl Drop for ExpectedPartition<'_> {
    fn drop(&mut self) {
        self.0.creating.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The failure of a disk that holds what cannot be used.
pub(super) fn unusable(path: &Path, reason: impl Error + Send + Sync + 'static) -> DiskError {
    DiskError::from_system("use", path, io::Error::other(reason))
}
