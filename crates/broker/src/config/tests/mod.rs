//! The configuration as a whole: from texts to what holds, and what is refused on the way.

mod describing;
mod dynamic;
mod listeners;
mod loading;
mod rules;
mod security;
mod topics;
mod values;

use std::collections::BTreeMap;

use super::{Base, BrokerConfig, ConfigError, ConfigWarning, Sources};

/// What a node needs at least.
const BASE: &str = "process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:9093
log.dirs=/data
";

/// Loads [`BASE`] with lines after it, whose keys win.
fn load(lines: &str) -> Result<(BrokerConfig, Vec<ConfigWarning>), ConfigError> {
    load_file(&format!("{BASE}{lines}"))
}

fn load_file(text: &str) -> Result<(BrokerConfig, Vec<ConfigWarning>), ConfigError> {
    BrokerConfig::load(&Sources {
        base: Base::File(text.as_bytes()),
        environment: &[],
        overrides: &[],
    })
}

fn config(lines: &str) -> BrokerConfig {
    load(lines).unwrap().0
}

fn warnings(lines: &str) -> Vec<String> {
    let warnings = load(lines).unwrap().1;
    warnings.iter().map(ToString::to_string).collect()
}

/// Checks that lines after [`BASE`] are refused with a text that has this in it.
fn check_refused(lines: &str, expected: &str) {
    let text = load(lines).unwrap_err().to_string();
    assert!(text.contains(expected), "{lines}: {text}");
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}
