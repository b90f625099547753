//! Changes of dynamic values as requests ask for them, and what a broker would have after them.
//!
//! Not the job of this module: whether it can have that; `dynamic` knows.

use std::collections::BTreeMap;

use metadata::controller::{ApiError, ConfigOperation};
use protocol::ErrorCode;

use super::dynamic::{DynamicConfig, Scope};
use super::key::Kind;
use super::keys::broker_key;

/// One key of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigChange<'a> {
    /// The key, or the logger.
    pub name: &'a str,
    /// The number of the operation; see [`ConfigOperation`].
    pub operation: i8,
    /// The value, if the operation has one.
    pub value: Option<&'a str>,
}

impl DynamicConfig {
    /// What a scope would have after these changes of what it has.
    ///
    /// # Errors
    /// The code and the reason for the client, when an operation is not one for its key.
    pub fn after(
        &self,
        scope: Scope,
        changes: &[ConfigChange<'_>],
    ) -> Result<BTreeMap<String, String>, ApiError> {
        let mut values = self.set_for(scope);
        for change in changes {
            let (name, value) = (change.name, change.value.unwrap_or_default());
            match ConfigOperation::from_code(change.operation) {
                Some(ConfigOperation::Set) => {
                    values.insert(name.to_owned(), value.to_owned());
                }
                Some(ConfigOperation::Delete) => {
                    values.remove(name);
                }
                Some(ConfigOperation::Append) => {
                    let mut parts = parts_of(&values, name, "append")?;
                    let new = value
                        .split(',')
                        .filter(|part| !parts.iter().any(|old| old == part));
                    let new: Vec<String> = new.map(str::to_owned).collect();
                    parts.extend(new);
                    values.insert(name.to_owned(), parts.join(","));
                }
                Some(ConfigOperation::Subtract) => {
                    let mut parts = parts_of(&values, name, "subtract")?;
                    parts.retain(|part| !value.split(',').any(|gone| gone == part));
                    values.insert(name.to_owned(), parts.join(","));
                }
                None => {
                    let text = format!("Unknown operations type {}", change.operation);
                    return Err(ApiError::new(ErrorCode::INVALID_REQUEST, text));
                }
            }
        }
        Ok(values)
    }
}

/// The parts of a list, set or default.
fn parts_of(
    values: &BTreeMap<String, String>,
    name: &str,
    operation: &str,
) -> Result<Vec<String>, ApiError> {
    let invalid = |text: String| Err(ApiError::new(ErrorCode::INVALID_CONFIG, text));
    let Some(key) = broker_key(name) else {
        return invalid(format!("Unknown config name: {name}"));
    };
    if key.kind != Kind::List {
        return invalid(format!(
            "Config value {operation} is not allowed for config key: {name}"
        ));
    }
    let default = || key.default_text().map(str::to_owned);
    let text = values.get(name).cloned().or_else(default);
    let text = text.unwrap_or_default();
    let parts = text.split(',').filter(|part| !part.is_empty());
    Ok(parts.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::BrokerConfig;
    use std::path::Path;

    fn after(operation: i8, name: &str, value: &str) -> Result<Vec<String>, String> {
        let config = BrokerConfig::standalone(Path::new("/d")).unwrap();
        let mut config = DynamicConfig::new(config);
        let set = BTreeMap::from([("log.retention.ms".to_owned(), "5".to_owned())]);
        assert_eq!(config.replace(Scope::Cluster, &set), []);
        let change = ConfigChange {
            name,
            operation,
            value: Some(value),
        };
        let after = config.after(Scope::Cluster, &[change]);
        let shown = |values: BTreeMap<String, String>| {
            let pairs = values.iter();
            pairs
                .map(|(name, value)| format!("{name}={value}"))
                .collect()
        };
        after.map(shown).map_err(|error| error.message.unwrap())
    }

    #[test]
    fn operations_go_over_what_is_set() {
        let retention = "log.retention.ms=5".to_owned();
        let with = |text: &str| Ok(vec![text.to_owned(), retention.clone()]);
        assert_eq!(
            after(0, "log.retention.ms", "6"),
            Ok(vec!["log.retention.ms=6".to_owned()])
        );
        assert_eq!(after(1, "log.retention.ms", ""), Ok(Vec::new()));
        let name = "log.cleanup.policy";
        assert_eq!(
            after(2, name, "compact,delete"),
            with("log.cleanup.policy=delete,compact")
        );
        assert_eq!(after(3, name, "delete"), with("log.cleanup.policy="));
    }

    #[test]
    fn operations_that_are_not_for_their_key_are_refused() {
        let refused = |text: &str| Err(text.to_owned());
        assert_eq!(
            after(2, "log.retention.ms", "6"),
            refused("Config value append is not allowed for config key: log.retention.ms")
        );
        assert_eq!(
            after(3, "no.such.key", "6"),
            refused("Unknown config name: no.such.key")
        );
        assert_eq!(
            after(7, "log.retention.ms", "6"),
            refused("Unknown operations type 7")
        );
    }
}
