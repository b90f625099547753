//! One partition: where its replicas are, who leads and who is in sync.

use protocol::Uuid;
use protocol::generated::metadata::{MetadataRecord, PartitionChangeRecord, PartitionRecord};

use super::{ReplayError, SnapshotWriter};
use crate::features::MetadataVersion;

/// "Nobody leads", as a leader.
pub const NO_LEADER: i32 = -1;
/// "The leader stays, and with it its epoch", in a PartitionChangeRecord.
pub const NO_LEADER_CHANGE: i32 = -2;
/// The directory of a replica is not known: directories were not assigned yet (KIP-858).
pub const DIRECTORY_MIGRATING: Uuid = Uuid::from_u128(0);
/// The broker is to choose a directory.
pub const DIRECTORY_UNASSIGNED: Uuid = Uuid::from_u128(1);
/// The directory is offline.
pub const DIRECTORY_LOST: Uuid = Uuid::from_u128(2);

/// Whether no real directory can have this id: the first hundred are kept for meanings.
pub fn is_reserved_directory(directory: Uuid) -> bool {
    u128::from_be_bytes(*directory.as_bytes()) < 100
}

/// Whether the leader was elected out of sync and has to restore what it missed (KIP-704).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeaderRecoveryState {
    /// The leader has all that was committed.
    #[default]
    Recovered,
    /// The leader was elected uncleanly.
    Recovering,
}

/// A partition as the records have it. Only the controller changes it, by records.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartitionRegistration {
    /// The brokers with a replica, the preferred leader first.
    pub replicas: Vec<i32>,
    /// The log directory of each replica, in the same order.
    pub directories: Vec<Uuid>,
    /// The replicas that have all that is committed.
    pub isr: Vec<i32>,
    /// Replicas that a reassignment takes away.
    pub removing_replicas: Vec<i32>,
    /// Replicas that a reassignment adds.
    pub adding_replicas: Vec<i32>,
    /// Replicas out of sync that have all that is committed nevertheless (KIP-966).
    pub eligible_leader_replicas: Vec<i32>,
    /// The last leader when nobody is eligible.
    pub last_known_eligible_leader_replicas: Vec<i32>,
    /// The leader, or [`NO_LEADER`].
    pub leader: i32,
    /// Whether the leader is complete.
    pub leader_recovery_state: LeaderRecoveryState,
    /// Moves with each election.
    pub leader_epoch: i32,
    /// Moves with each change.
    pub partition_epoch: i32,
}

impl LeaderRecoveryState {
    /// The number in records.
    pub fn code(self) -> i8 {
        match self {
            Self::Recovered => 0,
            Self::Recovering => 1,
        }
    }

    pub(crate) fn of(code: i8) -> Result<Self, ReplayError> {
        match code {
            0 => Ok(Self::Recovered),
            1 => Ok(Self::Recovering),
            code => Err(ReplayError::InvalidField {
                field: "leader recovery state",
                value: i64::from(code),
            }),
        }
    }
}

impl PartitionRegistration {
    pub(super) fn of(record: &PartitionRecord) -> Result<Self, ReplayError> {
        let place = (record.topic_id, record.partition_id);
        Ok(Self {
            replicas: record.replicas.clone(),
            directories: paired(&record.directories, record.replicas.len(), place)?,
            isr: record.isr.clone(),
            removing_replicas: record.removing_replicas.clone(),
            adding_replicas: record.adding_replicas.clone(),
            eligible_leader_replicas: record.eligible_leader_replicas.clone().unwrap_or_default(),
            last_known_eligible_leader_replicas: record.last_known_elr.clone().unwrap_or_default(),
            leader: record.leader,
            leader_recovery_state: LeaderRecoveryState::of(record.leader_recovery_state)?,
            leader_epoch: record.leader_epoch,
            partition_epoch: record.partition_epoch,
        })
    }

    pub(crate) fn merge(&self, record: &PartitionChangeRecord) -> Result<Self, ReplayError> {
        let place = (record.topic_id, record.partition_id);
        let exhausted = || ReplayError::EpochExhausted {
            topic_id: place.0,
            index: place.1,
        };
        let mut merged = self.clone();
        let fields = [
            (&record.isr, &mut merged.isr),
            (&record.replicas, &mut merged.replicas),
            (&record.removing_replicas, &mut merged.removing_replicas),
            (&record.adding_replicas, &mut merged.adding_replicas),
            (
                &record.eligible_leader_replicas,
                &mut merged.eligible_leader_replicas,
            ),
            (
                &record.last_known_elr,
                &mut merged.last_known_eligible_leader_replicas,
            ),
        ];
        for (new, field) in fields {
            if let Some(new) = new {
                field.clone_from(new);
            }
        }
        let directories = record.directories.as_ref().unwrap_or(&self.directories);
        merged.directories = paired(directories, merged.replicas.len(), place)?;
        if record.leader != NO_LEADER_CHANGE {
            merged.leader = record.leader;
            merged.leader_epoch = self.leader_epoch.checked_add(1).ok_or_else(exhausted)?;
        }
        if record.leader_recovery_state != -1 {
            merged.leader_recovery_state = LeaderRecoveryState::of(record.leader_recovery_state)?;
        }
        merged.partition_epoch = self.partition_epoch.checked_add(1).ok_or_else(exhausted)?;
        Ok(merged)
    }

    pub(super) fn write(&self, topic_id: Uuid, index: i32, writer: &mut SnapshotWriter) {
        let keeps_eligible = writer.keeps_eligible_leader_replicas;
        let record = self.to_record(topic_id, index, writer.version, keeps_eligible);
        if !writer.version.has_directory_assignment()
            && self
                .directories
                .iter()
                .any(|each| *each != DIRECTORY_MIGRATING)
        {
            writer.lose("directories of replicas");
        }
        let is_eligible_lost = self.has_eligible_leader_replicas()
            && !(keeps_eligible && writer.version.has_eligible_leader_replicas());
        if is_eligible_lost {
            writer.lose("eligible leader replicas");
        }
        let version = writer.version.partition_record_version();
        writer.versioned(MetadataRecord::Partition(record), version);
    }

    /// The partition in full, as a record for `version`.
    pub(crate) fn to_record(
        &self,
        topic_id: Uuid,
        index: i32,
        version: MetadataVersion,
        keeps_eligible: bool,
    ) -> PartitionRecord {
        let some = |replicas: &Vec<i32>| {
            let is_kept = keeps_eligible && version.has_eligible_leader_replicas();
            (is_kept && !replicas.is_empty()).then(|| replicas.clone())
        };
        let has_directories = version.has_directory_assignment();
        PartitionRecord {
            partition_id: index,
            topic_id,
            replicas: self.replicas.clone(),
            isr: self.isr.clone(),
            removing_replicas: self.removing_replicas.clone(),
            adding_replicas: self.adding_replicas.clone(),
            leader: self.leader,
            leader_recovery_state: self.leader_recovery_state.code(),
            leader_epoch: self.leader_epoch,
            partition_epoch: self.partition_epoch,
            directories: if has_directories {
                self.directories.clone()
            } else {
                Vec::new()
            },
            eligible_leader_replicas: some(&self.eligible_leader_replicas),
            last_known_elr: some(&self.last_known_eligible_leader_replicas),
        }
    }

    /// Whether there is anything to forget about eligible leader replicas.
    pub fn has_eligible_leader_replicas(&self) -> bool {
        !self.eligible_leader_replicas.is_empty()
            || !self.last_known_eligible_leader_replicas.is_empty()
    }

    /// The directory of a broker's replica, if it has one.
    pub fn directory(&self, broker_id: i32) -> Option<Uuid> {
        let position = self
            .replicas
            .iter()
            .position(|replica| *replica == broker_id)?;
        self.directories.get(position).copied()
    }
}

/// Directories for so many replicas. None given, or none known, means none assigned yet.
fn paired(
    directories: &[Uuid],
    replica_count: usize,
    place: (Uuid, i32),
) -> Result<Vec<Uuid>, ReplayError> {
    if directories.iter().all(|each| *each == DIRECTORY_MIGRATING) {
        return Ok(vec![DIRECTORY_MIGRATING; replica_count]);
    }
    if directories.len() != replica_count {
        return Err(ReplayError::UnpairedDirectories {
            topic_id: place.0,
            index: place.1,
            replicas: replica_count,
            directories: directories.len(),
        });
    }
    Ok(directories.to_vec())
}
