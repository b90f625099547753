//! Reads primitive values from a slice, borrowing strings and bytes from it.
//!
//! Invariants: the reader never moves past its end, and the memory that its arrays may take is
//! bounded by [`Reader::MEMORY_PER_BYTE`] times the bytes it was made with, plus a constant.

use super::STRING_BYTES_MAX;
use super::error::DecodeError;
use super::varint::{unzigzag, unzigzag_long};
use crate::uuid::Uuid;

/// A position in a slice of bytes.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    memory_left: usize,
}

/// The tagged fields of one struct, still to be read (KIP-482).
#[derive(Debug)]
pub struct TaggedFields {
    left: usize,
    previous_tag: Option<u32>,
}

macro_rules! fixed_width {
    ($($(#[$doc:meta])* $name:ident -> $type:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When too few bytes remain.
        #[inline]
        pub fn $name(&mut self) -> Result<$type, DecodeError> {
            Ok(<$type>::from_be_bytes(self.fixed()?))
        }
    )*};
}

impl<'a> Reader<'a> {
    /// How much memory the arrays of a frame may take for each byte of it. Kafka's densest real
    /// requests (lists of short names) stay below 8.
    pub const MEMORY_PER_BYTE: usize = 8;
    const MEMORY_FLOOR: usize = 1 << 20;

    /// A reader at the start of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        let memory_left = Self::MEMORY_FLOOR + bytes.len().saturating_mul(Self::MEMORY_PER_BYTE);
        Self {
            rest: bytes,
            memory_left,
        }
    }

    /// How many bytes are left.
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The bytes that are left, without reading them.
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes the next `count` bytes.
    ///
    /// # Errors
    /// When fewer remain.
    #[inline]
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(DecodeError::Truncated {
                needed: count,
                remaining: self.rest.len(),
            });
        };
        self.rest = rest;
        Ok(taken)
    }

    /// Takes all that is left.
    pub const fn take_rest(&mut self) -> &'a [u8] {
        let rest = self.rest;
        self.rest = &[];
        rest
    }

    /// Makes sure that nothing is left.
    ///
    /// # Errors
    /// When something is.
    pub const fn expect_end(&self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            surplus => Err(DecodeError::Surplus(surplus)),
        }
    }

    #[inline]
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let Some((taken, rest)) = self.rest.split_first_chunk::<N>() else {
            return Err(DecodeError::Truncated {
                needed: N,
                remaining: self.rest.len(),
            });
        };
        self.rest = rest;
        Ok(*taken)
    }

    fixed_width! {
        /// Reads an `int8`.
        i8 -> i8;
        /// Reads an `int16`.
        i16 -> i16;
        /// Reads a `uint16`.
        u16 -> u16;
        /// Reads an `int32`.
        i32 -> i32;
        /// Reads a `uint32`.
        u32 -> u32;
        /// Reads an `int64`.
        i64 -> i64;
        /// Reads a `float64`.
        f64 -> f64;
    }

    /// Reads a `bool`: any byte but 0 is true, as in Kafka.
    ///
    /// # Errors
    /// When no byte remains.
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        Ok(self.i8()? != 0)
    }

    /// Reads a `uuid`.
    ///
    /// # Errors
    /// When too few bytes remain.
    pub fn uuid(&mut self) -> Result<Uuid, DecodeError> {
        Ok(Uuid::from_bytes(self.fixed()?))
    }

    /// Reads an unsigned varint of at most 32 bits.
    ///
    /// # Errors
    /// When the bytes end within it or it is longer than five bytes.
    #[inline]
    pub fn unsigned_varint(&mut self) -> Result<u32, DecodeError> {
        let number = self.variable_length(32)?;
        Ok(number as u32)
    }

    /// Reads a zigzag varint of at most 32 bits.
    ///
    /// # Errors
    /// As [`Self::unsigned_varint`].
    #[inline]
    pub fn varint(&mut self) -> Result<i32, DecodeError> {
        Ok(unzigzag(self.unsigned_varint()?))
    }

    /// Reads a zigzag varint of at most 64 bits.
    ///
    /// # Errors
    /// When the bytes end within it or it is longer than ten bytes.
    #[inline]
    pub fn varlong(&mut self) -> Result<i64, DecodeError> {
        Ok(unzigzag_long(self.variable_length(64)?))
    }

    #[inline]
    fn variable_length(&mut self, bits: u32) -> Result<u64, DecodeError> {
        let mut number = 0_u64;
        let mut shift = 0;
        loop {
            let [byte] = self.fixed()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            shift += 7;
            if shift >= bits {
                return Err(DecodeError::VarintTooLong(bits));
            }
        }
    }

    /// Reads the length of a field that may be null.
    fn length(&mut self, flexible: bool, classic: Classic) -> Result<Option<usize>, DecodeError> {
        let length = match (flexible, classic) {
            (true, _) => i64::from(self.unsigned_varint()?) - 1,
            (false, Classic::Int16) => i64::from(self.i16()?),
            (false, Classic::Int32) => i64::from(self.i32()?),
        };
        match length {
            -1 => Ok(None),
            length => usize::try_from(length)
                .map(Some)
                .map_err(|_| DecodeError::NegativeLength(length)),
        }
    }

    /// Reads a `string` that may be null.
    ///
    /// # Errors
    /// When the length is negative, above 32,767 or reaches past the end, or the bytes are not
    /// UTF-8.
    pub fn nullable_str(&mut self, flexible: bool) -> Result<Option<&'a str>, DecodeError> {
        let Some(length) = self.length(flexible, Classic::Int16)? else {
            return Ok(None);
        };
        // The flexible form could say more, but Kafka reads no more, and what came with a request
        // has to fit into stored records, whose keys are classic.
        if length > STRING_BYTES_MAX {
            return Err(DecodeError::StringTooLong(length));
        }
        let bytes = self.take(length)?;
        let text = str::from_utf8(bytes).map_err(|_| DecodeError::NotUtf8)?;
        Ok(Some(text))
    }

    /// Reads a `string`.
    ///
    /// # Errors
    /// As [`Self::nullable_str`], and when it is null.
    pub fn str(&mut self, flexible: bool) -> Result<&'a str, DecodeError> {
        let text = self.nullable_str(flexible)?;
        text.ok_or(DecodeError::UnexpectedNull("string"))
    }

    /// Reads `bytes` (or `records`) that may be null.
    ///
    /// # Errors
    /// When the length is negative or reaches past the end.
    pub fn nullable_bytes(&mut self, flexible: bool) -> Result<Option<&'a [u8]>, DecodeError> {
        let length = self.length(flexible, Classic::Int32)?;
        length.map(|length| self.take(length)).transpose()
    }

    /// Reads `bytes`.
    ///
    /// # Errors
    /// As [`Self::nullable_bytes`], and when they are null.
    pub fn bytes(&mut self, flexible: bool) -> Result<&'a [u8], DecodeError> {
        let bytes = self.nullable_bytes(flexible)?;
        bytes.ok_or(DecodeError::UnexpectedNull("bytes"))
    }

    /// Reads an array that may be null, each element with `element`.
    ///
    /// # Errors
    /// When its count is negative or cannot fit into what remains, when the frame exceeds its
    /// memory budget, or as `element` fails.
    pub fn nullable_array<T>(
        &mut self,
        flexible: bool,
        element: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Option<Vec<T>>, DecodeError> {
        let Some(count) = self.length(flexible, Classic::Int32)? else {
            return Ok(None);
        };
        self.elements(count, element).map(Some)
    }

    /// Reads an array.
    ///
    /// # Errors
    /// As [`Self::nullable_array`], and when it is null.
    pub fn array<T>(
        &mut self,
        flexible: bool,
        element: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let array = self.nullable_array(flexible, element)?;
        array.ok_or(DecodeError::UnexpectedNull("array"))
    }

    fn elements<T>(
        &mut self,
        count: usize,
        mut element: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        // Every element of every array takes at least one byte on the wire.
        if count > self.remaining() {
            return Err(DecodeError::ArrayTooLong {
                count,
                remaining: self.remaining(),
            });
        }
        let memory = count.saturating_mul(size_of::<T>());
        let memory_left = self.memory_left.checked_sub(memory);
        self.memory_left = memory_left.ok_or(DecodeError::MemoryBudget)?;
        let mut array = Vec::with_capacity(count);
        for _ in 0..count {
            array.push(element(self)?);
        }
        Ok(array)
    }

    /// Reads the marker in front of a struct that may be null.
    ///
    /// # Errors
    /// When it is neither -1 nor 1.
    pub fn is_present(&mut self, field: &'static str) -> Result<bool, DecodeError> {
        match self.i8()? {
            -1 => Ok(false),
            1 => Ok(true),
            value => Err(DecodeError::InvalidValue {
                field,
                value: i64::from(value),
            }),
        }
    }

    /// Reads the marker in front of a struct that may be null, where it is a tagged field.
    ///
    /// # Errors
    /// When it is neither 0 nor 1.
    pub fn is_tagged_present(&mut self, field: &'static str) -> Result<bool, DecodeError> {
        match self.unsigned_varint()? {
            0 => Ok(false),
            1 => Ok(true),
            value => Err(DecodeError::InvalidValue {
                field,
                value: i64::from(value),
            }),
        }
    }

    /// Skips the tagged fields that end a struct, if it is flexible.
    ///
    /// # Errors
    /// As [`TaggedFields::next`].
    pub fn skip_tagged_fields(&mut self, flexible: bool) -> Result<(), DecodeError> {
        if !flexible {
            return Ok(());
        }
        self.tagged_fields()?.skip(self)
    }

    /// Starts to read the tagged fields that end a flexible struct.
    ///
    /// # Errors
    /// When their count cannot be read.
    pub fn tagged_fields(&mut self) -> Result<TaggedFields, DecodeError> {
        Ok(TaggedFields {
            left: self.unsigned_varint()? as usize,
            previous_tag: None,
        })
    }

    /// Takes a reader of its own over the next `count` bytes; the memory budget goes with it and
    /// comes back with [`Self::rejoin`].
    fn split(&mut self, count: usize) -> Result<Self, DecodeError> {
        Ok(Self {
            rest: self.take(count)?,
            memory_left: self.memory_left,
        })
    }

    fn rejoin(&mut self, part: &Self) {
        self.memory_left = part.memory_left;
    }
}

impl TaggedFields {
    /// Reads the next tagged field: `known` decodes the content of the tags it knows and answers
    /// false for the others, which are skipped. Returns false when there are no more.
    ///
    /// # Errors
    /// When tags do not ascend, a field reaches past the end or does not fill its size, or as
    /// `known` fails.
    pub fn next<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        known: impl FnOnce(u32, &mut Reader<'a>) -> Result<bool, DecodeError>,
    ) -> Result<bool, DecodeError> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let tag = reader.unsigned_varint()?;
        if self.previous_tag.is_some_and(|previous| previous >= tag) {
            return Err(DecodeError::TagOutOfOrder(tag));
        }
        self.previous_tag = Some(tag);
        let size = reader.unsigned_varint()? as usize;
        let mut field = reader.split(size)?;
        if known(tag, &mut field)? && field.remaining() > 0 {
            return Err(DecodeError::TaggedFieldSurplus {
                tag,
                surplus: field.remaining(),
            });
        }
        reader.rejoin(&field);
        Ok(true)
    }

    /// Skips all that are left.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub fn skip(mut self, reader: &mut Reader<'_>) -> Result<(), DecodeError> {
        while self.next(reader, |_, _| Ok(false))? {}
        Ok(())
    }
}

/// How the classic form writes a length.
#[derive(Clone, Copy)]
enum Classic {
    Int16,
    Int32,
}
