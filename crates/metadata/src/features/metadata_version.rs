//! The versions of the metadata records and of what depends on them, from 3.3-IV3 to 4.3-IV0.
//!
//! Not the job of this module: the other features, and changing a cluster's version.

use std::fmt;

/// The level of `metadata.version` of a cluster: one of those that Apache Kafka 4.3.1 runs with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetadataVersion(i16);

/// The names, from the lowest level up.
const NAMES: &[&str] = &[
    "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2",
    "3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0",
    "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0",
];

/// The levels that brought records, or fields of records, that those below do not have.
const CHANGES_METADATA: &[i16] = &[8, 11, 13, 14, 15, 17, 23, 30];

impl MetadataVersion {
    /// 3.3-IV3, the lowest that any 4.x broker runs with.
    pub const MIN: Self = Self(7);
    /// 4.3-IV0, the highest that is in production and the default of release 4.3.
    pub const LATEST: Self = Self(30);
    /// 3.9-IV0: dynamic voters (KIP-853).
    pub const V3_9_IV0: Self = Self(21);
    /// 4.0-IV0: the consumer group protocol (KIP-848).
    pub const V4_0_IV0: Self = Self(22);
    /// 4.0-IV1: eligible leader replicas in the records (KIP-966).
    pub const V4_0_IV1: Self = Self(23);
    /// 4.0-IV2: transactions of version 2 (KIP-890).
    pub const V4_0_IV2: Self = Self(24);
    /// 4.1-IV0: eligible leader replicas are on.
    pub const V4_1_IV0: Self = Self(26);
    /// 4.2-IV0: share groups (KIP-932).
    pub const V4_2_IV0: Self = Self(28);
    /// 4.2-IV1: streams groups (KIP-1071).
    pub const V4_2_IV1: Self = Self(29);

    /// The version of this level, if there is one.
    pub fn from_level(level: i16) -> Option<Self> {
        let known = Self::MIN.0..=Self::LATEST.0;
        known.contains(&level).then_some(Self(level))
    }

    /// The version of this name, such as `4.3-IV0`; a bare release such as `4.3` is its highest.
    pub fn from_name(name: &str) -> Option<Self> {
        let is_named = |known: &&str| match known.strip_prefix(name) {
            Some(rest) => rest.is_empty() || rest.starts_with('-'),
            None => false,
        };
        let index = NAMES.iter().rposition(is_named)?;
        Self::from_level(Self::MIN.0 + index as i16)
    }

    /// The number that records carry.
    pub const fn level(self) -> i16 {
        self.0
    }

    /// The name, such as `4.3-IV0`.
    pub fn name(self) -> &'static str {
        NAMES[usize::from((self.0 - Self::MIN.0).unsigned_abs())]
    }

    /// Whether going back to `lower` could lose what records of this version say.
    pub fn is_lossy_down_to(self, lower: Self) -> bool {
        (lower.0 + 1..=self.0).any(|level| CHANGES_METADATA.contains(&level))
    }

    /// Whether a migrating ZooKeeper broker can be recorded (KIP-866).
    pub const fn has_zk_migration(self) -> bool {
        self.0 >= 8
    }

    /// Whether SCRAM credentials can be recorded (KIP-900).
    pub const fn has_scram(self) -> bool {
        self.0 >= 11
    }

    /// Whether a smaller in-sync replica set alone moves the leader epoch.
    pub const fn bumps_leader_epoch_on_isr_shrink(self) -> bool {
        self.0 < 12
    }

    /// Whether records can be held together by a metadata transaction (KIP-868).
    pub const fn has_transactions(self) -> bool {
        self.0 >= 13
    }

    /// Whether delegation tokens can be recorded (KIP-900).
    pub const fn has_delegation_tokens(self) -> bool {
        self.0 >= 14
    }

    /// Whether controllers register (KIP-919).
    pub const fn has_controller_registration(self) -> bool {
        self.0 >= 15
    }

    /// Whether replicas are assigned to log directories (KIP-858).
    pub const fn has_directory_assignment(self) -> bool {
        self.0 >= 17
    }

    /// Whether eligible leader replicas can be recorded (KIP-966).
    pub const fn has_eligible_leader_replicas(self) -> bool {
        self.0 >= 23
    }

    /// Whether log directories can be cordoned (KIP-1066).
    pub const fn has_cordoned_directories(self) -> bool {
        self.0 >= 30
    }

    /// The version of RegisterBrokerRecord.
    pub const fn register_broker_record_version(self) -> i16 {
        if self.has_cordoned_directories() {
            4
        } else if self.has_directory_assignment() {
            3
        } else if self.has_zk_migration() {
            2
        } else {
            1
        }
    }

    /// The version of PartitionRecord and of PartitionChangeRecord.
    pub const fn partition_record_version(self) -> i16 {
        if self.has_eligible_leader_replicas() {
            2
        } else if self.has_directory_assignment() {
            1
        } else {
            0
        }
    }
}

impl fmt::Display for MetadataVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl fmt::Debug for MetadataVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_names_belong_together() {
        assert_eq!(MetadataVersion::MIN.name(), "3.3-IV3");
        assert_eq!(MetadataVersion::LATEST.name(), "4.3-IV0");
        for level in 7..=30 {
            let version = MetadataVersion::from_level(level).unwrap();
            assert_eq!(MetadataVersion::from_name(version.name()), Some(version));
        }
        for level in [i16::MIN, 0, 6, 31, i16::MAX] {
            assert_eq!(MetadataVersion::from_level(level), None);
        }
    }

    #[test]
    fn a_release_is_its_highest_version() {
        let version = |name| MetadataVersion::from_name(name).map(MetadataVersion::level);
        assert_eq!(version("4.3"), Some(30));
        assert_eq!(version("4.0"), Some(25));
        assert_eq!(version("3.5-IV1"), Some(10));
        assert_eq!(version("4"), None);
        assert_eq!(version(""), None);
        assert_eq!(version("4.4"), None);
    }

    #[test]
    fn record_versions_grow_with_what_they_hold() {
        let at = |level| MetadataVersion::from_level(level).unwrap();
        let registrations =
            [7, 8, 16, 17, 29, 30].map(|level| at(level).register_broker_record_version());
        assert_eq!(registrations, [1, 2, 2, 3, 3, 4]);
        let partitions = [16, 17, 22, 23].map(|level| at(level).partition_record_version());
        assert_eq!(partitions, [0, 1, 1, 2]);
    }
}
