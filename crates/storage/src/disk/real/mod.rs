//! The operating system's file system, through its page cache.
//!
//! Not the job of this module: caching (the page cache does it), and what the files mean.
//!
//! What runs where: reads and writes run inline, because they copy to and from the page cache, and
//! handing them to another thread costs more than that. The same goes for opening, renaming and
//! setting the size. All of these leave the workers first where they would wait: on a device that
//! was found to be slow ([`device`]), and for bytes that the page cache does not have. What always
//! waits for the device runs on tokio's blocking pool: syncs, removals (freeing the blocks of a
//! large file takes long), listings and locks. So a tokio runtime must be running.
//!
//! Invariants:
//! - At most the given number of descriptors is kept open, besides those in use at the moment.
//! - One path has one live file, however often it is opened; what happens to the name happens to
//!   all who hold it. A removed or replaced file answers not found, but whoever got its descriptor
//!   before may finish.
//! - What is slow on one device holds up no operation on another one.
//! - A file whose sync failed never reports a successful sync again while somebody holds it.
//!
//! A file is known by its path as it is spelled: two spellings (symbolic links, `..`, relative
//! and absolute) are two files here, and renaming under one does not reach the other.

mod blocking;
mod descriptors;
mod device;
mod file;
mod live_files;
mod lock;
mod pace;

use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use self::device::Device;
use self::file::RealFile;
use self::live_files::LiveFiles;
use super::{DirectoryEntry, Disk, DiskError, DiskFile, DiskFuture, DiskLock, DiskSpace, OpenMode};

/// The operating system's file system.
#[derive(Debug)]
pub struct RealDisk {
    files: Arc<LiveFiles>,
}

impl RealDisk {
    /// A disk that keeps at most `descriptors_max` descriptors open for later use.
    pub fn new(descriptors_max: NonZeroUsize) -> Self {
        Self {
            files: Arc::new(LiveFiles::new(descriptors_max)),
        }
    }
}

impl Disk for RealDisk {
    fn open<'a>(&'a self, path: &'a Path, mode: OpenMode) -> DiskFuture<'a, Arc<dyn DiskFile>> {
        Box::pin(async move {
            let home = self.files.devices().around(path);
            let live = home.run(|| self.files.open(&home, path, mode)).await?;
            let file: Arc<dyn DiskFile> = Arc::new(RealFile::new(live, mode != OpenMode::Read));
            Ok(file)
        })
    }

    fn list<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, Vec<DirectoryEntry>> {
        let device = self.files.devices().of(directory);
        Box::pin(self.blocking(device, "list", directory, |_, _, directory| {
            list(directory).map_err(|error| DiskError::from_system("list", directory, error))
        }))
    }

    fn create_directories<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()> {
        Box::pin(async move {
            let device = self.files.devices().of(directory);
            let create = || {
                fs::create_dir_all(directory)
                    .map_err(|error| DiskError::from_system("create", directory, error))
            };
            device.run(create).await
        })
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> DiskFuture<'a, ()> {
        Box::pin(async move {
            let home = self.files.devices().around(from);
            home.run(|| self.files.rename(&home, from, to)).await
        })
    }

    fn set_read_only<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, ()> {
        Box::pin(async move {
            let device = self.files.devices().around(path);
            let protect = || {
                fs::set_permissions(path, fs::Permissions::from_mode(0o400))
                    .map_err(|error| DiskError::from_system("protect", path, error))
            };
            device.run(protect).await
        })
    }

    fn remove_file<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, ()> {
        let home = self.files.devices().around(path);
        Box::pin(self.blocking(home, "remove", path, |files, home, path| {
            files.remove_file(home, path)
        }))
    }

    fn remove_directory<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()> {
        let home = self.files.devices().around(directory);
        let work = |files: &LiveFiles, home: &Device, directory: &Path| {
            files.remove_directory(home, directory)
        };
        Box::pin(self.blocking(home, "remove", directory, work))
    }

    fn sync_directory<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()> {
        let device = self.files.devices().of(directory);
        Box::pin(
            self.blocking(device, "sync", directory, |files, _, directory| {
                files.sync_directory(directory)
            }),
        )
    }

    fn space<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, DiskSpace> {
        Box::pin(async move {
            let found = rustix::fs::statvfs(directory);
            let found = found
                .map_err(|error| DiskError::from_system("measure", directory, error.into()))?;
            Ok(DiskSpace {
                total_bytes: found.f_blocks.saturating_mul(found.f_frsize),
                usable_bytes: found.f_bavail.saturating_mul(found.f_frsize),
            })
        })
    }

    fn lock<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, Box<dyn DiskLock>> {
        let home = self.files.devices().around(path);
        Box::pin(self.blocking(home, "lock", path, |_, _, path| {
            let lock: Box<dyn DiskLock> = Box::new(lock::RealLock::acquire(path)?);
            Ok(lock)
        }))
    }
}

impl RealDisk {
    /// Works on a name, on the blocking pool.
    async fn blocking<T: Send + 'static>(
        &self,
        device: Arc<Device>,
        operation: &'static str,
        path: &Path,
        work: fn(&LiveFiles, &Device, &Path) -> Result<T, DiskError>,
    ) -> Result<T, DiskError> {
        let (files, at_work, owned) = (
            Arc::clone(&self.files),
            Arc::clone(&device),
            path.to_owned(),
        );
        let work = move || work(&files, &at_work, &owned);
        blocking::run(&device, operation, path.to_owned(), work).await
    }
}

fn list(directory: &Path) -> io::Result<Vec<DirectoryEntry>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        // Not the entry's own metadata: that would not follow a symbolic link.
        let metadata = match fs::metadata(entry.path()) {
            Ok(metadata) => metadata,
            // Removed since the directory was read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        entries.push(DirectoryEntry {
            name,
            is_directory: metadata.is_dir(),
            size: if metadata.is_dir() { 0 } else { metadata.len() },
        });
    }
    entries.sort();
    Ok(entries)
}
