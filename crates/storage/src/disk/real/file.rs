//! Reading and writing at positions.
//!
//! Not the job of this module: descriptors and names.

use std::fs;
use std::io::{self, IoSlice, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use rustix::io::{Errno, ReadWriteFlags, preadv2};

use super::super::{DiskError, DiskErrorKind, DiskFile, DiskFuture};
use super::blocking;
use super::device::Kind;
use super::live_files::LiveFile;

/// A file as one who opened it holds it.
#[derive(Debug)]
pub(super) struct RealFile {
    live: Arc<LiveFile>,
    is_writable: bool,
}

impl RealFile {
    pub(super) const fn new(live: Arc<LiveFile>, is_writable: bool) -> Self {
        Self { live, is_writable }
    }

    fn writable(&self, operation: &'static str, size: u64) -> Result<Arc<fs::File>, DiskError> {
        let refused = |kind| Err(DiskError::new(operation, &self.live.path(), kind));
        if !self.is_writable {
            return refused(DiskErrorKind::PermissionDenied);
        }
        if i64::try_from(size).is_err() {
            return refused(DiskErrorKind::TooLarge);
        }
        self.live.descriptor(operation, true)
    }
}

impl DiskFile for RealFile {
    fn size(&self) -> DiskFuture<'_, u64> {
        Box::pin(self.live.device().run(|| {
            let descriptor = self.live.descriptor("stat", false)?;
            match descriptor.metadata() {
                Ok(metadata) => Ok(metadata.len()),
                Err(error) => Err(self.live.failed("stat", error)),
            }
        }))
    }

    fn read_at<'a>(&'a self, buffer: &'a mut [u8], position: u64) -> DiskFuture<'a, usize> {
        Box::pin(async move {
            let device = self.live.device();
            let cached = device.run(|| {
                let descriptor = self.live.descriptor("read", false)?;
                let cached = read_cached_at(&descriptor, buffer, position);
                Ok((descriptor, cached))
            });
            let (descriptor, cached) = cached.await?;
            let outcome = match cached {
                Cached::All(count) => return Ok(count),
                Cached::Part(count) => {
                    let rest = || read_all_at(&descriptor, buffer, position, count);
                    device.leave(Kind::ColdRead, rest).await
                }
                Cached::Unknown(count) => {
                    let rest = || read_all_at(&descriptor, buffer, position, count);
                    device.run(rest).await
                }
            };
            outcome.map_err(|error| self.live.failed("read", error))
        })
    }

    fn write_at<'a>(&'a self, parts: &'a [&'a [u8]], position: u64) -> DiskFuture<'a, ()> {
        Box::pin(self.live.device().run(move || {
            let written = parts.iter().map(|part| part.len() as u64).sum::<u64>();
            let descriptor = self.writable("write", position.saturating_add(written))?;
            write_all_at(&descriptor, parts, position)
                .map_err(|error| self.live.failed("write", error))
        }))
    }

    fn sync(&self) -> DiskFuture<'_, ()> {
        let live = Arc::clone(&self.live);
        Box::pin(async move {
            let path = live.path();
            blocking::run(self.live.device(), "sync", path, move || live.sync()).await
        })
    }

    fn set_size(&self, size: u64) -> DiskFuture<'_, ()> {
        Box::pin(self.live.device().run(move || {
            let descriptor = self.writable("resize", size)?;
            descriptor
                .set_len(size)
                .map_err(|error| self.live.failed("resize", error))
        }))
    }

    fn system_file(&self) -> DiskFuture<'_, Option<Arc<fs::File>>> {
        let open = || self.live.descriptor("open", false).map(Some);
        Box::pin(self.live.device().run(open))
    }
}

/// How many bytes were read without waiting for the device, and what is known of the rest.
enum Cached {
    /// There is none, or the file ends before it.
    All(usize),
    /// It is not in the page cache, or reading it fails.
    Part(usize),
    /// The file system cannot tell.
    Unknown(usize),
}

fn read_cached_at(descriptor: &fs::File, buffer: &mut [u8], position: u64) -> Cached {
    let mut read = 0;
    while read < buffer.len() {
        let position = position.saturating_add(read as u64);
        if i64::try_from(position).is_err() {
            break;
        }
        let part = &mut [IoSliceMut::new(&mut buffer[read..])];
        match preadv2(descriptor, part, position, ReadWriteFlags::NOWAIT) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(Errno::INTR) => {}
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Cached::Unknown(read),
            // An error, if it is one, comes again where it is reported.
            Err(_) => return Cached::Part(read),
        }
    }
    Cached::All(read)
}

/// Reads on from the first `read` bytes, and returns how many there are then.
fn read_all_at(
    descriptor: &fs::File,
    buffer: &mut [u8],
    position: u64,
    mut read: usize,
) -> io::Result<usize> {
    while read < buffer.len() {
        let position = position.saturating_add(read as u64);
        if i64::try_from(position).is_err() {
            // No file reaches that far, and the system does not take such a position.
            break;
        }
        match descriptor.read_at(&mut buffer[read..], position) {
            Ok(0) => break,
            Ok(count) => read += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// A full disk or a signal can cut any write short; the rest is then written by the next call.
fn write_all_at(descriptor: &fs::File, parts: &[&[u8]], mut position: u64) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
    let mut rest = slices.as_mut_slice();
    // Passes over empty parts in front, so that a write of nothing is no endless loop.
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match rustix::io::pwritev(descriptor, rest, position) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                position += count as u64;
                IoSlice::advance_slices(&mut rest, count);
            }
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}
