//! A batch with its bytes, and the batches that stand one after another in a log segment, a fetch
//! response or a produce request.

use super::error::BatchError;
use super::header::BatchHeader;
use super::record::RecordWalk;
use crate::compression::Decompressor;

/// One whole batch. Its checksum and records are checked only on request.
#[derive(Debug, Clone, Copy)]
pub struct BatchView<'a> {
    header: BatchHeader,
    bytes: &'a [u8],
}

impl<'a> BatchView<'a> {
    /// The batch at the start of `bytes`; more may follow it.
    ///
    /// # Errors
    /// When the header is not one of magic 2, or the bytes end within the batch.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BatchError> {
        let header = BatchHeader::decode(bytes)?;
        let Some(bytes) = bytes.get(..header.size()) else {
            return Err(BatchError::Truncated {
                needed: header.size(),
                remaining: bytes.len(),
            });
        };
        Ok(Self { header, bytes })
    }

    /// The header.
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The whole batch.
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The records as they are stored, compressed perhaps.
    pub fn payload(&self) -> &'a [u8] {
        &self.bytes[BatchHeader::SIZE..]
    }

    /// Compares the content with the checksum.
    ///
    /// # Errors
    /// When they differ.
    pub fn check_crc(&self) -> Result<(), BatchError> {
        let computed = compute_crc(self.bytes);
        let stored = self.header.crc;
        if stored == computed {
            Ok(())
        } else {
            Err(BatchError::CrcMismatch { stored, computed })
        }
    }

    /// Walks the records. Compressed ones are inflated first, to at most `inflated_bytes_max`.
    ///
    /// # Errors
    /// When the codec is unknown, inflating fails or the record count is negative. Records that
    /// are not sound are found by the walk.
    pub fn records<'b>(
        &'b self,
        decompressor: &'b mut Decompressor,
        inflated_bytes_max: usize,
    ) -> Result<RecordWalk<'b>, BatchError> {
        let codec = self.header.attributes.codec()?;
        // Compaction leaves batches without records, whatever their codec was.
        let inflated = if self.header.record_count == 0 {
            self.payload()
        } else {
            decompressor.decompress(codec, self.payload(), inflated_bytes_max)?
        };
        RecordWalk::new(&self.header, inflated)
    }
}

/// The CRC-32C of a whole batch, as its header should hold it.
pub(super) fn compute_crc(batch: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(&batch[BatchHeader::ATTRIBUTES_POSITION..])
}

/// Steps over the batches in a slice of bytes. After an error there is nothing more.
#[derive(Debug, Clone)]
pub struct Batches<'a> {
    bytes: &'a [u8],
    position: usize,
    failed: bool,
}

impl<'a> Batches<'a> {
    /// The batches in `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            position: 0,
            failed: false,
        }
    }

    /// Where the next batch starts, or the one that could not be read.
    pub const fn position(&self) -> usize {
        self.position
    }
}

impl<'a> Iterator for Batches<'a> {
    type Item = Result<BatchView<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = &self.bytes[self.position..];
        if rest.is_empty() || self.failed {
            return None;
        }
        let batch = BatchView::parse(rest);
        match &batch {
            Ok(batch) => self.position += batch.bytes.len(),
            Err(_) => self.failed = true,
        }
        Some(batch.map_err(|error| match error {
            BatchError::LengthTooSmall(0) if rest.iter().all(|&byte| byte == 0) => {
                BatchError::ZeroFilled(rest.len())
            }
            error => error,
        }))
    }
}

/// Checks everything that can be checked of `bytes`: each batch's header, checksum and records.
/// Returns how many records there are.
///
/// # Errors
/// When a batch or a record is not sound.
pub fn check_batches(
    bytes: &[u8],
    decompressor: &mut Decompressor,
    inflated_bytes_max: usize,
) -> Result<usize, BatchError> {
    let mut count = 0;
    for batch in Batches::new(bytes) {
        let batch = batch?;
        batch.check_crc()?;
        for record in batch.records(decompressor, inflated_bytes_max)? {
            record?;
            count += 1;
        }
    }
    Ok(count)
}
