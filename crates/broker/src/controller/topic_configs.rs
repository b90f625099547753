//! What the answer to CreateTopics shows of a new topic's configuration (KIP-525).

use super::active::Active;
use crate::config::DynamicConfig;
use protocol::generated::create_topics_request::CreatableTopic;
use protocol::generated::create_topics_response::CreatableTopicConfigs;
use std::collections::BTreeMap;

/// The configuration of topics with everything that was appended, as this node has it.
pub(super) struct TopicConfigs<'a>(&'a DynamicConfig);

impl<'a> TopicConfigs<'a> {
    pub(super) fn of(active: &'a Active) -> Self {
        Self(&active.config)
    }

    /// All keys of a topic that is about to be created.
    pub(super) fn describe(
        &self,
        topic: &CreatableTopic<'_>,
    ) -> Vec<CreatableTopicConfigs<'static>> {
        let own: BTreeMap<String, String> = topic
            .configs
            .iter()
            .filter_map(|config| {
                Some((config.name.to_string(), config.value.as_ref()?.to_string()))
            })
            .collect();
        let entries = self.0.describe_topic(&own).into_iter();
        entries
            .map(|entry| CreatableTopicConfigs {
                name: entry.name.into(),
                value: entry.value.map(Into::into),
                read_only: entry.is_read_only,
                config_source: entry.source.code(),
                is_sensitive: entry.is_sensitive,
            })
            .collect()
    }
}
