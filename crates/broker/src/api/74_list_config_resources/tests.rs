//! ListConfigResources against a broker over a simulated disk.

use crate::api::harness::Node;
use metadata::image::ResourceKind;
use protocol::ErrorCode;
use protocol::generated::ListConfigResourcesRequest;
use protocol::generated::metadata::{ConfigRecord, MetadataRecord};
use std::sync::atomic::Ordering;

fn set(kind: ResourceKind, resource: &str, name: &str) -> MetadataRecord {
    MetadataRecord::Config(ConfigRecord {
        resource_type: kind.0,
        resource_name: resource.to_owned(),
        name: name.to_owned(),
        value: Some("1000".to_owned()),
    })
}

async fn listed(node: &Node, version: i16, kinds: &[i8]) -> Result<Vec<(i8, String)>, ErrorCode> {
    let request = ListConfigResourcesRequest {
        resource_types: kinds.to_vec(),
    };
    let answer = node.send(version, &request).await;
    let response = answer.decode().unwrap();
    if response.error_code != ErrorCode::NONE {
        return Err(response.error_code);
    }
    let resources = response.config_resources.iter();
    Ok(resources
        .map(|each| (each.resource_type, each.resource_name.to_string()))
        .collect())
}

#[tokio::test(start_paused = true)]
async fn resources_are_listed_by_kind() {
    let node = Node::start().await;
    node.rights.cluster.store(true, Ordering::Relaxed);
    node.apply(&[
        set(ResourceKind::GROUP, "g", "consumer.session.timeout.ms"),
        set(ResourceKind::CLIENT_METRICS, "m", "interval.ms"),
        set(ResourceKind::BROKER, "", "log.retention.ms"),
    ])
    .await;
    let one = |kind, name: &str| (kind, name.to_owned());
    assert_eq!(listed(&node, 0, &[]).await, Ok(vec![one(16, "m")]));
    let named = listed(&node, 1, &[32, 16, 32]).await;
    assert_eq!(named, Ok(vec![one(32, "g"), one(16, "m")]));
    let brokers = [one(8, "1"), one(8, "2"), one(4, "1"), one(4, "2")];
    assert_eq!(listed(&node, 1, &[4, 8]).await, Ok(brokers.to_vec()));
    let all = listed(&node, 1, &[]).await.unwrap();
    assert!(all.contains(&one(2, "t")) && all.contains(&one(16, "m")));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_kind_and_a_stranger_are_refused() {
    let node = Node::start().await;
    let refused = Err(ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    assert_eq!(listed(&node, 1, &[]).await, refused);
    node.rights.cluster.store(true, Ordering::Relaxed);
    let unknown = Err(ErrorCode::UNSUPPORTED_VERSION);
    assert_eq!(listed(&node, 1, &[2, 3]).await, unknown);
}
