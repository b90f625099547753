//! Writes primitive values to a growing buffer, or only counts them.
//!
//! Records that live elsewhere ([`super::Records::External`]) leave a gap: the buffer holds what
//! comes before and after, and [`Writer::external_records`] says where which records belong.

use super::error::EncodeError;
use super::varint::{zigzag, zigzag_long};
use super::{Records, STRING_BYTES_MAX};
use crate::uuid::Uuid;

/// A buffer that messages are written to.
#[derive(Debug, Default)]
pub struct Writer {
    buffer: Vec<u8>,
    external: Vec<ExternalRecords>,
    /// Bytes counted, of which the buffer holds none while `counting`.
    size: usize,
    counting: bool,
}

/// Records that belong between two bytes of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExternalRecords {
    /// How many bytes of the buffer come before them.
    pub position: usize,
    /// Which records: the token of [`Records::External`].
    pub token: usize,
    /// How many bytes they are.
    pub size: usize,
}

macro_rules! fixed_width {
    ($($(#[$doc:meta])* $name:ident($type:ty);)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(&mut self, value: $type) {
            self.put(&value.to_be_bytes());
        }
    )*};
}

impl Writer {
    /// A writer with an empty buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// A writer that appends to `buffer`; sizes and positions count from the buffer's start.
    pub fn from_buffer(buffer: Vec<u8>) -> Self {
        Self {
            size: buffer.len(),
            buffer,
            ..Self::default()
        }
    }

    /// A writer that keeps nothing and only counts.
    pub fn counting() -> Self {
        Self {
            counting: true,
            ..Self::default()
        }
    }

    /// Bytes written so far, external records included.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// The bytes written, without the external records.
    pub fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// Where external records belong, in ascending order of position.
    pub fn external_records(&self) -> &[ExternalRecords] {
        &self.external
    }

    /// Gives the buffer and the gaps away.
    pub fn into_parts(self) -> (Vec<u8>, Vec<ExternalRecords>) {
        (self.buffer, self.external)
    }

    /// Writes `bytes` as they are.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        self.size += bytes.len();
        if !self.counting {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Overwrites the four bytes at `position` of the buffer, for a length known only afterwards.
    ///
    /// # Panics
    /// When those bytes were not written yet.
    pub fn patch_i32(&mut self, position: usize, value: i32) {
        if !self.counting {
            self.buffer[position..position + 4].copy_from_slice(&value.to_be_bytes());
        }
    }

    fixed_width! {
        /// Writes an `int8`.
        put_i8(i8);
        /// Writes an `int16`.
        put_i16(i16);
        /// Writes a `uint16`.
        put_u16(u16);
        /// Writes an `int32`.
        put_i32(i32);
        /// Writes a `uint32`.
        put_u32(u32);
        /// Writes an `int64`.
        put_i64(i64);
        /// Writes a `float64`.
        put_f64(f64);
    }

    /// Writes a `bool`.
    pub fn put_bool(&mut self, value: bool) {
        self.put(&[u8::from(value)]);
    }

    /// Writes the marker in front of a struct that may be null.
    pub fn put_presence(&mut self, present: bool) {
        self.put_i8(if present { 1 } else { -1 });
    }

    /// Writes the marker in front of a struct that may be null, where it is a tagged field.
    pub fn put_tagged_presence(&mut self, present: bool) {
        self.put_unsigned_varint(u32::from(present));
    }

    /// Writes a `uuid`.
    pub fn put_uuid(&mut self, value: Uuid) {
        self.put(value.as_bytes());
    }

    /// Writes an unsigned varint.
    #[inline]
    pub fn put_unsigned_varint(&mut self, value: u32) {
        self.put_variable_length(u64::from(value));
    }

    /// Writes a zigzag varint.
    #[inline]
    pub fn put_varint(&mut self, value: i32) {
        self.put_variable_length(u64::from(zigzag(value)));
    }

    /// Writes a zigzag varlong.
    #[inline]
    pub fn put_varlong(&mut self, value: i64) {
        self.put_variable_length(zigzag_long(value));
    }

    #[inline]
    fn put_variable_length(&mut self, mut value: u64) {
        let mut bytes = [0_u8; 10];
        let mut length = 0;
        while value >= 0x80 {
            bytes[length] = value as u8 | 0x80;
            value >>= 7;
            length += 1;
        }
        bytes[length] = value as u8;
        self.put(&bytes[..=length]);
    }

    /// Writes a `string`, null if `None`.
    ///
    /// # Errors
    /// When it is longer than its length field can say.
    pub fn put_str(&mut self, text: Option<&str>, flexible: bool) -> Result<(), EncodeError> {
        let length = text.map(str::len);
        if let Some(too_long) = length.filter(|&length| length > STRING_BYTES_MAX) {
            return Err(EncodeError::TooLong(too_long));
        }
        match (flexible, length) {
            (true, _) => self.put_compact_length(length)?,
            (false, Some(length)) => self.put_i16(length as i16),
            (false, None) => self.put_i16(-1),
        }
        self.put(text.unwrap_or_default().as_bytes());
        Ok(())
    }

    /// Writes `bytes`, null if `None`.
    ///
    /// # Errors
    /// When they are longer than their length field can say.
    pub fn put_bytes(&mut self, bytes: Option<&[u8]>, flexible: bool) -> Result<(), EncodeError> {
        self.put_length(bytes.map(<[u8]>::len), flexible)?;
        self.put(bytes.unwrap_or_default());
        Ok(())
    }

    /// Writes `records`, null if `None`; external ones leave a gap.
    ///
    /// # Errors
    /// When they are longer than their length field can say.
    pub fn put_records(
        &mut self,
        records: Option<&Records<'_>>,
        flexible: bool,
    ) -> Result<(), EncodeError> {
        self.put_length(records.map(Records::size), flexible)?;
        match records {
            None => {}
            Some(Records::Inline(bytes)) => self.put(bytes),
            Some(&Records::External { token, size }) => {
                self.size += size;
                self.external.push(ExternalRecords {
                    position: self.buffer.len(),
                    token,
                    size,
                });
            }
        }
        Ok(())
    }

    /// Writes the count of an array, or the length of bytes; null if `None`.
    ///
    /// # Errors
    /// When it does not fit an `int32`.
    pub fn put_length(&mut self, length: Option<usize>, flexible: bool) -> Result<(), EncodeError> {
        if flexible {
            return self.put_compact_length(length);
        }
        match length {
            None => self.put_i32(-1),
            Some(length) => {
                let fits = i32::try_from(length).map_err(|_| EncodeError::TooLong(length))?;
                self.put_i32(fits);
            }
        }
        Ok(())
    }

    fn put_compact_length(&mut self, length: Option<usize>) -> Result<(), EncodeError> {
        let plus_one = match length {
            None => 0,
            Some(length) => {
                let fits = i32::try_from(length).map_err(|_| EncodeError::TooLong(length))?;
                fits as u32 + 1
            }
        };
        self.put_unsigned_varint(plus_one);
        Ok(())
    }

    /// Writes one tagged field: tag, size, and the content that `content` writes. `content` runs
    /// twice, first to count.
    ///
    /// # Errors
    /// As `content` fails.
    pub fn put_tagged_field(
        &mut self,
        tag: u32,
        content: impl Fn(&mut Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let mut counter = Self::counting();
        content(&mut counter)?;
        let size = u32::try_from(counter.size).map_err(|_| EncodeError::TooLong(counter.size))?;
        self.put_unsigned_varint(tag);
        self.put_unsigned_varint(size);
        content(self)
    }
}
