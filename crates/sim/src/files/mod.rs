//! The files of the logs, read without the node: an opinion of its own on what is on the disk.

pub(crate) mod indexes;
pub(crate) mod logs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use storage::disk::simulated::{SimulatedDisk, poll_once};
use storage::disk::{Disk, OpenMode};

/// Files by path.
pub(crate) type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The wanted files as a process that starts now would find them. The disk must not be stalled.
pub(crate) fn current(disk: &SimulatedDisk, is_wanted: impl Fn(&Path) -> bool) -> Files {
    let mut files = Files::new();
    let mut open = vec![PathBuf::from("/")];
    while let Some(directory) = open.pop() {
        let entries = poll_once(disk.list(&directory));
        for entry in entries.and_then(Result::ok).unwrap_or_default() {
            let path = directory.join(&entry.name);
            if entry.is_directory {
                open.push(path);
            } else if is_wanted(&path) {
                let bytes = poll_once(read(disk, &path, entry.size)).flatten();
                files.insert(path, bytes.unwrap_or_default());
            }
        }
    }
    files
}

async fn read(disk: &SimulatedDisk, path: &Path, size: u64) -> Option<Vec<u8>> {
    let file = disk.open(path, OpenMode::Read).await.ok()?;
    let mut bytes = vec![0; usize::try_from(size).ok()?];
    let read = file.read_at(&mut bytes, 0).await.ok()?;
    bytes.truncate(read);
    Some(bytes)
}
