//! Opening: what the disk remembers of the quorum is brought together.

use std::path::PathBuf;
use std::sync::Arc;

use protocol::Uuid;
use protocol::ids::{LeaderEpoch, Offset};
use protocol::time::Now;
use raft::{
    ElectionState, Endpoint, KraftVersionRange, OffsetAndEpoch, Raft, Replica, ReplicaKey,
    RetainedSnapshot, SnapshotSchedule, SoleVoterError, Voter, VoterHistory, VoterSet,
};
use storage::checkpoint::CheckpointError;
use storage::directory_health::DirectoryHealth;
use storage::disk::{self, Disk, DiskError};
use storage::log::{Log, LogError, OpenOptions};
use thiserror::Error;

use crate::metadata_log::{self, METADATA_DIRECTORY, MetadataLogConfig, ReadLogError};
use crate::quorum::{Quorum, Snapshots};
use crate::quorum_state::{MalformedQuorumState, QuorumState};
use crate::snapshot_files::{self, SnapshotFileError};

/// What there is to know for opening the quorum of a node.
#[derive(Debug, Clone)]
pub struct QuorumOptions {
    /// `metadata.log.dir`: formatted, and claimed by this process.
    pub log_dir: PathBuf,
    /// `node.id`.
    pub node_id: i32,
    /// `directory.id` of the log directory; none if it has none.
    pub directory_id: Option<Uuid>,
    /// Where other nodes reach this controller.
    pub endpoints: Vec<Endpoint>,
    /// `controller.quorum.voters`; it counts while `kraft.version` is 0.
    pub configured_voters: VoterSet,
    /// The settings of the log.
    pub config: MetadataLogConfig,
}

/// Why a quorum cannot be opened.
#[derive(Debug, Clone, Error)]
pub enum OpenError {
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A small file is malformed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadLogError),
    /// A snapshot cannot be read.
    #[error(transparent)]
    Snapshot(#[from] SnapshotFileError),
    /// `quorum-state` is malformed. Without it a vote might be given twice.
    #[error("read {}: {source}", path.display())]
    QuorumState {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: MalformedQuorumState,
    },
    /// This node is not the only voter.
    #[error(transparent)]
    SoleVoter(#[from] SoleVoterError),
}

impl Quorum {
    /// Opens the quorum of a node; it is not started yet.
    ///
    /// # Errors
    /// When the disk fails, a file is malformed, or this node is not the only voter.
    pub async fn open(
        disk: Arc<dyn Disk>,
        health: Arc<DirectoryHealth>,
        options: QuorumOptions,
        now: Now,
    ) -> Result<Self, OpenError> {
        metadata_log::create_directory(disk.as_ref(), &options.log_dir).await?;
        let directory = options.log_dir.join(METADATA_DIRECTORY);
        let election = load_election(disk.as_ref(), &directory).await?;
        let mut snapshots = snapshot_files::tidy(disk.as_ref(), &directory).await?;
        for snapshot in &mut snapshots {
            let path = snapshot_files::path(&directory, snapshot.id);
            let timestamp_ms = snapshot_files::read_timestamp(disk.as_ref(), &path).await?;
            snapshot.last_contained_log_timestamp_ms = timestamp_ms.unwrap_or_default();
        }
        let latest = snapshots.last().map(|snapshot| snapshot.id);
        let log = open_log(&disk, &health, &options, latest, now).await?;
        forget_unreachable(disk.as_ref(), &directory, &log, &mut snapshots).await?;
        let mut history = VoterHistory::default();
        let first = snapshots.first().map(|snapshot| snapshot.id);
        for id in first.into_iter().chain(latest.filter(|_| latest != first)) {
            let path = snapshot_files::path(&directory, id);
            history.load_snapshot(&snapshot_files::read(disk.as_ref(), &path, id).await?);
        }
        replay_log(&log, &mut history).await?;
        let last_epoch = log.latest_epoch().map(|(epoch, _)| epoch);
        let raft = Raft::new(Replica {
            local: Voter {
                key: ReplicaKey {
                    id: options.node_id,
                    directory_id: options.directory_id,
                },
                endpoints: options.endpoints,
                kraft_versions: KraftVersionRange::SUPPORTED,
            },
            election,
            last_epoch: last_epoch.max(latest.map(|id| id.epoch)),
            history,
            configured_voters: options.configured_voters,
        })?;
        let config = &options.config;
        let schedule =
            SnapshotSchedule::new(config.snapshot_bytes_max, config.snapshot_interval_ms, now);
        let snapshots = Snapshots {
            retained: snapshots,
            retention: config.retention,
            file_delete_delay_ms: config.file_delete_delay_ms,
            deletions: Vec::new(),
        };
        Ok(Self::new(disk, log, raft, schedule, snapshots))
    }
}

async fn load_election(
    disk: &dyn Disk,
    directory: &std::path::Path,
) -> Result<ElectionState, OpenError> {
    let path = directory.join(QuorumState::FILE_NAME);
    let Some(bytes) = disk::read_whole(disk, &path, QuorumState::SIZE_MAX).await? else {
        return Ok(ElectionState::NONE);
    };
    let state = QuorumState::decode(&bytes);
    let state = state.map_err(|source| OpenError::QuorumState { path, source })?;
    Ok(state.election)
}

/// The log, which is never believed to have been closed well: Kafka does not mark it either.
async fn open_log(
    disk: &Arc<dyn Disk>,
    health: &Arc<DirectoryHealth>,
    options: &QuorumOptions,
    latest: Option<OffsetAndEpoch>,
    now: Now,
) -> Result<Log, OpenError> {
    let open = OpenOptions {
        directory: options.log_dir.join(METADATA_DIRECTORY),
        config: options.config.log_config(),
        log_start_offset: Offset::ZERO,
        recovery_point: Offset::ZERO,
        clean_stop: false,
        jitter_seed: 0,
        now_ms: now.wall_ms,
    };
    let log = Log::open(disk.clone(), health.clone(), open).await?;
    if let Some(latest) = latest {
        let last_epoch = log
            .latest_epoch()
            .map_or(LeaderEpoch::NONE, |(epoch, _)| epoch);
        let is_behind = (last_epoch, log.log_end_offset()) < (latest.epoch, latest.offset);
        // A snapshot that lies behind the log stands for all of it.
        if is_behind && latest != OffsetAndEpoch::BOOTSTRAP {
            log.truncate_fully_and_start_at(latest.offset, now.wall_ms)
                .await?;
        }
    }
    Ok(log)
}

/// Removes snapshots from before the log's start: nothing connects them to the log any more.
async fn forget_unreachable(
    disk: &dyn Disk,
    directory: &std::path::Path,
    log: &Log,
    snapshots: &mut Vec<RetainedSnapshot>,
) -> Result<(), DiskError> {
    let start = log.log_start_offset();
    let Some(latest) = snapshots.last().map(|snapshot| snapshot.id) else {
        return Ok(());
    };
    for gone in snapshots.extract_if(.., |each| each.id.offset < start && each.id != latest) {
        disk::remove_if_there(disk, &snapshot_files::path(directory, gone.id)).await?;
    }
    Ok(())
}

async fn replay_log(log: &Log, history: &mut VoterHistory) -> Result<(), ReadLogError> {
    let mut position = log.log_start_offset();
    loop {
        let batches = metadata_log::read(log, position, log.log_end_offset()).await?;
        let Some(last) = batches.last() else {
            return Ok(());
        };
        position = last.end_offset;
        for batch in &batches {
            history.replay(batch);
        }
    }
}
