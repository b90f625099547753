//! DescribeCluster against listeners of both kinds, over a broker on a simulated disk.

use super::super::harness::Node;
use super::*;
use metadata::features::METADATA_VERSION;
use protocol::generated::metadata::register_controller_record::ControllerEndpoint;
use protocol::generated::metadata::{FeatureLevelRecord, MetadataRecord, RegisterControllerRecord};
use std::sync::atomic::Ordering;

/// Who is named, the controller among them, and what they are; or the error.
type Described = Result<(Vec<(i32, String, i32)>, i32, i8), ErrorCode>;

async fn describe(node: &Node, version: i16, endpoint_type: i8) -> Described {
    let request = DescribeClusterRequest {
        endpoint_type,
        ..DescribeClusterRequest::default()
    };
    let answer = node.send(version, &request).await;
    let answer = answer.decode().unwrap();
    if answer.error_code != ErrorCode::NONE {
        return Err(answer.error_code);
    }
    assert_eq!(answer.cluster_id, "cluster");
    let named = answer.brokers.iter();
    let named = named.map(|it| (it.broker_id, it.host.to_string(), it.port));
    Ok((named.collect(), answer.controller_id, answer.endpoint_type))
}

fn controller(id: i32, listener: &str) -> MetadataRecord {
    MetadataRecord::RegisterController(RegisterControllerRecord {
        controller_id: id,
        end_points: vec![ControllerEndpoint {
            name: listener.to_owned(),
            host: format!("c{id}"),
            port: 9093,
            security_protocol: 0,
        }],
        ..RegisterControllerRecord::default()
    })
}

#[tokio::test(start_paused = true)]
async fn a_brokers_listener_names_brokers_and_no_controllers() {
    let node = Node::start().await;
    let brokers = [(1, "b1".to_owned(), 9092), (2, "b2".to_owned(), 9092)];
    let expected = (brokers.to_vec(), node.broker.identity.node_id, BROKERS);
    for version in 0..=2 {
        let described = describe(&node, version, BROKERS).await;
        assert_eq!(described, Ok(expected.clone()), "version {version}");
    }
    let mismatched = Err(ErrorCode::MISMATCHED_ENDPOINT_TYPE);
    assert_eq!(describe(&node, 2, CONTROLLERS).await, mismatched);
    let unsupported = Err(ErrorCode::UNSUPPORTED_ENDPOINT_TYPE);
    assert_eq!(describe(&node, 2, 7).await, unsupported);
}

#[tokio::test(start_paused = true)]
async fn a_controllers_listener_names_the_controllers_that_have_it() {
    let node = Node::serving(ListenerKind::Controller).await;
    let unsupported = Err(ErrorCode::UNSUPPORTED_VERSION);
    assert_eq!(describe(&node, 1, CONTROLLERS).await, unsupported);
    let version = MetadataRecord::FeatureLevel(FeatureLevelRecord {
        name: METADATA_VERSION.to_owned(),
        feature_level: 15,
    });
    let controllers = [controller(1, "PLAINTEXT"), controller(2, "OTHER")];
    node.apply(&[version]).await;
    node.apply(&controllers).await;
    let unauthorized = Err(ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    assert_eq!(describe(&node, 1, CONTROLLERS).await, unauthorized);
    node.rights.cluster.store(true, Ordering::Relaxed);
    let controllers = vec![(1, "c1".to_owned(), 9093)];
    let expected = (controllers, node.broker.identity.node_id, CONTROLLERS);
    for version in 1..=2 {
        let described = describe(&node, version, CONTROLLERS).await;
        assert_eq!(described, Ok(expected.clone()), "version {version}");
    }
    let mismatched = Err(ErrorCode::MISMATCHED_ENDPOINT_TYPE);
    assert_eq!(describe(&node, 2, BROKERS).await, mismatched);
    assert_eq!(describe(&node, 0, BROKERS).await, mismatched);
}
