//! Names and configurations of topics that are not allowed.

use protocol::ErrorCode;
use protocol::generated::IncrementalAlterConfigsRequest;
use protocol::generated::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};

use super::client::Client;
use super::frames::Witness;

const TOPIC_RESOURCE: i8 = 2;

#[test]
fn topics_with_names_that_are_not_allowed_are_not_created() {
    let witness = Witness::start("topic-names");
    let long = "a".repeat(250);
    for name in [
        "", ".", "..", "a b", "a/b", "../a", "a\0b", "ä", "a:b", &long,
    ] {
        let (code, message) = witness.client.create_topic(name, 1, &[]);
        assert_eq!(
            code,
            ErrorCode::INVALID_TOPIC_EXCEPTION,
            "{name}: {message}"
        );
        assert!(!message.is_empty(), "{name}");
    }
    let (code, _) = witness.client.create_topic(&long[..249], 1, &[]);
    assert_eq!(code, ErrorCode::NONE);
    // Its metrics would be those of the other.
    let names = ["collide.one", "collide_one"];
    let codes = names.map(|name| witness.client.create_topic(name, 1, &[]).0);
    assert_eq!(codes, [ErrorCode::NONE, ErrorCode::INVALID_TOPIC_EXCEPTION]);
    let again = witness.client.create_topic("before", 1, &[]).0;
    assert_eq!(again, ErrorCode::TOPIC_ALREADY_EXISTS);
    witness.expect_unharmed();
}

#[test]
fn topics_with_impossible_numbers_of_partitions_are_not_created() {
    let witness = Witness::start("topic-partitions");
    for count in [0, -2, i32::MIN] {
        let (code, message) = witness.client.create_topic("new", count, &[]);
        assert_eq!(code, ErrorCode::INVALID_PARTITIONS, "{count}: {message}");
    }
    let (code, message) = witness.client.create_topic("new", i32::MAX, &[]);
    assert_eq!(code, ErrorCode::POLICY_VIOLATION, "{message}");
    witness.expect_unharmed();
}

#[test]
fn configurations_that_are_not_allowed_are_neither_created_nor_altered() {
    let witness = Witness::start("topic-configs");
    let configs = [
        ("no.such.key", "1"),
        ("retention.ms", "x"),
        ("retention.ms", "-2"),
        ("segment.bytes", "1"),
        ("segment.bytes", "9999999999"),
        ("cleanup.policy", "burn"),
        ("compression.type", "rar"),
        ("min.insync.replicas", "0"),
        ("message.timestamp.type", ""),
    ];
    for (name, value) in configs {
        let created = witness.client.create_topic("new", 1, &[(name, value)]);
        let shown = format!("{name}={value}: {created:?}");
        assert_eq!(created.0, ErrorCode::INVALID_CONFIG, "{shown}");
        assert!(!created.1.is_empty(), "{shown}");
        let altered = alter(&witness.client, "before", name, value);
        assert_eq!(altered, ErrorCode::INVALID_CONFIG, "{shown}");
    }
    let unknown = alter(&witness.client, "new", "retention.ms", "1");
    assert_eq!(unknown, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    witness.expect_unharmed();
}

fn alter(client: &Client, topic: &str, name: &str, value: &str) -> ErrorCode {
    let request = IncrementalAlterConfigsRequest {
        resources: vec![AlterConfigsResource {
            resource_type: TOPIC_RESOURCE,
            resource_name: topic.into(),
            configs: vec![AlterableConfig {
                name: name.into(),
                config_operation: 0,
                value: Some(value.into()),
            }],
        }],
        validate_only: false,
    };
    let answer = client.ask(1, &request);
    answer.decode().unwrap().responses[0].error_code
}
