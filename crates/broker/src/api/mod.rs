//! The APIs that a node serves, one file for each, and the table that finds them.
//!
//! Not the job of this module: connections, and what the node keeps.

#[path = "49_alter_client_quotas.rs"]
mod alter_client_quotas;
#[path = "33_alter_configs.rs"]
mod alter_configs;
#[path = "45_alter_partition_reassignments.rs"]
mod alter_partition_reassignments;
#[path = "34_alter_replica_log_dirs.rs"]
mod alter_replica_log_dirs;
#[path = "51_alter_user_scram_credentials.rs"]
mod alter_user_scram_credentials;
#[path = "18_api_versions.rs"]
mod api_versions;
mod config_changes;
mod coordinated;
#[path = "37_create_partitions.rs"]
mod create_partitions;
#[path = "19_create_topics.rs"]
mod create_topics;
#[path = "42_delete_groups.rs"]
mod delete_groups;
#[path = "21_delete_records.rs"]
mod delete_records;
#[path = "20_delete_topics.rs"]
mod delete_topics;
#[path = "48_describe_client_quotas.rs"]
mod describe_client_quotas;
#[path = "60_describe_cluster.rs"]
mod describe_cluster;
#[path = "32_describe_configs.rs"]
mod describe_configs;
#[path = "15_describe_groups.rs"]
mod describe_groups;
#[path = "35_describe_log_dirs.rs"]
mod describe_log_dirs;
#[path = "61_describe_producers.rs"]
mod describe_producers;
#[path = "55_describe_quorum.rs"]
mod describe_quorum;
#[path = "75_describe_topic_partitions.rs"]
mod describe_topic_partitions;
#[path = "50_describe_user_scram_credentials.rs"]
mod describe_user_scram_credentials;
#[path = "43_elect_leaders.rs"]
mod elect_leaders;
#[path = "01_fetch.rs"]
mod fetch;
#[path = "10_find_coordinator.rs"]
mod find_coordinator;
mod forwarding;
#[path = "71_get_telemetry_subscriptions.rs"]
mod get_telemetry_subscriptions;
#[cfg(test)]
mod harness;
#[path = "12_heartbeat.rs"]
mod heartbeat;
#[path = "44_incremental_alter_configs.rs"]
mod incremental_alter_configs;
#[path = "22_init_producer_id.rs"]
mod init_producer_id;
#[path = "11_join_group.rs"]
mod join_group;
mod leader_hints;
#[path = "13_leave_group.rs"]
mod leave_group;
#[path = "74_list_config_resources.rs"]
mod list_config_resources;
#[path = "16_list_groups.rs"]
mod list_groups;
#[path = "02_list_offsets.rs"]
mod list_offsets;
#[path = "46_list_partition_reassignments.rs"]
mod list_partition_reassignments;
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
#[path = "72_push_telemetry.rs"]
mod push_telemetry;
#[path = "14_sync_group.rs"]
mod sync_group;
#[path = "64_unregister_broker.rs"]
mod unregister_broker;
#[path = "57_update_features.rs"]
mod update_features;

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
    /// Brokers, controllers, and administrators without a broker (`controller.listener.names`).
    Controller,
}

/// Boxes what a handler makes of a call.
macro_rules! handler {
    ($api:ident) => {
        |broker, call| Box::pin($api::handle(broker, call))
    };
}

/// What brokers serve.
const BROKER: &[(ApiKey, Handler)] = &[
    (ApiKey::Produce, handler!(produce)),
    (ApiKey::Fetch, handler!(fetch)),
    (ApiKey::ListOffsets, handler!(list_offsets)),
    (ApiKey::Metadata, handler!(metadata)),
    (ApiKey::OffsetCommit, handler!(offset_commit)),
    (ApiKey::OffsetFetch, handler!(offset_fetch)),
    (ApiKey::FindCoordinator, handler!(find_coordinator)),
    (ApiKey::JoinGroup, handler!(join_group)),
    (ApiKey::Heartbeat, handler!(heartbeat)),
    (ApiKey::LeaveGroup, handler!(leave_group)),
    (ApiKey::SyncGroup, handler!(sync_group)),
    (ApiKey::DescribeGroups, handler!(describe_groups)),
    (ApiKey::ListGroups, handler!(list_groups)),
    (ApiKey::ApiVersions, handler!(api_versions)),
    (ApiKey::CreateTopics, handler!(create_topics)),
    (ApiKey::DeleteTopics, handler!(delete_topics)),
    (ApiKey::DeleteRecords, handler!(delete_records)),
    (ApiKey::InitProducerId, handler!(init_producer_id)),
    (
        ApiKey::OffsetForLeaderEpoch,
        handler!(offset_for_leader_epoch),
    ),
    (ApiKey::DescribeConfigs, handler!(describe_configs)),
    (ApiKey::AlterConfigs, handler!(alter_configs)),
    (
        ApiKey::AlterReplicaLogDirs,
        handler!(alter_replica_log_dirs),
    ),
    (ApiKey::DescribeLogDirs, handler!(describe_log_dirs)),
    (ApiKey::CreatePartitions, handler!(create_partitions)),
    (ApiKey::DeleteGroups, handler!(delete_groups)),
    (ApiKey::ElectLeaders, handler!(elect_leaders)),
    (
        ApiKey::IncrementalAlterConfigs,
        handler!(incremental_alter_configs),
    ),
    (
        ApiKey::AlterPartitionReassignments,
        handler!(alter_partition_reassignments),
    ),
    (
        ApiKey::ListPartitionReassignments,
        handler!(list_partition_reassignments),
    ),
    (ApiKey::OffsetDelete, handler!(offset_delete)),
    (
        ApiKey::DescribeClientQuotas,
        handler!(describe_client_quotas),
    ),
    (ApiKey::AlterClientQuotas, handler!(alter_client_quotas)),
    (
        ApiKey::DescribeUserScramCredentials,
        handler!(describe_user_scram_credentials),
    ),
    (
        ApiKey::AlterUserScramCredentials,
        handler!(alter_user_scram_credentials),
    ),
    (ApiKey::DescribeQuorum, handler!(describe_quorum)),
    (ApiKey::UpdateFeatures, handler!(update_features)),
    (ApiKey::DescribeCluster, handler!(describe_cluster)),
    (ApiKey::DescribeProducers, handler!(describe_producers)),
    (ApiKey::UnregisterBroker, handler!(unregister_broker)),
    (
        ApiKey::GetTelemetrySubscriptions,
        handler!(get_telemetry_subscriptions),
    ),
    (ApiKey::PushTelemetry, handler!(push_telemetry)),
    (ApiKey::ListConfigResources, handler!(list_config_resources)),
    (
        ApiKey::DescribeTopicPartitions,
        handler!(describe_topic_partitions),
    ),
];

/// What controllers serve.
const CONTROLLER: &[(ApiKey, Handler)] = &[
    (ApiKey::ApiVersions, handler!(api_versions)),
    (ApiKey::CreateTopics, handler!(create_topics)),
    (ApiKey::DeleteTopics, handler!(delete_topics)),
    (ApiKey::DescribeConfigs, handler!(describe_configs)),
    (ApiKey::AlterConfigs, handler!(alter_configs)),
    (ApiKey::CreatePartitions, handler!(create_partitions)),
    (ApiKey::ElectLeaders, handler!(elect_leaders)),
    (
        ApiKey::IncrementalAlterConfigs,
        handler!(incremental_alter_configs),
    ),
    (
        ApiKey::AlterPartitionReassignments,
        handler!(alter_partition_reassignments),
    ),
    (
        ApiKey::ListPartitionReassignments,
        handler!(list_partition_reassignments),
    ),
    (ApiKey::AlterClientQuotas, handler!(alter_client_quotas)),
    (
        ApiKey::AlterUserScramCredentials,
        handler!(alter_user_scram_credentials),
    ),
    (ApiKey::DescribeQuorum, handler!(describe_quorum)),
    (ApiKey::UpdateFeatures, handler!(update_features)),
    (ApiKey::DescribeCluster, handler!(describe_cluster)),
    (ApiKey::UnregisterBroker, handler!(unregister_broker)),
];

impl ListenerKind {
    const fn handlers(self) -> &'static [(ApiKey, Handler)] {
        match self {
            Self::Broker => BROKER,
            Self::Controller => CONTROLLER,
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
    fn the_tables_are_in_the_order_of_numbers() {
        let served = |kind: ListenerKind| kind.served().collect::<Vec<ApiKey>>();
        let (broker, controller) = (
            served(ListenerKind::Broker),
            served(ListenerKind::Controller),
        );
        assert!(broker.is_sorted() && controller.is_sorted());
        assert!(broker.iter().all(|key| key.is_served_by_broker()));
        assert!(controller.iter().all(|key| key.is_served_by_controller()));
    }

    #[test]
    fn versions_that_are_only_advertised_are_not_served() {
        assert!(handler(ListenerKind::Broker, ApiKey::Metadata, 14).is_none());
        assert!(handler(ListenerKind::Broker, ApiKey::Metadata, 13).is_some());
        assert!(handler(ListenerKind::Broker, ApiKey::ApiVersions, 99).is_some());
    }
}
