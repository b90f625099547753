//! DescribeConfigs against a broker over a simulated disk.

use crate::api::harness::Node;
use protocol::generated::DescribeConfigsRequest;
use protocol::generated::describe_configs_request::DescribeConfigsResource;
use std::sync::atomic::Ordering;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

#[tokio::test(start_paused = true)]
async fn a_resource_that_is_asked_for_often_is_described_once() {
    let node = Node::start().await;
    node.rights.cluster.store(true, Ordering::Relaxed);
    let resource =
        |resource_type, name: &'static str, key: Option<&'static str>| DescribeConfigsResource {
            resource_type,
            resource_name: name.into(),
            configuration_keys: key.map(|key| vec![key.into()]),
        };
    let (segments, retention) = (Some("segment.bytes"), Some("retention.ms"));
    let request = DescribeConfigsRequest {
        resources: vec![
            resource(TOPIC, "t", segments),
            resource(BROKER, "1", None),
            resource(TOPIC, "t", segments),
            resource(BROKER, "1", None),
            resource(TOPIC, "t", retention),
        ],
        ..DescribeConfigsRequest::default()
    };
    let answer = node.send(4, &request).await;
    let response = answer.decode().unwrap();
    let results = response.results.iter();
    let described: Vec<_> = results
        .map(|result| (&*result.resource_name, &*result.configs[0].name))
        .collect();
    let [("t", "segment.bytes"), ("1", _), ("t", "retention.ms")] = described[..] else {
        panic!("{described:?}");
    };
}
