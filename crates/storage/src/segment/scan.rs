//! Walks over the batches of a segment file, by their headers or as a whole.
//!
//! Not the job of this module: checksums and records. It only makes sure that a batch has a header
//! that can be one, lies within the bounds given, and that offsets ascend.

use std::ops::Range;
use std::sync::Arc;

use protocol::ids::Offset;
use protocol::records::{BatchError, BatchHeader};

use crate::disk::{DiskError, DiskFile};

/// So many bytes are read at once when only headers are of interest.
pub(crate) const HEADERS_CHUNK_BYTES: usize = 8 * 1024;

/// So many bytes are read at once when whole batches are of interest.
pub(crate) const BATCHES_CHUNK_BYTES: usize = 256 * 1024;

/// A batch in a segment file.
#[derive(Debug, Clone)]
pub(crate) struct BatchAt {
    /// Where it starts, in bytes.
    pub(crate) position: u64,
    pub(crate) header: BatchHeader,
}

impl BatchAt {
    /// Where it ends, in bytes.
    pub(crate) const fn end(&self) -> u64 {
        self.position + self.header.size() as u64
    }

    /// The offset of its first record.
    pub(crate) const fn base_offset(&self) -> Offset {
        Offset(self.header.base_offset)
    }

    /// The offset of its last record.
    pub(crate) const fn last_offset(&self) -> Offset {
        Offset(self.header.last_offset())
    }

    /// The offset after it.
    pub(crate) const fn next_offset(&self) -> Offset {
        Offset(self.header.next_offset())
    }
}

/// Why a scan cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScanError {
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is no sound batch at `position` although there are bytes.
    #[error("read batch at position {position}")]
    Corrupt { position: u64, source: BatchFault },
}

/// Why there is no sound batch where one should be.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BatchFault {
    /// The bytes are no batch.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// Offsets do not ascend.
    #[error(
        "check record batch: offsets {base_offset} to {last_offset} where {expected} comes next"
    )]
    Offsets {
        /// Its first offset.
        base_offset: Offset,
        /// Its last offset.
        last_offset: Offset,
        /// The offset that was to come.
        expected: Offset,
    },
    /// The batch lies too far behind the base offset of its segment.
    #[error("check record batch: offset {last_offset} is too far from the segment's base offset")]
    TooFar {
        /// Its last offset.
        last_offset: Offset,
    },
}

/// A walk from batch to batch.
#[derive(Debug)]
pub(crate) struct Scan {
    file: Arc<dyn DiskFile>,
    position: u64,
    end: u64,
    /// The offset the next batch must not be below.
    next_offset: Offset,
    buffer: Vec<u8>,
    buffer_position: u64,
    chunk_bytes: usize,
}

impl Scan {
    /// A walk over the batches in a range of bytes, none of which lies below `base_offset`, reading
    /// `chunk_bytes` at once.
    pub(crate) fn new(
        file: Arc<dyn DiskFile>,
        base_offset: Offset,
        range: Range<u64>,
        chunk_bytes: usize,
    ) -> Self {
        Self {
            file,
            position: range.start,
            end: range.end,
            next_offset: base_offset,
            buffer: Vec::new(),
            buffer_position: range.start,
            chunk_bytes,
        }
    }

    /// Steps over the next batch; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<BatchAt>, ScanError> {
        let position = self.position;
        if position >= self.end {
            return Ok(None);
        }
        let remaining = (self.end - position) as usize;
        let bytes = self
            .read(position, BatchHeader::SIZE.min(remaining))
            .await?;
        let header = BatchHeader::decode(bytes).map_err(|error| corrupt(position, error))?;
        let batch = BatchAt { position, header };
        if header.size() > remaining {
            let (needed, remaining) = (header.size(), remaining);
            return Err(corrupt(
                position,
                BatchError::Truncated { needed, remaining },
            ));
        }
        let (base_offset, last_offset) = (batch.base_offset(), batch.last_offset());
        if base_offset < self.next_offset || last_offset < base_offset || last_offset.0 == i64::MAX
        {
            let expected = self.next_offset;
            let fault = BatchFault::Offsets {
                base_offset,
                last_offset,
                expected,
            };
            return Err(corrupt(position, fault));
        }
        self.next_offset = batch.next_offset();
        self.position = batch.end();
        Ok(Some(batch))
    }

    /// All bytes of a batch that this scan has just stepped over.
    pub(crate) async fn bytes(&mut self, batch: &BatchAt) -> Result<&[u8], ScanError> {
        let needed = batch.header.size();
        let bytes = self.read(batch.position, needed).await?;
        if bytes.len() < needed {
            let remaining = bytes.len();
            let error = BatchError::Truncated { needed, remaining };
            return Err(corrupt(batch.position, error));
        }
        Ok(bytes)
    }

    /// `size` bytes from `position` on, or fewer where the file ends.
    async fn read(&mut self, position: u64, size: usize) -> Result<&[u8], DiskError> {
        let buffer_end = self.buffer_position + self.buffer.len() as u64;
        if position < self.buffer_position || position + size as u64 > buffer_end {
            let chunk = (self.end - position).min(self.chunk_bytes.max(size) as u64) as usize;
            self.buffer.resize(chunk, 0);
            self.buffer_position = position;
            let read = self.file.read_at(&mut self.buffer, position).await;
            self.buffer.truncate(read.as_ref().map_or(0, |read| *read));
            read?;
        }
        let start = (position - self.buffer_position) as usize;
        let end = (start + size).min(self.buffer.len());
        Ok(&self.buffer[start..end])
    }
}

fn corrupt(position: u64, fault: impl Into<BatchFault>) -> ScanError {
    let source = fault.into();
    ScanError::Corrupt { position, source }
}
