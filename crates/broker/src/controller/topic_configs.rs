//! What the answer to CreateTopics shows of a new topic's configuration (KIP-525).
//!
//! Not the job of this module: the table of keys. Whoever has it says what is in effect.

use metadata::image::MetadataImage;
use std::collections::BTreeMap;

/// Says what the configuration of a topic comes to.
pub trait TopicConfigs: Send + Sync {
    /// All keys in the order of their names, for a topic on which `overrides` are set in a cluster
    /// of this image.
    fn effective(
        &self,
        overrides: &BTreeMap<&str, &str>,
        image: &MetadataImage,
    ) -> Vec<TopicConfigEntry>;
}

/// One key of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicConfigEntry {
    /// The key.
    pub name: String,
    /// What is in effect; none if it is secret or not set.
    pub value: Option<String>,
    /// Whether it can be set.
    pub is_read_only: bool,
    /// Where the value comes from, as DescribeConfigs numbers it.
    pub source: i8,
    /// Whether it is secret.
    pub is_sensitive: bool,
}
