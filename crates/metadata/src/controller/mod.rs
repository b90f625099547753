//! What the active controller decides: each request becomes records and an answer.
//!
//! ```text
//! request ──> Controller::… (state is only read) ──> Outcome { records, response }
//!                                                       │ appended, then replayed at once
//!                                                       v
//!                                  ControllerState::replay (the uncommitted view)
//! ```
//!
//! Not the job of this module: appending, waiting for the commit, or going back to a clone of the
//! state when an append fails; those are the caller's, and so is who may ask for what.
//!
//! Invariants:
//! - Records that a decision gives are never refused by the state that it was taken on.
//! - [`ControllerState`] is replicated and changed by records alone. [`BrokerLiveness`] is soft: a
//!   new controller begins with [`BrokerLiveness::on_loaded`].
//!
//! Departures from Kafka: no indexes from broker to partition, so fencing reads all partitions.

mod activation;
mod alter_partition;
mod assign_directories;
mod brokers;
mod client_quotas;
mod configs;
mod create_partitions;
mod create_topics;
mod delete_topics;
mod elect_leaders;
mod leadership;
mod liveness;
mod partition_change;
mod placement;
mod producer_ids;
mod reassign_partitions;
mod reassignment;
mod registration;
mod scram_credentials;
mod topic_name;
mod update_features;

pub use activation::{ActivationError, bootstrap_records};
pub use alter_partition::AlteredPartition;
pub use brokers::HeartbeatReply;
pub use client_quotas::{QuotaAlteration, QuotaResult};
pub use configs::{ConfigOperation, ConfigRules, ConfigUpdate, ResourceResult, ResourceUpdate};
pub use create_partitions::PartitionsResult;
pub use create_topics::{CreatedTopic, TopicResult};
pub use delete_topics::{DeletionResult, TopicSelector};
pub use elect_leaders::{ElectionKind, ElectionResult};
pub use liveness::{BrokerLiveness, BrokerSession};
pub use placement::Chance;
pub use producer_ids::ProducerIdBlock;
pub use reassign_partitions::{OngoingReassignment, ReassignmentResult};
pub use scram_credentials::{ScramAlteration, ScramResult, UserScramAlteration};
pub use topic_name::check_topic_name;
pub use update_features::{FeatureUpdate, KraftVersions, UpgradeKind};

use imbl::OrdMap;
use protocol::ErrorCode;
use protocol::generated::metadata::{MetadataRecord, NoOpRecord};

use crate::features::MetadataVersion;
use crate::image::{MetadataImage, MetadataReader, Provenance, ReplayError};
use crate::record::VersionedRecord;

/// How many records one request may lead to, as in Kafka.
const RECORDS_PER_REQUEST_MAX: usize = 10_000;

/// What came of a request: to be appended as one batch, and the answer once it is committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<R> {
    /// The records, in their order.
    pub records: Vec<VersionedRecord>,
    /// The answer.
    pub response: R,
}

/// Why a request, or one part of it, was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The code for the client.
    pub code: ErrorCode,
    /// What the code does not say.
    pub message: Option<String>,
}

/// The keys of `server.properties` that the controller goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControllerSettings {
    /// `node.id` of this controller, whose dynamic configuration counts.
    pub node_id: i32,
    /// The id of the cluster, from `meta.properties`.
    pub cluster_id: String,
    /// `num.partitions`.
    pub partition_count: i32,
    /// `default.replication.factor`.
    pub replication_factor: i16,
}

/// The replicated state of the controller. A clone costs little.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ControllerState {
    reader: MetadataReader,
    /// Where each broker's registration stands: it is caught up when it has read that far.
    registration_offsets: OrdMap<i32, i64>,
}

/// The state with all that a decision goes by.
#[derive(Clone, Copy)]
pub struct Controller<'a> {
    state: &'a ControllerState,
    settings: &'a ControllerSettings,
    rules: &'a dyn ConfigRules,
    mutations: Option<&'a dyn MutationQuota>,
}

/// What creating and deleting partitions is charged on (KIP-599).
pub trait MutationQuota {
    /// Whether so many more may be created or deleted.
    fn charge(&self, partition_count: usize) -> bool;
}

impl<R> Outcome<R> {
    fn none(response: R) -> Self {
        Self {
            records: Vec::new(),
            response,
        }
    }
}

impl ApiError {
    /// A refusal with a reason.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: Some(message.into()),
        }
    }

    /// A refusal whose code says it all.
    pub fn bare(code: ErrorCode) -> Self {
        Self {
            code,
            message: None,
        }
    }
}

impl ControllerState {
    /// The state that a snapshot holds. Brokers in it count as registered at its end.
    pub fn from_snapshot(reader: MetadataReader) -> Self {
        let end = reader
            .provenance()
            .map_or(-1, |provenance| provenance.offset);
        let brokers = reader.latest().cluster().brokers();
        let registration_offsets = brokers.map(|broker| (broker.id, end)).collect();
        Self {
            reader,
            registration_offsets,
        }
    }

    /// Takes in the next record of the log.
    ///
    /// # Errors
    /// When it contradicts the state, which is then unchanged.
    pub fn replay(
        &mut self,
        record: &MetadataRecord,
        provenance: Provenance,
    ) -> Result<(), ReplayError> {
        self.reader.replay(record, provenance)?;
        match record {
            MetadataRecord::RegisterBroker(record) => {
                self.registration_offsets
                    .insert(record.broker_id, provenance.offset);
            }
            MetadataRecord::UnregisterBroker(record) => {
                self.registration_offsets.remove(&record.broker_id);
            }
            _ => {}
        }
        Ok(())
    }

    /// What was read, and how far.
    pub fn reader(&self) -> &MetadataReader {
        &self.reader
    }

    fn registration_offset(&self, broker_id: i32) -> i64 {
        self.registration_offsets
            .get(&broker_id)
            .copied()
            .unwrap_or(-1)
    }
}

impl<'a> Controller<'a> {
    /// A controller that decides on `state`.
    pub fn new(
        state: &'a ControllerState,
        settings: &'a ControllerSettings,
        rules: &'a dyn ConfigRules,
    ) -> Self {
        Self {
            state,
            settings,
            rules,
            mutations: None,
        }
    }

    /// The same controller, which charges partitions that it creates or deletes.
    pub fn charging(self, mutations: &'a dyn MutationQuota) -> Self {
        Self {
            mutations: Some(mutations),
            ..self
        }
    }

    /// The record that keeps the log moving when nothing else does.
    pub fn no_op(&self) -> Outcome<()> {
        Outcome {
            records: vec![VersionedRecord::first(MetadataRecord::NoOp(NoOpRecord {}))],
            response: (),
        }
    }

    fn charge(&self, partition_count: usize) -> Result<(), ApiError> {
        match self.mutations {
            Some(quota) if !quota.charge(partition_count) => {
                Err(ApiError::bare(ErrorCode::THROTTLING_QUOTA_EXCEEDED))
            }
            _ => Ok(()),
        }
    }

    fn image(&self) -> &'a MetadataImage {
        self.state.reader.latest()
    }

    /// Requests are not served before the bootstrap records are there; the lowest version only
    /// stands in for none at all.
    fn metadata_version(&self) -> MetadataVersion {
        let version = self.image().features().metadata_version();
        version.unwrap_or(MetadataVersion::MIN)
    }
}

fn check_record_count(records: &[VersionedRecord]) -> Result<(), ApiError> {
    if records.len() <= RECORDS_PER_REQUEST_MAX {
        return Ok(());
    }
    let message = "Unable to perform excessively large batch operation.";
    Err(ApiError::new(ErrorCode::POLICY_VIOLATION, message))
}

#[cfg(test)]
mod tests;
