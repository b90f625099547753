//! What the active controller serves, one file for each API. Each decodes, authorises, decides and
//! encodes; nothing is written here.

#[path = "67_allocate_producer_ids.rs"]
mod allocate_producer_ids;
#[path = "49_alter_client_quotas.rs"]
mod alter_client_quotas;
#[path = "33_alter_configs.rs"]
mod alter_configs;
#[path = "56_alter_partition.rs"]
mod alter_partition;
#[path = "45_alter_partition_reassignments.rs"]
mod alter_partition_reassignments;
#[path = "51_alter_user_scram_credentials.rs"]
mod alter_user_scram_credentials;
#[path = "73_assign_replicas_to_dirs.rs"]
mod assign_replicas_to_dirs;
#[path = "63_broker_heartbeat.rs"]
mod broker_heartbeat;
#[path = "62_broker_registration.rs"]
mod broker_registration;
mod config_resources;
#[path = "37_create_partitions.rs"]
mod create_partitions;
#[path = "19_create_topics.rs"]
mod create_topics;
#[path = "20_delete_topics.rs"]
mod delete_topics;
#[path = "55_describe_quorum.rs"]
mod describe_quorum;
#[path = "43_elect_leaders.rs"]
mod elect_leaders;
#[path = "44_incremental_alter_configs.rs"]
mod incremental_alter_configs;
#[path = "46_list_partition_reassignments.rs"]
mod list_partition_reassignments;
#[path = "64_unregister_broker.rs"]
mod unregister_broker;
#[path = "57_update_features.rs"]
mod update_features;

use super::active::{Active, Decision};
use super::request::ControllerRequest;
use crate::requests::{Operation, Resource};
use metadata::controller::ApiError;
use protocol::{ApiKey, ErrorCode};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Takes a decision.
///
/// # Errors
/// The error of the envelope, when the request cannot be read or is none for the controller.
pub(super) fn decide(
    active: &mut Active,
    request: &ControllerRequest<'_>,
) -> Result<Decision, ErrorCode> {
    match request.key {
        ApiKey::CreateTopics => create_topics::decide(active, request),
        ApiKey::DeleteTopics => delete_topics::decide(active, request),
        ApiKey::AlterConfigs => alter_configs::decide(active, request),
        ApiKey::CreatePartitions => create_partitions::decide(active, request),
        ApiKey::ElectLeaders => elect_leaders::decide(active, request),
        ApiKey::IncrementalAlterConfigs => incremental_alter_configs::decide(active, request),
        ApiKey::AlterClientQuotas => alter_client_quotas::decide(active, request),
        ApiKey::AlterUserScramCredentials => alter_user_scram_credentials::decide(active, request),
        ApiKey::AlterPartitionReassignments => {
            alter_partition_reassignments::decide(active, request)
        }
        ApiKey::ListPartitionReassignments => list_partition_reassignments::decide(active, request),
        ApiKey::DescribeQuorum => describe_quorum::decide(active, request),
        ApiKey::AlterPartition => alter_partition::decide(active, request),
        ApiKey::UpdateFeatures => update_features::decide(active, request),
        ApiKey::BrokerRegistration => broker_registration::decide(active, request),
        ApiKey::BrokerHeartbeat => broker_heartbeat::decide(active, request),
        ApiKey::UnregisterBroker => unregister_broker::decide(active, request),
        ApiKey::AllocateProducerIds => allocate_producer_ids::decide(active, request),
        ApiKey::AssignReplicasToDirs => assign_replicas_to_dirs::decide(active, request),
        _ => Err(ErrorCode::UNSUPPORTED_VERSION),
    }
}

/// How often each name occurs.
fn count<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// An error as answers have it, a code and a text; none is the code NONE.
fn code_and_message<'a>(error: Option<ApiError>) -> (ErrorCode, Option<Cow<'a, str>>) {
    match error {
        Some(error) => (error.code, error.message.map(Into::into)),
        None => (ErrorCode::NONE, None),
    }
}

/// Whether who asks may do something to the cluster as a whole.
fn check_cluster(request: &ControllerRequest<'_>, operation: Operation) -> Result<(), ApiError> {
    match request.may(operation, Resource::Cluster) {
        true => Ok(()),
        false => Err(ApiError::bare(ErrorCode::CLUSTER_AUTHORIZATION_FAILED)),
    }
}

fn duplicate_name() -> ApiError {
    ApiError::new(ErrorCode::INVALID_REQUEST, "Duplicate topic name.")
}

#[cfg(test)]
mod tests;
