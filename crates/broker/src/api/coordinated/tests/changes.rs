//! Changes of metadata, which the controller makes, as the client sees them that asked for them.

use protocol::ErrorCode;
use protocol::generated::metadata_request::MetadataRequestTopic;
use protocol::generated::{CreateTopicsRequest, MetadataRequest};

use super::node::Node;
use crate::simulated_control_plane::topic;

#[tokio::test(start_paused = true)]
async fn a_client_finds_what_it_has_just_created() {
    let node = Node::start().await;
    node.slow_down(3_000);
    let request = CreateTopicsRequest {
        topics: vec![topic("new", 3)],
        timeout_ms: 30_000,
        validate_only: false,
    };
    let answer = node.ask(7, &request).await;
    let answer = answer.decode().unwrap();
    assert_eq!(answer.topics[0].error_code, ErrorCode::NONE);
    let request = MetadataRequest {
        topics: Some(vec![MetadataRequestTopic {
            name: Some("new".into()),
            ..MetadataRequestTopic::default()
        }]),
        allow_auto_topic_creation: false,
        ..MetadataRequest::default()
    };
    let answer = node.ask(12, &request).await;
    let found = &answer.decode().unwrap().topics[0];
    assert_eq!(
        (found.error_code, found.partitions.len()),
        (ErrorCode::NONE, 3)
    );
}
