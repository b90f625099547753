//! The table against Apache Kafka's own definitions, and against itself.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::config::value::Value;

/// What Apache Kafka's own definitions say, a line a key.
const KAFKA: &str = include_str!("kafka-4.3.1.tsv");

fn ours() -> BTreeMap<(&'static str, &'static str), &'static ConfigKey> {
    let tables: [(&str, Vec<&ConfigKey>); 5] = [
        ("broker", broker_keys().collect()),
        ("topic", topic_keys().iter().collect()),
        ("group", group_keys().iter().collect()),
        ("client-metrics", client_metrics_keys().iter().collect()),
        ("broker-dynamic-quota", broker_quota_keys().iter().collect()),
    ];
    let mut keys = BTreeMap::new();
    for (resource, table) in tables {
        for key in table {
            let known = keys.insert((resource, key.name), key);
            assert_eq!(known, None, "{resource} {}", key.name);
        }
    }
    keys
}

fn default_text(key: &ConfigKey) -> &'static str {
    match key.default {
        Required => "(required)",
        Null => "null",
        Is("") => "\"\"",
        Is(text) => text,
    }
}

/// The valid values as Kafka's documentation writes them.
fn valid_text(key: &ConfigKey) -> String {
    match key.valid {
        AtLeast(min) => format!("[{min},...]"),
        Between(min, max) => format!("[{min},...,{max}]"),
        UpTo(max) => format!("[0,...,{max}]"),
        GzipLevel => "[1,...,9] or -1".to_owned(),
        NotEmpty => "non-empty string".to_owned(),
        OneOf(all) | ListOf(all) | SomeOf(all) => format!("[{}]", all.join(", ")),
        OneOfIgnoringCase(all) => format!("(case insensitive) [{}]", all.join(", ")),
        ThrottledReplicas => "[partitionId]:[brokerId],[partitionId]:[brokerId],...".to_owned(),
        Voters | Endpoints => "non-empty list".to_owned(),
        OffsetReset => "[latest, earliest, by_duration:PnDTnHnMn.nS]".to_owned(),
        Any | PartsNotEmpty | ListNotEmpty | Endpoint => String::new(),
    }
}

fn update_text(key: &ConfigKey) -> &'static str {
    match key.update {
        UpdateMode::ReadOnly => "read-only",
        UpdateMode::PerBroker => "per-broker",
        UpdateMode::ClusterWide => "cluster-wide",
    }
}

/// A topic's synonyms as `first|second*factor`.
fn synonyms_text(name: &str) -> String {
    let synonyms = topic_synonyms(name).iter().map(|(broker, factor)| {
        if *factor == 1 {
            (*broker).to_owned()
        } else {
            format!("{broker}*{factor}")
        }
    });
    synonyms.collect::<Vec<_>>().join("|")
}

#[test]
fn every_key_of_kafka_is_in_the_table_as_kafka_defines_it() {
    let mut ours = ours();
    for line in KAFKA.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [
            resource,
            name,
            kind,
            default,
            valid,
            importance,
            internal,
            last,
        ] = fields[..]
        else {
            panic!("{line}");
        };
        let key = ours.remove(&(resource, name)).expect(name);
        assert_eq!(key.kind.name().to_ascii_lowercase(), kind, "{name}");
        assert_eq!(default_text(key), default, "{name}");
        // Only a text for people: authorizer.class.name takes every text.
        if valid != "non-null string" {
            assert_eq!(valid_text(key), valid, "{name}");
        }
        let rank = format!("{:?}", key.importance).to_ascii_lowercase();
        assert_eq!(rank, importance, "{name}");
        assert_eq!(key.is_internal, internal == "y", "{name}");
        match resource {
            "broker" => assert_eq!(update_text(key), last, "{name}"),
            "topic" => assert_eq!(synonyms_text(name), last, "{name}"),
            _ => {}
        }
    }
    let rest: Vec<&str> = ours.into_keys().map(|(_, name)| name).collect();
    assert_eq!(
        rest,
        ["klamm.client.metrics.receive", "klamm.metrics.listener"]
    );
}

#[test]
fn every_default_is_a_value_that_its_key_takes() {
    for key in ours().into_values() {
        if let Some(text) = key.default_text() {
            assert_eq!(
                Value::parse(key, text).ok(),
                Value::default_of(key),
                "{}",
                key.name
            );
        }
    }
}

#[test]
fn every_doc_is_a_sentence_or_two() {
    for key in ours().into_values() {
        let doc = key.doc;
        assert!(doc.ends_with('.') && doc.len() < 200, "{}: {doc}", key.name);
    }
}

#[test]
fn all_synonyms_are_keys_of_the_node() {
    for key in topic_keys() {
        for (name, _) in topic_synonyms(key.name) {
            let broker = broker_key(name).expect(name);
            let is_number = matches!(broker.kind, Kind::Int | Kind::Long);
            assert!(broker.kind == key.kind || is_number, "{name}");
        }
    }
    for key in broker_keys() {
        for name in same_meaning(key.name) {
            assert!(broker_key(name).is_some(), "{name}");
        }
    }
    let of_node = group_keys()
        .iter()
        .filter(|key| group_synonym(key.name).is_some());
    assert_eq!(of_node.count(), 14);
    for key in group_keys() {
        let broker = group_synonym(key.name);
        assert!(
            broker.is_none_or(|broker| broker.default == key.default),
            "{}",
            key.name
        );
    }
}

#[test]
fn no_key_of_the_table_is_also_known_from_elsewhere() {
    let here: BTreeSet<&str> = broker_keys().map(|key| key.name).collect();
    for name in names_elsewhere() {
        assert!(!here.contains(name), "{name}");
    }
}

#[test]
fn keys_that_ask_for_security_refuse_the_start() {
    for key in broker_keys() {
        let is_secret = key.kind == Kind::Password;
        if is_secret || key.name.starts_with("ssl.") || key.name.starts_with("sasl.") {
            assert_eq!(key.standing, Refused, "{}", key.name);
        }
    }
    assert_eq!(standing_elsewhere("super.users"), Some(Refused));
    assert_eq!(
        standing_elsewhere("zookeeper.connect"),
        Some(WithoutMeaning(ZooKeeper))
    );
}

#[test]
fn the_key_of_one_listener_has_a_base() {
    assert_eq!(
        base_name("listener.name.internal.max.connections"),
        "max.connections"
    );
    assert_eq!(base_name("max.connections"), "max.connections");
    assert_eq!(
        base_name("listener.name.internal"),
        "listener.name.internal"
    );
}
