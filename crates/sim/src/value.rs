//! What producers write: each value is unique and says who wrote it, and as which one.

use std::fmt;

/// A value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value {
    /// The producer; those below [`Value::IDEMPOTENT`] are not idempotent.
    pub(crate) producer: u32,
    /// Counts the producer ids that the producer has had.
    pub(crate) session: u32,
    /// Counts the session's records of the partition.
    pub(crate) number: u64,
}

impl Value {
    /// The first idempotent producer.
    pub(crate) const IDEMPOTENT: u32 = 100;

    pub(crate) const fn is_idempotent(self) -> bool {
        self.producer >= Self::IDEMPOTENT
    }

    /// As a record's value, `padding_bytes` longer than need be.
    pub(crate) fn to_bytes(self, padding_bytes: usize) -> Vec<u8> {
        let mut bytes = format!("{self}|").into_bytes();
        bytes.resize(bytes.len() + padding_bytes, b'.');
        bytes
    }

    /// From a record's value; none if no producer has written it.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'|')?;
        let mut parts = std::str::from_utf8(&bytes[..end]).ok()?.split('.');
        let value = Self {
            producer: parts.next()?.parse().ok()?,
            session: parts.next()?.parse().ok()?,
            number: parts.next()?.parse().ok()?,
        };
        let is_padding = bytes[end + 1..].iter().all(|byte| *byte == b'.');
        (parts.next().is_none() && is_padding).then_some(value)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}.{}.{}",
            self.producer, self.session, self.number
        )
    }
}
