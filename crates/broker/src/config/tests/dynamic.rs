//! Values that change while the node runs.

use super::*;
use crate::config::{DynamicConfig, Scope};

fn check_not_taken(scope: Scope, pairs: &[(&str, &str)], expected: &str) {
    let config = DynamicConfig::new(config(""));
    let error = config.check(scope, &map(pairs)).unwrap_err().to_string();
    assert_eq!(error, expected, "{pairs:?}");
}

#[test]
fn a_brokers_value_wins_over_the_clusters_and_that_over_the_static_one() {
    let mut dynamic = DynamicConfig::new(config("message.max.bytes=1\nmax.connections=1"));
    let cluster = map(&[("message.max.bytes", "2"), ("max.connections", "2")]);
    assert_eq!(dynamic.replace(Scope::Cluster, &cluster), []);
    assert_eq!(
        dynamic.replace(Scope::Broker, &map(&[("max.connections", "3")])),
        []
    );
    let effective = dynamic.config();
    assert_eq!(effective.topic_config(&map(&[])).log.max_message_bytes, 2);
    assert_eq!(effective.network.connections_max, 3);
    // What is no longer set falls back.
    assert_eq!(dynamic.replace(Scope::Broker, &map(&[])), []);
    assert_eq!(dynamic.replace(Scope::Cluster, &map(&[])), []);
    assert_eq!(
        dynamic.config(),
        &config("message.max.bytes=1\nmax.connections=1")
    );
}

#[test]
fn a_dynamic_value_takes_the_place_of_other_units() {
    let mut dynamic = DynamicConfig::new(config("log.retention.minutes=1\nlog.roll.hours=1"));
    assert_eq!(
        dynamic.replace(Scope::Cluster, &map(&[("log.retention.ms", "9")])),
        []
    );
    let log = dynamic.config().topic_config(&map(&[])).log;
    assert_eq!((log.retention_ms, log.segment_ms), (Some(9), 3_600_000));
    assert_eq!(
        dynamic.config().settings().given("log.retention.minutes"),
        None
    );
}

#[test]
fn dynamic_values_that_cannot_be_are_passed_over() {
    let mut dynamic = DynamicConfig::new(config(""));
    let values = map(&[
        ("max.connections", "many"),
        ("node.id", "2"),
        ("message.max.bytes", "7"),
        ("listeners", "PLAINTEXT://:1"),
    ]);
    let warnings = dynamic.replace(Scope::Cluster, &values);
    let texts: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert!(
        texts[1]
            .starts_with("dynamic configuration max.connections is ignored: Invalid value many")
    );
    assert_eq!(
        dynamic
            .config()
            .topic_config(&map(&[]))
            .log
            .max_message_bytes,
        7
    );
}

#[test]
fn values_that_cannot_be_together_leave_what_was() {
    let mut dynamic = DynamicConfig::new(config(""));
    dynamic.replace(Scope::Cluster, &map(&[("max.connections", "5")]));
    let warnings = dynamic.replace(Scope::Broker, &map(&[("max.connections.per.ip", "0")]));
    assert!(
        warnings[0]
            .to_string()
            .contains("can be set to zero only if"),
        "{warnings:?}"
    );
    assert_eq!(dynamic.config().network.connections_max, 5);
    assert_eq!(
        dynamic.config().network.connections_per_ip_max,
        i32::MAX as u32
    );
}

#[test]
fn only_what_can_change_is_taken() {
    check_not_taken(
        Scope::Broker,
        &[("node.id", "2"), ("num.partitions", "2")],
        "Cannot update these configs dynamically: [node.id, num.partitions]",
    );
    check_not_taken(
        Scope::Broker,
        &[("ssl.keystore.location", "/x")],
        "These security configs can be dynamically updated only per-listener using the listener \
         prefix: [ssl.keystore.location]",
    );
    let per_broker =
        "Cannot update these configs at default cluster level, broker id must be specified";
    check_not_taken(
        Scope::Cluster,
        &[
            ("listeners", "PLAINTEXT://:1"),
            ("listener.name.a.ssl.protocol", "TLSv1.3"),
        ],
        &format!("{per_broker}: [listener.name.a.ssl.protocol, listeners]"),
    );
    check_not_taken(
        Scope::Cluster,
        &[("log.retention.ms", "abc")],
        "Invalid value abc for configuration log.retention.ms: Not a number of type LONG",
    );
    check_not_taken(
        Scope::Broker,
        &[("leader.replication.throttled.rate", "-1")],
        "Invalid value -1 for configuration leader.replication.throttled.rate: Value must be at \
         least 0",
    );
}

#[test]
fn security_is_refused_while_running_as_well() {
    let dynamic = DynamicConfig::new(config(""));
    for (key, value) in [
        ("sasl.enabled.mechanisms", "PLAIN"),
        ("listener.name.plaintext.ssl.keystore.location", "/x"),
        (
            "listener.security.protocol.map",
            "PLAINTEXT:SSL,CONTROLLER:PLAINTEXT",
        ),
    ] {
        let checked = dynamic.check(Scope::Broker, &map(&[(key, value)]));
        assert!(
            matches!(checked, Err(ConfigError::NotImplemented { .. })),
            "{key}: {checked:?}"
        );
    }
}

#[test]
fn what_can_change_is_taken() {
    let dynamic = DynamicConfig::new(config(""));
    let cluster = map(&[
        ("log.retention.ms", "1000"),
        ("listener.name.plaintext.max.connections", "5"),
        ("follower.replication.throttled.rate", "5"),
        ("key.of.a.plugin", "x"),
    ]);
    assert_eq!(dynamic.check(Scope::Cluster, &cluster), Ok(()));
}

#[test]
fn a_running_node_is_not_changed_to_what_its_parts_refuse() {
    let refused = |text: &str| {
        format!(
            "Invalid value org.apache.kafka.common.config.ConfigException: {text} for \
             configuration Invalid dynamic configuration"
        )
    };
    for (name, value, text) in [
        (
            "num.io.threads",
            "17",
            "Dynamic thread count update validation failed for num.io.threads=17, value should \
             not be greater than double the current value 8",
        ),
        (
            "num.io.threads",
            "3",
            "Dynamic thread count update validation failed for num.io.threads=3, value should be \
             at least half the current value 8",
        ),
        (
            "log.cleaner.threads",
            "0",
            "Log cleaner threads should be at least 1",
        ),
        (
            "log.cleaner.threads",
            "3",
            "Log cleaner threads cannot be increased to more than double the current value 1",
        ),
        ("max.connections", "0", "Invalid max.connections 0"),
    ] {
        check_not_taken(Scope::Broker, &[(name, value)], &refused(text));
    }
    check_not_taken(
        Scope::Broker,
        &[("cordoned.log.dirs", "/elsewhere")],
        "requirement failed: All entries in cordoned.log.dirs must be present in log.dirs or \
         log.dir. Missing entries : /elsewhere",
    );
    check_not_taken(
        Scope::Broker,
        &[(
            "listeners",
            "PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:9093",
        )],
        "change listeners: not implemented while the node runs, set them in its file",
    );
    let dynamic = DynamicConfig::new(config(""));
    let taken = map(&[
        ("num.io.threads", "16"),
        ("log.cleaner.threads", "2"),
        ("cordoned.log.dirs", "/data"),
        (
            "listeners",
            "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
        ),
    ]);
    assert_eq!(dynamic.check(Scope::Broker, &taken), Ok(()));
}

#[test]
fn intervals_between_assignments_are_cut_to_their_bounds() {
    let mut dynamic = DynamicConfig::new(config("group.consumer.max.assignment.interval.ms=5000"));
    let name = "group.consumer.assignment.interval.ms";
    let warnings = dynamic.replace(Scope::Cluster, &map(&[(name, "6000")]));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(dynamic.config().settings().given(name), Some("5000"));
    assert_eq!(dynamic.set_for(Scope::Cluster), map(&[(name, "6000")]));
}
