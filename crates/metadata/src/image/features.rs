//! The finalized feature levels (KIP-584).

use imbl::OrdMap;
use protocol::generated::metadata::{FeatureLevelRecord, MetadataRecord};

use super::{ReplayError, SnapshotWriter};
use crate::features::{
    ELIGIBLE_LEADER_REPLICAS_VERSION, KRAFT_VERSION, METADATA_VERSION, MetadataVersion,
};

/// What the cluster has agreed to use. A feature that is not in it is at level 0.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FeaturesImage {
    metadata_version: Option<MetadataVersion>,
    levels: OrdMap<String, i16>,
}

impl FeaturesImage {
    pub(super) fn replay(&mut self, record: &FeatureLevelRecord) -> Result<(), ReplayError> {
        let level = record.feature_level;
        if record.name == METADATA_VERSION {
            let version = MetadataVersion::from_level(level);
            let unknown = || ReplayError::UnknownLevel {
                name: record.name.clone(),
                level,
            };
            self.metadata_version = Some(version.ok_or_else(unknown)?);
        } else if record.name == KRAFT_VERSION {
            // A control record of the quorum holds it. Kafka 3.9 wrote such records by mistake, and
            // later releases pass them over.
        } else if level == 0 {
            self.levels.remove(&record.name);
        } else {
            self.levels.insert(record.name.clone(), level);
        }
        Ok(())
    }

    pub(super) fn write(&self, writer: &mut SnapshotWriter) {
        let metadata_version = (METADATA_VERSION, writer.version.level());
        let others = self.levels.iter().map(|(name, level)| (&**name, *level));
        for (name, feature_level) in std::iter::once(metadata_version).chain(others) {
            let name = name.to_owned();
            writer.first(MetadataRecord::FeatureLevel(FeatureLevelRecord {
                name,
                feature_level,
            }));
        }
    }

    /// The metadata version, unless the log is still empty.
    pub fn metadata_version(&self) -> Option<MetadataVersion> {
        self.metadata_version
    }

    /// The level of a feature, 0 if it is not finalized. `metadata.version` is 0 in an empty log.
    pub fn level(&self, name: &str) -> i16 {
        if name == METADATA_VERSION {
            return self.metadata_version.map_or(0, MetadataVersion::level);
        }
        self.levels.get(name).copied().unwrap_or(0)
    }

    /// All levels other than 0, `metadata.version` last.
    pub fn levels(&self) -> impl Iterator<Item = (&str, i16)> {
        let version = self
            .metadata_version
            .map(|version| (METADATA_VERSION, version.level()));
        let others = self.levels.iter().map(|(name, level)| (&**name, *level));
        others.chain(version)
    }

    /// Whether eligible leader replicas are kept (KIP-966).
    pub fn keeps_eligible_leader_replicas(&self) -> bool {
        self.level(ELIGIBLE_LEADER_REPLICAS_VERSION) >= 1
    }
}
