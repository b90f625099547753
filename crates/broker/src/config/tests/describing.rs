//! What DescribeConfigs tells of brokers, topics, groups and client metrics.

use super::*;
use crate::config::{ConfigEntry, ConfigSource, DynamicConfig, Kind, Scope};

/// One entry as `kafka-configs --describe` writes it.
fn shown(entries: &[ConfigEntry], name: &str) -> String {
    let entry = entries.iter().find(|entry| entry.name == name).expect(name);
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
    let synonyms = entry.synonyms.iter().map(|synonym| {
        format!(
            "{:?}:{}={}",
            synonym.source,
            synonym.name,
            text(&synonym.value)
        )
    });
    let synonyms: Vec<String> = synonyms.collect();
    format!(
        "{} {:?} {{{}}}",
        text(&entry.value),
        entry.source,
        synonyms.join(", ")
    )
}

fn dynamic(lines: &str, cluster: &[(&str, &str)], broker: &[(&str, &str)]) -> DynamicConfig {
    let mut dynamic = DynamicConfig::new(config(lines));
    assert_eq!(dynamic.replace(Scope::Cluster, &map(cluster)), []);
    assert_eq!(dynamic.replace(Scope::Broker, &map(broker)), []);
    dynamic
}

#[test]
fn a_brokers_key_names_every_place_that_has_a_value() {
    let dynamic = dynamic(
        "max.connections=1\nlog.retention.hours=24",
        &[("max.connections", "66")],
        &[("max.connections", "77"), ("log.retention.ms", "5")],
    );
    let entries = dynamic.describe_broker();
    assert_eq!(
        shown(&entries, "max.connections"),
        "77 DynamicBroker {DynamicBroker:max.connections=77, DynamicCluster:max.connections=66, \
         StaticBroker:max.connections=1, Default:max.connections=2147483647}"
    );
    assert_eq!(
        shown(&entries, "log.retention.ms"),
        "5 DynamicBroker {DynamicBroker:log.retention.ms=5, StaticBroker:log.retention.hours=24, \
         Default:log.retention.hours=168}"
    );
    assert_eq!(
        shown(&entries, "num.partitions"),
        "1 Default {Default:num.partitions=1}"
    );
    assert_eq!(shown(&entries, "broker.rack"), "null Default {}");
    assert_eq!(
        shown(&entries, "broker.id"),
        "1 StaticBroker {StaticBroker:broker.id=1, Default:broker.id=-1}"
    );
}

#[test]
fn what_only_stands_in_is_not_named_first() {
    let entries = dynamic("log.roll.hours=3", &[], &[]).describe_broker();
    assert_eq!(shown(&entries, "log.roll.ms"), "null Default {}");
    assert_eq!(
        shown(&entries, "log.roll.hours"),
        "3 StaticBroker {StaticBroker:log.roll.hours=3, Default:log.roll.hours=168}"
    );
}

#[test]
fn every_key_that_is_not_internal_is_described_once() {
    let entries = dynamic(
        "my.own=1\ninternal.metadata.delete.delay.millis=1",
        &[],
        &[],
    )
    .describe_broker();
    let listed = crate::config::broker_keys().filter(|key| !key.is_internal);
    assert_eq!(entries.len(), listed.count() + 2);
    assert!(entries.windows(2).all(|pair| pair[0].name < pair[1].name));
    let find = |name: &str| entries.iter().find(|entry| entry.name == name).unwrap();
    assert!(find("node.id").is_read_only && !find("max.connections").is_read_only);
    assert_eq!(find("max.connections").kind, Some(Kind::Int));
    assert_eq!(
        find("internal.metadata.delete.delay.millis")
            .value
            .as_deref(),
        Some("1")
    );
}

#[test]
fn secrets_and_unknown_values_are_not_shown() {
    let dynamic = dynamic(
        "my.own=hunter2\nsasl.jaas.config=",
        &[],
        &[("plugin.key", "hunter2")],
    );
    let entries = dynamic.describe_broker();
    for name in [
        "my.own",
        "plugin.key",
        "sasl.jaas.config",
        "ssl.keystore.password",
    ] {
        let entry = entries.iter().find(|entry| entry.name == name).expect(name);
        assert!(entry.is_sensitive, "{name}");
        assert_eq!(entry.value, None, "{name}");
    }
    assert_eq!(
        shown(&entries, "my.own"),
        "null StaticBroker {StaticBroker:my.own=null}"
    );
    assert!(!format!("{entries:?} {dynamic:?}").contains("hunter2"));
}

#[test]
fn the_keys_of_all_brokers_are_those_that_are_set() {
    let dynamic = dynamic("", &[("log.roll.ms", "9")], &[("log.roll.ms", "8")]);
    let entries = dynamic.describe_cluster();
    assert_eq!(entries.len(), 1);
    assert_eq!(
        shown(&entries, "log.roll.ms"),
        "9 DynamicCluster {DynamicCluster:log.roll.ms=9}"
    );
}

#[test]
fn a_topics_key_comes_before_those_of_the_node() {
    let dynamic = dynamic(
        "log.retention.ms=7\nlog.roll.hours=3",
        &[("log.segment.bytes", "2000000")],
        &[],
    );
    let entries = dynamic.describe_topic(&map(&[("retention.ms", "5000")]));
    assert_eq!(
        shown(&entries, "retention.ms"),
        "5000 Topic {Topic:retention.ms=5000, StaticBroker:log.retention.ms=7, \
         Default:log.retention.hours=168}"
    );
    assert_eq!(
        shown(&entries, "segment.bytes"),
        "2000000 DynamicCluster {DynamicCluster:log.segment.bytes=2000000, \
         Default:log.segment.bytes=1073741824}"
    );
    // As in Kafka, the coarser unit gives the value and is not named.
    assert_eq!(shown(&entries, "segment.ms"), "10800000 Default {}");
    assert_eq!(entries.len(), 33);
}

#[test]
fn groups_and_client_metrics_have_their_own_values_first() {
    let dynamic = dynamic("", &[], &[]);
    let entries = dynamic.describe_group(&map(&[("consumer.session.timeout.ms", "50000")]));
    assert_eq!(
        shown(&entries, "consumer.session.timeout.ms"),
        "50000 Group {Group:consumer.session.timeout.ms=50000, \
         Default:group.consumer.session.timeout.ms=45000}"
    );
    assert_eq!(
        shown(&entries, "share.isolation.level"),
        "read_uncommitted Default {Default:share.isolation.level=read_uncommitted}"
    );
    let entries = DynamicConfig::describe_client_metrics(&map(&[("interval.ms", "100")]));
    assert_eq!(
        shown(&entries, "interval.ms"),
        "100 ClientMetrics {ClientMetrics:interval.ms=100}"
    );
    assert_eq!(shown(&entries, "match"), " Default {}");
}

#[test]
fn sources_are_numbered_as_on_the_wire() {
    assert_eq!(ConfigSource::Topic.code(), 1);
    assert_eq!(ConfigSource::StaticBroker.code(), 4);
    assert_eq!(ConfigSource::Group.code(), 8);
    assert_eq!(Kind::Password.code(), 9);
}
