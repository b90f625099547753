//! The file system as the log sees it: a small asynchronous trait, so that a slow, stuck, full or
//! lying disk can be expressed in virtual time.
//!
//! Not the job of this module: what the files mean. Implementations: the operating system's page
//! cache, and a disk in memory that forgets what was not synced.
//!
//! Invariants every implementation keeps:
//! - A logical [`DiskFile`] stays usable for as long as it is held, also after its file or one of
//!   its directories is renamed; how many descriptors are open at a time is the disk's affair.
//!   A file that was removed, or replaced by a rename, answers not found to whoever holds it.
//! - Bytes written are visible to reads at once; they are durable after a successful sync only,
//!   and names (created, renamed, removed) after a successful sync of their directory.
//! - A file whose sync failed reports no successful sync any more for as long as it is held.
//! - One file is always spelled by the same path.

mod error;
mod real;
pub mod simulated;

use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

pub use error::{DiskError, DiskErrorKind};
pub use real::RealDisk;

/// What every operation of a disk returns.
pub type DiskFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, DiskError>> + Send + 'a>>;

/// A file system.
pub trait Disk: Debug + Send + Sync {
    /// Opens a file.
    fn open<'a>(&'a self, path: &'a Path, mode: OpenMode) -> DiskFuture<'a, Arc<dyn DiskFile>>;

    /// Lists a directory, in the order of names.
    fn list<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, Vec<DirectoryEntry>>;

    /// Creates a directory and its parents; one that exists is left as it is.
    fn create_directories<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()>;

    /// Renames a file or a directory, atomically replacing a file of the new name. Files held open
    /// follow.
    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> DiskFuture<'a, ()>;

    /// Lets nobody but the owner read a file, and nobody write it (mode 0400), as Kafka leaves
    /// finished snapshots. Files held open are not affected.
    fn set_read_only<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, ()>;

    /// Removes a file.
    fn remove_file<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, ()>;

    /// Removes a directory with all that is in it.
    fn remove_directory<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()>;

    /// Makes the names in a directory durable.
    fn sync_directory<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()>;

    /// How much room there is where a directory lies.
    fn space<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, DiskSpace>;

    /// Locks the file at `path`, which is created if need be, against every other process, Java's
    /// among them, until the lock is dropped.
    ///
    /// A second lock of the same file fails with [`DiskErrorKind::Locked`], in this process too;
    /// so does opening a locked file. It must not be held open when it is locked.
    fn lock<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, Box<dyn DiskLock>>;
}

/// An open file. All positions and sizes are in bytes.
pub trait DiskFile: Debug + Send + Sync {
    /// How many bytes the file has.
    fn size(&self) -> DiskFuture<'_, u64>;

    /// Fills `buffer` from `position` on, and returns how much of it: less than all of it only
    /// where the file ends.
    fn read_at<'a>(&'a self, buffer: &'a mut [u8], position: u64) -> DiskFuture<'a, usize>;

    /// Writes all `parts`, one behind the other, from `position` on.
    fn write_at<'a>(&'a self, parts: &'a [&'a [u8]], position: u64) -> DiskFuture<'a, ()>;

    /// Makes all that was written before this call durable, the file's size included.
    fn sync(&self) -> DiskFuture<'_, ()>;

    /// Cuts the file, or extends it with zeros, to `size`.
    fn set_size(&self, size: u64) -> DiskFuture<'_, ()>;

    /// The operating system's file, for `sendfile`; none where there is no such thing. Holding it
    /// keeps its descriptor open.
    fn system_file(&self) -> DiskFuture<'_, Option<Arc<fs::File>>>;
}

/// A lock on a file, released when dropped.
pub trait DiskLock: Debug + Send + Sync {}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// For reading only; it must exist.
    Read,
    /// For reading and writing; it must exist.
    Write,
    /// For reading and writing; it is created if it does not exist.
    WriteOrCreate,
    /// For reading and writing; it must not exist yet.
    CreateNew,
}

/// One name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirectoryEntry {
    /// The last part of its path; names that are not Unicode are not listed.
    pub name: String,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Its size in bytes; 0 for a directory.
    pub size: u64,
}

/// How much room a file system has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// So many bytes in all.
    pub total_bytes: u64,
    /// So many that may still be written without privileges.
    pub usable_bytes: u64,
}

/// What an operation gave; none if there was nothing of that name.
///
/// # Errors
/// When it failed for another reason.
pub fn if_there<T>(outcome: Result<T, DiskError>) -> Result<Option<T>, DiskError> {
    match outcome {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == DiskErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes a file unless it is gone already.
///
/// # Errors
/// When the disk fails.
pub async fn remove_if_there(disk: &dyn Disk, path: &Path) -> Result<(), DiskError> {
    if_there(disk.remove_file(path).await).map(drop)
}

/// Reads a whole small file; none if it does not exist.
///
/// # Errors
/// When the disk fails, or the file is longer than `size_max`.
pub async fn read_whole(
    disk: &dyn Disk,
    path: &Path,
    size_max: usize,
) -> Result<Option<Vec<u8>>, DiskError> {
    let Some(file) = if_there(disk.open(path, OpenMode::Read).await)? else {
        return Ok(None);
    };
    let size = file.size().await?;
    if size > size_max as u64 {
        return Err(DiskError::new("read", path, DiskErrorKind::TooLarge));
    }
    let mut bytes = vec![0; size as usize];
    let read = file.read_at(&mut bytes, 0).await?;
    bytes.truncate(read);
    Ok(Some(bytes))
}

/// Replaces a small file so that a crash leaves the old content or the new one, never a mixture:
/// writes beside it, syncs, renames, syncs the directory.
///
/// # Errors
/// When the disk fails.
pub async fn replace_whole(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let temporary = with_suffix(path, ".tmp");
    let file = disk.open(&temporary, OpenMode::WriteOrCreate).await?;
    file.set_size(0).await?;
    file.write_at(&[bytes], 0).await?;
    file.sync().await?;
    disk.rename(&temporary, path).await?;
    match path.parent() {
        Some(directory) => disk.sync_directory(directory).await,
        None => Ok(()),
    }
}

/// The path with `suffix` appended to its last part.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
