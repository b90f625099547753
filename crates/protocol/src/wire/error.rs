//! What can be wrong with bytes that come in, and with a message that is to go out.

use std::ops::RangeInclusive;
use thiserror::Error;

/// Why bytes are not the message they should be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A field reaches past the end of the bytes.
    #[error("read {needed} bytes: only {remaining} remain")]
    Truncated {
        /// How many bytes are needed.
        needed: usize,
        /// How many are left.
        remaining: usize,
    },
    /// A length below what the field allows.
    #[error("read length: {0} is negative")]
    NegativeLength(i64),
    /// Null where the version has no null.
    #[error("read {0}: unexpected null")]
    UnexpectedNull(&'static str),
    /// An array that cannot fit into the bytes that remain.
    #[error("read array: {count} elements do not fit into {remaining} bytes")]
    ArrayTooLong {
        /// How many elements are announced.
        count: usize,
        /// How many are left.
        remaining: usize,
    },
    /// More memory than a frame of this size may take.
    #[error("read array: the frame would take more memory than its size allows")]
    MemoryBudget,
    /// A variable-length integer with more bits than its type.
    #[error("read varint: more than {0} bits")]
    VarintTooLong(u32),
    /// A string that is not UTF-8.
    #[error("read string: not UTF-8")]
    NotUtf8,
    /// A string of more than 32,767 bytes, in the flexible form.
    #[error("read string: {0} bytes are more than a string may have")]
    StringTooLong(usize),
    /// A marker byte with an unknown value.
    #[error("read {field}: invalid value {value}")]
    InvalidValue {
        /// The field.
        field: &'static str,
        /// Its value.
        value: i64,
    },
    /// Tagged fields that do not stand in ascending order of their tags.
    #[error("read tagged fields: tag {0} is out of order")]
    TagOutOfOrder(u32),
    /// A tagged field whose content does not fill its announced size.
    #[error("read tagged field {tag}: {surplus} bytes are left over")]
    TaggedFieldSurplus {
        /// The tag.
        tag: u32,
        /// How many bytes.
        surplus: usize,
    },
    /// A version that the message does not have.
    #[error("read {message}: version {version} is not supported")]
    UnsupportedVersion {
        /// The message.
        message: &'static str,
        /// The version.
        version: i16,
    },
    /// A message type that is not known.
    #[error("read {what}: unknown type {id}")]
    UnknownType {
        /// What has types.
        what: &'static str,
        /// The type that there is none of.
        id: i64,
    },
    /// Bytes after the end of what should fill them.
    #[error("read to the end: {0} bytes are left over")]
    Surplus(usize),
}

impl DecodeError {
    /// Refuses a version that `message` does not have.
    pub(crate) fn check_version(
        message: &'static str,
        versions: &RangeInclusive<i16>,
        version: i16,
    ) -> Result<(), Self> {
        if versions.contains(&version) {
            return Ok(());
        }
        Err(Self::UnsupportedVersion { message, version })
    }
}

/// Why a message cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EncodeError {
    /// A version that the message does not have.
    #[error("write {message}: version {version} is not supported")]
    UnsupportedVersion {
        /// The message.
        message: &'static str,
        /// The version.
        version: i16,
    },
    /// A field is set that this version cannot carry and that must not be dropped.
    #[error("write {field}: not representable in version {version}")]
    FieldNotInVersion {
        /// The field.
        field: &'static str,
        /// The version.
        version: i16,
    },
    /// Null in a field that this version does not let be null.
    #[error("write {field}: null is not representable in version {version}")]
    NullNotInVersion {
        /// The field.
        field: &'static str,
        /// The version.
        version: i16,
    },
    /// A length that does not fit the field's length prefix.
    #[error("write length: {0} is too long for its field")]
    TooLong(usize),
}

impl EncodeError {
    /// Refuses a version that `message` does not have.
    pub(crate) fn check_version(
        message: &'static str,
        versions: &RangeInclusive<i16>,
        version: i16,
    ) -> Result<(), Self> {
        if versions.contains(&version) {
            return Ok(());
        }
        Err(Self::UnsupportedVersion { message, version })
    }

    /// A field is set that the version lacks.
    pub(crate) const fn field(field: &'static str, version: i16) -> Self {
        Self::FieldNotInVersion { field, version }
    }

    /// A field is null where the version has no null.
    pub(crate) const fn null(field: &'static str, version: i16) -> Self {
        Self::NullNotInVersion { field, version }
    }
}
