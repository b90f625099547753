//! DeleteGroups (key 42), versions 0 to 2: groups without members go, with their offsets.
//!
//! A group that is named several times is deleted and answered once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use coordinator::Response;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::delete_groups_response::DeletableGroupResult;
use protocol::generated::{DeleteGroupsRequest, DeleteGroupsResponse};

use super::coordinated::{Client, later};
use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: DeleteGroupsRequest<'_> = call.decode()?;
    let throttle_time_ms = call.throttle_time_ms();
    let mut results = Vec::new();
    let mut by_partition = BTreeMap::<i32, Vec<_>>::new();
    for group_id in request.groups_names.iter().collect::<BTreeSet<_>>() {
        if broker.authorise(&call.context, Operation::Delete, Resource::Group(group_id)) {
            let partition = broker.groups.partition_for(group_id);
            let group_id = group_id.clone().into_owned().into();
            by_partition.entry(partition).or_default().push(group_id);
        } else {
            results.push(DeletableGroupResult {
                group_id: group_id.clone().into_owned().into(),
                error_code: ErrorCode::GROUP_AUTHORIZATION_FAILED,
            });
        }
    }
    let coming = by_partition.into_iter().map(|(partition, groups_names)| {
        let client = Client::of(&call.context);
        let request = DeleteGroupsRequest { groups_names };
        broker
            .groups
            .ask(partition, move |coordinator, now, waiter| {
                coordinator.delete_groups(now, &client.caller(waiter), &request)
            })
    });
    let coming: Vec<_> = coming.collect();
    Ok(later(call.context.clone(), call.throttle, async move {
        for response in coming {
            let Response::DeleteGroups(response) = response.await? else {
                unreachable!("a deletion of groups is answered with one");
            };
            results.extend(response.results);
        }
        Ok(DeleteGroupsResponse {
            throttle_time_ms,
            results,
        })
    }))
}
