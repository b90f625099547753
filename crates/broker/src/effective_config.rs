//! The configuration in effect on a running node, for all its parts: what it was started with, and
//! what was changed since.
//!
//! Not the job of this module: the table of keys (`config`), keeping dynamic values (the metadata
//! image), and telling parts that keep a value of their own.

use crate::config::{BrokerConfig, ConfigWarning, DynamicConfig, Scope, TopicConfig};
use crate::partitions::{CompactionSettings, TopicConfigs};
use metadata::image::{ConfigResource, MetadataDelta, MetadataImage};
use protocol::topic::TopicName;
use std::sync::{Arc, PoisonError, RwLock};

/// The configuration in effect; readers take it whole.
#[derive(Debug)]
pub struct EffectiveConfig {
    node_id: i32,
    current: RwLock<Arc<DynamicConfig>>,
}

impl EffectiveConfig {
    /// What a node starts with, and no dynamic values.
    pub fn new(config: BrokerConfig) -> Self {
        Self {
            node_id: config.node.id.0,
            current: RwLock::new(Arc::new(DynamicConfig::new(config))),
        }
    }

    /// What is in effect now.
    pub fn current(&self) -> Arc<DynamicConfig> {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes over the dynamic values of the image that concern this node, if they are others than
    /// before; what they cannot be taken for is told.
    pub fn apply(&self, delta: &MetadataDelta, image: &MetadataImage) -> Vec<ConfigWarning> {
        let mut changed = Vec::from(layers(self.node_id));
        changed.retain(|(_, resource)| delta.configs.contains(resource));
        if changed.is_empty() {
            return Vec::new();
        }
        let mut next = DynamicConfig::clone(&self.current());
        let mut warnings = Vec::new();
        for (scope, resource) in changed {
            let values = image.configs().of(&resource);
            warnings.extend(next.replace(scope, values.into_iter().flatten()));
        }
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(next);
        warnings
    }
}

impl TopicConfigs for EffectiveConfig {
    fn of_topic(&self, topic: &TopicName, image: &MetadataImage) -> TopicConfig {
        let own = image.configs().of(&ConfigResource::topic(topic.as_str()));
        let current = self.current();
        current.config().topic_config(own.into_iter().flatten())
    }

    fn producer_expiration_ms(&self) -> i64 {
        let current = self.current();
        current.config().transactions.producer_id_expiration_ms
    }

    fn compaction(&self) -> CompactionSettings {
        self.current().config().compaction()
    }
}

/// Where the metadata keep the dynamic values of a node, the last on top.
pub(crate) fn layers(node_id: i32) -> [(Scope, ConfigResource); 2] {
    [
        (Scope::Cluster, ConfigResource::all_brokers()),
        (Scope::Broker, ConfigResource::broker(node_id)),
    ]
}
