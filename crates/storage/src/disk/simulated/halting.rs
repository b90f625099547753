//! A disk on which a process stops for ever at a given operation, as if its power had been cut.
//!
//! Not the job of this module: what is on the disk then. The crash is the owner's to order, of the
//! [`SimulatedDisk`] below.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::SimulatedDisk;
use crate::disk::{
    DirectoryEntry, Disk, DiskError, DiskFile, DiskFuture, DiskLock, DiskSpace, OpenMode,
};

/// A disk that does so many operations; every later one waits for ever.
#[derive(Debug)]
pub struct HaltingDisk {
    disk: Arc<SimulatedDisk>,
    left: Arc<AtomicU64>,
}

#[derive(Debug)]
struct HaltingFile {
    file: Arc<dyn DiskFile>,
    left: Arc<AtomicU64>,
}

impl HaltingDisk {
    /// Does `operations` on `disk`.
    pub fn new(disk: &Arc<SimulatedDisk>, operations: u64) -> Self {
        Self {
            disk: disk.clone(),
            left: Arc::new(AtomicU64::new(operations)),
        }
    }

    /// Does so many operations from now on.
    pub fn allow(&self, operations: u64) {
        self.left.store(operations, Ordering::Relaxed);
    }
}

/// Does the operation, or never ends.
async fn perform<T>(left: &AtomicU64, operation: DiskFuture<'_, T>) -> Result<T, DiskError> {
    let count = |left: u64| left.checked_sub(1);
    if left
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, count)
        .is_err()
    {
        std::future::pending::<()>().await;
    }
    operation.await
}

impl Disk for HaltingDisk {
    fn open<'a>(&'a self, path: &'a Path, mode: OpenMode) -> DiskFuture<'a, Arc<dyn DiskFile>> {
        Box::pin(async move {
            let file = perform(&self.left, self.disk.open(path, mode)).await?;
            let left = self.left.clone();
            let file: Arc<dyn DiskFile> = Arc::new(HaltingFile { file, left });
            Ok(file)
        })
    }

    fn list<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, Vec<DirectoryEntry>> {
        Box::pin(perform(&self.left, self.disk.list(directory)))
    }

    fn create_directories<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()> {
        Box::pin(perform(&self.left, self.disk.create_directories(directory)))
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> DiskFuture<'a, ()> {
        Box::pin(perform(&self.left, self.disk.rename(from, to)))
    }

    fn set_read_only<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, ()> {
        Box::pin(perform(&self.left, self.disk.set_read_only(path)))
    }

    fn remove_file<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, ()> {
        Box::pin(perform(&self.left, self.disk.remove_file(path)))
    }

    fn remove_directory<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()> {
        Box::pin(perform(&self.left, self.disk.remove_directory(directory)))
    }

    fn sync_directory<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()> {
        Box::pin(perform(&self.left, self.disk.sync_directory(directory)))
    }

    fn space<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, DiskSpace> {
        Box::pin(perform(&self.left, self.disk.space(directory)))
    }

    fn lock<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, Box<dyn DiskLock>> {
        Box::pin(perform(&self.left, self.disk.lock(path)))
    }
}

impl DiskFile for HaltingFile {
    fn size(&self) -> DiskFuture<'_, u64> {
        Box::pin(perform(&self.left, self.file.size()))
    }

    fn read_at<'a>(&'a self, buffer: &'a mut [u8], position: u64) -> DiskFuture<'a, usize> {
        Box::pin(perform(&self.left, self.file.read_at(buffer, position)))
    }

    fn write_at<'a>(&'a self, parts: &'a [&'a [u8]], position: u64) -> DiskFuture<'a, ()> {
        Box::pin(perform(&self.left, self.file.write_at(parts, position)))
    }

    fn sync(&self) -> DiskFuture<'_, ()> {
        Box::pin(perform(&self.left, self.file.sync()))
    }

    fn set_size(&self, size: u64) -> DiskFuture<'_, ()> {
        Box::pin(perform(&self.left, self.file.set_size(size)))
    }

    fn system_file(&self) -> DiskFuture<'_, Option<Arc<fs::File>>> {
        self.file.system_file()
    }
}
