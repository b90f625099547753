//! The name of a topic, and of a partition by it.
//!
//! Names are for files and for the edge of the node; inside, a partition goes by its topic's id.
//!
//! Invariant: a [`TopicName`] is safe as a part of a path and holds no white space.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A name that a topic can have: 1 to 249 of the characters `a-z A-Z 0-9 . _ -`, but neither `.`
/// nor `..`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(Arc<str>);

/// One partition of a topic, by name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic.
    pub topic: TopicName,
    /// The partition's index in it, from 0 on.
    pub partition: i32,
}

/// Why a text is not the name of a topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTopicName {
    /// It has no character.
    #[error("name topic: the name is empty")]
    Empty,
    /// It means a directory.
    #[error("name topic: `.` and `..` are not allowed")]
    Dots,
    /// It has too many characters.
    #[error("name topic: {size} characters are more than {}", TopicName::SIZE_MAX)]
    TooLong {
        /// How many bytes it has.
        size: usize,
    },
    /// It has a character that no name has.
    #[error("name topic: character {character:?} is none of a-z, A-Z, 0-9, `.`, `_` and `-`")]
    Character {
        /// The first such character.
        character: char,
    },
}

impl TopicName {
    /// How many characters a name can have: its directory's name still has room for the partition.
    pub const SIZE_MAX: usize = 249;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TopicName {
    type Err = InvalidTopicName;

    fn from_str(name: &str) -> Result<Self, InvalidTopicName> {
        let is_allowed = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-')
        };
        if name.is_empty() {
            return Err(InvalidTopicName::Empty);
        }
        if name == "." || name == ".." {
            return Err(InvalidTopicName::Dots);
        }
        if name.len() > Self::SIZE_MAX {
            return Err(InvalidTopicName::TooLong { size: name.len() });
        }
        match name.chars().find(|&character| !is_allowed(character)) {
            Some(character) => Err(InvalidTopicName::Character { character }),
            None => Ok(Self(name.into())),
        }
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for TopicName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.topic, self.partition)
    }
}

impl fmt::Debug for TopicPartition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_kafkas_rule() {
        for name in [
            "t",
            "__consumer_offsets",
            "a.b-c_9",
            "...",
            &"x".repeat(249),
        ] {
            assert_eq!(name.parse::<TopicName>().unwrap().as_str(), name);
        }
        let refused = [
            ("", InvalidTopicName::Empty),
            (".", InvalidTopicName::Dots),
            ("..", InvalidTopicName::Dots),
            (&*"x".repeat(250), InvalidTopicName::TooLong { size: 250 }),
            ("a/b", InvalidTopicName::Character { character: '/' }),
            ("a b", InvalidTopicName::Character { character: ' ' }),
            ("tüte", InvalidTopicName::Character { character: 'ü' }),
        ];
        for (name, error) in refused {
            assert_eq!(name.parse::<TopicName>(), Err(error), "{name}");
        }
    }
}
