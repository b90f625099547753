//! Environment variables as container images spell keys: `KAFKA_LOG_DIRS` for `log.dirs`.
//!
//! Not the job of this module: reading the environment, and what values mean.
//!
//! An underscore stands for a dot, a dash or itself, and images disagree about which; so a name is
//! compared with the known keys, whatever stands between their words. Where no key is known, three
//! underscores are a dash, two are one, and one is a dot, as in Apache Kafka's image.

use super::keys::{base_name, broker_keys, names_elsewhere};

/// What a variable is to the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Variable {
    /// It sets this key.
    Key(String),
    /// It begins as a key would, and no key is called so.
    Unknown(String),
    /// It belongs to the Java start scripts, to Kubernetes, or to something else altogether.
    Foreign,
}

/// Variables of Apache Kafka's start scripts and images.
const SCRIPT_VARIABLES: &[&str] = &[
    "CLUSTER_ID",
    "DEBUG",
    "GC_LOG_OPTS",
    "HEAP_OPTS",
    "HOME",
    "JMX_HOSTNAME",
    "JMX_OPTS",
    "JMX_PORT",
    "JVM_PERFORMANCE_OPTS",
    "LOG_LEVEL",
    "MODE",
    "OPTS",
    "TOOLS_LOG4J_LOGLEVEL",
    "USER",
    "VERSION",
];

/// What a variable of this name is.
pub(super) fn recognise(variable: &str) -> Variable {
    let Some(rest) = variable.strip_prefix("KAFKA_") else {
        return Variable::Foreign;
    };
    let rest = rest.strip_prefix("CFG_").unwrap_or(rest);
    if let Some(key) = known_key(rest) {
        return Variable::Key(key);
    }
    let is_script = SCRIPT_VARIABLES.contains(&rest) || rest.starts_with("LOG4J_");
    // Kubernetes sets these for a service with the name kafka.
    let is_service = rest.starts_with("SERVICE_") || rest.starts_with("PORT");
    if is_script || is_service {
        return Variable::Foreign;
    }
    Variable::Unknown(spelt_out(rest))
}

fn known_key(rest: &str) -> Option<String> {
    let words = words(rest);
    let mut names = broker_keys().map(|key| key.name).chain(names_elsewhere());
    if let Some(name) = names.find(|name| self::words(name) == words) {
        return Some(name.to_owned());
    }
    let name = spelt_out(rest);
    (base_name(&name) != name).then_some(name)
}

/// The text with one separator only.
fn words(text: &str) -> String {
    let parts = text.split(['.', '-', '_']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(".").to_ascii_lowercase()
}

fn spelt_out(rest: &str) -> String {
    let lower = rest.to_ascii_lowercase();
    let dashed = lower.replace("___", "-");
    let marked = dashed.replace("__", "\0").replace('_', ".");
    marked.replace('\0', "_")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn key(name: &str) -> Variable {
        Variable::Key(name.to_owned())
    }

    #[test]
    fn names_are_resolved_against_the_known_keys() {
        assert_eq!(recognise("KAFKA_LOG_DIRS"), key("log.dirs"));
        assert_eq!(recognise("KAFKA_CFG_NODE_ID"), key("node.id"));
        assert_eq!(
            recognise("KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS"),
            key("controller.quorum.bootstrap.servers")
        );
        assert_eq!(
            recognise("KAFKA_ZOOKEEPER_CLIENTCNXNSOCKET"),
            key("zookeeper.clientCnxnSocket")
        );
        assert_eq!(
            recognise("KAFKA_KLAMM_METRICS_LISTENER"),
            key("klamm.metrics.listener")
        );
        assert_eq!(
            recognise("KAFKA_OFFSETS__TOPIC_NUM_PARTITIONS"),
            key("offsets.topic.num.partitions")
        );
        assert_eq!(
            recognise("KAFKA_LISTENER_NAME_SASL__SSL_PLAIN_SASL_JAAS_CONFIG"),
            key("listener.name.sasl_ssl.plain.sasl.jaas.config")
        );
    }

    #[test]
    fn variables_of_scripts_and_services_are_passed_over() {
        for name in [
            "PATH",
            "KAFKA_HEAP_OPTS",
            "KAFKA_LOG4J_LOGGERS",
            "KAFKA_PORT_9092_TCP_ADDR",
            "KAFKA_SERVICE_HOST",
        ] {
            assert_eq!(recognise(name), Variable::Foreign, "{name}");
        }
        assert_eq!(
            recognise("KAFKA_MY___PLUGIN__KEY_X"),
            Variable::Unknown("my-plugin_key.x".to_owned())
        );
    }

    #[test]
    fn no_two_keys_have_the_same_words() {
        let mut known = BTreeSet::new();
        for name in broker_keys().map(|key| key.name).chain(names_elsewhere()) {
            assert!(known.insert(words(name)), "{name}");
        }
    }
}
