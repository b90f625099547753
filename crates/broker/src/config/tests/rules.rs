//! What the controller is told of changes, in Kafka's words.

use metadata::controller::ConfigRules;
use metadata::image::{ConfigResource, ResourceKind};
use protocol::ErrorCode;

use super::*;
use crate::config::DynamicConfig;

fn dynamic(lines: &str) -> DynamicConfig {
    DynamicConfig::new(config(lines))
}

fn resource(kind: ResourceKind, name: &str) -> ConfigResource {
    let name = name.to_owned();
    ConfigResource { kind, name }
}

fn check(resource: &ConfigResource, pairs: &[(&str, &str)]) -> Result<(), (ErrorCode, String)> {
    let checked = ConfigRules::check(&dynamic(""), resource, &map(pairs));
    checked.map_err(|error| (error.code, error.message.unwrap()))
}

fn check_invalid(resource: &ConfigResource, pairs: &[(&str, &str)], code: ErrorCode, text: &str) {
    assert_eq!(
        check(resource, pairs),
        Err((code, text.to_owned())),
        "{pairs:?}"
    );
}

#[test]
fn topics_are_checked_in_kafkas_words() {
    let topic = ConfigResource::topic("t");
    let fine = [
        ("retention.ms", "-1"),
        ("cleanup.policy", ""),
        ("compression.gzip.level", "-1"),
    ];
    assert_eq!(check(&topic, &fine), Ok(()));
    for (pairs, text) in [
        (&[("nope", "1")][..], "Unknown topic config name: nope"),
        (
            &[("retention.ms", "-5")],
            "Invalid value -5 for configuration retention.ms: Value must be at least -1",
        ),
        (
            &[("retention.ms", "x")],
            "Invalid value x for configuration retention.ms: Not a number of type LONG",
        ),
        (
            &[("cleanup.policy", "shred")],
            "Invalid value shred for configuration cleanup.policy: String must be one of: \
             compact, delete",
        ),
        (
            &[
                ("min.compaction.lag.ms", "100"),
                ("max.compaction.lag.ms", "50"),
            ],
            "conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms \
             (50)",
        ),
        (
            &[("remote.storage.enable", "true")],
            "Tiered Storage functionality is disabled in the broker. Topic cannot be configured \
             with remote log storage.",
        ),
        (
            &[("leader.replication.throttled.replicas", "a:b")],
            "Invalid value [a:b] for configuration leader.replication.throttled.replicas: \
             leader.replication.throttled.replicas must be the literal '*' or a list of \
             replicas in the following format: \
             [partitionId]:[brokerId],[partitionId]:[brokerId],...",
        ),
    ] {
        check_invalid(&topic, pairs, ErrorCode::INVALID_CONFIG, text);
    }
    let unnamed = "Default topic resources are not allowed.";
    check_invalid(
        &ConfigResource::topic(""),
        &[],
        ErrorCode::INVALID_REQUEST,
        unnamed,
    );
    assert!(check(&ConfigResource::topic("a/b"), &[]).is_err());
}

#[test]
fn a_topics_lag_is_held_against_the_nodes() {
    let config = dynamic("log.cleaner.max.compaction.lag.ms=50");
    let own = map(&[("min.compaction.lag.ms", "100")]);
    let checked = ConfigRules::check(&config, &ConfigResource::topic("t"), &own);
    assert!(checked.is_err());
}

#[test]
fn brokers_are_checked_by_what_can_change() {
    let code = ErrorCode::INVALID_REQUEST;
    let broker = ConfigResource::broker(1);
    assert_eq!(
        check(
            &broker,
            &[("listeners", "PLAINTEXT://h:1,CONTROLLER://h:2")]
        ),
        Ok(())
    );
    check_invalid(
        &broker,
        &[("node.id", "2")],
        code,
        "Cannot update these configs dynamically: [node.id]",
    );
    check_invalid(
        &ConfigResource::all_brokers(),
        &[("cordoned.log.dirs", "*")],
        code,
        "Cannot update these configs at default cluster level, broker id must be specified: \
         [cordoned.log.dirs]",
    );
    let kind = ResourceKind::BROKER;
    check_invalid(
        &resource(kind, "-1"),
        &[],
        code,
        "Invalid negative broker ID.",
    );
    check_invalid(
        &resource(kind, "x"),
        &[],
        code,
        "Unable to parse broker name as a base 10 number.",
    );
}

#[test]
fn groups_are_held_within_the_nodes_bounds() {
    let group = resource(ResourceKind::GROUP, "g");
    assert_eq!(
        check(&group, &[("consumer.session.timeout.ms", "50000")]),
        Ok(())
    );
    assert_eq!(
        check(&group, &[("share.auto.offset.reset", "by_duration:PT1H")]),
        Ok(())
    );
    for (key, value, text) in [
        (
            "consumer.bogus",
            "1",
            "Unknown group config name: consumer.bogus",
        ),
        (
            "consumer.session.timeout.ms",
            "1",
            "consumer.session.timeout.ms must be greater than or equal to \
             group.consumer.min.session.timeout.ms",
        ),
        (
            "streams.num.standby.replicas",
            "3",
            "streams.num.standby.replicas must be less than or equal to \
             group.streams.max.standby.replicas",
        ),
        (
            "share.assignment.interval.ms",
            "15001",
            "share.assignment.interval.ms must be less than or equal to \
             group.share.max.assignment.interval.ms",
        ),
        (
            "share.delivery.count.limit",
            "1",
            "Invalid value 1 for configuration share.delivery.count.limit: Value must be at \
             least 2",
        ),
    ] {
        check_invalid(&group, &[(key, value)], ErrorCode::INVALID_CONFIG, text);
    }
    let unnamed = resource(ResourceKind::GROUP, "");
    let text = "Default group resources are not allowed.";
    check_invalid(&unnamed, &[], ErrorCode::INVALID_REQUEST, text);
}

#[test]
fn client_metrics_are_checked() {
    let metrics = resource(ResourceKind::CLIENT_METRICS, "m");
    let fine = [
        ("interval.ms", "100"),
        ("match", "client_id=a.*,client_source_port=1"),
        ("metrics", "*"),
    ];
    assert_eq!(check(&metrics, &fine), Ok(()));
    let request = ErrorCode::INVALID_REQUEST;
    check_invalid(
        &metrics,
        &[("x", "1")],
        request,
        "Unknown client metrics configuration: x",
    );
    check_invalid(
        &metrics,
        &[("interval.ms", "5")],
        request,
        "Invalid value 5 for interval.ms, interval must be between 100 and 3600000 (1 hour)",
    );
    for pattern in [
        "foo=bar",
        "client_id",
        "client_id=",
        "client_id=a=b",
        "client_id=[",
    ] {
        let text = format!("Illegal client matching pattern: {pattern}");
        check_invalid(
            &metrics,
            &[("match", pattern)],
            ErrorCode::INVALID_CONFIG,
            &text,
        );
    }
}

#[test]
fn other_resources_have_no_configuration() {
    let text = "Unknown resource type 8";
    check_invalid(
        &resource(ResourceKind(8), "1"),
        &[],
        ErrorCode::INVALID_REQUEST,
        text,
    );
}

#[test]
fn lists_and_defaults_are_those_of_the_table() {
    let config = dynamic("log.retention.hours=1\nmin.insync.replicas=2\nnum.partitions=4");
    assert!(config.is_list(ResourceKind::TOPIC, "cleanup.policy"));
    assert!(!config.is_list(ResourceKind::TOPIC, "retention.ms"));
    assert!(config.is_list(ResourceKind::BROKER, "log.cleanup.policy"));
    assert!(!config.is_list(ResourceKind::CLIENT_METRICS, "match"));
    assert!(!config.is_list(ResourceKind::TOPIC, "nope"));
    let default = |kind, name| config.default_value(kind, name);
    assert_eq!(
        default(ResourceKind::TOPIC, "retention.ms").as_deref(),
        Some("3600000")
    );
    assert_eq!(
        default(ResourceKind::TOPIC, "min.insync.replicas").as_deref(),
        Some("2")
    );
    assert_eq!(
        default(ResourceKind::BROKER, "num.partitions").as_deref(),
        Some("4")
    );
    assert_eq!(
        default(ResourceKind::BROKER, "log.cleanup.policy").as_deref(),
        Some("delete")
    );
    assert_eq!(
        default(ResourceKind::GROUP, "consumer.session.timeout.ms").as_deref(),
        Some("45000")
    );
    assert_eq!(default(ResourceKind::TOPIC, "internal.segment.bytes"), None);
}
