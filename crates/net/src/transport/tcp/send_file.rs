//! Sending a file's bytes from the page cache to a socket without copying them, by `sendfile`.
//!
//! `sendfile` waits for the disk when the bytes are not in the page cache, and would hold up every
//! connection of its worker. So the range is asked for first, by a read that must not wait; a cold
//! one is brought in on the pool for blocking calls.
//!
//! Not the job of this file: more than one step of a slice.

use crate::file_slice::FileSlice;
use rustix::fs::{Advice, fadvise, fstatfs, sendfile};
use rustix::io::{Errno, ReadWriteFlags, pread, preadv2};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, IoSliceMut};
use std::num::NonZeroU64;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncWriteExt, Interest};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What one step sends at most: little enough for the probe to speak for all of it, and for other
/// connections of the worker to get their turn.
const STEP_BYTES_MAX: usize = 256 << 10;
/// How far apart the range is probed: the least that a kernel reads ahead by default.
const PROBE_DISTANCE_BYTES: usize = 128 << 10;
/// How many reads wait for one device at a time, at most.
const READS_MAX: usize = 32;
const SCRATCH_BYTES: usize = 64 << 10;

/// Sends the first bytes of `slice` and returns how many.
pub(super) async fn send(stream: &mut OwnedWriteHalf, slice: &FileSlice) -> io::Result<usize> {
    let size = slice.size.min(STEP_BYTES_MAX);
    let Some(file) = slice.source.system_file().await? else {
        let bytes = slice.copy(STEP_BYTES_MAX).await?;
        stream.write_all(&bytes).await?;
        return Ok(bytes.len());
    };
    if !is_cached(&file, slice.position, size)? {
        warm(Arc::clone(&file), slice.position, size).await?;
    }
    let tcp: &tokio::net::TcpStream = stream.as_ref();
    loop {
        tcp.writable().await?;
        let mut position = slice.position;
        let sent = tcp.try_io(Interest::WRITABLE, || {
            Ok(sendfile(tcp, &*file, Some(&mut position), size)?)
        });
        match sent {
            Ok(0) if size > 0 => return Err(slice.short_file()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Whether the page cache has the range, by a look at some of its bytes.
fn is_cached(file: &fs::File, position: u64, size: usize) -> io::Result<bool> {
    let last = size.saturating_sub(1);
    for distance in (0..last).step_by(PROBE_DISTANCE_BYTES).chain([last]) {
        let mut byte = [0];
        let parts = &mut [IoSliceMut::new(&mut byte)];
        let at = position + distance as u64;
        match preadv2(file, parts, at, ReadWriteFlags::NOWAIT) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(false),
            // The file system cannot tell. One over a network may wait for long.
            Err(Errno::OPNOTSUPP) => return Ok(is_in_memory(file)?),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

fn is_in_memory(file: &fs::File) -> rustix::io::Result<bool> {
    const TMPFS_MAGIC: u32 = 0x0102_1994;
    const RAMFS_MAGIC: u32 = 0x8584_58f6;
    let magic = fstatfs(file)?.f_type as u32;
    Ok(matches!(magic, TMPFS_MAGIC | RAMFS_MAGIC))
}

/// A turn to read from the device of a file, which is given back when dropped. The runtime's
/// threads for blocking calls are few, and a slow device must not take them all.
async fn turn(file: &fs::File) -> io::Result<OwnedSemaphorePermit> {
    static TURNS: Mutex<BTreeMap<u64, Arc<Semaphore>>> = Mutex::new(BTreeMap::new());
    let device = file.metadata()?.dev();
    let turns = {
        let mut all = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Semaphore::new(READS_MAX));
        Arc::clone(all.entry(device).or_insert_with(new))
    };
    turns.acquire_owned().await.map_err(io::Error::other)
}

/// Brings the range into the page cache, on a thread that may wait for the disk.
async fn warm(file: Arc<fs::File>, position: u64, size: usize) -> io::Result<()> {
    let turn = turn(&file).await?;
    let reading = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        // Advice only: the reads below do the work, in one request to the disk if it is taken.
        let _ = fadvise(
            &*file,
            position,
            NonZeroU64::new(size as u64),
            Advice::WillNeed,
        );
        let mut scratch = vec![0; SCRATCH_BYTES.min(size)];
        let mut done = 0;
        while done < size {
            let part = (size - done).min(scratch.len());
            match pread(&*file, &mut scratch[..part], position + done as u64) {
                // The file is short: sending finds out and says so.
                Ok(0) => break,
                Ok(count) => done += count,
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    });
    reading.await.map_err(io::Error::other)?
}
