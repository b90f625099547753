//! A file of a log as a connection sends it.
//!
//! Not the job of this module: opening files. Reading goes through the disk, so that a simulated
//! one is copied from and the operating system's is sent without copying.

use std::fs;
use std::io;
use std::sync::Arc;

use net::BoxFuture;
use net::file_slice::{FileSlice, FileSource};
use storage::disk::{DiskError, DiskErrorKind, DiskFile};
use storage::log::LogSlice;

/// A segment file.
#[derive(Debug)]
struct LogFile(Arc<dyn DiskFile>);

/// What of a log is to be sent.
pub(super) fn slice_of(slice: LogSlice) -> FileSlice {
    FileSlice {
        source: Arc::new(LogFile(slice.file)),
        position: slice.position,
        size: slice.size,
    }
}

impl FileSource for LogFile {
    fn read_at<'a>(
        &'a self,
        buffer: &'a mut [u8],
        position: u64,
    ) -> BoxFuture<'a, io::Result<usize>> {
        Box::pin(async move {
            let read = self.0.read_at(buffer, position).await;
            read.map_err(as_io_error)
        })
    }

    fn system_file(&self) -> BoxFuture<'_, io::Result<Option<Arc<fs::File>>>> {
        Box::pin(async move { self.0.system_file().await.map_err(as_io_error) })
    }
}

fn as_io_error(error: DiskError) -> io::Error {
    let kind = match error.kind() {
        DiskErrorKind::NotFound => io::ErrorKind::NotFound,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}
