//! A device under a file system, and where its operations run, so that one that is slow holds up
//! nobody who wants nothing of it.
//!
//! As long as a device answers at once its operations run inline: handing them to another thread
//! costs more than they do. When it is suspected not to ([`Pace`]), the thread first leaves the
//! runtime's workers and another one takes its place; buffers stay where they are, and an operation
//! that has begun ends. On a runtime of one thread, and outside of one, there is nobody else to
//! take the place, and everything runs inline.
//!
//! Not the job of this module: what the operations are.
//!
//! Invariants:
//! - No more than [`AWAY_MAX`] operations of each [`Kind`] of a device are off the workers at a
//!   time, and who waits for that holds no thread. A runtime has a limited number of threads for
//!   blocking calls; were they used up, a worker could not be replaced.
//! - A device knows nothing of other devices.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use std::time::Instant;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::pace::Pace;

/// A device does not get faster by being asked for more at a time.
pub(super) const AWAY_MAX: usize = 16;

/// One device.
#[derive(Debug)]
pub(super) struct Device {
    /// Held for reading while a file is opened by name, for writing while names change.
    pub(super) names: RwLock<()>,
    pace: Pace,
    /// What the times of the pace are counted from.
    epoch: Instant,
    turns: [Arc<Semaphore>; 3],
}

/// What an operation waits for. Kinds do not wait for each other's turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The page cache, most of the time.
    Cached,
    /// Bytes that are not in the page cache. They say nothing about whether others are.
    ColdRead,
    /// The device: syncs, removals, listings.
    Sync,
}

/// All devices that were met.
#[derive(Debug, Default)]
pub(super) struct Devices {
    met: Mutex<Met>,
}

#[derive(Debug, Default)]
struct Met {
    by_id: BTreeMap<u64, Arc<Device>>,
    by_directory: BTreeMap<PathBuf, Arc<Device>>,
}

// === impl Device ===

impl Device {
    fn new() -> Self {
        Self {
            names: RwLock::new(()),
            pace: Pace::new(),
            epoch: Instant::now(),
            turns: [(); 3].map(|()| Arc::new(Semaphore::new(AWAY_MAX))),
        }
    }

    /// Runs an operation that is quick on a device that is.
    pub(super) async fn run<T>(&self, operation: impl FnOnce() -> T) -> T {
        if self.pace.is_suspected(self.now()) {
            self.leave(Kind::Cached, || self.watched(operation)).await
        } else {
            self.watched(operation)
        }
    }

    /// Runs an operation that waits for the device, in the place of the caller, but off the
    /// workers.
    pub(super) async fn leave<T>(&self, kind: Kind, operation: impl FnOnce() -> T) -> T {
        let turn = self.turns(kind).acquire().await;
        let _turn = turn.expect("the semaphore is never closed");
        match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(operation),
            _ => operation(),
        }
    }

    /// A turn for an operation on another thread, to be held until it ends.
    pub(super) async fn turn(&self, kind: Kind) -> OwnedSemaphorePermit {
        let turn = Arc::clone(self.turns(kind)).acquire_owned().await;
        turn.expect("the semaphore is never closed")
    }

    /// Runs an operation here, and has the device suspected when it takes its time.
    pub(super) fn watched<T>(&self, operation: impl FnOnce() -> T) -> T {
        let begun = self.pace.begin(self.now());
        let outcome = operation();
        self.pace.end(begun, self.now());
        outcome
    }

    fn turns(&self, kind: Kind) -> &Arc<Semaphore> {
        &self.turns[kind as usize]
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

// === impl Devices ===

impl Devices {
    /// The device with this id of the system.
    pub(super) fn with_id(&self, id: u64) -> Arc<Device> {
        self.lock().with_id(id)
    }

    /// The device that `directory` is on, or would be created on.
    ///
    /// What is below a directory that was met is taken to be on its device, so that the file system
    /// is asked only at first. Where another one is mounted below, operations on names there share
    /// this one's pace; those on open files do not, for they go by [`Self::with_id`].
    pub(super) fn of(&self, directory: &Path) -> Arc<Device> {
        let met = self.lock();
        let mut known = directory
            .ancestors()
            .filter_map(|above| met.by_directory.get(above));
        if let Some(device) = known.next() {
            return Arc::clone(device);
        }
        drop(met);
        let found = directory.ancestors().find_map(|above| {
            let place = if above.as_os_str().is_empty() {
                Path::new(".")
            } else {
                above
            };
            Some((above, fs::metadata(place).ok()?))
        });
        let Some((above, metadata)) = found else {
            // Nothing can be done there; whichever device finds out.
            return self.with_id(0);
        };
        let mut met = self.lock();
        let device = met.with_id(metadata.dev());
        if above == directory {
            let device = Arc::clone(&device);
            met.by_directory.insert(directory.to_owned(), device);
        }
        device
    }

    /// The device that names in the same directory as `path` are on.
    pub(super) fn around(&self, path: &Path) -> Arc<Device> {
        self.of(path.parent().unwrap_or(path))
    }

    fn lock(&self) -> MutexGuard<'_, Met> {
        self.met.lock().expect("no holder of the devices panics")
    }
}

impl Met {
    fn with_id(&mut self, id: u64) -> Arc<Device> {
        let device = self
            .by_id
            .entry(id)
            .or_insert_with(|| Arc::new(Device::new()));
        Arc::clone(device)
    }
}

#[cfg(test)]
mod tests;
