//! The frame around a record of `__cluster_metadata` or `__remote_log_metadata`: which type it is,
//! and in which version (KIP-631).
//!
//! ```text
//! unsigned varint  frame version, always 1
//! unsigned varint  type of the record
//! unsigned varint  version of the record
//! …                the record
//! ```

use crate::wire::{DecodeError, Reader, Writer};

/// The frame in front of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordFrame {
    /// The type of the record, which its family numbers.
    pub id: i16,
    /// The version of the record.
    pub version: i16,
}

impl RecordFrame {
    const FRAME_VERSION: u32 = 1;

    /// Reads a frame and leaves the record in `reader`.
    ///
    /// # Errors
    /// When the bytes end, the frame is not of version 1, or a number exceeds an `int16`.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let frame_version = reader.unsigned_varint()?;
        if frame_version != Self::FRAME_VERSION {
            return Err(DecodeError::InvalidValue {
                field: "frame version",
                value: i64::from(frame_version),
            });
        }
        Ok(Self {
            id: small_number(reader, "record type")?,
            version: small_number(reader, "record version")?,
        })
    }

    /// Writes the frame. Neither number may be negative.
    pub fn encode(self, writer: &mut Writer) {
        writer.put_unsigned_varint(Self::FRAME_VERSION);
        writer.put_unsigned_varint(self.id as u32);
        writer.put_unsigned_varint(self.version as u32);
    }
}

fn small_number(reader: &mut Reader<'_>, field: &'static str) -> Result<i16, DecodeError> {
    let number = reader.unsigned_varint()?;
    i16::try_from(number).map_err(|_| DecodeError::InvalidValue {
        field,
        value: i64::from(number),
    })
}
