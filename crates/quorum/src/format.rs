//! Formatting the log directories of a node for a quorum: the library part of
//! `klamm storage format`.
//!
//! `meta.properties` is written last in each directory, so that one that was formatted half-way
//! counts as not formatted and is completed by the next try.

use std::path::{Path, PathBuf};

use protocol::Uuid;
use raft::{
    Endpoint, KraftVersionRange, OffsetAndEpoch, ReplicaKey, SnapshotStart, Voter, VoterSet,
};
use storage::checkpoint::{self, CheckpointError, MetaProperties};
use storage::directories::{self, NodeIdentity};
use storage::disk::{Disk, DiskError};
use thiserror::Error;

use crate::bootstrap::write_bootstrap;
use crate::metadata_log::METADATA_DIRECTORY;
use crate::snapshot_files::{self, SnapshotFileError};

/// What is to be formatted, and how.
#[derive(Debug, Clone)]
pub struct FormatOptions {
    /// The node and its cluster.
    pub identity: NodeIdentity,
    /// The log directories, each with the directory id it gets.
    pub log_dirs: Vec<(PathBuf, Uuid)>,
    /// `metadata.log.dir`: one of the log directories.
    pub metadata_log_dir: PathBuf,
    /// The records that the cluster begins with, its feature levels first among them, each in its
    /// frame: what `bootstrap.checkpoint` holds.
    pub bootstrap_records: Vec<Vec<u8>>,
    /// The first voters of the quorum.
    pub voters: InitialVoters,
    /// `--ignore-formatted`: directories that are formatted already stay as they are.
    pub ignore_formatted: bool,
    /// Wall time in milliseconds.
    pub now_ms: i64,
}

/// Who votes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InitialVoters {
    /// Those of `controller.quorum.voters`; `kraft.version` is 0.
    Static,
    /// This node alone, reached there (`--standalone`); `kraft.version` is 1.
    Standalone {
        /// The endpoints of its controller listeners.
        endpoints: Vec<Endpoint>,
    },
    /// These (`--initial-controllers`); `kraft.version` is 1. If this node is among them, its
    /// directory id is that of the metadata log directory.
    Listed {
        /// The voters, the same on every node of the cluster.
        voters: VoterSet,
    },
}

/// What formatting did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Formatted {
    /// The directories that were formatted.
    pub formatted: Vec<PathBuf>,
    /// Those that were before.
    pub ignored: Vec<PathBuf>,
}

/// Why directories were not formatted.
#[derive(Debug, Clone, Error)]
pub enum FormatError {
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A `meta.properties` is malformed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A directory was formatted in between.
    #[error(transparent)]
    Directory(#[from] directories::FormatError),
    /// A checkpoint cannot be written.
    #[error(transparent)]
    Snapshot(#[from] SnapshotFileError),
    /// A directory is formatted already.
    #[error(
        "format log directory {}: it is formatted already; --ignore-formatted leaves it as it is \
         and formats the others",
        path.display()
    )]
    AlreadyFormatted {
        /// The directory.
        path: PathBuf,
    },
    /// A directory belongs to another cluster.
    #[error(
        "format log directory {}: it belongs to cluster {found}, not {expected}",
        path.display()
    )]
    OtherCluster {
        /// The directory.
        path: PathBuf,
        /// Its cluster.
        found: String,
        /// The one asked for.
        expected: String,
    },
    /// A directory belongs to another node.
    #[error("format log directory {}: it belongs to node {found}, not {expected}", path.display())]
    OtherNode {
        /// The directory.
        path: PathBuf,
        /// Its node.
        found: i32,
        /// The one asked for.
        expected: i32,
    },
    /// `metadata.log.dir` is none of the log directories.
    #[error(
        "format metadata log directory {}: it is not one of the log directories",
        path.display()
    )]
    NotALogDir {
        /// The directory.
        path: PathBuf,
    },
}

/// Formats log directories, durably.
///
/// # Errors
/// When a directory belongs to somebody else or is formatted already, or the disk fails. All
/// directories are looked at before the first one is changed.
pub async fn format(disk: &dyn Disk, options: &FormatOptions) -> Result<Formatted, FormatError> {
    let is_metadata_log_dir = |path: &Path| path == options.metadata_log_dir;
    if !options
        .log_dirs
        .iter()
        .any(|(path, _)| is_metadata_log_dir(path))
    {
        let path = options.metadata_log_dir.clone();
        return Err(FormatError::NotALogDir { path });
    }
    let mut outcome = Formatted::default();
    let mut empty = Vec::new();
    for (path, directory_id) in &options.log_dirs {
        match is_formatted(disk, path, &options.identity).await? {
            true => outcome.ignored.push(path.clone()),
            false => empty.push((path, *directory_id)),
        }
    }
    if let Some(path) = outcome
        .ignored
        .first()
        .filter(|_| !options.ignore_formatted)
    {
        return Err(FormatError::AlreadyFormatted { path: path.clone() });
    }
    for (path, directory_id) in empty {
        directories::create_directory(disk, path).await?;
        write_bootstrap(disk, path, &options.bootstrap_records, options.now_ms).await?;
        if let Some(voters) = options.voters_of(directory_id)
            && is_metadata_log_dir(path)
        {
            write_voters(disk, path, voters, options.now_ms).await?;
        }
        directories::format(disk, path, &options.identity, directory_id).await?;
        outcome.formatted.push(path.clone());
    }
    Ok(outcome)
}

impl FormatOptions {
    /// The voters that the quorum keeps in its log, where the metadata log is in the directory of
    /// this id.
    fn voters_of(&self, directory_id: Uuid) -> Option<VoterSet> {
        match &self.voters {
            InitialVoters::Static => None,
            InitialVoters::Listed { voters } => Some(voters.clone()),
            InitialVoters::Standalone { endpoints } => Some(VoterSet::new([Voter {
                key: ReplicaKey {
                    id: self.identity.node_id,
                    directory_id: Some(directory_id),
                },
                endpoints: endpoints.clone(),
                kraft_versions: KraftVersionRange::SUPPORTED,
            }])),
        }
    }
}

async fn is_formatted(
    disk: &dyn Disk,
    path: &Path,
    identity: &NodeIdentity,
) -> Result<bool, FormatError> {
    let file = path.join(MetaProperties::FILE_NAME);
    let Some(meta) = checkpoint::load::<MetaProperties>(disk, &file).await? else {
        return Ok(false);
    };
    let path = || path.to_owned();
    if let Some(found) = meta
        .cluster_id
        .filter(|found| *found != identity.cluster_id)
    {
        return Err(FormatError::OtherCluster {
            path: path(),
            found,
            expected: identity.cluster_id.clone(),
        });
    }
    if let Some(found) = meta.node_id.filter(|found| *found != identity.node_id) {
        return Err(FormatError::OtherNode {
            path: path(),
            found,
            expected: identity.node_id,
        });
    }
    Ok(true)
}

/// The snapshot at offset 0 that names the first voters.
async fn write_voters(
    disk: &dyn Disk,
    log_dir: &Path,
    voters: VoterSet,
    now_ms: i64,
) -> Result<(), FormatError> {
    let directory = log_dir.join(METADATA_DIRECTORY);
    directories::create_directory(disk, &directory).await?;
    let id = OffsetAndEpoch::BOOTSTRAP;
    let start = SnapshotStart {
        id,
        last_contained_log_timestamp_ms: now_ms,
        voters: Some(voters),
    };
    let path = snapshot_files::path(&directory, id);
    snapshot_files::write(disk, path, start, [] as [&[u8]; 0], now_ms).await?;
    Ok(())
}
