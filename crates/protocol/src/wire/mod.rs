//! The primitive types of Kafka's protocol: fixed integers, variable-length integers, strings,
//! bytes, arrays and tagged fields, in their classic and their flexible (KIP-482) form.
//!
//! `flexible` chooses between the two: classic lengths are an `int16` (strings) or `int32` (bytes,
//! arrays) with -1 for null; flexible lengths are an unsigned varint of length plus one, with 0 for
//! null.

mod error;
mod reader;
mod varint;
mod writer;

pub use error::{DecodeError, EncodeError};
pub use reader::{Reader, TaggedFields};
pub use varint::{unsigned_varint_size, varint_size, varlong_size};

/// The longest string there is, in either form: KIP-482 keeps the limit of the classic one.
const STRING_BYTES_MAX: usize = i16::MAX as usize;
pub use writer::{ExternalRecords, Writer};

/// The records of a partition inside a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Records<'a> {
    /// Bytes that are here.
    Inline(&'a [u8]),
    /// `size` bytes that the connection will fetch from elsewhere (a slice of a log segment, say)
    /// when it sends the message; `token` tells the sender which.
    External {
        /// The token.
        token: usize,
        /// How many bytes they are.
        size: usize,
    },
}

impl Default for Records<'_> {
    fn default() -> Self {
        Self::Inline(&[])
    }
}

impl Records<'_> {
    /// How many bytes of records there are.
    pub const fn size(&self) -> usize {
        match self {
            Self::Inline(bytes) => bytes.len(),
            Self::External { size, .. } => *size,
        }
    }
}

/// A request, response, header or stored record: its versions, and how each is read and written.
pub trait Message<'a>: Sized {
    /// The name, as Kafka's documentation spells it.
    const NAME: &'static str;
    /// The versions this type can read and write.
    const VERSIONS: std::ops::RangeInclusive<i16>;
    /// The first version with tagged fields and compact lengths, if any has them.
    const FIRST_FLEXIBLE: Option<i16>;

    /// Reads one message and leaves what follows it in `reader`.
    ///
    /// # Errors
    /// When the version is not in [`Self::VERSIONS`] or the bytes do not hold such a message.
    fn decode(reader: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError>;

    /// Writes the message.
    ///
    /// # Errors
    /// When the version is not in [`Self::VERSIONS`], a field that this version lacks is set and
    /// must not be dropped, or a length does not fit its field.
    fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError>;

    /// How many bytes [`Self::encode`] writes.
    ///
    /// # Errors
    /// As [`Self::encode`].
    fn size(&self, version: i16) -> Result<usize, EncodeError> {
        let mut writer = Writer::counting();
        self.encode(&mut writer, version)?;
        Ok(writer.size())
    }
}

#[cfg(test)]
mod tests;
