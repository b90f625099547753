//! FindCoordinator.

use protocol::ErrorCode;
use protocol::generated::FindCoordinatorRequest;

use super::node::Node;
use crate::topic_names::CONSUMER_OFFSETS;

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
const SHARE: i8 = 2;

/// Who coordinates, or why nobody does.
async fn find(node: &Node, version: i16, key_type: i8, key: &str) -> Result<i32, ErrorCode> {
    let mut request = FindCoordinatorRequest {
        key_type,
        ..FindCoordinatorRequest::default()
    };
    match version {
        ..4 => request.key = key.into(),
        _ => request.coordinator_keys = vec![key.into()],
    }
    let answer = node.ask(version, &request).await;
    let answer = answer.decode().unwrap();
    let (error, id, host, port) = match answer.coordinators.first() {
        None => (answer.error_code, answer.node_id, answer.host, answer.port),
        Some(found) => {
            assert_eq!(found.key, key);
            let host = found.host.clone();
            (found.error_code, found.node_id, host, found.port)
        }
    };
    match error {
        ErrorCode::NONE => {
            assert_eq!((&*host, port), ("127.0.0.1", 9092));
            Ok(id)
        }
        error => {
            assert_eq!((id, &*host, port), (-1, "", -1));
            Err(error)
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_who_asks_has_the_topic_of_the_groups_created() {
    let node = Node::start().await;
    let not_yet = Err(ErrorCode::COORDINATOR_NOT_AVAILABLE);
    assert_eq!(find(&node, 0, GROUP, "g").await, not_yet);
    let mut answers = 1;
    while find(&node, 4, GROUP, "g").await == not_yet {
        answers += 1;
        assert!(answers < 1000, "the topic is not created");
    }
    assert!(node.topic_id(CONSUMER_OFFSETS).is_some());
    for version in 0..=6 {
        assert_eq!(find(&node, version, GROUP, "g").await, Ok(1), "{version}");
        let refused = find(&node, version, GROUP, "secret").await;
        assert_eq!(refused, Err(ErrorCode::GROUP_AUTHORIZATION_FAILED));
    }
}

#[tokio::test(start_paused = true)]
async fn coordinators_that_do_not_exist_are_not_found() {
    let node = Node::start().await;
    for (version, key_type, key, error) in [
        (1, TRANSACTION, "x", ErrorCode::COORDINATOR_NOT_AVAILABLE),
        (
            1,
            TRANSACTION,
            "secret",
            ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        ),
        (
            5,
            SHARE,
            "g:AAAAAAAAAAAAAAAAAAAAAQ:0",
            ErrorCode::INVALID_REQUEST,
        ),
        (
            6,
            SHARE,
            "g:AAAAAAAAAAAAAAAAAAAAAQ:0",
            ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
        ),
        (6, 3, "x", ErrorCode::INVALID_REQUEST),
    ] {
        let found = find(&node, version, key_type, key).await;
        assert_eq!(found, Err(error), "{version} {key_type} {key}");
    }
}
