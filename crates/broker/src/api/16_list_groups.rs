//! ListGroups (key 16), versions 0 to 5: the groups that this broker coordinates.
//!
//! - From version 4 on they can be filtered by state (KIP-518), from 5 on by type (KIP-848).
//! - As long as one partition is loading the answer is COORDINATOR_LOAD_IN_PROGRESS without groups.
//! - Who may not describe the cluster sees the groups that it may describe.

use std::borrow::Cow;
use std::sync::Arc;

use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::{ListGroupsRequest, ListGroupsResponse};

use super::coordinated::later;
use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: ListGroupsRequest<'_> = call.decode()?;
    let request = Arc::new(ListGroupsRequest {
        states_filter: to_owned(&request.states_filter),
        types_filter: to_owned(&request.types_filter),
    });
    let partitions = broker.groups.led().into_iter();
    let coming = partitions.map(|partition| {
        let request = Arc::clone(&request);
        broker.groups.look(partition, move |coordinator| {
            coordinator.list_groups(&request)
        })
    });
    let coming: Vec<_> = coming.collect();
    let (context, throttle_time_ms) = (call.context.clone(), call.throttle_time_ms());
    Ok(later(context.clone(), call.throttle, async move {
        let mut groups = Vec::new();
        for listed in coming {
            let listed = listed.await?;
            match listed.error_code {
                ErrorCode::NONE => groups.extend(listed.groups),
                // It went elsewhere meanwhile.
                ErrorCode::NOT_COORDINATOR => {}
                error_code => {
                    return Ok(ListGroupsResponse {
                        throttle_time_ms,
                        error_code,
                        groups: Vec::new(),
                    });
                }
            }
        }
        if !broker.authorise(&context, Operation::Describe, Resource::Cluster) {
            groups.retain(|group| {
                broker.authorise(
                    &context,
                    Operation::Describe,
                    Resource::Group(&group.group_id),
                )
            });
        }
        Ok(ListGroupsResponse {
            throttle_time_ms,
            error_code: ErrorCode::NONE,
            groups,
        })
    }))
}

fn to_owned(filter: &[Cow<'_, str>]) -> Vec<Cow<'static, str>> {
    let filter = filter.iter();
    filter.map(|it| it.clone().into_owned().into()).collect()
}
