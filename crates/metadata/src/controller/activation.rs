//! What a controller writes when it becomes active (KIP-868, KIP-778).

use protocol::generated::metadata::{
    AbortTransactionRecord, BeginTransactionRecord, ConfigRecord, EndTransactionRecord,
    FeatureLevelRecord, MetadataRecord,
};

use super::configs::MIN_INSYNC_REPLICAS;
use super::{Controller, Outcome};
use crate::features::{ELIGIBLE_LEADER_REPLICAS_VERSION, METADATA_VERSION, MetadataVersion};
use crate::image::ResourceKind;
use crate::record::VersionedRecord;

/// Why a controller cannot become active.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ActivationError {
    /// The records for an empty log do not say which metadata version to begin with.
    #[error("activate controller: the bootstrap records have no metadata.version that is known")]
    NoMetadataVersion,
    /// A transaction is open at a version that has none.
    #[error("activate controller: a transaction is open since offset {since}, {version} has none")]
    UnexpectedTransaction {
        /// Where it began.
        since: i64,
        /// The metadata version.
        version: MetadataVersion,
    },
}

/// The records for an empty log of a cluster that begins with these feature levels.
pub fn bootstrap_records(levels: &[(&str, i16)]) -> Vec<VersionedRecord> {
    let record = |(name, feature_level): &(&str, i16)| {
        let record = FeatureLevelRecord {
            name: (*name).to_owned(),
            feature_level: *feature_level,
        };
        VersionedRecord::first(MetadataRecord::FeatureLevel(record))
    };
    levels.iter().map(record).collect()
}

impl Controller<'_> {
    /// The records to write first: `bootstrap` in a transaction if the log is empty, and before
    /// them the end of a transaction that the controller before left open.
    ///
    /// # Errors
    /// When the log or the bootstrap records are such that no controller can go on.
    pub fn activate(&self, bootstrap: &[VersionedRecord]) -> Result<Outcome<()>, ActivationError> {
        let known = self.image().features().metadata_version();
        // In an open transaction the version may be half written.
        let committed = self.state.reader.image().features().metadata_version();
        let is_empty = committed.is_none();
        let version = committed.or(bootstrap_version(bootstrap)).or(known);
        let version = version.ok_or(ActivationError::NoMetadataVersion)?;
        let mut records = Vec::new();
        if let Some(since) = self.state.reader.transaction_start_offset() {
            if !version.has_transactions() {
                return Err(ActivationError::UnexpectedTransaction { since, version });
            }
            let reason = Some("Controller failover".to_owned());
            let record = MetadataRecord::AbortTransaction(AbortTransactionRecord { reason });
            records.push(VersionedRecord::first(record));
        }
        if is_empty {
            self.add_bootstrap_records(bootstrap, version, &mut records);
        }
        Ok(Outcome {
            records,
            response: (),
        })
    }

    fn add_bootstrap_records(
        &self,
        bootstrap: &[VersionedRecord],
        version: MetadataVersion,
        records: &mut Vec<VersionedRecord>,
    ) {
        let name = Some("Bootstrap records".to_owned());
        if version.has_transactions() {
            let begin = MetadataRecord::BeginTransaction(BeginTransactionRecord { name });
            records.push(VersionedRecord::first(begin));
        }
        records.extend_from_slice(bootstrap);
        if bootstrap_level(bootstrap, ELIGIBLE_LEADER_REPLICAS_VERSION) > 0 {
            // With eligible leader replicas, the minimum has to be the same for all brokers.
            let value = self
                .rules
                .default_value(ResourceKind::TOPIC, MIN_INSYNC_REPLICAS);
            let config = MetadataRecord::Config(ConfigRecord {
                resource_type: ResourceKind::BROKER.0,
                resource_name: String::new(),
                name: MIN_INSYNC_REPLICAS.to_owned(),
                value: Some(value.unwrap_or_else(|| "1".to_owned())),
            });
            records.push(VersionedRecord::first(config));
        }
        if version.has_transactions() {
            let end = MetadataRecord::EndTransaction(EndTransactionRecord {});
            records.push(VersionedRecord::first(end));
        }
    }
}

fn bootstrap_version(bootstrap: &[VersionedRecord]) -> Option<MetadataVersion> {
    MetadataVersion::from_level(bootstrap_level(bootstrap, METADATA_VERSION))
}

/// The level that the records give a feature last, 0 for none.
fn bootstrap_level(bootstrap: &[VersionedRecord], name: &str) -> i16 {
    let level = |each: &VersionedRecord| match &each.record {
        MetadataRecord::FeatureLevel(record) if record.name == name => Some(record.feature_level),
        _ => None,
    };
    bootstrap.iter().rev().find_map(level).unwrap_or(0)
}
