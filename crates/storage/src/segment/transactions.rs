//! The aborted transactions of a segment, and their `.txnindex` file, which comes into being with
//! the first of them.
//!
//! Invariant: the file has the first so many of the entries in memory; the others are written
//! before the recovery point passes them, and found again in the records if that never happens.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::ids::Offset;

use crate::disk::{Disk, DiskError, DiskFile, OpenMode};
use crate::transaction_index::{AbortedTransaction, TransactionIndex, TransactionSearch};

/// The aborted transactions of a segment.
#[derive(Debug)]
pub(crate) struct Transactions {
    content: Mutex<Content>,
}

#[derive(Debug)]
struct Content {
    index: TransactionIndex,
    /// How many entries are in the file.
    written: usize,
    /// Whether there are entries that were added since the last sync.
    is_unsynced: bool,
    file: Option<Arc<dyn DiskFile>>,
}

impl Transactions {
    /// Those of a segment that has no file for them.
    pub(crate) fn none(base_offset: Offset) -> Self {
        let index = TransactionIndex::empty(base_offset);
        Self::new(index, None)
    }

    /// Those in a file; none if it makes no sense.
    pub(crate) async fn open(
        base_offset: Offset,
        file: Arc<dyn DiskFile>,
    ) -> Result<Option<Self>, DiskError> {
        let mut bytes = vec![0; file.size().await? as usize];
        let read = file.read_at(&mut bytes, 0).await?;
        let index = TransactionIndex::decode(base_offset, &bytes[..read]);
        Ok(index.ok().map(|index| Self::new(index, Some(file))))
    }

    fn new(index: TransactionIndex, file: Option<Arc<dyn DiskFile>>) -> Self {
        let written = index.entries().len();
        Self {
            content: Mutex::new(Content {
                index,
                written,
                is_unsynced: false,
                file,
            }),
        }
    }

    /// Adds a transaction, in memory.
    pub(crate) fn push(&self, transaction: AbortedTransaction) {
        let mut content = self.lock();
        content.index.append(transaction);
        content.is_unsynced = true;
    }

    /// Writes what is in memory only to the file at `path`, which is made if need be.
    pub(crate) async fn write_tail(&self, disk: &dyn Disk, path: &Path) -> Result<(), DiskError> {
        let (file, written, bytes) = {
            let content = self.lock();
            let tail = &content.index.entries()[content.written..];
            let bytes: Vec<u8> = tail.iter().flat_map(AbortedTransaction::encode).collect();
            (content.file.clone(), content.written, bytes)
        };
        if bytes.is_empty() {
            return Ok(());
        }
        let file = match file {
            Some(file) => file,
            None => {
                let file = disk.open(path, OpenMode::WriteOrCreate).await?;
                file.set_size(0).await?;
                self.lock().file = Some(file.clone());
                file
            }
        };
        let position = written * AbortedTransaction::SIZE_BYTES;
        file.write_at(&[&bytes], position as u64).await?;
        self.lock().written += bytes.len() / AbortedTransaction::SIZE_BYTES;
        Ok(())
    }

    /// Removes those whose markers are at `offset` or behind it.
    pub(crate) async fn truncate(&self, offset: Offset) -> Result<(), DiskError> {
        let (file, size) = {
            let mut content = self.lock();
            content.index.truncate(offset);
            content.written = content.written.min(content.index.entries().len());
            let size = content.written * AbortedTransaction::SIZE_BYTES;
            (content.file.clone(), size as u64)
        };
        match file {
            Some(file) if file.size().await? != size => file.set_size(size).await,
            _ => Ok(()),
        }
    }

    /// Makes what was written durable.
    pub(crate) async fn sync(&self) -> Result<(), DiskError> {
        let (file, count) = {
            let content = self.lock();
            (content.file.clone(), content.index.entries().len())
        };
        if let Some(file) = file {
            file.sync().await?;
            let mut content = self.lock();
            let is_all = content.written == count && content.index.entries().len() == count;
            content.is_unsynced &= !is_all;
        }
        Ok(())
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().index.entries().is_empty()
    }

    /// Adds those that overlap a range of offsets to `found`.
    pub(crate) fn collect(
        &self,
        fetch_offset: Offset,
        upper_bound: Offset,
        found: &mut Vec<AbortedTransaction>,
    ) -> TransactionSearch {
        self.lock().index.collect(fetch_offset, upper_bound, found)
    }

    /// The one with the last marker.
    pub(crate) fn last(&self) -> Option<AbortedTransaction> {
        self.lock().index.entries().last().copied()
    }

    /// Whether there are entries that a crash could take away.
    pub(crate) fn is_unsynced(&self) -> bool {
        self.lock().is_unsynced
    }

    /// Whether there is anything that is not in the file.
    pub(crate) fn has_tail(&self) -> bool {
        let content = self.lock();
        content.written < content.index.entries().len()
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
