//! One value of a configuration as a line of text.

use client::krafka::admin::ConfigEntry;

/// A value with where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// None if there is none, or if it is a secret.
    pub(super) value: Option<String>,
    pub(super) is_sensitive: bool,
    /// As on the wire (KIP-226).
    pub(super) source: i8,
    /// All that would hold, the value itself first.
    pub(super) synonyms: Vec<Synonym>,
}

/// A value that holds, or would if those before it did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Synonym {
    pub(super) name: String,
    pub(super) value: Option<String>,
    pub(super) source: i8,
}

/// Where values come from, by the numbers on the wire.
const SOURCES: [&str; 9] = [
    "UNKNOWN",
    "DYNAMIC_TOPIC_CONFIG",
    "DYNAMIC_BROKER_CONFIG",
    "DYNAMIC_DEFAULT_BROKER_CONFIG",
    "STATIC_BROKER_CONFIG",
    "DEFAULT_CONFIG",
    "DYNAMIC_BROKER_LOGGER_CONFIG",
    "DYNAMIC_CLIENT_METRICS_CONFIG",
    "DYNAMIC_GROUP_CONFIG",
];

impl Entry {
    /// The line, indented.
    pub(super) fn shown(&self) -> String {
        let synonyms: Vec<_> = self.synonyms.iter().map(Synonym::shown).collect();
        format!(
            "  {}={} sensitive={} synonyms={{{}}}",
            self.name,
            or_null(&self.value),
            self.is_sensitive,
            synonyms.join(", ")
        )
    }
}

impl Synonym {
    fn shown(&self) -> String {
        let source = usize::try_from(self.source).ok();
        let source = source.and_then(|source| SOURCES.get(source));
        let source = source.unwrap_or(&SOURCES[0]);
        format!("{source}:{}={}", self.name, or_null(&self.value))
    }
}

fn or_null(value: &Option<String>) -> &str {
    value.as_deref().unwrap_or("null")
}

impl From<ConfigEntry> for Entry {
    fn from(entry: ConfigEntry) -> Self {
        let synonyms = entry.synonyms.into_iter().map(|synonym| Synonym {
            name: synonym.name,
            value: synonym.value,
            source: synonym.source,
        });
        Self {
            name: entry.name,
            value: entry.value,
            is_sensitive: entry.is_sensitive,
            source: entry.config_source,
            synonyms: synonyms.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synonym(name: &str, value: Option<&str>, source: i8) -> Synonym {
        Synonym {
            name: name.to_owned(),
            value: value.map(str::to_owned),
            source,
        }
    }

    #[test]
    fn a_value_comes_with_its_synonyms() {
        let entry = Entry {
            name: "cleanup.policy".to_owned(),
            value: Some("compact".to_owned()),
            is_sensitive: false,
            source: 1,
            synonyms: vec![
                synonym("cleanup.policy", Some("compact"), 1),
                synonym("log.cleanup.policy", Some("delete"), 5),
            ],
        };
        let expected = "  cleanup.policy=compact sensitive=false \
                        synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact, \
                        DEFAULT_CONFIG:log.cleanup.policy=delete}";
        assert_eq!(entry.shown(), expected);
    }

    #[test]
    fn a_secret_is_null_and_a_source_of_the_future_unknown() {
        let entry = Entry {
            name: "ssl.key.password".to_owned(),
            value: None,
            is_sensitive: true,
            source: 2,
            synonyms: vec![
                synonym("a", None, 2),
                synonym("b", None, 77),
                synonym("c", None, -1),
            ],
        };
        let expected = "  ssl.key.password=null sensitive=true \
                        synonyms={DYNAMIC_BROKER_CONFIG:a=null, UNKNOWN:b=null, UNKNOWN:c=null}";
        assert_eq!(entry.shown(), expected);
    }
}
