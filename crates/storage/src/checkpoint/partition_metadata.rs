//! `partition.metadata`: which topic, by id, a partition's directory belongs to. It keeps a topic
//! that was deleted and created again from inheriting records (KIP-516).

use protocol::Uuid;

use super::{MalformedFile, WholeFile};

/// The content of a `partition.metadata`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionMetadata {
    /// The topic; never zero.
    pub topic_id: Uuid,
}

impl PartitionMetadata {
    /// The name of the file.
    pub const FILE_NAME: &str = "partition.metadata";
}

impl WholeFile for PartitionMetadata {
    const SIZE_MAX: usize = 4 << 10;

    /// Versions above 0 are read as well: they only add lines.
    fn decode(bytes: &[u8]) -> Result<Self, MalformedFile> {
        let mut lines = bytes.split(|&byte| byte == b'\n').zip(1..);
        let mut value_of = |key: &'static str| {
            let Some((text, line)) = lines.next() else {
                return Err(MalformedFile::MissingProperty { key });
            };
            let malformed = || MalformedFile::line(line, text);
            let (found, value) = str::from_utf8(text)
                .ok()
                .and_then(|text| text.trim_ascii_end().split_once(':'))
                .ok_or_else(malformed)?;
            if found == key && value.starts_with([' ', '\t']) {
                Ok(value.trim_ascii_start())
            } else {
                Err(malformed())
            }
        };
        let version = value_of("version")?;
        let topic_id = value_of("topic_id")?;
        match version.parse() {
            Ok(0_i32..) => {}
            Ok(version) => return Err(MalformedFile::UnknownVersion { version }),
            Err(_) => return Err(MalformedFile::property("version", version)),
        }
        match topic_id.parse::<Uuid>() {
            Ok(topic_id) if !topic_id.is_zero() => Ok(Self { topic_id }),
            _ => Err(MalformedFile::property("topic_id", topic_id)),
        }
    }

    /// As Kafka writes it, without an end of line behind the last one.
    fn encode(&self) -> Vec<u8> {
        format!("version: 0\ntopic_id: {}", self.topic_id).into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_kafka_reads_and_prints_the_same() {
        let text = b"version: 0\ntopic_id: hYuoJ9ZWQK2eZUUh3v7HBQ";
        let metadata = PartitionMetadata::decode(text).unwrap();
        assert_eq!(metadata.topic_id.to_string(), "hYuoJ9ZWQK2eZUUh3v7HBQ");
        assert_eq!(metadata.encode(), text);
    }

    #[test]
    fn later_versions_may_have_more_lines() {
        let text = b"version: 1\ntopic_id: hYuoJ9ZWQK2eZUUh3v7HBQ\nmore: 1\n";
        assert!(PartitionMetadata::decode(text).is_ok());
    }

    #[test]
    fn a_malformed_file_is_refused() {
        for (text, message) in [
            ("", "line 1 is malformed: ``"),
            ("version: 0", "property topic_id is missing"),
            ("version: 0\n", "line 2 is malformed: ``"),
            (
                "version:0\ntopic_id: hYuoJ9ZWQK2eZUUh3v7HBQ",
                "line 1 is malformed: `version:0`",
            ),
            (
                "version: -1\ntopic_id: hYuoJ9ZWQK2eZUUh3v7HBQ",
                "version -1 is unknown",
            ),
            (
                "version: x\ntopic_id: hYuoJ9ZWQK2eZUUh3v7HBQ",
                "property version has the impossible value `x`",
            ),
            (
                "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA",
                "property topic_id has the impossible value `AAAAAAAAAAAAAAAAAAAAAA`",
            ),
        ] {
            let error = PartitionMetadata::decode(text.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), message, "{text:?}");
        }
    }
}
