//! Why bytes are not a record batch of magic 2, or a record in it is not one.

use crate::compression::DecompressError;
use crate::wire::DecodeError;
use thiserror::Error;

/// Why bytes are not a sound record batch.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BatchError {
    /// The bytes end within the batch: a write that was cut off, or a fetch that was.
    #[error("read record batch: {needed} bytes are needed and {remaining} remain")]
    Truncated {
        /// How many bytes are needed.
        needed: usize,
        /// How many are left.
        remaining: usize,
    },
    /// Nothing but zeros to the end: preallocated space, or a file that lost its last pages.
    #[error("read record batch: the remaining {0} bytes are zero")]
    ZeroFilled(usize),
    /// A batch length, negative perhaps, in which not even a header fits.
    #[error("read record batch: batch length {0} is too small")]
    LengthTooSmall(i32),
    /// A message set of Kafka before 0.11.
    #[error("read record batch: message format {0} is not supported")]
    UnsupportedMagic(i8),
    /// A format that never was.
    #[error("read record batch: magic {0} is unknown")]
    UnknownMagic(i8),
    /// The content is not what the checksum was made of.
    #[error("check record batch: checksum is {computed:#010x} and {stored:#010x} is stored")]
    CrcMismatch {
        /// As the batch says.
        stored: u32,
        /// As its bytes say.
        computed: u32,
    },
    /// A codec id that is not assigned.
    #[error("read record batch: compression type {0} is unknown")]
    UnknownCodec(u8),
    /// The records cannot be inflated.
    #[error("read record batch: records cannot be inflated")]
    Decompress(#[from] DecompressError),
    /// A record count below zero.
    #[error("read record batch: record count {0} is negative")]
    NegativeCount(i32),
    /// More bytes of records than the record count accounts for.
    #[error("read record batch: {0} bytes are left over after the last record")]
    Surplus(usize),
    /// A record that is not one.
    #[error("read record {index} of the batch: {fault}")]
    Record {
        /// Which record of the batch, from 0 on.
        index: i32,
        /// What is wrong with it.
        fault: RecordFault,
    },
}

/// Why bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RecordFault {
    /// A field reaches past the end of the record, or the record past the end of the batch.
    #[error(transparent)]
    Field(#[from] DecodeError),
    /// A record that its fields do not fill.
    #[error("{0} bytes are left over after its last field")]
    Surplus(usize),
    /// A negative length of the record, or of a header's key.
    #[error("length {0} is negative")]
    NegativeLength(i32),
    /// A number of headers that is negative or does not fit into the record.
    #[error("{0} headers do not fit")]
    HeaderCount(i32),
}
