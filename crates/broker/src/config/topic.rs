//! What holds for a topic: its own values over the node's defaults.
//!
//! Not the job of this module: where a topic's own values are kept; doing what they say.

use std::collections::BTreeMap;

use protocol::compression::{Codec, Compression};
use storage::config::LogConfig;

use super::broker::BrokerConfig;
use super::error::ConfigError;
use super::key::ConfigKey;
use super::keys::{broker_key, topic_key, topic_keys, topic_synonyms};
use super::settings::Settings;
use super::value::Value;

/// What holds for one topic. Times are in milliseconds, sizes in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicConfig {
    /// What its logs go by.
    pub log: LogConfig,
    /// `min.insync.replicas`.
    pub min_insync_replicas: i32,
    /// `unclean.leader.election.enable`.
    pub unclean_leader_election: bool,
}

/// The values of one topic, by key.
struct TopicValues(BTreeMap<&'static str, Value>);

impl BrokerConfig {
    /// What holds for a topic with these values of its own. A value that its key does not take
    /// counts as not set: it was checked when it was set, perhaps by another release.
    pub fn topic_config<'a>(
        &self,
        own: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> TopicConfig {
        let mut values = TopicValues::defaults(&self.settings);
        for (name, text) in own {
            if let Some(key) = topic_key(name)
                && let Ok(value) = Value::parse(key, text)
            {
                values.0.insert(key.name, value);
            }
        }
        values.config()
    }

    /// Checks the values that a topic would have of its own.
    ///
    /// # Errors
    /// When a key is unknown, or a value is not allowed, alone or with the others and the node's.
    pub fn check_topic(&self, own: &BTreeMap<String, String>) -> Result<(), ConfigError> {
        let mut values = TopicValues::defaults(&self.settings);
        for (name, text) in own {
            let Some(key) = topic_key(name) else {
                return Err(ConfigError::Conflict(format!(
                    "Unknown topic config name: {name}"
                )));
            };
            values.0.insert(key.name, Value::parse(key, text)?);
        }
        values.check()
    }

    /// Checks what topics get from the node, as Kafka's KafkaConfig does.
    pub(super) fn check_topic_defaults(&self) -> Result<(), ConfigError> {
        let values = TopicValues::defaults(&self.settings);
        let conflict = |text: &str| Err(ConfigError::requirement(text));
        if values.integer("segment.ms") < 1 {
            return conflict("log.roll.ms must be greater than or equal to 1");
        }
        if values.integer("segment.jitter.ms") < 0 {
            return conflict("log.roll.jitter.ms must be greater than or equal to 0");
        }
        if values.integer("retention.ms") == 0 {
            return conflict(
                "log.retention.ms must be unlimited (-1) or, greater than or equal to 1",
            );
        }
        values.check()
    }
}

/// What a topic's key has without a value of the topic's own.
pub(super) fn default_topic_value(settings: &Settings, key: &ConfigKey) -> Option<Value> {
    for (name, factor) in topic_synonyms(key.name) {
        let broker = broker_key(name).expect("the tables' own tests look every synonym up");
        let given = settings.given(name);
        let value = given.map_or_else(
            || Value::default_of(broker),
            |text| Value::parse(broker, text).ok(),
        );
        match value {
            None => {}
            Some(Value::Integer(number)) if key.name == "retention.ms" && number < 0 => {
                return Some(Value::Integer(-1));
            }
            Some(Value::Integer(number)) => {
                return Some(Value::Integer(number.saturating_mul(*factor)));
            }
            Some(value) => return Some(value),
        }
    }
    Value::default_of(key)
}

impl TopicValues {
    fn defaults(settings: &Settings) -> Self {
        let values = topic_keys().iter().filter_map(|key| {
            let value = default_topic_value(settings, key)?;
            Some((key.name, value))
        });
        Self(values.collect())
    }

    fn integer(&self, name: &str) -> i64 {
        match self.0.get(name) {
            Some(Value::Integer(number)) => *number,
            _ => 0,
        }
    }

    /// A number of at least zero, cut off at what fits.
    fn size(&self, name: &str) -> u32 {
        u32::try_from(self.integer(name).max(0)).unwrap_or(u32::MAX)
    }

    fn boolean(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Boolean(true))
    }

    fn text(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    fn has_policy(&self, policy: &str) -> bool {
        match self.0.get("cleanup.policy") {
            Some(Value::List(parts)) => parts.iter().any(|part| part == policy),
            _ => false,
        }
    }

    fn check(&self) -> Result<(), ConfigError> {
        let min = self.integer("min.compaction.lag.ms");
        let max = self.integer("max.compaction.lag.ms");
        if min > max {
            return Err(ConfigError::Conflict(format!(
                "conflict topic config setting min.compaction.lag.ms ({min}) > \
                 max.compaction.lag.ms ({max})"
            )));
        }
        if self.boolean("remote.storage.enable") {
            let text = "Tiered Storage functionality is disabled in the broker. Topic cannot be \
                        configured with remote log storage.";
            return Err(ConfigError::Conflict(text.to_owned()));
        }
        Ok(())
    }

    fn compression(&self) -> Option<Compression> {
        let (codec, level) = match self.text("compression.type") {
            "gzip" => (Codec::Gzip, Some("compression.gzip.level")),
            "lz4" => (Codec::Lz4, Some("compression.lz4.level")),
            "zstd" => (Codec::Zstd, Some("compression.zstd.level")),
            "snappy" => (Codec::Snappy, None),
            "uncompressed" => (Codec::None, None),
            _ => return None,
        };
        let default = Compression::with_default_level(codec);
        let Some(level) = level.and_then(|name| i32::try_from(self.integer(name)).ok()) else {
            return Some(default);
        };
        Some(Compression::with_level(codec, level).unwrap_or(default))
    }

    fn dirty_ratio_min(&self) -> f64 {
        match self.0.get("min.cleanable.dirty.ratio") {
            Some(Value::Double(ratio)) => *ratio,
            _ => 0.5,
        }
    }

    fn log_config(&self) -> LogConfig {
        let limit = |name| Some(self.integer(name)).filter(|limit| *limit != i64::MAX);
        let for_tests = self.0.contains_key("internal.segment.bytes");
        let segment_bytes = if for_tests {
            "internal.segment.bytes"
        } else {
            "segment.bytes"
        };
        LogConfig {
            segment_bytes: self.size(segment_bytes),
            segment_ms: self.integer("segment.ms"),
            segment_jitter_ms: self.integer("segment.jitter.ms"),
            segment_index_bytes: self.size("segment.index.bytes"),
            index_interval_bytes: self.size("index.interval.bytes"),
            preallocate: self.boolean("preallocate"),
            retention_ms: Some(self.integer("retention.ms")).filter(|limit| *limit >= 0),
            retention_bytes: u64::try_from(self.integer("retention.bytes")).ok(),
            flush_messages: limit("flush.messages"),
            flush_ms: limit("flush.ms"),
            file_delete_delay_ms: self.integer("file.delete.delay.ms"),
            max_message_bytes: self.size("max.message.bytes"),
            delete: self.has_policy("delete"),
            compact: self.has_policy("compact"),
            dirty_ratio_min: self.dirty_ratio_min(),
            compaction_lag_ms_min: self.integer("min.compaction.lag.ms"),
            compaction_lag_ms_max: self.integer("max.compaction.lag.ms"),
            delete_retention_ms: self.integer("delete.retention.ms"),
            compression: self.compression(),
            log_append_time: self.text("message.timestamp.type") == "LogAppendTime",
            timestamp_before_max_ms: self.integer("message.timestamp.before.max.ms"),
            timestamp_after_max_ms: self.integer("message.timestamp.after.max.ms"),
        }
    }

    fn config(&self) -> TopicConfig {
        TopicConfig {
            log: self.log_config(),
            min_insync_replicas: i32::try_from(self.integer("min.insync.replicas")).unwrap_or(1),
            unclean_leader_election: self.boolean("unclean.leader.election.enable"),
        }
    }
}
