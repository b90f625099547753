//! A file with one offset for each of many partitions of a log directory.
//!
//! Format (version 0): `topic partition offset`, one line each. Kafka promises no order; here it
//! is the order of topics and partitions.

use std::collections::BTreeMap;

use protocol::ids::Offset;

use super::{MalformedFile, WholeFile, lines};
use crate::names::TopicPartition;

/// Offsets of partitions, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetCheckpoint {
    /// The offset of each partition.
    pub offsets: BTreeMap<TopicPartition, Offset>,
}

impl OffsetCheckpoint {
    /// The file of the first offsets that were not synced yet: recovery begins there.
    pub const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
    /// The file of high watermarks.
    pub const HIGH_WATERMARKS: &str = "replication-offset-checkpoint";
    /// The file of those log start offsets that are inside of a segment.
    pub const LOG_START_OFFSETS: &str = "log-start-offset-checkpoint";
    /// The file of the first offsets that were not compacted yet.
    pub const CLEANER_OFFSETS: &str = "cleaner-offset-checkpoint";
}

impl WholeFile for OffsetCheckpoint {
    const SIZE_MAX: usize = 64 << 20;

    fn decode(bytes: &[u8]) -> Result<Self, MalformedFile> {
        let entries = lines::decode(bytes, |[topic, partition, offset]| {
            let topic = topic.parse().ok()?;
            let partition = partition.parse().ok().filter(|&partition| partition >= 0)?;
            let offset = offset.parse().ok().filter(|&offset| offset >= 0)?;
            Some((TopicPartition { topic, partition }, Offset(offset)))
        })?;
        let offsets = entries.into_iter().collect();
        Ok(Self { offsets })
    }

    fn encode(&self) -> Vec<u8> {
        let entries = self.offsets.iter();
        lines::encode(
            entries.map(|(TopicPartition { topic, partition }, offset)| {
                format!("{topic} {partition} {offset}")
            }),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_error(text: &str, message: &str) {
        let error = OffsetCheckpoint::decode(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn a_file_of_kafka_reads_and_prints_in_order() {
        let text = "0\n3\ns-new 1 0\n__consumer_offsets 3 960\n__consumer_offsets 0 9\n";
        let checkpoint = OffsetCheckpoint::decode(text.as_bytes()).unwrap();
        let partition = TopicPartition {
            topic: "__consumer_offsets".parse().unwrap(),
            partition: 3,
        };
        assert_eq!(checkpoint.offsets[&partition], Offset(960));
        assert_eq!(
            String::from_utf8(checkpoint.encode()).unwrap(),
            "0\n3\n__consumer_offsets 0 9\n__consumer_offsets 3 960\ns-new 1 0\n"
        );
    }

    #[test]
    fn an_empty_file_has_no_offsets() {
        for text in ["", "0\n", "0\n0\n", "0\n0"] {
            let checkpoint = OffsetCheckpoint::decode(text.as_bytes()).unwrap();
            assert_eq!(checkpoint, OffsetCheckpoint::default(), "{text:?}");
        }
        assert_eq!(OffsetCheckpoint::default().encode(), b"0\n0\n");
    }

    #[test]
    fn a_malformed_file_is_refused_with_its_line() {
        check_error("x\n", "line 1 is malformed: `x`");
        check_error("1\n0\n", "version 1 is unknown");
        check_error("0\nmany\n", "line 2 is malformed: `many`");
        check_error("0\n1\nt 0\n", "line 3 is malformed: `t 0`");
        check_error("0\n1\nt 0 1 2\n", "line 3 is malformed: `t 0 1 2`");
        check_error("0\n1\nt -1 1\n", "line 3 is malformed: `t -1 1`");
        check_error("0\n1\nt 0 -1\n", "line 3 is malformed: `t 0 -1`");
        check_error("0\n1\n../t 0 1\n", "line 3 is malformed: `../t 0 1`");
        check_error("0\n2\nt 0 1\n", "2 entries are announced, 1 were found");
        check_error("0\n-1\n", "-1 entries are announced, 0 were found");
        check_error("0\n0\nt 0 1\n", "0 entries are announced, 1 were found");
        check_error("0\n1\n\n", "line 3 is malformed: ``");
    }
}
