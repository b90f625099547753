//! The features that a cluster agrees on (KIP-584, KIP-1022): their levels, what each level needs,
//! and what a release starts with.
//!
//! Not the job of this module: which levels are finalized in a cluster ([`crate::image`]), and
//! changing them.
//!
//! Invariants:
//! - The table says what Apache Kafka 4.3.1 says; levels that it calls unstable are not in it.

mod metadata_version;

use std::collections::BTreeMap;

pub use metadata_version::MetadataVersion;

/// The name of the feature that versions the metadata records themselves.
pub const METADATA_VERSION: &str = "metadata.version";
/// Whether voters are static (0) or kept in the log (1, KIP-853).
pub const KRAFT_VERSION: &str = "kraft.version";
/// The format and the guarantees of transactions (KIP-890).
pub const TRANSACTION_VERSION: &str = "transaction.version";
/// Whether the consumer group protocol is on (KIP-848).
pub const GROUP_VERSION: &str = "group.version";
/// Whether eligible leader replicas are kept (KIP-966).
pub const ELIGIBLE_LEADER_REPLICAS_VERSION: &str = "eligible.leader.replicas.version";
/// Whether share groups are on (KIP-932).
pub const SHARE_VERSION: &str = "share.version";
/// Whether streams groups are on (KIP-1071).
pub const STREAMS_VERSION: &str = "streams.version";

/// A feature other than `metadata.version`: its levels are 0 to one less than the table's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// Its name in records, requests and tools.
    pub name: &'static str,
    /// For each level from 1 on, the first metadata version whose release turns it on.
    default_since: &'static [MetadataVersion],
    /// For each level from 1 on, the metadata version without which it cannot be set.
    needs: &'static [Option<MetadataVersion>],
}

/// All features but `metadata.version`, in the order of their names.
pub const FEATURES: &[Feature] = &[
    Feature {
        name: ELIGIBLE_LEADER_REPLICAS_VERSION,
        default_since: &[MetadataVersion::V4_1_IV0],
        needs: &[Some(MetadataVersion::V4_0_IV1)],
    },
    Feature {
        name: GROUP_VERSION,
        default_since: &[MetadataVersion::V4_0_IV0],
        needs: &[None],
    },
    Feature {
        name: KRAFT_VERSION,
        default_since: &[MetadataVersion::V3_9_IV0],
        needs: &[None],
    },
    Feature {
        name: SHARE_VERSION,
        default_since: &[MetadataVersion::V4_2_IV0],
        needs: &[None],
    },
    Feature {
        name: STREAMS_VERSION,
        default_since: &[MetadataVersion::V4_2_IV1],
        needs: &[None],
    },
    Feature {
        name: TRANSACTION_VERSION,
        default_since: &[MetadataVersion::V4_0_IV2, MetadataVersion::V4_0_IV2],
        needs: &[None, None],
    },
];

impl Feature {
    /// The feature of this name, unless it is `metadata.version` or unknown.
    pub fn named(name: &str) -> Option<&'static Self> {
        FEATURES.iter().find(|feature| feature.name == name)
    }

    /// The highest level there is; the lowest is 0, "off".
    pub fn level_max(&self) -> i16 {
        self.default_since.len() as i16
    }

    /// The level that a cluster formatted at `version` starts with.
    pub fn default_level(&self, version: MetadataVersion) -> i16 {
        let reached = self.default_since.iter();
        reached.take_while(|since| **since <= version).count() as i16
    }

    /// The metadata version that `level` depends on, if it depends on one.
    pub fn needed_metadata_version(&self, level: i16) -> Option<MetadataVersion> {
        let index = usize::try_from(level).ok()?.checked_sub(1)?;
        self.needs.get(index).copied().flatten()
    }
}

/// The levels other than 0 that a cluster formatted at `version` starts with, by name, as
/// `kafka-storage format` writes them; `kraft.version` is not among them, since a control record
/// of the log holds it.
pub fn default_levels(version: MetadataVersion) -> Vec<(&'static str, i16)> {
    chosen_levels(version, &[]).expect("a release supports the levels that it begins with")
}

/// As [`default_levels`], with other levels for the features in `overrides`.
///
/// # Errors
/// When a feature is not known or not to be chosen, has no such level, or needs a later metadata
/// version.
pub fn chosen_levels(
    version: MetadataVersion,
    overrides: &[(&str, i16)],
) -> Result<Vec<(&'static str, i16)>, LevelError> {
    let mut levels = BTreeMap::<&'static str, i16>::new();
    for feature in FEATURES
        .iter()
        .filter(|feature| feature.name != KRAFT_VERSION)
    {
        levels.insert(feature.name, feature.default_level(version));
    }
    for (name, level) in overrides {
        let feature = Feature::named(name).filter(|feature| levels.contains_key(feature.name));
        let feature = feature.ok_or_else(|| LevelError::Unknown((*name).to_owned()))?;
        levels.insert(feature.name, *level);
    }
    for feature in FEATURES {
        let Some(level) = levels.get(feature.name).copied() else {
            continue;
        };
        let name = feature.name;
        if !(0..=feature.level_max()).contains(&level) {
            return Err(LevelError::NoSuchLevel { name, level });
        }
        let needed = feature.needed_metadata_version(level);
        if let Some(needed) = needed.filter(|needed| version < *needed) {
            return Err(LevelError::NeedsVersion {
                name,
                level,
                needed,
                version,
            });
        }
    }
    levels.retain(|_, level| *level > 0);
    let of_version = (METADATA_VERSION, version.level());
    Ok(std::iter::once(of_version).chain(levels).collect())
}

/// Why feature levels are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    /// A feature that is not known, or whose level is chosen in another way.
    #[error("choose feature level: unsupported feature {0}")]
    Unknown(String),
    /// A level that a feature does not have.
    #[error("choose feature level: {name} has no level {level}")]
    NoSuchLevel {
        /// The feature.
        name: &'static str,
        /// The level asked for.
        level: i16,
    },
    /// A level that a metadata version does not support.
    #[error("choose feature level: {name} {level} needs metadata.version {needed}, not {version}")]
    NeedsVersion {
        /// The feature.
        name: &'static str,
        /// Its level.
        level: i16,
        /// The metadata version it needs at least.
        needed: MetadataVersion,
        /// The one there is.
        version: MetadataVersion,
    },
}

/// What this software supports of each feature, as a registration announces it: name, lowest and
/// highest level.
pub fn supported_ranges() -> Vec<(&'static str, i16, i16)> {
    let version = MetadataVersion::MIN.level()..=MetadataVersion::LATEST.level();
    let others = FEATURES
        .iter()
        .map(|feature| (feature.name, 0, feature.level_max()));
    let mut ranges: Vec<_> = others
        .chain([(METADATA_VERSION, *version.start(), *version.end())])
        .collect();
    ranges.sort_unstable();
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_of_release_4_3_starts_as_kafka_formats_it() {
        let expected = [
            ("metadata.version", 30),
            ("eligible.leader.replicas.version", 1),
            ("group.version", 1),
            ("share.version", 1),
            ("streams.version", 1),
            ("transaction.version", 2),
        ];
        assert_eq!(default_levels(MetadataVersion::LATEST), expected);
        assert_eq!(
            default_levels(MetadataVersion::MIN),
            [("metadata.version", 7)]
        );
    }

    #[test]
    fn eligible_leader_replicas_need_the_records_that_hold_them() {
        let feature = Feature::named(ELIGIBLE_LEADER_REPLICAS_VERSION).unwrap();
        assert_eq!(
            feature.needed_metadata_version(1),
            MetadataVersion::from_level(23)
        );
        assert_eq!(feature.needed_metadata_version(0), None);
        assert_eq!(feature.needed_metadata_version(i16::MAX), None);
        assert_eq!(feature.needed_metadata_version(-1), None);
    }

    #[test]
    fn every_release_supports_its_own_defaults() {
        for level in MetadataVersion::MIN.level()..=MetadataVersion::LATEST.level() {
            let levels = default_levels(MetadataVersion::from_level(level).unwrap());
            assert_eq!(levels[0], (METADATA_VERSION, level));
        }
    }

    #[test]
    fn levels_that_no_release_has_are_refused() {
        let check = |version, overrides: &[(&str, i16)], message: &str| {
            let version = MetadataVersion::from_level(version).unwrap();
            let error = chosen_levels(version, overrides).unwrap_err().to_string();
            assert_eq!(error, format!("choose feature level: {message}"));
        };
        check(30, &[("x", 1)], "unsupported feature x");
        check(
            30,
            &[(KRAFT_VERSION, 1)],
            "unsupported feature kraft.version",
        );
        check(30, &[(GROUP_VERSION, 2)], "group.version has no level 2");
        let overrides = [(ELIGIBLE_LEADER_REPLICAS_VERSION, 1)];
        let error = chosen_levels(MetadataVersion::V4_0_IV0, &overrides);
        assert!(matches!(error, Err(LevelError::NeedsVersion { .. })));
    }

    #[test]
    fn a_feature_that_is_turned_off_is_not_written() {
        let levels = chosen_levels(MetadataVersion::LATEST, &[(SHARE_VERSION, 0)]).unwrap();
        assert!(levels.iter().all(|(name, _)| *name != SHARE_VERSION));
        assert_eq!(levels.len(), 5);
    }

    #[test]
    fn every_feature_has_a_range_that_holds_its_default() {
        for feature in FEATURES {
            let level = feature.default_level(MetadataVersion::LATEST);
            assert_eq!(level, feature.level_max(), "{}", feature.name);
            assert_eq!(feature.default_since.len(), feature.needs.len());
        }
        assert!(supported_ranges().contains(&("metadata.version", 7, 30)));
    }
}
