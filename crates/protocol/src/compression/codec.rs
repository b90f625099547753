//! Which codecs there are, their ids and names, and the levels that `compression.gzip.level`,
//! `compression.lz4.level` and `compression.zstd.level` allow (KIP-390).

use std::fmt;
use std::ops::RangeInclusive;
use thiserror::Error;

/// How the records of a batch are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Codec {
    /// Not at all.
    None,
    /// gzip.
    Gzip,
    /// snappy, in frames of xerial or raw.
    Snappy,
    /// lz4 frames.
    Lz4,
    /// zstd.
    Zstd,
}

impl Codec {
    /// All of them, in the order of their ids.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Snappy, Self::Lz4, Self::Zstd];

    /// The codec with this id, the lowest three bits of a batch's attributes.
    pub const fn from_id(id: u8) -> Option<Self> {
        match id {
            0 => Some(Self::None),
            1 => Some(Self::Gzip),
            2 => Some(Self::Snappy),
            3 => Some(Self::Lz4),
            4 => Some(Self::Zstd),
            _ => None,
        }
    }

    /// The codec that a configuration names so.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|codec| codec.name() == name)
    }

    /// The id in a batch's attributes.
    pub const fn id(self) -> u8 {
        self as u8
    }

    /// The name in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Snappy => "snappy",
            Self::Lz4 => "lz4",
            Self::Zstd => "zstd",
        }
    }

    /// The level that is used when none is configured; `None` for a codec without levels.
    pub const fn default_level(self) -> Option<i32> {
        match self {
            Self::None | Self::Snappy => None,
            Self::Gzip => Some(-1),
            Self::Lz4 => Some(9),
            Self::Zstd => Some(3),
        }
    }

    /// The levels that may be configured besides the default; `None` for a codec without levels.
    pub const fn levels(self) -> Option<RangeInclusive<i32>> {
        match self {
            Self::None | Self::Snappy => None,
            Self::Gzip => Some(1..=9),
            Self::Lz4 => Some(1..=17),
            Self::Zstd => Some(-131_072..=22),
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// A codec and the level it compresses with.
///
/// The level of lz4 is accepted and has no effect: the encoder has one level only, which is about
/// that of Kafka's default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compression {
    codec: Codec,
    level: i32,
}

/// A level that the codec does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("configure {codec}: it has no compression level {level}")]
pub struct CompressionLevelError {
    codec: Codec,
    level: i32,
}

impl Compression {
    /// No compression.
    pub const NONE: Self = Self::with_default_level(Codec::None);

    /// The codec with the level used when none is configured.
    pub const fn with_default_level(codec: Codec) -> Self {
        let level = match codec.default_level() {
            Some(level) => level,
            None => 0,
        };
        Self { codec, level }
    }

    /// The codec with this level.
    ///
    /// # Errors
    /// When the codec does not have it.
    pub fn with_level(codec: Codec, level: i32) -> Result<Self, CompressionLevelError> {
        let allowed = codec.levels().is_some_and(|levels| levels.contains(&level));
        if allowed || codec.default_level() == Some(level) {
            Ok(Self { codec, level })
        } else {
            Err(CompressionLevelError { codec, level })
        }
    }

    /// The codec.
    pub const fn codec(self) -> Codec {
        self.codec
    }

    /// The level; without meaning for a codec without levels.
    pub const fn level(self) -> i32 {
        self.level
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_names_round_trip() {
        for (position, codec) in Codec::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(codec.id()), position);
            assert_eq!(Codec::from_id(codec.id()), Some(codec));
            assert_eq!(Codec::from_name(codec.name()), Some(codec));
        }
        assert_eq!(Codec::from_id(5), None);
        assert_eq!(Codec::from_name("producer"), None);
    }

    #[test]
    fn levels_are_those_of_the_configuration() {
        for (codec, good, bad) in [
            (Codec::Gzip, [-1, 1, 9], [-2, 0, 10]),
            (Codec::Lz4, [1, 9, 17], [-1, 0, 18]),
            (Codec::Zstd, [-131_072, 0, 22], [-131_073, 23, i32::MAX]),
        ] {
            for level in good {
                assert!(Compression::with_level(codec, level).is_ok(), "{level}");
            }
            for level in bad {
                assert!(Compression::with_level(codec, level).is_err(), "{level}");
            }
        }
        assert!(Compression::with_level(Codec::Snappy, 1).is_err());
    }
}
