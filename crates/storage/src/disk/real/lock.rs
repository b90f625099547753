//! Locks against other processes.
//!
//! A file is locked twice. The record lock by `fcntl` on all of the file is what Java's
//! `FileChannel.tryLock` takes, so Apache Kafka and Klamm keep each other out of a log directory.
//! It belongs to the process, which has two consequences: the same process may take it again, and
//! it is gone as soon as the process closes *any* descriptor of the file. The lock by `flock`
//! belongs to the descriptor and is not lost that way.
//!
//! Invariants:
//! - A locked file is opened once in this process, by [`RealLock::acquire`]; a registry of the
//!   process, for all its disks, refuses every other attempt while the lock is held. The registry
//!   is consulted without opening the file.
//! - Nobody else opens the file before it is locked: a descriptor closed later would unlock it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::super::{DiskError, DiskErrorKind, DiskLock};
use super::live_files::FileIdentity;

/// The files this process has locked, with their names when they were.
static LOCKED: Mutex<BTreeMap<FileIdentity, OsString>> = Mutex::new(BTreeMap::new());

/// A held lock.
#[derive(Debug)]
pub(super) struct RealLock {
    /// Open for as long as the lock is held; none once it is released.
    descriptor: Option<File>,
    identity: FileIdentity,
}

impl RealLock {
    pub(super) fn acquire(path: &Path) -> Result<Self, DiskError> {
        let failed = |error| DiskError::from_system("lock", path, error);
        let taken = || DiskError::new("lock", path, DiskErrorKind::Locked);
        let mut locked = lock_registry();
        if fs::metadata(path).is_ok_and(|held| locked.contains_key(&FileIdentity::of(&held))) {
            return Err(taken());
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let descriptor = options.open(path).map_err(failed)?;
        let operation = FlockOperation::NonBlockingLockExclusive;
        rustix::fs::fcntl_lock(&descriptor, operation)
            .and_then(|()| rustix::fs::flock(&descriptor, operation))
            .map_err(|errno| match errno {
                Errno::AGAIN | Errno::ACCESS => taken(),
                _ => failed(errno.into()),
            })?;
        let metadata = descriptor.metadata().map_err(failed)?;
        let identity = FileIdentity::of(&metadata);
        locked.insert(identity, path.file_name().unwrap_or_default().to_owned());
        Ok(Self {
            descriptor: Some(descriptor),
            identity,
        })
    }
}

impl DiskLock for RealLock {}

impl Drop for RealLock {
    fn drop(&mut self) {
        let mut locked = lock_registry();
        if let Some(descriptor) = self.descriptor.take() {
            // A child process that is being started holds copies of all descriptors for a moment,
            // and closing ours alone would not release the lock. Should unlocking fail, closing
            // is what is left.
            let _ = rustix::fs::flock(&descriptor, FlockOperation::Unlock);
            // Closed before it leaves the registry, or a new lock could be lost by the closing.
            drop(descriptor);
        }
        locked.remove(&self.identity);
    }
}

/// Whether this process has locked the file at `path`. Only a file of the same name is looked at,
/// so that opening any other file costs nothing more.
pub(super) fn is_locked(path: &Path) -> bool {
    let locked = lock_registry();
    let has_name = locked
        .values()
        .any(|name| Some(name.as_os_str()) == path.file_name());
    has_name && fs::metadata(path).is_ok_and(|file| locked.contains_key(&FileIdentity::of(&file)))
}

fn lock_registry() -> MutexGuard<'static, BTreeMap<FileIdentity, OsString>> {
    LOCKED.lock().unwrap_or_else(PoisonError::into_inner)
}
