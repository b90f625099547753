//! A disk in memory that forgets what was not synced: one seed and the same operations give the
//! same disk, crashes included.
//!
//! Not the job of this module: time. An operation is done as soon as it is polled, but on a stalled
//! disk it waits, and with it whoever awaits it.
//!
//! Invariants:
//! - A crash loses nothing that was synced: neither the bytes of a file after a sync of it, nor a
//!   name after a sync of its directory. Each needs its own sync, as POSIX has it.
//! - Of the rest an arbitrary part, chosen by the seed, is there after the crash: see `content`
//!   for bytes, `tree` for names.
//! - Paths are taken from the root, with or without a slash in front; `..` is refused.

mod content;
mod faults;
mod file;
mod halting;
mod pages;
mod random;
mod state;
mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

pub use faults::{Fault, Operation};
pub use halting::HaltingDisk;
pub use state::Counters;

use self::file::{SimulatedFile, SimulatedLock};
use self::state::{Shared, State, Target};
use self::tree::NodeId;
use super::{
    DirectoryEntry, Disk, DiskError, DiskErrorKind, DiskFile, DiskFuture, DiskLock, DiskSpace,
    OpenMode,
};

/// The outcome of a future that has one without waiting; on a disk that is not stalled, no
/// operation waits.
pub fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

/// A disk in memory.
#[derive(Debug)]
pub struct SimulatedDisk {
    shared: Arc<Shared>,
}

impl SimulatedDisk {
    /// An empty disk with no limit to what it holds.
    pub fn new(seed: u64) -> Self {
        Self {
            shared: Arc::new(Shared::new(seed)),
        }
    }

    /// Cuts the power and switches it on again. Files and locks from before are dead, operations
    /// under way fail, ordered faults and a stall are over, the capacity remains.
    pub fn crash(&self) {
        self.shared.crash();
    }

    /// What no crash can take away: of each wanted file that has a durable name, the durable bytes.
    pub fn durable_files(&self, is_wanted: impl Fn(&Path) -> bool) -> BTreeMap<PathBuf, Vec<u8>> {
        let state = self.shared.lock();
        let files = state.tree.durable_files().into_iter();
        let wanted = files.filter(|(path, _)| is_wanted(path));
        wanted
            .map(|(path, content)| (path, content.durable().to_vec()))
            .collect()
    }

    /// Orders a fault.
    pub fn order_fault(&self, fault: Fault) {
        self.shared.lock().faults.order(fault);
    }

    /// Limits the space for content, which is taken up in pages of 4096 bytes; holes, names and
    /// empty files need none. Nothing is lost if more is in use already.
    pub fn set_capacity(&self, capacity_bytes: Option<u64>) {
        self.shared.lock().capacity_bytes = capacity_bytes;
    }

    /// Flips bit `bit` (0 to 7) of the byte at `position`, in memory as well as on the disk.
    ///
    /// # Errors
    /// When there is no such file, or no such byte in it.
    pub fn flip_bit(&self, path: &Path, position: u64, bit: u32) -> Result<(), DiskError> {
        let mut state = self.shared.lock();
        let flipped = state.tree.find(path).and_then(|node| {
            let file = state.tree.file_mut(node).ok_or(DiskErrorKind::Failed)?;
            match file.flip_bit(position, bit) {
                true => Ok(()),
                false => Err(DiskErrorKind::NotFound),
            }
        });
        flipped.map_err(|kind| DiskError::new("flip bit", path, kind))
    }

    /// From now on every operation waits.
    pub fn stall(&self) {
        self.shared.stall(Path::new(""));
    }

    /// From now on every operation at or below this path waits, and no other: as if a disk of its
    /// own were mounted there.
    pub fn stall_below(&self, path: &Path) {
        self.shared.stall(path);
    }

    /// Lets all operations go on.
    pub fn resume(&self) {
        self.shared.resume();
    }

    /// How much was asked of the disk.
    pub fn counters(&self) -> Counters {
        self.shared.counters()
    }
}

impl SimulatedDisk {
    /// Does `work` as an operation about `path`, begun now.
    fn perform<'a, T: 'a>(
        &'a self,
        operation: Operation,
        path: &'a Path,
        work: impl FnOnce(&mut State) -> Result<T, DiskErrorKind> + Send + 'a,
    ) -> DiskFuture<'a, T> {
        let crashes = self.shared.lock().crashes;
        let target = Target::Path(path);
        Box::pin(self.shared.perform(operation, target, crashes, work))
    }

    fn open_now(
        &self,
        state: &mut State,
        path: &Path,
        mode: OpenMode,
    ) -> Result<SimulatedFile, DiskErrorKind> {
        let node = find_or_create(state, path, mode)?;
        if state.locked.contains(&node) {
            return Err(DiskErrorKind::Locked);
        }
        let content = state.tree.file_mut(node).ok_or(DiskErrorKind::Failed)?;
        Ok(SimulatedFile::new(
            Arc::clone(&self.shared),
            node,
            state.crashes,
            mode != OpenMode::Read,
            content.sync_failure(),
        ))
    }
}

impl Disk for SimulatedDisk {
    fn open<'a>(&'a self, path: &'a Path, mode: OpenMode) -> DiskFuture<'a, Arc<dyn DiskFile>> {
        self.perform(Operation::Open, path, move |state| {
            let file: Arc<dyn DiskFile> = Arc::new(self.open_now(state, path, mode)?);
            Ok(file)
        })
    }

    fn list<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, Vec<DirectoryEntry>> {
        self.perform(Operation::List, directory, |state| {
            state.tree.list(directory)
        })
    }

    fn create_directories<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()> {
        self.perform(Operation::CreateDirectories, directory, |state| {
            state.tree.create_directories(directory)
        })
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> DiskFuture<'a, ()> {
        self.perform(Operation::Rename, from, |state| state.tree.rename(from, to))
    }

    /// Only looks whether the file exists: modes are not simulated.
    fn set_read_only<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, ()> {
        self.perform(Operation::SetReadOnly, path, |state| {
            let node = state.tree.find(path)?;
            state.tree.file(node).ok_or(DiskErrorKind::Failed)?;
            Ok(())
        })
    }

    fn remove_file<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, ()> {
        self.perform(Operation::RemoveFile, path, |state| {
            state.tree.remove_file(path)
        })
    }

    fn remove_directory<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()> {
        self.perform(Operation::RemoveDirectory, directory, |state| {
            state.tree.remove_directory(directory)
        })
    }

    fn sync_directory<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()> {
        self.perform(Operation::SyncDirectory, directory, |state| {
            state.counters.directory_syncs += 1;
            state.tree.sync_directory(directory)
        })
    }

    /// Always the same: what is written does not take anything away.
    fn space<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, DiskSpace> {
        self.perform(Operation::Space, directory, |_| {
            Ok(DiskSpace {
                total_bytes: 1 << 40,
                usable_bytes: 1 << 39,
            })
        })
    }

    fn lock<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, Box<dyn DiskLock>> {
        self.perform(Operation::Lock, path, |state| {
            let node = find_or_create(state, path, OpenMode::WriteOrCreate)?;
            state.tree.file(node).ok_or(DiskErrorKind::Failed)?;
            if !state.locked.insert(node) {
                return Err(DiskErrorKind::Locked);
            }
            let lock: Box<dyn DiskLock> = Box::new(SimulatedLock {
                shared: Arc::clone(&self.shared),
                node,
                crashes: state.crashes,
            });
            Ok(lock)
        })
    }
}

fn find_or_create(state: &mut State, path: &Path, mode: OpenMode) -> Result<NodeId, DiskErrorKind> {
    if mode == OpenMode::CreateNew {
        return state.tree.create_file(path);
    }
    match state.tree.find(path) {
        Err(DiskErrorKind::NotFound) if mode == OpenMode::WriteOrCreate => {
            state.tree.create_file(path)
        }
        found => found,
    }
}
