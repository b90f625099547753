//! IncrementalAlterConfigs against a broker whose controller is not there: what is left to it is
//! answered with NOT_CONTROLLER.

use crate::api::harness::Node;
use metadata::image::ResourceKind;
use protocol::ErrorCode;
use protocol::generated::describe_configs_request::DescribeConfigsResource;
use protocol::generated::incremental_alter_configs_request::{
    AlterConfigsResource, AlterableConfig,
};
use protocol::generated::{DescribeConfigsRequest, IncrementalAlterConfigsRequest};
use std::sync::atomic::Ordering;

const SET: i8 = 0;
const LEFT: ErrorCode = ErrorCode::NOT_CONTROLLER;

fn change<'a>(
    kind: ResourceKind,
    name: &'a str,
    key: &'a str,
    value: Option<&'a str>,
) -> AlterConfigsResource<'a> {
    AlterConfigsResource {
        resource_type: kind.0,
        resource_name: name.into(),
        configs: vec![AlterableConfig {
            name: key.into(),
            config_operation: SET,
            value: value.map(Into::into),
        }],
    }
}

async fn altered(
    node: &Node,
    resources: Vec<AlterConfigsResource<'_>>,
) -> Vec<(ErrorCode, Option<String>)> {
    let request = IncrementalAlterConfigsRequest {
        resources,
        validate_only: false,
    };
    let answer = node.send(1, &request).await;
    let response = answer.decode().unwrap();
    let results = response.responses.iter().map(|each| {
        let message = each.error_message.as_deref().map(str::to_owned);
        (each.error_code, message)
    });
    results.collect()
}

async fn levels(node: &Node) -> Vec<(String, String)> {
    let request = DescribeConfigsRequest {
        resources: vec![DescribeConfigsResource {
            resource_type: ResourceKind::BROKER_LOGGER.0,
            resource_name: "1".into(),
            configuration_keys: None,
        }],
        ..DescribeConfigsRequest::default()
    };
    let answer = node.send(4, &request).await;
    let response = answer.decode().unwrap();
    let levels = response.results[0].configs.iter();
    let shown = levels.map(|each| {
        assert_eq!((each.config_source, each.config_type), (6, 0));
        (
            each.name.to_string(),
            each.value.as_deref().unwrap().to_owned(),
        )
    });
    shown.collect()
}

#[tokio::test(start_paused = true)]
async fn levels_of_loggers_are_the_brokers_own() {
    let node = Node::start().await;
    let logger = |name| change(ResourceKind::BROKER_LOGGER, name, "broker", Some("DEBUG"));
    let refused = altered(&node, vec![logger("1")]).await;
    assert_eq!(refused, [(ErrorCode::CLUSTER_AUTHORIZATION_FAILED, None)]);
    node.rights.cluster.store(true, Ordering::Relaxed);
    assert_eq!(
        altered(&node, vec![logger("1")]).await,
        [(ErrorCode::NONE, None)]
    );
    let shown = [("broker", "DEBUG"), ("root", "INFO")];
    let shown = shown.map(|(name, level)| (name.to_owned(), level.to_owned()));
    assert_eq!(levels(&node).await, shown);
    let invalid = |text: &str| (ErrorCode::INVALID_REQUEST, Some(text.to_owned()));
    let others = altered(&node, vec![logger("2"), logger("x")]).await;
    let expected = [
        invalid("Unexpected node id. Expected 1, but received 2"),
        invalid("Node id must be an integer, but it is: x"),
    ];
    assert_eq!(others, expected);
}

#[tokio::test(start_paused = true)]
async fn answers_come_in_the_order_of_the_request() {
    let node = Node::start().await;
    let broker = |name, key, value| change(ResourceKind::BROKER, name, key, value);
    let resources = vec![
        broker("1", "log.retention.ms", Some("5")),
        broker("5", "log.retention.ms", Some("5")),
        change(ResourceKind::TOPIC, "t", "retention.ms", Some("5")),
        broker("", "num.io.threads", Some("100")),
        change(ResourceKind(99), "x", "y", Some("z")),
        change(
            ResourceKind::GROUP,
            "g",
            "consumer.session.timeout.ms",
            None,
        ),
        change(ResourceKind::TOPIC, "u", "retention.ms", Some("5")),
        change(ResourceKind::TOPIC, "u", "retention.ms", Some("6")),
    ];
    let invalid = |text: &str| (ErrorCode::INVALID_REQUEST, Some(text.to_owned()));
    let twice = invalid("Each resource must appear at most once.");
    let expected = [
        (LEFT, None),
        invalid("Unexpected broker id, expected 1, but received 5"),
        (LEFT, None),
        invalid(
            "Invalid value org.apache.kafka.common.config.ConfigException: Dynamic thread count \
             update validation failed for num.io.threads=100, value should not be greater than \
             double the current value 8 for configuration Invalid dynamic configuration",
        ),
        invalid("Unknown resource type 99"),
        invalid("Null value not supported for : consumer.session.timeout.ms"),
        twice.clone(),
        twice,
    ];
    assert_eq!(altered(&node, resources).await, expected);
}
