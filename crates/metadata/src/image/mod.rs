//! The metadata image: all that the records of `__cluster_metadata` up to some offset say.
//!
//! Not the job of this module: waiting for a metadata transaction to end ([`MetadataReader`] is
//! beside it), liveness, or anything that is not in the log.
//!
//! Invariants:
//! - [`MetadataImage::replay`] is the only mutator, and a record that it refuses changes nothing.
//! - A clone costs little: the maps share their structure.
//! - Replaying [`MetadataImage::to_records`] gives an equal image, unless it reports a loss.

mod acls;
mod client_quotas;
mod cluster;
mod configs;
mod delegation_tokens;
mod delta;
mod error;
mod features;
mod partition;
mod producer_ids;
mod reader;
mod scram;
mod topics;
mod unknown;

pub use acls::AclsImage;
pub use client_quotas::{ClientQuotasImage, QuotaEntity};
pub use cluster::{BrokerRegistration, ClusterImage};
pub use configs::{ConfigResource, ConfigsImage, ResourceKind};
pub use delegation_tokens::DelegationTokensImage;
pub use delta::{
    BrokerChange, FeatureChange, LocalReplica, LocalReplicaChanges, MetadataDelta, PartitionChange,
    TopicChange,
};
pub use error::ReplayError;
pub use features::FeaturesImage;
pub use partition::{
    DIRECTORY_LOST, DIRECTORY_MIGRATING, DIRECTORY_UNASSIGNED, LeaderRecoveryState, NO_LEADER,
    NO_LEADER_CHANGE, PartitionRegistration, is_reserved_directory,
};
pub use producer_ids::ProducerIdsImage;
pub use reader::{MetadataReader, Provenance};
pub use scram::{ScramCredential, ScramImage, ScramMechanism, Secret};
pub use topics::{TopicImage, TopicsImage};
pub use unknown::UnknownRecordsImage;

use protocol::generated::metadata::MetadataRecord;

use crate::features::MetadataVersion;
use crate::record::VersionedRecord;

/// The state that the records make up. Readers hold a clone; nothing in it ever changes under them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MetadataImage {
    features: FeaturesImage,
    cluster: ClusterImage,
    topics: TopicsImage,
    configs: ConfigsImage,
    client_quotas: ClientQuotasImage,
    producer_ids: ProducerIdsImage,
    acls: AclsImage,
    scram: ScramImage,
    delegation_tokens: DelegationTokensImage,
    unknown: UnknownRecordsImage,
}

/// The records of a snapshot, in the order in which Kafka writes them.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotRecords {
    /// What to write.
    pub records: Vec<VersionedRecord>,
    /// What the metadata version has no records for and the snapshot therefore misses.
    pub losses: Vec<&'static str>,
}

impl MetadataImage {
    /// Takes in one record. Begin, end and abort of a metadata transaction do nothing here.
    ///
    /// # Errors
    /// When the record contradicts the image, which is then unchanged.
    pub fn replay(&mut self, record: &MetadataRecord) -> Result<(), ReplayError> {
        match record {
            MetadataRecord::RegisterBroker(record) => self.cluster.register_broker(record),
            MetadataRecord::UnregisterBroker(record) => self.cluster.unregister_broker(record),
            MetadataRecord::FenceBroker(record) => self.cluster.fence(record),
            MetadataRecord::UnfenceBroker(record) => self.cluster.unfence(record),
            MetadataRecord::BrokerRegistrationChange(record) => self.cluster.change(record),
            MetadataRecord::RegisterController(record) => {
                self.cluster.register_controller(record);
                Ok(())
            }
            MetadataRecord::Topic(record) => self.topics.create(record),
            MetadataRecord::Partition(record) => self.topics.set_partition(record),
            MetadataRecord::PartitionChange(record) => self.topics.change_partition(record),
            MetadataRecord::RemoveTopic(record) => {
                let removed = self.topics.remove(record)?;
                self.configs.remove_topic(&removed.name);
                Ok(())
            }
            MetadataRecord::ClearElr(record) => self.topics.clear_eligible_leader_replicas(record),
            MetadataRecord::FeatureLevel(record) => self.features.replay(record),
            MetadataRecord::ProducerIds(record) => self.producer_ids.replay(record),
            MetadataRecord::RemoveAccessControlEntry(record) => self.acls.remove(record),
            _ => {
                self.replay_plain(record);
                Ok(())
            }
        }
    }

    /// Records that nothing can contradict.
    fn replay_plain(&mut self, record: &MetadataRecord) {
        match record {
            MetadataRecord::Config(record) => self.configs.replay(record),
            MetadataRecord::ClientQuota(record) => self.client_quotas.replay(record),
            MetadataRecord::AccessControlEntry(record) => self.acls.put(record),
            MetadataRecord::UserScramCredential(record) => self.scram.put(record),
            MetadataRecord::RemoveUserScramCredential(record) => self.scram.remove(record),
            MetadataRecord::DelegationToken(record) => self.delegation_tokens.put(record),
            MetadataRecord::RemoveDelegationToken(record) => self.delegation_tokens.remove(record),
            MetadataRecord::Unknown { .. } => self.unknown.keep(record),
            // No operation, marks of a transaction, and the migration from ZooKeeper, of which
            // Kafka 4 keeps nothing either.
            _ => {}
        }
    }

    /// The records of a snapshot of this image for a cluster at `version`. What came in as an
    /// unknown type stands at the end.
    pub fn to_records(&self, version: MetadataVersion) -> SnapshotRecords {
        let mut writer = SnapshotWriter {
            version,
            keeps_eligible_leader_replicas: self.features.keeps_eligible_leader_replicas(),
            records: Vec::new(),
            losses: Vec::new(),
        };
        self.features.write(&mut writer);
        self.cluster.write(&mut writer);
        self.topics.write(&mut writer);
        self.configs.write(&mut writer);
        self.client_quotas.write(&mut writer);
        self.producer_ids.write(&mut writer);
        self.acls.write(&mut writer);
        self.scram.write(&mut writer);
        self.delegation_tokens.write(&mut writer);
        self.unknown.write(&mut writer);
        SnapshotRecords {
            records: writer.records,
            losses: writer.losses,
        }
    }

    /// The finalized features.
    pub fn features(&self) -> &FeaturesImage {
        &self.features
    }

    /// Brokers and controllers.
    pub fn cluster(&self) -> &ClusterImage {
        &self.cluster
    }

    /// Topics and their partitions.
    pub fn topics(&self) -> &TopicsImage {
        &self.topics
    }

    /// Dynamic configurations.
    pub fn configs(&self) -> &ConfigsImage {
        &self.configs
    }

    /// Client quotas.
    pub fn client_quotas(&self) -> &ClientQuotasImage {
        &self.client_quotas
    }

    /// The next producer id that nobody has.
    pub fn producer_ids(&self) -> &ProducerIdsImage {
        &self.producer_ids
    }

    /// Access control entries.
    pub fn acls(&self) -> &AclsImage {
        &self.acls
    }

    /// SCRAM credentials.
    pub fn scram(&self) -> &ScramImage {
        &self.scram
    }

    /// Delegation tokens.
    pub fn delegation_tokens(&self) -> &DelegationTokensImage {
        &self.delegation_tokens
    }

    /// Records of types that are not known.
    pub fn unknown(&self) -> &UnknownRecordsImage {
        &self.unknown
    }
}

/// Where the parts of an image write their records to.
pub(crate) struct SnapshotWriter {
    version: MetadataVersion,
    keeps_eligible_leader_replicas: bool,
    records: Vec<VersionedRecord>,
    losses: Vec<&'static str>,
}

impl SnapshotWriter {
    pub(crate) fn first(&mut self, record: MetadataRecord) {
        self.records.push(VersionedRecord::first(record));
    }

    pub(crate) fn versioned(&mut self, record: MetadataRecord, version: i16) {
        self.records.push(VersionedRecord { record, version });
    }

    pub(crate) fn lose(&mut self, what: &'static str) {
        if !self.losses.contains(&what) {
            self.losses.push(what);
        }
    }
}

#[cfg(test)]
mod tests;
