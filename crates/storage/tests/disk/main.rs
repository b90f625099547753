//! Tests of the disks: what every disk does (`contract`), and what is particular to each.

#![expect(
    clippy::unwrap_used,
    reason = "a test, and what it is made of, fails by panicking"
)]

mod contract;
mod directory;
mod real;
mod simulated;

use std::path::Path;

use storage::disk::simulated::poll_once;
use storage::disk::{Disk, OpenMode};

/// Runs what never waits.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    poll_once(future).expect("nothing waits")
}

/// Writes a file from its beginning on, and creates it if need be.
async fn write(disk: &dyn Disk, path: &Path, bytes: &[u8]) {
    let file = disk.open(path, OpenMode::WriteOrCreate).await.unwrap();
    file.write_at(&[bytes], 0).await.unwrap();
}

/// All of a file that exists.
async fn read(disk: &dyn Disk, path: &Path) -> Vec<u8> {
    let bytes = storage::disk::read_whole(disk, path, 1 << 20).await;
    bytes.unwrap().expect("a file")
}
