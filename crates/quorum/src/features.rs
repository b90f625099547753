//! The feature levels of a cluster when it is formatted (KIP-584, KIP-1022), by `metadata.version`.
//!
//! Not the job of this module: raising levels later, which is the controller's.

use std::collections::BTreeMap;

use protocol::generated::metadata::{FeatureLevelRecord, MetadataRecord};
use protocol::wire::{EncodeError, Writer};
use thiserror::Error;

const METADATA_VERSION: &str = "metadata.version";
/// 3.3-IV3, below which no broker of a quorum starts, to 4.3-IV0.
const METADATA_VERSIONS: std::ops::RangeInclusive<i16> = 7..=30;

/// A feature besides `metadata.version` and `kraft.version`.
struct Feature {
    name: &'static str,
    level_max: i16,
    /// The highest level a cluster has by default, and from which `metadata.version` on.
    defaults: &'static [(i16, i16)],
    /// The level from which on the feature needs this `metadata.version`.
    needs: Option<(i16, i16)>,
}

const FEATURES: &[Feature] = &[
    Feature {
        name: "eligible.leader.replicas.version",
        level_max: 1,
        defaults: &[(26, 1)],
        needs: Some((1, 23)),
    },
    Feature {
        name: "group.version",
        level_max: 1,
        defaults: &[(22, 1)],
        needs: None,
    },
    Feature {
        name: "share.version",
        level_max: 1,
        defaults: &[(28, 1)],
        needs: None,
    },
    Feature {
        name: "streams.version",
        level_max: 1,
        defaults: &[(29, 1)],
        needs: None,
    },
    Feature {
        name: "transaction.version",
        level_max: 2,
        defaults: &[(24, 2)],
        needs: None,
    },
];

/// The levels of all features when a cluster begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureLevels {
    metadata_version: i16,
    others: BTreeMap<&'static str, i16>,
}

/// Why levels are refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FeatureError {
    /// A feature that is not known.
    #[error("format: unsupported feature {0}")]
    Unknown(String),
    /// A level that a feature does not have.
    #[error("format: feature {name} has no level {level}")]
    Level {
        /// The feature.
        name: String,
        /// The level asked for.
        level: i16,
    },
    /// A level that a `metadata.version` does not support.
    #[error("format: {name} {level} needs metadata.version {needed}, not {found}")]
    Dependency {
        /// The feature.
        name: &'static str,
        /// Its level.
        level: i16,
        /// The `metadata.version` it needs at least.
        needed: i16,
        /// The one there is.
        found: i16,
    },
}

impl FeatureLevels {
    /// The `metadata.version` of release 4.3.
    pub const METADATA_VERSION: i16 = 30;

    /// The levels that a release begins with, other levels for the features in `overrides`.
    /// `kraft.version` follows from how the voters are given, so it is none of them.
    ///
    /// # Errors
    /// When a feature or a level is not known, or a level needs another `metadata.version`.
    pub fn new(metadata_version: i16, overrides: &[(&str, i16)]) -> Result<Self, FeatureError> {
        check_level(METADATA_VERSION, metadata_version, &METADATA_VERSIONS)?;
        let mut others: BTreeMap<_, _> = FEATURES
            .iter()
            .map(|feature| (feature.name, feature.default_at(metadata_version)))
            .collect();
        for (name, level) in overrides {
            let feature = FEATURES.iter().find(|feature| feature.name == *name);
            let feature = feature.ok_or_else(|| FeatureError::Unknown((*name).to_owned()))?;
            check_level(name, *level, &(0..=feature.level_max))?;
            others.insert(feature.name, *level);
        }
        for feature in FEATURES {
            feature.check_needs(others[feature.name], metadata_version)?;
        }
        Ok(Self {
            metadata_version,
            others,
        })
    }

    /// The records that `bootstrap.checkpoint` holds, each in its frame.
    ///
    /// # Errors
    /// Never for levels that were accepted.
    pub(crate) fn records(&self) -> Result<Vec<Vec<u8>>, EncodeError> {
        let others = self.others.iter().map(|(name, level)| (*name, *level));
        let raised = others.filter(|(_, level)| *level > 0);
        let all = std::iter::once((METADATA_VERSION, self.metadata_version)).chain(raised);
        all.map(|(name, feature_level)| {
            let record = MetadataRecord::FeatureLevel(FeatureLevelRecord {
                name: name.to_owned(),
                feature_level,
            });
            let mut writer = Writer::new();
            record.encode_frame(&mut writer, 0)?;
            Ok(writer.into_parts().0)
        })
        .collect()
    }
}

impl Feature {
    fn default_at(&self, metadata_version: i16) -> i16 {
        let reached = |(from, _): &&(i16, i16)| *from <= metadata_version;
        let latest = self.defaults.iter().rev().find(reached);
        latest.map_or(0, |(_, level)| *level)
    }

    fn check_needs(&self, level: i16, metadata_version: i16) -> Result<(), FeatureError> {
        match self.needs {
            Some((from, needed)) if level >= from && metadata_version < needed => {
                Err(FeatureError::Dependency {
                    name: self.name,
                    level,
                    needed,
                    found: metadata_version,
                })
            }
            _ => Ok(()),
        }
    }
}

fn check_level(
    name: &str,
    level: i16,
    levels: &std::ops::RangeInclusive<i16>,
) -> Result<(), FeatureError> {
    if levels.contains(&level) {
        return Ok(());
    }
    let name = name.to_owned();
    Err(FeatureError::Level { name, level })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(metadata_version: i16) -> Vec<i16> {
        let levels = FeatureLevels::new(metadata_version, &[]).unwrap();
        levels.others.into_values().collect()
    }

    #[test]
    fn each_release_begins_with_its_own_levels() {
        // eligible.leader.replicas, group, share, streams, transaction
        assert_eq!(levels(7), [0, 0, 0, 0, 0]);
        assert_eq!(levels(22), [0, 1, 0, 0, 0]);
        assert_eq!(levels(25), [0, 1, 0, 0, 2]);
        assert_eq!(levels(27), [1, 1, 0, 0, 2]);
        assert_eq!(levels(30), [1, 1, 1, 1, 2]);
    }

    #[test]
    fn levels_of_zero_are_not_recorded() {
        let count = |metadata_version, overrides: &[(&str, i16)]| {
            let levels = FeatureLevels::new(metadata_version, overrides).unwrap();
            levels.records().unwrap().len()
        };
        assert_eq!(count(7, &[]), 1);
        assert_eq!(count(30, &[]), 6);
        assert_eq!(count(30, &[("share.version", 0)]), 5);
    }

    #[test]
    fn what_no_release_has_is_refused() {
        let check = |metadata_version, overrides: &[(&str, i16)], message: &str| {
            let error = FeatureLevels::new(metadata_version, overrides).unwrap_err();
            assert_eq!(error.to_string(), message);
        };
        check(6, &[], "format: feature metadata.version has no level 6");
        check(31, &[], "format: feature metadata.version has no level 31");
        check(30, &[("x", 1)], "format: unsupported feature x");
        check(
            30,
            &[("kraft.version", 1)],
            "format: unsupported feature kraft.version",
        );
        check(
            30,
            &[("group.version", 2)],
            "format: feature group.version has no level 2",
        );
        check(
            22,
            &[("eligible.leader.replicas.version", 1)],
            "format: eligible.leader.replicas.version 1 needs metadata.version 23, not 22",
        );
    }
}
