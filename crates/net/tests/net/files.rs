//! Files to send: one of the operating system, and one in memory.

use net::BoxFuture;
use net::file_slice::{FileSlice, FileSource};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A file in the temporary directory, removed when dropped.
#[derive(Debug)]
pub(crate) struct SystemFile {
    path: PathBuf,
    pub(crate) file: Arc<File>,
}

#[derive(Debug)]
pub(crate) struct MemoryFile(pub(crate) Vec<u8>);

impl SystemFile {
    pub(crate) fn new(content: &[u8]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("klamm-net-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .unwrap();
        file.write_all_at(content, 0).unwrap();
        let file = Arc::new(file);
        Self { path, file }
    }

    /// Has the page cache forget the file, where there is a disk below to read it from again.
    pub(crate) fn make_cold(&self) {
        self.file.sync_all().unwrap();
        rustix::fs::fadvise(&*self.file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
    }
}

impl Drop for SystemFile {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).unwrap();
    }
}

impl FileSource for SystemFile {
    fn read_at<'a>(
        &'a self,
        buffer: &'a mut [u8],
        position: u64,
    ) -> BoxFuture<'a, io::Result<usize>> {
        let read = self.file.read_at(buffer, position);
        Box::pin(async { read })
    }

    fn system_file(&self) -> BoxFuture<'_, io::Result<Option<Arc<File>>>> {
        Box::pin(async { Ok(Some(Arc::clone(&self.file))) })
    }
}

impl FileSource for MemoryFile {
    fn read_at<'a>(
        &'a self,
        buffer: &'a mut [u8],
        position: u64,
    ) -> BoxFuture<'a, io::Result<usize>> {
        let rest = self.0.get(position as usize..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Box::pin(async move { Ok(count) })
    }

    fn system_file(&self) -> BoxFuture<'_, io::Result<Option<Arc<File>>>> {
        Box::pin(async { Ok(None) })
    }
}

pub(crate) fn slice(source: Arc<dyn FileSource>, position: u64, size: usize) -> FileSlice {
    FileSlice {
        source,
        position,
        size,
    }
}

/// Bytes of which no two stretches look alike.
pub(crate) fn content(size: usize) -> Vec<u8> {
    (0..size as u32)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}
