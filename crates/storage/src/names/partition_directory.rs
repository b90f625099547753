//! The names of the directories of partitions: `topic-N`, and while a partition is on its way out
//! or in, `topic-N.{32 hex}-{delete|future|stray}`.

use std::fmt;

use protocol::Uuid;

use super::TopicPartition;

/// How long the name of a directory can be on the file systems that matter.
const NAME_SIZE_MAX: usize = 255;

/// The name of a partition's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionDirectoryName {
    /// The partition; in a name of the stages `Delete` and `Stray` that was read, a long topic
    /// name may have lost its end.
    pub topic_partition: TopicPartition,
    /// Whether the directory is in use.
    pub stage: PartitionDirectoryStage,
}

/// Where a directory is on its way. The identifiers are random, so that names do not collide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionDirectoryStage {
    /// In use; no suffix.
    Live,
    /// `-delete`: the partition is deleted, its files go after `file.delete.delay.ms`.
    Delete(Uuid),
    /// `-future`: a copy that is to replace the one in another log directory.
    Future(Uuid),
    /// `-stray`: the metadata does not assign the partition to this node.
    Stray(Uuid),
}

impl PartitionDirectoryName {
    /// The name that this text prints; none if it is the name of something else.
    pub fn parse(name: &str) -> Option<Self> {
        let staged = [
            ("-delete", PartitionDirectoryStage::Delete as fn(Uuid) -> _),
            ("-future", PartitionDirectoryStage::Future),
            ("-stray", PartitionDirectoryStage::Stray),
        ]
        .into_iter()
        .find_map(|(suffix, stage)| Some((name.strip_suffix(suffix)?, stage)));
        let Some((name, stage)) = staged else {
            return Self::parse_staged(name, PartitionDirectoryStage::Live);
        };
        let (name, id) = name.rsplit_once('.')?;
        Self::parse_staged(name, stage(parse_hexadecimal(id)?))
    }

    fn parse_staged(name: &str, stage: PartitionDirectoryStage) -> Option<Self> {
        let (topic, digits) = name.rsplit_once('-')?;
        let partition: i32 = digits.parse().ok()?;
        // Signs and leading zeros would give one partition several names.
        if partition < 0 || partition.to_string() != digits {
            return None;
        }
        let topic = topic.parse().ok()?;
        Some(Self {
            topic_partition: TopicPartition { topic, partition },
            stage,
        })
    }
}

impl fmt::Display for PartitionDirectoryName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, suffix) = match self.stage {
            PartitionDirectoryStage::Live => return self.topic_partition.fmt(formatter),
            PartitionDirectoryStage::Delete(id) => (id, "-delete"),
            PartitionDirectoryStage::Future(id) => (id, "-future"),
            PartitionDirectoryStage::Stray(id) => (id, "-stray"),
        };
        let TopicPartition { topic, partition } = &self.topic_partition;
        let id = u128::from_be_bytes(*id.as_bytes());
        let suffix = format!("-{partition}.{id:032x}{suffix}");
        let topic = topic.as_str();
        // A future directory is found again by its topic's name, so that it is never cut.
        let size = match self.stage {
            PartitionDirectoryStage::Future(_) => topic.len(),
            _ => topic.len().min(NAME_SIZE_MAX - suffix.len()),
        };
        write!(formatter, "{}{suffix}", &topic[..size])
    }
}

fn parse_hexadecimal(text: &str) -> Option<Uuid> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != 32 || !text.bytes().all(is_digit) {
        return None;
    }
    let number = u128::from_str_radix(text, 16).ok()?;
    Some(Uuid::from_u128(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEXADECIMAL: &str = "97e1f48803c44740bf996c1b39133113";

    fn name(topic: &str, partition: i32, stage: PartitionDirectoryStage) -> PartitionDirectoryName {
        let topic = topic.parse().unwrap();
        PartitionDirectoryName {
            topic_partition: TopicPartition { topic, partition },
            stage,
        }
    }

    #[test]
    fn names_print_and_parse() {
        let id = parse_hexadecimal(HEXADECIMAL).unwrap();
        let zero = Uuid::ZERO;
        let names = [
            (
                "s.dot_under-0".to_owned(),
                name("s.dot_under", 0, PartitionDirectoryStage::Live),
            ),
            (
                "a-b-delete-12".to_owned(),
                name("a-b-delete", 12, PartitionDirectoryStage::Live),
            ),
            (
                format!("snap1-0.{HEXADECIMAL}-delete"),
                name("snap1", 0, PartitionDirectoryStage::Delete(id)),
            ),
            (
                format!("a.b-3.{HEXADECIMAL}-future"),
                name("a.b", 3, PartitionDirectoryStage::Future(id)),
            ),
            (
                format!("t-1.{}-stray", "0".repeat(32)),
                name("t", 1, PartitionDirectoryStage::Stray(zero)),
            ),
        ];
        for (text, name) in names {
            assert_eq!(PartitionDirectoryName::parse(&text), Some(name.clone()));
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn long_topics_are_cut_where_the_directory_only_waits_for_removal() {
        let topic = "x".repeat(249);
        let id = Uuid::ZERO;
        let deleted = name(&topic, 10, PartitionDirectoryStage::Delete(id)).to_string();
        assert_eq!(deleted.len(), 255);
        assert!(deleted.ends_with(&format!("x-10.{}-delete", "0".repeat(32))));
        let parsed = PartitionDirectoryName::parse(&deleted).unwrap();
        assert_eq!(parsed.topic_partition.partition, 10);
        let future = name(&topic, 10, PartitionDirectoryStage::Future(id)).to_string();
        assert!(future.starts_with(&topic));
    }

    #[test]
    fn other_names_are_not_taken_for_partitions() {
        for name in [
            "",
            "t",
            "-0",
            "t-",
            "t-x",
            "t-0-",
            "-1",
            "t-01",
            "t-+1",
            "t-99999999999",
            "a b-0",
            "foo-delete",
            "t-0.abc-delete",
            "t-0.97E1F48803C44740BF996C1B39133113-delete",
            "t.97e1f48803c44740bf996c1b39133113-delete",
            "meta.properties",
        ] {
            assert_eq!(PartitionDirectoryName::parse(name), None, "{name}");
        }
    }
}
