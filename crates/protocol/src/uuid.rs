//! The 128-bit identifier of topics, directories, clusters and incarnations.
//!
//! Kafka prints it as unpadded base64url (22 characters), not in the dashed hexadecimal form.
//! Drawing a random one is the caller's job: this crate has no source of chance.

use std::fmt;
use std::str::FromStr;

/// A 16-byte identifier; the wire carries its bytes in this order.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid([u8; 16]);

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Uuid {
    /// "No identifier": all bytes zero.
    pub const ZERO: Self = Self([0; 16]);
    /// The topic id of `__cluster_metadata`.
    pub const METADATA_TOPIC: Self = Self::from_u128(1);

    /// The identifier with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The identifier whose big-endian number this is.
    pub const fn from_u128(number: u128) -> Self {
        Self(number.to_be_bytes())
    }

    /// The bytes as they travel.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Whether this is [`Uuid::ZERO`].
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }

    /// Makes a version 4 (random) identifier of 16 random bytes.
    pub const fn from_random_bytes(mut bytes: [u8; 16]) -> Self {
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 128 bits are 21 characters of six bits and one that holds the last two.
        let number = u128::from_be_bytes(self.0);
        let mut text = [0_u8; 22];
        for (position, character) in text.iter_mut().enumerate() {
            let six_bits = if position < 21 {
                number >> (122 - 6 * position)
            } else {
                number << 4
            };
            *character = ALPHABET[(six_bits & 0x3f) as usize];
        }
        formatter.write_str(str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A text that is not the base64url form of 16 bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("parse uuid: `{0}` is not 22 characters of base64url")]
pub struct UuidError(String);

impl FromStr for Uuid {
    type Err = UuidError;

    fn from_str(text: &str) -> Result<Self, UuidError> {
        let error = || UuidError(text.chars().take(64).collect());
        let unpadded = text.strip_suffix("==").unwrap_or(text);
        if unpadded.len() != 22 {
            return Err(error());
        }
        let mut number = 0_u128;
        for (position, character) in unpadded.bytes().enumerate() {
            let six_bits = ALPHABET.iter().position(|&known| known == character);
            let six_bits = six_bits.ok_or_else(error)? as u128;
            number = if position < 21 {
                number << 6 | six_bits
            } else {
                number << 2 | six_bits >> 4
            };
        }
        Ok(Self::from_u128(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_parses_as_kafka_does() {
        assert_eq!(Uuid::ZERO.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(Uuid::METADATA_TOPIC.to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
        let text = "Le9E-thxSbm6hFerTHjKBQ";
        let uuid: Uuid = text.parse().unwrap();
        assert_eq!(uuid.as_bytes()[..4], [0x2d, 0xef, 0x44, 0xfa]);
        assert_eq!(uuid.to_string(), text);
    }

    #[test]
    fn refuses_what_is_not_sixteen_bytes() {
        for text in [
            "",
            "AAAA",
            "AAAAAAAAAAAAAAAAAAAAA!",
            "AAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert!(text.parse::<Uuid>().is_err(), "{text}");
        }
    }
}
