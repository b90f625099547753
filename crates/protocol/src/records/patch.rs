//! Changes a batch where it stands: what a leader assigns when it appends without rebuilding.

use super::batch::compute_crc;
use super::error::BatchError;
use super::header::{BatchHeader, TimestampType};

/// One whole batch that may be changed.
#[derive(Debug)]
pub struct BatchMut<'a> {
    header: BatchHeader,
    bytes: &'a mut [u8],
}

impl<'a> BatchMut<'a> {
    /// The batch at the start of `bytes`; more may follow it.
    ///
    /// # Errors
    /// When the header is not one of magic 2, or the bytes end within the batch.
    pub fn parse(bytes: &'a mut [u8]) -> Result<Self, BatchError> {
        let header = BatchHeader::decode(bytes)?;
        let remaining = bytes.len();
        let needed = header.size();
        match bytes.get_mut(..needed) {
            Some(bytes) => Ok(Self { header, bytes }),
            None => Err(BatchError::Truncated { needed, remaining }),
        }
    }

    /// Gives the first record this offset. The checksum does not cover it.
    pub fn set_base_offset(&mut self, base_offset: i64) {
        self.header.base_offset = base_offset;
        self.bytes[..8].copy_from_slice(&base_offset.to_be_bytes());
    }

    /// Sets the epoch of the leader that appends. The checksum does not cover it.
    pub fn set_partition_leader_epoch(&mut self, partition_leader_epoch: i32) {
        self.header.partition_leader_epoch = partition_leader_epoch;
        let position = BatchHeader::PARTITION_LEADER_EPOCH_POSITION;
        self.bytes[position..position + 4].copy_from_slice(&partition_leader_epoch.to_be_bytes());
    }

    /// Sets the timestamp type and the max timestamp, and the checksum if either is new.
    pub fn set_timestamps(&mut self, timestamp_type: TimestampType, max_timestamp_ms: i64) {
        let attributes = self.header.attributes.with_timestamp_type(timestamp_type);
        if attributes == self.header.attributes && max_timestamp_ms == self.header.max_timestamp_ms
        {
            return;
        }
        self.header.attributes = attributes;
        self.header.max_timestamp_ms = max_timestamp_ms;
        let position = BatchHeader::ATTRIBUTES_POSITION;
        self.bytes[position..position + 2].copy_from_slice(&attributes.0.to_be_bytes());
        let position = BatchHeader::MAX_TIMESTAMP_POSITION;
        self.bytes[position..position + 8].copy_from_slice(&max_timestamp_ms.to_be_bytes());
        self.header.crc = compute_crc(self.bytes);
        let position = BatchHeader::CRC_POSITION;
        self.bytes[position..position + 4].copy_from_slice(&self.header.crc.to_be_bytes());
    }

    /// The header as it is now.
    pub const fn header(&self) -> &BatchHeader {
        &self.header
    }
}
