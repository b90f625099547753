//! A stretch of a file that is to be sent, and the small view of a file that sending needs.
//!
//! Not the job of this module: opening files, or knowing what they hold. Whoever has files (a log
//! over its disk) implements [`FileSource`].

use crate::BoxFuture;
use std::fmt::Debug;
use std::fs;
use std::io;
use std::sync::Arc;

/// An open file, as a connection sees it.
pub trait FileSource: Debug + Send + Sync {
    /// Fills `buffer` from `position` on, and returns how much of it: less than all of it only
    /// where the file ends.
    fn read_at<'a>(
        &'a self,
        buffer: &'a mut [u8],
        position: u64,
    ) -> BoxFuture<'a, io::Result<usize>>;

    /// The operating system's file, which can be sent without copying; none if there is none.
    fn system_file(&self) -> BoxFuture<'_, io::Result<Option<Arc<fs::File>>>>;
}

/// `size` bytes of a file from `position` on.
#[derive(Debug, Clone)]
pub struct FileSlice {
    /// The file they are in.
    pub source: Arc<dyn FileSource>,
    /// Where they begin, in bytes.
    pub position: u64,
    /// How many they are.
    pub size: usize,
}

impl FileSlice {
    /// What is left of the slice behind its first `count` bytes.
    #[must_use]
    pub fn skip(&self, count: usize) -> Self {
        let count = count.min(self.size);
        Self {
            source: Arc::clone(&self.source),
            position: self.position + count as u64,
            size: self.size - count,
        }
    }

    /// Copies the first bytes of the slice, at most `bytes_max`, for transports that cannot send a
    /// file.
    ///
    /// # Errors
    /// When the file cannot be read, or ends within them: that is never padded.
    pub async fn copy(&self, bytes_max: usize) -> io::Result<Vec<u8>> {
        let mut buffer = vec![0; self.size.min(bytes_max)];
        let read = self.source.read_at(&mut buffer, self.position).await?;
        if read < buffer.len() {
            return Err(self.short_file());
        }
        Ok(buffer)
    }

    /// The error for a file that ends within the slice.
    pub(crate) fn short_file(&self) -> io::Error {
        let message = format!(
            "send file: it ends within the {} bytes from {} on",
            self.size, self.position
        );
        io::Error::new(io::ErrorKind::UnexpectedEof, message)
    }
}
