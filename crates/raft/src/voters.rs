//! The voters of a quorum, as data: ids, directory ids, endpoints, and what versions of the
//! quorum's protocol they speak (KIP-853).

use std::collections::BTreeMap;

use protocol::Uuid;
use protocol::generated::control::VotersRecord;
use protocol::generated::control::voters_record;

/// `kraft.version`: which protocol the quorum speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KraftVersion {
    /// The voters are those of `controller.quorum.voters`, known by id only.
    Zero,
    /// The voters stand in the log, known by id and directory.
    One,
}

/// A replica of the metadata log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReplicaKey {
    /// `node.id`.
    pub id: i32,
    /// The directory it keeps the log in; none if it is not known.
    pub directory_id: Option<Uuid>,
}

/// Where a voter is reached on one of its listeners.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// The listener.
    pub name: String,
    /// A host name or an address.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// The values of `kraft.version` that a voter can work with, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KraftVersionRange {
    /// The lowest.
    pub min: i16,
    /// The highest.
    pub max: i16,
}

/// One voter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// Who it is.
    pub key: ReplicaKey,
    /// In the order of the record; the first is the one that other controllers use.
    pub endpoints: Vec<Endpoint>,
    /// What it speaks.
    pub kraft_versions: KraftVersionRange,
}

/// The voters by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VoterSet {
    voters: BTreeMap<i32, Voter>,
}

impl KraftVersion {
    /// The version with this feature level.
    pub const fn from_level(level: i16) -> Option<Self> {
        match level {
            0 => Some(Self::Zero),
            1 => Some(Self::One),
            _ => None,
        }
    }

    /// The feature level.
    pub const fn level(self) -> i16 {
        match self {
            Self::Zero => 0,
            Self::One => 1,
        }
    }
}

impl KraftVersionRange {
    /// What this implementation speaks.
    pub const SUPPORTED: Self = Self { min: 0, max: 1 };
}

impl VoterSet {
    /// The set of these voters; of two with one id the later one counts.
    pub fn new(voters: impl IntoIterator<Item = Voter>) -> Self {
        let voters = voters.into_iter().map(|voter| (voter.key.id, voter));
        Self {
            voters: voters.collect(),
        }
    }

    /// The set as the record has it.
    pub fn from_record(record: VotersRecord) -> Self {
        Self::new(record.voters.into_iter().map(Voter::from_record))
    }

    /// This set with another description of a voter it has.
    #[must_use]
    pub fn with(&self, voter: Voter) -> Self {
        let mut set = self.clone();
        set.voters.insert(voter.key.id, voter);
        set
    }

    /// The voter of this id.
    pub fn voter(&self, id: i32) -> Option<&Voter> {
        self.voters.get(&id)
    }

    /// All voters by ascending id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Voter> {
        self.voters.values()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.voters.len()
    }

    /// The record of this set.
    pub fn to_record(&self) -> VotersRecord {
        VotersRecord {
            version: 0,
            voters: self.iter().map(Voter::to_record).collect(),
        }
    }
}

impl Voter {
    fn from_record(voter: voters_record::Voter) -> Self {
        let directory_id = voter.voter_directory_id;
        let endpoints = voter.endpoints.into_iter().map(|endpoint| Endpoint {
            name: endpoint.name,
            host: endpoint.host,
            port: endpoint.port,
        });
        Self {
            key: ReplicaKey {
                id: voter.voter_id,
                directory_id: (!directory_id.is_zero()).then_some(directory_id),
            },
            endpoints: endpoints.collect(),
            kraft_versions: KraftVersionRange {
                min: voter.kraft_version_feature.min_supported_version,
                max: voter.kraft_version_feature.max_supported_version,
            },
        }
    }

    fn to_record(&self) -> voters_record::Voter {
        let endpoints = self
            .endpoints
            .iter()
            .map(|endpoint| voters_record::Endpoint {
                name: endpoint.name.clone(),
                host: endpoint.host.clone(),
                port: endpoint.port,
            });
        voters_record::Voter {
            voter_id: self.key.id,
            voter_directory_id: self.key.directory_id.unwrap_or(Uuid::ZERO),
            endpoints: endpoints.collect(),
            kraft_version_feature: voters_record::KRaftVersionFeature {
                min_supported_version: self.kraft_versions.min,
                max_supported_version: self.kraft_versions.max,
            },
        }
    }
}
