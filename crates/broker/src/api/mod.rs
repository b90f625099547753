//! The APIs that a node serves, one file for each, and the table that finds them.
//!
//! Not the job of this module: connections, and what the node keeps.

#[path = "18_api_versions.rs"]
mod api_versions;
mod coordinated;
#[path = "42_delete_groups.rs"]
mod delete_groups;
#[path = "60_describe_cluster.rs"]
mod describe_cluster;
#[path = "15_describe_groups.rs"]
mod describe_groups;
#[path = "01_fetch.rs"]
mod fetch;
#[path = "10_find_coordinator.rs"]
mod find_coordinator;
#[cfg(test)]
mod harness;
#[path = "12_heartbeat.rs"]
mod heartbeat;
#[path = "11_join_group.rs"]
mod join_group;
mod leader_hints;
#[path = "13_leave_group.rs"]
mod leave_group;
#[path = "16_list_groups.rs"]
mod list_groups;
#[path = "02_list_offsets.rs"]
mod list_offsets;
#[path = "03_metadata.rs"]
mod metadata;
#[path = "08_offset_commit.rs"]
mod offset_commit;
#[path = "47_offset_delete.rs"]
mod offset_delete;
#[path = "09_offset_fetch.rs"]
mod offset_fetch;
#[path = "23_offset_for_leader_epoch.rs"]
mod offset_for_leader_epoch;
#[path = "00_produce.rs"]
mod produce;
#[path = "14_sync_group.rs"]
mod sync_group;

use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::BoxFuture;
use net::server::Handled;
use protocol::ApiKey;
use std::sync::Arc;

/// How far a request has got, or why its connection ends.
pub(crate) type HandlerFuture = BoxFuture<'static, Result<Handled, Unanswerable>>;

/// Handles the requests of one API.
pub(crate) type Handler = fn(Arc<Broker>, Call) -> HandlerFuture;

/// Whom a listener is for; each serves APIs of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerKind {
    /// Clients and brokers (`listeners` but for `controller.listener.names`).
    Broker,
}

/// What brokers serve.
const BROKER: &[(ApiKey, Handler)] = &[
    (ApiKey::Produce, |broker, call| {
        Box::pin(produce::handle(broker, call))
    }),
    (ApiKey::Fetch, |broker, call| {
        Box::pin(fetch::handle(broker, call))
    }),
    (ApiKey::ListOffsets, |broker, call| {
        Box::pin(list_offsets::handle(broker, call))
    }),
    (ApiKey::Metadata, |broker, call| {
        Box::pin(metadata::handle(broker, call))
    }),
    (ApiKey::OffsetCommit, |broker, call| {
        Box::pin(offset_commit::handle(broker, call))
    }),
    (ApiKey::OffsetFetch, |broker, call| {
        Box::pin(offset_fetch::handle(broker, call))
    }),
    (ApiKey::FindCoordinator, |broker, call| {
        Box::pin(find_coordinator::handle(broker, call))
    }),
    (ApiKey::JoinGroup, |broker, call| {
        Box::pin(join_group::handle(broker, call))
    }),
    (ApiKey::Heartbeat, |broker, call| {
        Box::pin(heartbeat::handle(broker, call))
    }),
    (ApiKey::LeaveGroup, |broker, call| {
        Box::pin(leave_group::handle(broker, call))
    }),
    (ApiKey::SyncGroup, |broker, call| {
        Box::pin(sync_group::handle(broker, call))
    }),
    (ApiKey::DescribeGroups, |broker, call| {
        Box::pin(describe_groups::handle(broker, call))
    }),
    (ApiKey::ListGroups, |broker, call| {
        Box::pin(list_groups::handle(broker, call))
    }),
    (ApiKey::ApiVersions, |broker, call| {
        Box::pin(api_versions::handle(broker, call))
    }),
    (ApiKey::OffsetForLeaderEpoch, |broker, call| {
        Box::pin(offset_for_leader_epoch::handle(broker, call))
    }),
    (ApiKey::DeleteGroups, |broker, call| {
        Box::pin(delete_groups::handle(broker, call))
    }),
    (ApiKey::OffsetDelete, |broker, call| {
        Box::pin(offset_delete::handle(broker, call))
    }),
    (ApiKey::DescribeCluster, |broker, call| {
        Box::pin(describe_cluster::handle(broker, call))
    }),
];

impl ListenerKind {
    const fn handlers(self) -> &'static [(ApiKey, Handler)] {
        match self {
            Self::Broker => BROKER,
        }
    }

    /// The APIs that are served on listeners of this kind, in the order of their numbers.
    pub(crate) fn served(self) -> impl Iterator<Item = ApiKey> {
        self.handlers().iter().map(|(key, _)| *key)
    }
}

/// Who handles requests of this API in this version; ApiVersions answers in any (KIP-511).
pub(crate) fn handler(listener: ListenerKind, key: ApiKey, version: i16) -> Option<Handler> {
    let is_served = key == ApiKey::ApiVersions || key.stable_versions().contains(&version);
    let handlers = listener.handlers();
    let position = handlers.binary_search_by_key(&key, |(key, _)| *key);
    position
        .ok()
        .filter(|_| is_served)
        .map(|position| handlers[position].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_numbers() {
        let served: Vec<ApiKey> = ListenerKind::Broker.served().collect();
        assert!(served.is_sorted());
        assert!(served.iter().all(|key| key.is_served_by_broker()));
    }

    #[test]
    fn versions_that_are_only_advertised_are_not_served() {
        assert!(handler(ListenerKind::Broker, ApiKey::Metadata, 14).is_none());
        assert!(handler(ListenerKind::Broker, ApiKey::Metadata, 13).is_some());
        assert!(handler(ListenerKind::Broker, ApiKey::ApiVersions, 99).is_some());
    }
}
