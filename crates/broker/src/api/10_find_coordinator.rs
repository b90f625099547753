//! FindCoordinator (key 10), versions 0 to 6: which broker coordinates a group.
//!
//! - From version 4 on several keys are asked for at once (KIP-699).
//! - The first question has `__consumer_offsets` created; until it is there, and while the
//!   partition has no leader, the answer is COORDINATOR_NOT_AVAILABLE.
//! - Keys of share partitions (version 6, KIP-932) that are none are INVALID_REQUEST.
//! - Missing: coordinators of transactions and of share groups. No broker is one, and their topics
//!   are not created: COORDINATOR_NOT_AVAILABLE.

use std::sync::Arc;

use metadata::image::MetadataImage;
use net::server::Handled;
use protocol::generated::find_coordinator_response::Coordinator;
use protocol::generated::{FindCoordinatorRequest, FindCoordinatorResponse};
use protocol::{ErrorCode, Uuid};

use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use crate::topic_names::CONSUMER_OFFSETS;

const FIRST_WITH_BATCHES: i16 = 4;
const FIRST_WITH_SHARE_GROUPS: i16 = 6;
const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
const SHARE: i8 = 2;
const NO_NODE: i32 = -1;
const NO_PORT: i32 = -1;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: FindCoordinatorRequest<'_> = call.decode()?;
    let published = broker.metadata.current();
    let image = &published.image;
    let find = |key| find(&broker, &call, image, request.key_type, key);
    let throttle_time_ms = call.throttle_time_ms();
    if call.context.api_version >= FIRST_WITH_BATCHES {
        let keys = request.coordinator_keys.iter();
        return call.answer(&FindCoordinatorResponse {
            throttle_time_ms,
            coordinators: keys.map(|key| find(key)).collect(),
            ..FindCoordinatorResponse::default()
        });
    }
    let found = find(&request.key);
    call.answer(&FindCoordinatorResponse {
        throttle_time_ms,
        error_code: found.error_code,
        error_message: Some(message(found.error_code).into()),
        node_id: found.node_id,
        host: found.host,
        port: found.port,
        coordinators: Vec::new(),
    })
}

fn find<'a>(
    broker: &Broker,
    call: &Call,
    image: &'a MetadataImage,
    key_type: i8,
    key: &'a str,
) -> Coordinator<'a> {
    let found = match check(broker, call, key_type, key) {
        Ok(()) if key_type == GROUP => find_group(broker, call, image, key),
        Ok(()) => Err(ErrorCode::COORDINATOR_NOT_AVAILABLE),
        Err(error) => Err(error),
    };
    found.unwrap_or_else(|error_code| {
        let nobody = Coordinator::default();
        Coordinator {
            key: key.into(),
            node_id: NO_NODE,
            port: NO_PORT,
            error_code,
            error_message: match is_type(key_type) {
                true => nobody.error_message,
                false => Some(message(error_code).into()),
            },
            ..nobody
        }
    })
}

/// Whether the client may ask, and what it asks makes sense.
fn check(broker: &Broker, call: &Call, key_type: i8, key: &str) -> Result<(), ErrorCode> {
    let may = |operation, resource| broker.authorise(&call.context, operation, resource);
    match key_type {
        GROUP if !may(Operation::Describe, Resource::Group(key)) => {
            Err(ErrorCode::GROUP_AUTHORIZATION_FAILED)
        }
        TRANSACTION if !may(Operation::Describe, Resource::TransactionalId(key)) => {
            Err(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
        }
        SHARE if call.context.api_version < FIRST_WITH_SHARE_GROUPS => {
            Err(ErrorCode::INVALID_REQUEST)
        }
        SHARE if !may(Operation::ClusterAction, Resource::Cluster) => {
            Err(ErrorCode::CLUSTER_AUTHORIZATION_FAILED)
        }
        SHARE if !is_share_partition(key) => Err(ErrorCode::INVALID_REQUEST),
        GROUP | TRANSACTION | SHARE => Ok(()),
        _ => Err(ErrorCode::INVALID_REQUEST),
    }
}

fn find_group<'a>(
    broker: &Broker,
    call: &Call,
    image: &'a MetadataImage,
    group_id: &'a str,
) -> Result<Coordinator<'a>, ErrorCode> {
    let Some(topic) = image.topics().by_name(CONSUMER_OFFSETS) else {
        broker.topic_creation.begin_internal(CONSUMER_OFFSETS);
        return Err(ErrorCode::COORDINATOR_NOT_AVAILABLE);
    };
    let listener = call.context.connection.listener.as_str();
    let partition_count = i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX);
    let found = (partition_count > 0).then(|| {
        let index = coordinator::partition_for(group_id, partition_count);
        let leader = topic.partitions.get(&index)?.leader;
        let (leader, endpoint) = image.cluster().reached(leader, listener)?;
        Some(Coordinator {
            key: group_id.into(),
            node_id: leader.id,
            host: endpoint.host.as_str().into(),
            port: i32::from(endpoint.port),
            ..Coordinator::default()
        })
    });
    found.flatten().ok_or(ErrorCode::COORDINATOR_NOT_AVAILABLE)
}

const fn is_type(key_type: i8) -> bool {
    matches!(key_type, GROUP | TRANSACTION | SHARE)
}

/// Whether a key has the form of a share partition's: group, topic id, partition.
fn is_share_partition(key: &str) -> bool {
    // The group may have colons of its own.
    let mut parts = key.rsplitn(3, ':');
    let partition = parts.next().is_some_and(|part| part.parse::<i32>().is_ok());
    let topic_id = parts
        .next()
        .is_some_and(|part| part.parse::<Uuid>().is_ok());
    let group = parts.next().is_some_and(|part| !part.trim().is_empty());
    partition && topic_id && group
}

/// What the versions that carry a message say; Kafka says `NONE` of what succeeds.
fn message(error_code: ErrorCode) -> &'static str {
    match error_code {
        ErrorCode::NONE => "NONE",
        ErrorCode::COORDINATOR_NOT_AVAILABLE => "The coordinator is not available.",
        ErrorCode::GROUP_AUTHORIZATION_FAILED => "The client may not describe the group.",
        ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED => {
            "The client may not describe the transactional id."
        }
        _ => {
            "This most likely occurs because of a request being malformed by the client library or \
             the message was sent to an incompatible broker. See the broker logs for more details."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_partitions_are_told_from_other_keys() {
        for key in [
            "g:AAAAAAAAAAAAAAAAAAAAAQ:0",
            "a:b:AAAAAAAAAAAAAAAAAAAAAQ:12",
        ] {
            assert!(is_share_partition(key), "{key}");
        }
        for key in [
            "",
            "g",
            "g:0",
            ":AAAAAAAAAAAAAAAAAAAAAQ:0",
            "g:AAAAAAAAAAAAAAAAAAAAAQ:x",
            "g:short:0",
        ] {
            assert!(!is_share_partition(key), "{key}");
        }
    }
}
