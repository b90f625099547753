//! `meta.properties`: which node and which cluster a log directory belongs to, and its own id.
//!
//! Version 0 is what ZooKeeper mode wrote, with `broker.id`; nothing in it is sure to be there.
//! Version 1 always has `node.id` and `cluster.id`. Not the job of this file: whether the
//! directories of a node agree with each other and with its configuration.

use std::collections::BTreeMap;

use protocol::Uuid;

use super::{MalformedFile, WholeFile, properties};

/// The content of a `meta.properties`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaProperties {
    /// The version of the format.
    pub version: MetaPropertiesVersion,
    /// The node; written as `broker.id` in version 0.
    pub node_id: Option<i32>,
    /// The cluster.
    pub cluster_id: Option<String>,
    /// The directory (KIP-858); none before 3.7.
    pub directory_id: Option<Uuid>,
    /// All other properties, kept when the file is written again.
    pub others: BTreeMap<String, String>,
}

/// The versions of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetaPropertiesVersion {
    /// Of ZooKeeper mode.
    Zero,
    /// Of KRaft mode.
    One,
}

const VERSION: &str = "version";
const NODE_ID: &str = "node.id";
const BROKER_ID: &str = "broker.id";
const CLUSTER_ID: &str = "cluster.id";
const DIRECTORY_ID: &str = "directory.id";

impl MetaProperties {
    /// The name of the file.
    pub const FILE_NAME: &str = "meta.properties";
}

impl MetaPropertiesVersion {
    const fn number(self) -> &'static str {
        match self {
            Self::Zero => "0",
            Self::One => "1",
        }
    }

    const fn node_id_key(self) -> &'static str {
        match self {
            Self::Zero => BROKER_ID,
            Self::One => NODE_ID,
        }
    }
}

impl WholeFile for MetaProperties {
    const SIZE_MAX: usize = 1 << 20;

    fn decode(bytes: &[u8]) -> Result<Self, MalformedFile> {
        let mut others: BTreeMap<_, _> = properties::parse(bytes)?.into_iter().collect();
        let version = match others.remove(VERSION).as_deref().map(str::trim) {
            None | Some("0") => MetaPropertiesVersion::Zero,
            Some("1") => MetaPropertiesVersion::One,
            Some(value) => return Err(MalformedFile::property(VERSION, value)),
        };
        let node_id_key = version.node_id_key();
        let node_id = parse_property(node_id_key, others.remove(node_id_key))?;
        let cluster_id = others.remove(CLUSTER_ID);
        let directory_id = parse_property(DIRECTORY_ID, others.remove(DIRECTORY_ID))?;
        if version == MetaPropertiesVersion::One {
            let missing = |key| MalformedFile::MissingProperty { key };
            node_id.ok_or(missing(NODE_ID))?;
            cluster_id.as_ref().ok_or(missing(CLUSTER_ID))?;
        }
        Ok(Self {
            version,
            node_id,
            cluster_id,
            directory_id,
            others,
        })
    }

    /// In the order in which Kafka writes, but without the comment that holds the time.
    fn encode(&self) -> Vec<u8> {
        let known = [
            (
                self.version.node_id_key(),
                self.node_id.map(|id| id.to_string()),
            ),
            (DIRECTORY_ID, self.directory_id.map(|id| id.to_string())),
            (VERSION, Some(self.version.number().to_owned())),
            (CLUSTER_ID, self.cluster_id.clone()),
        ];
        let mut text = String::new();
        for (key, value) in known {
            if let Some(value) = value {
                properties::append(&mut text, key, &value);
            }
        }
        for (key, value) in &self.others {
            properties::append(&mut text, key, value);
        }
        text.into_bytes()
    }
}

fn parse_property<T: std::str::FromStr>(
    key: &'static str,
    value: Option<String>,
) -> Result<Option<T>, MalformedFile> {
    let Some(value) = value else {
        return Ok(None);
    };
    match value.parse() {
        Ok(parsed) => Ok(Some(parsed)),
        Err(_) => Err(MalformedFile::property(key, &value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_error(text: &str, message: &str) {
        let error = MetaProperties::decode(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn a_file_of_kraft_mode_reads_and_keeps_unknown_keys() {
        let lines = "node.id=1\ndirectory.id=Le9E-thxSbm6hFerTHjKBQ\nversion=1\n\
                     cluster.id=iykqZaBdSNekMPfftoQUpg\n";
        let text = format!("#\n#Fri Nov 20 16:00:15 UTC 2026\n{lines}my.note=a\\:b\n");
        let file = MetaProperties::decode(text.as_bytes()).unwrap();
        assert_eq!(file.version, MetaPropertiesVersion::One);
        assert_eq!(file.node_id, Some(1));
        assert_eq!(file.cluster_id.as_deref(), Some("iykqZaBdSNekMPfftoQUpg"));
        assert_eq!(
            file.directory_id,
            "Le9E-thxSbm6hFerTHjKBQ".parse::<Uuid>().ok()
        );
        assert_eq!(file.others["my.note"], "a:b");
        let written = String::from_utf8(file.encode()).unwrap();
        assert_eq!(written, format!("{lines}my.note=a\\:b\n"));
    }

    #[test]
    fn a_file_of_zookeeper_mode_reads() {
        let text = "#\n#Fri\nbroker.id=0\nversion=0\ncluster.id=KtchKl97QiilGHX99mScew\n";
        let file = MetaProperties::decode(text.as_bytes()).unwrap();
        assert_eq!(file.version, MetaPropertiesVersion::Zero);
        assert_eq!(file.node_id, Some(0));
        assert_eq!(MetaProperties::decode(&file.encode()), Ok(file));
        let empty = MetaProperties::decode(b"").unwrap();
        assert_eq!(empty.version, MetaPropertiesVersion::Zero);
        assert_eq!(empty.node_id, None);
    }

    #[test]
    fn a_malformed_file_is_refused() {
        check_error("version=2", "property version has the impossible value `2`");
        check_error("version=1\ncluster.id=c", "property node.id is missing");
        check_error("version=1\nnode.id=1", "property cluster.id is missing");
        check_error(
            "version=1\nnode.id=x\ncluster.id=c",
            "property node.id has the impossible value `x`",
        );
        check_error(
            "directory.id=x",
            "property directory.id has the impossible value `x`",
        );
    }
}
