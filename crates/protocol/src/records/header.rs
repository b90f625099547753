//! The 61 bytes at the start of a batch. They suffice for recovery and for look-ups by offset or
//! time, which read nothing else.

use super::error::BatchError;
use super::{NO_PRODUCER_ID, NO_SEQUENCE};
use crate::compression::Codec;
use crate::wire::{DecodeError, Reader};

/// All fields before the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchHeader {
    /// The offset of the first record there was when the batch was written.
    pub base_offset: i64,
    /// Bytes of the batch after this field.
    pub batch_length: i32,
    /// The leader epoch in which the batch was appended, -1 before that.
    pub partition_leader_epoch: i32,
    /// The CRC-32C of everything from the attributes on.
    pub crc: u32,
    /// Codec, timestamp type and flags.
    pub attributes: Attributes,
    /// Offset of the last record there was, less the base offset. Compaction keeps it.
    pub last_offset_delta: i32,
    /// What the records' timestamps are relative to, in milliseconds since 1970.
    pub base_timestamp_ms: i64,
    /// The largest timestamp of its records, or the time of the append.
    pub max_timestamp_ms: i64,
    /// The idempotent producer, or -1.
    pub producer_id: i64,
    /// The producer's epoch, or -1.
    pub producer_epoch: i16,
    /// The sequence of the first record, or -1.
    pub base_sequence: i32,
    /// How many records follow; compaction can leave none.
    pub record_count: i32,
}

impl BatchHeader {
    /// Bytes of the header.
    pub const SIZE: usize = 61;
    /// The only format that is read and written.
    pub const MAGIC: i8 = 2;
    /// Bytes before those that the batch length counts.
    pub const LENGTH_OVERHEAD: usize = 12;
    /// Where the checksum stands; it covers everything after itself.
    pub(super) const CRC_POSITION: usize = 17;
    pub(super) const ATTRIBUTES_POSITION: usize = 21;
    pub(super) const PARTITION_LEADER_EPOCH_POSITION: usize = 12;
    pub(super) const MAX_TIMESTAMP_POSITION: usize = 35;
    const MAGIC_POSITION: usize = 16;
    /// What a message of magic 0 has at least after its length.
    const LEGACY_LENGTH_MIN: i32 = 14;
    const LENGTH_MIN: i32 = (Self::SIZE - Self::LENGTH_OVERHEAD) as i32;

    /// Reads the header at the start of `bytes`; the records need not be there.
    ///
    /// # Errors
    /// When the bytes end within the header, its length is too small or its magic is not 2.
    pub fn decode(bytes: &[u8]) -> Result<Self, BatchError> {
        Self::check_start(bytes)?;
        let truncated = |_: DecodeError| BatchError::Truncated {
            needed: Self::SIZE,
            remaining: bytes.len(),
        };
        Self::fields(&mut Reader::new(bytes)).map_err(truncated)
    }

    fn check_start(bytes: &[u8]) -> Result<(), BatchError> {
        let truncated = BatchError::Truncated {
            needed: Self::SIZE,
            remaining: bytes.len(),
        };
        let Some(&[.., a, b, c, d]) = bytes.first_chunk::<{ Self::LENGTH_OVERHEAD }>() else {
            return Err(truncated);
        };
        let length = i32::from_be_bytes([a, b, c, d]);
        if length < Self::LEGACY_LENGTH_MIN {
            return Err(BatchError::LengthTooSmall(length));
        }
        let Some(&magic) = bytes.get(Self::MAGIC_POSITION) else {
            return Err(truncated);
        };
        match magic as i8 {
            0 | 1 => Err(BatchError::UnsupportedMagic(magic as i8)),
            Self::MAGIC if length < Self::LENGTH_MIN => Err(BatchError::LengthTooSmall(length)),
            Self::MAGIC => Ok(()),
            unknown => Err(BatchError::UnknownMagic(unknown)),
        }
    }

    fn fields(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let base_offset = reader.i64()?;
        let batch_length = reader.i32()?;
        let partition_leader_epoch = reader.i32()?;
        reader.i8()?;
        Ok(Self {
            base_offset,
            batch_length,
            partition_leader_epoch,
            crc: reader.u32()?,
            attributes: Attributes(reader.i16()?),
            last_offset_delta: reader.i32()?,
            base_timestamp_ms: reader.i64()?,
            max_timestamp_ms: reader.i64()?,
            producer_id: reader.i64()?,
            producer_epoch: reader.i16()?,
            base_sequence: reader.i32()?,
            record_count: reader.i32()?,
        })
    }

    /// The header as it is stored.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        bytes[0..8].copy_from_slice(&self.base_offset.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.batch_length.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.partition_leader_epoch.to_be_bytes());
        bytes[16..17].copy_from_slice(&Self::MAGIC.to_be_bytes());
        bytes[17..21].copy_from_slice(&self.crc.to_be_bytes());
        bytes[21..23].copy_from_slice(&self.attributes.0.to_be_bytes());
        bytes[23..27].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        bytes[27..35].copy_from_slice(&self.base_timestamp_ms.to_be_bytes());
        bytes[35..43].copy_from_slice(&self.max_timestamp_ms.to_be_bytes());
        bytes[43..51].copy_from_slice(&self.producer_id.to_be_bytes());
        bytes[51..53].copy_from_slice(&self.producer_epoch.to_be_bytes());
        bytes[53..57].copy_from_slice(&self.base_sequence.to_be_bytes());
        bytes[57..61].copy_from_slice(&self.record_count.to_be_bytes());
        bytes
    }

    /// Bytes of the whole batch.
    pub const fn size(&self) -> usize {
        // Decoding has refused negative lengths.
        Self::LENGTH_OVERHEAD + self.batch_length as usize
    }

    /// The offset of the last record there was when the batch was written.
    pub const fn last_offset(&self) -> i64 {
        self.base_offset.wrapping_add(self.last_offset_delta as i64)
    }

    /// The offset after the batch.
    pub const fn next_offset(&self) -> i64 {
        self.last_offset().wrapping_add(1)
    }

    /// Whether an idempotent producer wrote the batch.
    pub const fn has_producer_id(&self) -> bool {
        self.producer_id > NO_PRODUCER_ID
    }

    /// The sequence of the last record, -1 if there are no sequences. After the largest comes 0.
    pub const fn last_sequence(&self) -> i32 {
        if self.base_sequence == NO_SEQUENCE {
            return NO_SEQUENCE;
        }
        self.base_sequence.wrapping_add(self.last_offset_delta) & i32::MAX
    }

    /// The time after which compaction may drop the batch's tombstones or marker (KIP-534), in
    /// milliseconds since 1970.
    pub const fn delete_horizon_ms(&self) -> Option<i64> {
        if self.attributes.has_delete_horizon() {
            Some(self.base_timestamp_ms)
        } else {
            None
        }
    }
}

/// Whose clock the timestamps of a batch are from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampType {
    /// The producer's: each record has its own.
    CreateTime,
    /// The broker's: all records have the batch's max timestamp.
    LogAppendTime,
}

/// The attributes of a batch; bits that have no meaning are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attributes(pub i16);

impl Attributes {
    const CODEC: i16 = 0x07;
    const LOG_APPEND_TIME: i16 = 0x08;
    const TRANSACTIONAL: i16 = 0x10;
    const CONTROL: i16 = 0x20;
    const DELETE_HORIZON: i16 = 0x40;

    /// How the records are compressed.
    ///
    /// # Errors
    /// When the id is not assigned.
    pub fn codec(self) -> Result<Codec, BatchError> {
        let id = (self.0 & Self::CODEC) as u8;
        Codec::from_id(id).ok_or(BatchError::UnknownCodec(id))
    }

    /// Whose clock the timestamps are from.
    pub const fn timestamp_type(self) -> TimestampType {
        if self.0 & Self::LOG_APPEND_TIME == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Whether the batch is part of a transaction.
    pub const fn is_transactional(self) -> bool {
        self.0 & Self::TRANSACTIONAL != 0
    }

    /// Whether the records are control records, which clients do not see.
    pub const fn is_control(self) -> bool {
        self.0 & Self::CONTROL != 0
    }

    /// Whether the base timestamp is a delete horizon.
    pub const fn has_delete_horizon(self) -> bool {
        self.0 & Self::DELETE_HORIZON != 0
    }

    /// These with another codec.
    #[must_use]
    pub const fn with_codec(self, codec: Codec) -> Self {
        Self(self.0 & !Self::CODEC | codec.id() as i16)
    }

    /// These with another timestamp type.
    #[must_use]
    pub const fn with_timestamp_type(self, timestamp_type: TimestampType) -> Self {
        let log_append_time = matches!(timestamp_type, TimestampType::LogAppendTime);
        self.with(Self::LOG_APPEND_TIME, log_append_time)
    }

    /// These, transactional or not.
    #[must_use]
    pub const fn with_transactional(self, transactional: bool) -> Self {
        self.with(Self::TRANSACTIONAL, transactional)
    }

    /// These, control or not.
    #[must_use]
    pub const fn with_control(self, control: bool) -> Self {
        self.with(Self::CONTROL, control)
    }

    /// These, with a delete horizon or not.
    #[must_use]
    pub const fn with_delete_horizon(self, delete_horizon: bool) -> Self {
        self.with(Self::DELETE_HORIZON, delete_horizon)
    }

    const fn with(self, flag: i16, set: bool) -> Self {
        if set {
            Self(self.0 | flag)
        } else {
            Self(self.0 & !flag)
        }
    }
}
