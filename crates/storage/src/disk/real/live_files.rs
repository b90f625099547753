//! The files that somebody holds, by path: renames and removals reach all who hold them, and a
//! descriptor that was evicted is opened again under the name the file has by then.
//!
//! Not the job of this module: reading and writing.
//!
//! Invariants:
//! - A path leads to one live file at most; that file is the one opened first (by device and
//!   inode), and a file that someone else put in its place is never taken for it.
//! - Names change under the write lock of their device's `names`, and files are opened by name
//!   under its read lock; so what was opened is what the path meant. Only these are held across
//!   calls of the system, and a slow device keeps nobody from another one's.
//! - Locks are taken in the order `names`, `by_path` or a file's `place`, descriptor cache.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::num::NonZeroUsize;
use std::ops::Bound;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rustix::fs::OFlags;
use rustix::io::Errno;

use super::super::{DiskError, DiskErrorKind, OpenMode};
use super::descriptors::{DescriptorCache, DescriptorCell};
use super::device::{Device, Devices};
use super::lock;

/// All files of a disk that somebody holds.
#[derive(Debug)]
pub(super) struct LiveFiles {
    descriptors: DescriptorCache,
    devices: Devices,
    by_path: Mutex<ByPath>,
}

/// A file that somebody holds.
#[derive(Debug)]
pub(super) struct LiveFile {
    files: Arc<LiveFiles>,
    identity: FileIdentity,
    device: Arc<Device>,
    /// Whose names the file's name is among; in almost every case the same device.
    home: Arc<Device>,
    cell: Arc<DescriptorCell>,
    place: Mutex<Place>,
    /// The failure of an earlier sync. It is held during a sync, so that of two syncs at a time
    /// the second knows how the first ended: the system reports a failure only once.
    sync_failure: Mutex<Option<DiskError>>,
}

/// What the operating system knows a file by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileIdentity {
    device: u64,
    inode: u64,
}

/// Descriptors whose closing may free the blocks of a file.
type Keepers = (Option<File>, Vec<Arc<File>>);

#[derive(Debug, Clone)]
struct Place {
    path: PathBuf,
    is_removed: bool,
}

#[derive(Debug, Default)]
struct ByPath {
    files: BTreeMap<PathBuf, Weak<LiveFile>>,
    /// At this many entries those of dropped files are swept out; twice as many as were left then.
    sweep_at: usize,
}

// === impl LiveFiles ===

impl LiveFiles {
    pub(super) fn new(descriptors_max: NonZeroUsize) -> Self {
        Self {
            descriptors: DescriptorCache::new(descriptors_max),
            devices: Devices::default(),
            by_path: Mutex::new(ByPath::default()),
        }
    }

    /// The devices of the files.
    pub(super) const fn devices(&self) -> &Devices {
        &self.devices
    }

    /// Opens a file whose name is on the device `home`.
    pub(super) fn open(
        self: &Arc<Self>,
        home: &Arc<Device>,
        path: &Path,
        mode: OpenMode,
    ) -> Result<Arc<LiveFile>, DiskError> {
        let failed = |error| DiskError::from_system("open", path, error);
        let mut options = OpenOptions::new();
        options.read(true).write(mode != OpenMode::Read);
        match mode {
            OpenMode::Read | OpenMode::Write => {}
            OpenMode::WriteOrCreate => {
                options.create(true);
            }
            OpenMode::CreateNew => {
                options.create_new(true);
            }
        }
        let _names = home.names.read().unwrap_or_else(PoisonError::into_inner);
        if lock::is_locked(path) {
            return Err(DiskError::new("open", path, DiskErrorKind::Locked));
        }
        let descriptor = self.open_system(&options, path).map_err(failed)?;
        let metadata = descriptor.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let live = self.live_file(home, path, FileIdentity::of(&metadata));
        self.descriptors
            .keep(&live.cell, Arc::new(descriptor), mode != OpenMode::Read);
        Ok(live)
    }

    /// Renames within the device `home`.
    pub(super) fn rename(&self, home: &Device, from: &Path, to: &Path) -> Result<(), DiskError> {
        let _names = home.names.write().unwrap_or_else(PoisonError::into_inner);
        fs::rename(from, to).map_err(|error| DiskError::from_system("rename", from, error))?;
        if from == to {
            return Ok(());
        }
        let replaced = self.lock_by_path().take(to);
        self.mark_removed(replaced.into_values());
        let renamed = self.lock_by_path().take(from);
        for (path, live) in renamed {
            let rest = path.strip_prefix(from).expect("taken by this prefix");
            // Joining an empty rest would append a slash.
            let path = match rest.as_os_str().is_empty() {
                true => to.to_owned(),
                false => to.join(rest),
            };
            live.lock_place().path.clone_from(&path);
            self.lock_by_path().insert(path, Arc::downgrade(&live));
        }
        Ok(())
    }

    pub(super) fn remove_file(&self, home: &Device, path: &Path) -> Result<(), DiskError> {
        // Closed at the end of this function, which may take long.
        let _closed_last = home.watched(|| self.remove_name(home, path))?;
        Ok(())
    }

    /// Removes the name of a file and hands over what keeps the file itself.
    fn remove_name(&self, home: &Device, path: &Path) -> Result<Keepers, DiskError> {
        let _names = home.names.write().unwrap_or_else(PoisonError::into_inner);
        // Freeing the blocks of a large file takes long. Whoever closes it last has to wait for
        // that: it shall be the caller, when the names are unlocked.
        let keeper = match lock::is_locked(path) {
            true => None,
            false => File::open(path).ok(),
        };
        fs::remove_file(path).map_err(|error| DiskError::from_system("remove", path, error))?;
        let removed = self.lock_by_path().take(path);
        let descriptors = self.mark_removed(removed.into_values());
        Ok((keeper, descriptors))
    }

    /// The files are marked before they are removed, and others may use the names meanwhile:
    /// removing all of a large directory takes too long to hold up everybody.
    pub(super) fn remove_directory(
        &self,
        home: &Device,
        directory: &Path,
    ) -> Result<(), DiskError> {
        let names = home.names.write().unwrap_or_else(PoisonError::into_inner);
        let removed = self.lock_by_path().take(directory);
        let descriptors = self.mark_removed(removed.into_values());
        drop(names);
        let outcome = fs::remove_dir_all(directory);
        drop(descriptors);
        outcome.map_err(|error| DiskError::from_system("remove", directory, error))
    }

    pub(super) fn sync_directory(&self, directory: &Path) -> Result<(), DiskError> {
        let mut options = OpenOptions::new();
        options
            .read(true)
            .custom_flags(OFlags::DIRECTORY.bits().cast_signed());
        self.open_system(&options, directory)
            .and_then(|descriptor| descriptor.sync_all())
            .map_err(|error| DiskError::from_system("sync", directory, error))
    }

    /// The live file of a path, which is a new one if nobody holds it, or if what was held is not
    /// what the path leads to any more.
    fn live_file(
        self: &Arc<Self>,
        home: &Arc<Device>,
        path: &Path,
        identity: FileIdentity,
    ) -> Arc<LiveFile> {
        let mut by_path = self.lock_by_path();
        let held = by_path.files.get(path).and_then(Weak::upgrade);
        let replaced = match held {
            Some(live) if live.identity == identity => return live,
            other => other,
        };
        let live = Arc::new(LiveFile {
            files: Arc::clone(self),
            identity,
            device: self.devices.with_id(identity.device),
            home: Arc::clone(home),
            cell: Arc::default(),
            place: Mutex::new(Place {
                path: path.to_owned(),
                is_removed: false,
            }),
            sync_failure: Mutex::new(None),
        });
        by_path.insert(path.to_owned(), Arc::downgrade(&live));
        drop(by_path);
        self.mark_removed(replaced);
        live
    }

    /// Whoever holds these files finds them removed from now on. The descriptors are the caller's
    /// to close.
    fn mark_removed(&self, files: impl IntoIterator<Item = Arc<LiveFile>>) -> Vec<Arc<File>> {
        let mut descriptors = Vec::new();
        for live in files {
            live.lock_place().is_removed = true;
            descriptors.extend(self.descriptors.forget(&live.cell));
        }
        descriptors
    }

    /// Opens by name. When the process (or the system) has no descriptor left, kept ones are given
    /// up: a disk must not count as broken because there are many connections.
    fn open_system(&self, options: &OpenOptions, path: &Path) -> io::Result<File> {
        loop {
            let outcome = options.open(path);
            let errno = outcome.as_ref().err().and_then(Errno::from_io_error);
            let has_none_left = matches!(errno, Some(Errno::MFILE | Errno::NFILE));
            if !has_none_left || !self.descriptors.evict_one() {
                return outcome;
            }
        }
    }

    fn lock_by_path(&self) -> MutexGuard<'_, ByPath> {
        self.by_path.lock().expect("no holder of the map panics")
    }
}

// === impl LiveFile ===

impl LiveFile {
    /// The device the file is on.
    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// The descriptor, opened again if need be. It stays open for as long as it is held.
    pub(super) fn descriptor(
        &self,
        operation: &'static str,
        needs_writing: bool,
    ) -> Result<Arc<File>, DiskError> {
        match self.cell.descriptor(needs_writing) {
            Some(descriptor) => Ok(descriptor),
            None => self.reopen(operation, needs_writing),
        }
    }

    /// Makes all bytes and the size durable. Waits for the device.
    ///
    /// After a failure the system drops the bytes it could not write, and a second sync would
    /// find nothing to do and report success: so the first failure is final.
    pub(super) fn sync(&self) -> Result<(), DiskError> {
        let mut failure = self.sync_failure.lock().expect("no sync panics");
        if let Some(failure) = &*failure {
            return Err(failure.clone());
        }
        let descriptor = self.descriptor("sync", false)?;
        // fdatasync leaves out the times only: a changed size is written.
        descriptor.sync_data().map_err(|error| {
            let error = self.failed("sync", error);
            *failure = Some(error.clone());
            error
        })
    }

    /// An error of this file that the system reported.
    pub(super) fn failed(&self, operation: &'static str, error: io::Error) -> DiskError {
        DiskError::from_system(operation, &self.lock_place().path, error)
    }

    /// The path the file has at the moment, or had when it was removed.
    pub(super) fn path(&self) -> PathBuf {
        self.lock_place().path.clone()
    }

    fn reopen(&self, operation: &'static str, needs_writing: bool) -> Result<Arc<File>, DiskError> {
        let files = &self.files;
        let _names = self
            .home
            .names
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let place = self.lock_place().clone();
        if place.is_removed {
            let kind = DiskErrorKind::NotFound;
            return Err(DiskError::new(operation, &place.path, kind));
        }
        let failed = |error| DiskError::from_system(operation, &place.path, error);
        let mut options = OpenOptions::new();
        options.read(true).write(needs_writing);
        let descriptor = files.open_system(&options, &place.path).map_err(failed)?;
        let metadata = descriptor.metadata().map_err(failed)?;
        if FileIdentity::of(&metadata) != self.identity {
            return Err(failed(io::Error::other("another file took its place")));
        }
        let descriptor = Arc::new(descriptor);
        let kept = Arc::clone(&descriptor);
        files.descriptors.keep(&self.cell, kept, needs_writing);
        Ok(descriptor)
    }

    fn lock_place(&self) -> MutexGuard<'_, Place> {
        self.place.lock().expect("no holder of a place panics")
    }
}

impl Drop for LiveFile {
    fn drop(&mut self) {
        self.files.descriptors.forget(&self.cell);
    }
}

impl FileIdentity {
    pub(super) fn of(metadata: &fs::Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

// === impl ByPath ===

impl ByPath {
    const SWEEP_AT_MIN: usize = 64;

    fn insert(&mut self, path: PathBuf, live: Weak<LiveFile>) {
        if self.files.len() >= self.sweep_at {
            self.files.retain(|_, live| live.strong_count() > 0);
            self.sweep_at = Self::SWEEP_AT_MIN.max(2 * self.files.len());
        }
        self.files.insert(path, live);
    }

    /// Takes out the file of this path, or all files below it. (Paths are ordered by their parts,
    /// so what is below a directory stands together.)
    fn take(&mut self, path: &Path) -> BTreeMap<PathBuf, Arc<LiveFile>> {
        let from_here = (Bound::Included(path), Bound::Unbounded);
        let taken: Vec<PathBuf> = self
            .files
            .range::<Path, _>(from_here)
            .map(|(below, _)| below)
            .take_while(|below| below.starts_with(path))
            .cloned()
            .collect();
        let files = taken.into_iter().filter_map(|below| {
            let live = self.files.remove(&below)?.upgrade()?;
            Some((below, live))
        });
        files.collect()
    }
}
