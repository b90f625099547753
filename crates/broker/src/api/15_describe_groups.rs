//! DescribeGroups (key 15), versions 0 to 6: classic groups with their members.
//!
//! - From version 3 on what the client may do to each group is told if asked for (KIP-430).
//! - A group that is not there is dead, and from version 6 on also GROUP_ID_NOT_FOUND (KIP-1043).
//! - A group that is named several times is described once; Kafka describes it each time.

use std::collections::BTreeSet;
use std::sync::Arc;

use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::describe_groups_response::DescribedGroup;
use protocol::generated::{DescribeGroupsRequest, DescribeGroupsResponse};

use super::coordinated::later;
use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: DescribeGroupsRequest<'_> = call.decode()?;
    let (context, throttle_time_ms) = (call.context.clone(), call.throttle_time_ms());
    let mut groups = Vec::new();
    let mut coming = Vec::new();
    // An answer that grew with every mention could be of any size.
    let mut seen = BTreeSet::new();
    for group_id in request.groups.iter().filter(|id| seen.insert(&***id)) {
        if !broker.authorise(&context, Operation::Describe, Resource::Group(group_id)) {
            groups.push(DescribedGroup {
                error_code: ErrorCode::GROUP_AUTHORIZATION_FAILED,
                group_id: group_id.clone().into_owned().into(),
                ..DescribedGroup::default()
            });
            continue;
        }
        let partition = broker.groups.partition_for(group_id);
        let (group_id, version) = (group_id.clone().into_owned(), context.api_version);
        coming.push(broker.groups.look(partition, move |coordinator| {
            coordinator.describe_group(&group_id, version)
        }));
    }
    let tells_operations = request.include_authorized_operations;
    Ok(later(context.clone(), call.throttle, async move {
        for group in coming {
            let mut group = group.await?;
            if tells_operations && group.error_code == ErrorCode::NONE {
                let resource = Resource::Group(&group.group_id);
                group.authorized_operations = broker.authorized_operations(&context, resource);
            }
            groups.push(group);
        }
        Ok(DescribeGroupsResponse {
            throttle_time_ms,
            groups,
        })
    }))
}
