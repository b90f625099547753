//! The first step of a start: the log directories are locked, and it is made sure that they belong
//! to this node. Nothing in them is changed but for a `meta.properties` that is missing.
//!
//! Not the job of this module: partitions. Between this step and loading them the node reads its
//! metadata, which has the settings of the topics, from a log in one of these directories.
//!
//! A directory that does not work goes offline here; one of another node, or one that another
//! process uses, stops the start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::Uuid;

use super::LogDirectory;
use super::directory::unusable;
use super::format::{self, NodeIdentity};
use crate::checkpoint::{self, CheckpointError, CleanShutdown, MetaProperties};
use crate::disk::{Disk, DiskError, DiskErrorKind, DiskLock};

/// A log directory as the node is configured.
#[derive(Debug, Clone)]
pub struct ConfiguredDirectory {
    /// Its path; created if need be.
    pub path: PathBuf,
    /// The id it gets if it is not formatted, or was by a version that gave no ids; without one, a
    /// directory that is not formatted is refused.
    pub new_id: Option<Uuid>,
}

/// Whom the log directories must belong to.
#[derive(Debug, Clone)]
pub struct ExpectedNode {
    /// `node.id`.
    pub node_id: i32,
    /// The cluster; none if the directories are to tell.
    pub cluster_id: Option<String>,
}

/// The log directories, locked.
#[derive(Debug)]
pub struct ClaimedDirectories {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) directories: Vec<Arc<LogDirectory>>,
    cluster_id: String,
}

/// Why a node does not start on its log directories.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClaimError {
    /// One path is configured twice.
    #[error("claim log directory {}: it is configured twice", path.display())]
    Twice {
        /// The path.
        path: PathBuf,
    },
    /// Somebody uses the directory.
    #[error("claim log directory {}: another process uses it", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The refusal.
        source: DiskError,
    },
    /// There is no `meta.properties`, and nobody said that it may be written.
    #[error("claim log directory {}: it is not formatted", path.display())]
    NotFormatted {
        /// The directory.
        path: PathBuf,
    },
    /// It belongs to another cluster.
    #[error(
        "claim log directory {}: it belongs to cluster {found}, not {expected}",
        path.display()
    )]
    OtherCluster {
        /// The directory.
        path: PathBuf,
        /// The cluster it belongs to.
        found: String,
        /// The cluster of this node, or of the directories before.
        expected: String,
    },
    /// It belongs to another node.
    #[error("claim log directory {}: it belongs to node {found}, not {expected}", path.display())]
    OtherNode {
        /// The directory.
        path: PathBuf,
        /// The node it belongs to.
        found: i32,
        /// This node.
        expected: i32,
    },
    /// Its id means something else than a directory.
    #[error("claim log directory {}: id {id} is reserved", path.display())]
    ReservedId {
        /// The directory.
        path: PathBuf,
        /// Its id.
        id: Uuid,
    },
    /// Two directories have one id: one is a copy of the other.
    #[error("claim log directory {}: {} has the same id {id}", path.display(), other.display())]
    SameId {
        /// The directory.
        path: PathBuf,
        /// The one before.
        other: PathBuf,
        /// The id of both.
        id: Uuid,
    },
    /// No directory works.
    #[error("claim log directories: none works, the first because of: {source}")]
    AllOffline {
        /// Why the first one does not.
        source: DiskError,
    },
}

/// What was found in a directory that works.
struct Held {
    lock: Box<dyn DiskLock>,
    meta: Option<MetaProperties>,
    last_stop: Option<CleanShutdown>,
}

impl ClaimedDirectories {
    /// Locks the directories and checks whom they belong to.
    ///
    /// # Errors
    /// When a directory is not this node's to use, or none works.
    pub async fn claim(
        disk: Arc<dyn Disk>,
        node: &ExpectedNode,
        configured: &[ConfiguredDirectory],
    ) -> Result<Self, ClaimError> {
        let mut held = Vec::new();
        for (index, directory) in configured.iter().enumerate() {
            let path = &directory.path;
            let before = &configured[..index];
            if before.iter().any(|before| before.path == *path) {
                return Err(ClaimError::Twice { path: path.clone() });
            }
            let found = hold(disk.as_ref(), path).await;
            match found {
                Err(source) if source.kind() == DiskErrorKind::Locked => {
                    let path = path.clone();
                    return Err(ClaimError::InUse { path, source });
                }
                found => held.push((directory, found)),
            }
        }
        let identity = check_identities(node, &held)?;
        let mut directories = Vec::new();
        for (directory, found) in held {
            let opened = match found {
                Ok(found) => identify(disk.as_ref(), &identity, directory, found).await,
                Err(error) => Err(error),
            };
            directories.push(Arc::new(opened.unwrap_or_else(|error| {
                let offline = LogDirectory::offline(directory.path.clone());
                offline.health().fail(&error);
                offline
            })));
        }
        check_ids(&directories)?;
        check_any_online(&directories).map_err(|source| ClaimError::AllOffline { source })?;
        Ok(Self {
            disk,
            directories,
            cluster_id: identity.cluster_id,
        })
    }

    /// The cluster the directories belong to.
    pub fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    /// The directories in the order of the configuration, those included that do not work.
    pub fn directories(&self) -> &[Arc<LogDirectory>] {
        &self.directories
    }

    /// As which incarnation the node was stopped, if all directories work and say the same.
    pub fn previous_broker_epoch(&self) -> Option<i64> {
        let epoch = |directory: &Arc<LogDirectory>| directory.last_stop?.broker_epoch;
        let first = epoch(self.directories.first()?)?;
        let agree = |directory| epoch(directory) == Some(first);
        self.directories.iter().all(agree).then_some(first)
    }
}

/// Fails with the first directory's failure if none works.
pub(super) fn check_any_online(directories: &[Arc<LogDirectory>]) -> Result<(), DiskError> {
    if directories.iter().any(|directory| directory.is_online()) {
        return Ok(());
    }
    let failure = directories
        .first()
        .and_then(|first| first.health().failure().cloned());
    Err(failure.unwrap_or_else(nothing_configured))
}

async fn hold(disk: &dyn Disk, path: &Path) -> Result<Held, DiskError> {
    format::create_directory(disk, path).await?;
    let lock = disk.lock(&path.join(super::LOCK_FILE)).await?;
    let load_failed = |error| match error {
        CheckpointError::Disk(error) => error,
        malformed @ CheckpointError::Malformed { .. } => unusable(path, malformed),
    };
    let meta = checkpoint::load(disk, &path.join(MetaProperties::FILE_NAME)).await;
    let last_stop = checkpoint::load(disk, &path.join(CleanShutdown::FILE_NAME)).await;
    Ok(Held {
        lock,
        meta: meta.map_err(load_failed)?,
        last_stop: last_stop.map_err(load_failed)?,
    })
}

/// Checks whom the directories belong to, before any of them is changed.
fn check_identities(
    node: &ExpectedNode,
    held: &[(&ConfiguredDirectory, Result<Held, DiskError>)],
) -> Result<NodeIdentity, ClaimError> {
    let mut cluster_id = node.cluster_id.clone();
    for (directory, found) in held {
        let Ok(found) = found else {
            continue;
        };
        let path = || directory.path.clone();
        let Some(meta) = &found.meta else {
            if directory.new_id.is_none() {
                return Err(ClaimError::NotFormatted { path: path() });
            }
            continue;
        };
        if let Some(found) = meta.node_id.filter(|&found| found != node.node_id) {
            let expected = node.node_id;
            let path = path();
            return Err(ClaimError::OtherNode {
                path,
                found,
                expected,
            });
        }
        if let Some(found) = &meta.cluster_id {
            let expected = cluster_id.get_or_insert_with(|| found.clone());
            if found != expected {
                return Err(ClaimError::OtherCluster {
                    path: path(),
                    found: found.clone(),
                    expected: expected.clone(),
                });
            }
        }
    }
    match cluster_id {
        Some(cluster_id) => Ok(NodeIdentity {
            node_id: node.node_id,
            cluster_id,
        }),
        None => Err(unknown_cluster(held)),
    }
}

/// What is wrong when neither the caller nor any directory says which cluster it is.
fn unknown_cluster(held: &[(&ConfiguredDirectory, Result<Held, DiskError>)]) -> ClaimError {
    let working = held.iter().find(|(_, found)| found.is_ok());
    match (working, held.first()) {
        (Some((directory, _)), _) => ClaimError::NotFormatted {
            path: directory.path.clone(),
        },
        (None, Some((_, Err(source)))) => ClaimError::AllOffline {
            source: source.clone(),
        },
        (None, _) => ClaimError::AllOffline {
            source: nothing_configured(),
        },
    }
}

/// Gives a directory the id it lacks, and writes the `meta.properties` it lacks.
async fn identify(
    disk: &dyn Disk,
    identity: &NodeIdentity,
    directory: &ConfiguredDirectory,
    held: Held,
) -> Result<LogDirectory, DiskError> {
    let path = &directory.path;
    let id = match (held.meta, directory.new_id) {
        (Some(meta), None) => meta.directory_id,
        (
            Some(MetaProperties {
                directory_id: Some(id),
                ..
            }),
            Some(_),
        ) => Some(id),
        (Some(mut meta), Some(new_id)) => {
            meta.directory_id = Some(new_id);
            format::save(disk, path, &meta).await?;
            Some(new_id)
        }
        (None, Some(new_id)) => {
            format::save(disk, path, &identity.meta_properties(new_id)).await?;
            Some(new_id)
        }
        (None, None) => unreachable!("a directory that is not formatted was refused"),
    };
    let path = path.clone();
    Ok(LogDirectory::online(path, id, held.lock, held.last_stop))
}

fn check_ids(directories: &[Arc<LogDirectory>]) -> Result<(), ClaimError> {
    /// Kafka keeps so many ids, from zero on, for directories that are lost, unassigned and so on.
    const RESERVED: u128 = 100;
    let mut paths = BTreeMap::new();
    for directory in directories {
        let Some(id) = directory.id() else {
            continue;
        };
        let path = directory.path().to_owned();
        if u128::from_be_bytes(*id.as_bytes()) < RESERVED {
            return Err(ClaimError::ReservedId { path, id });
        }
        if let Some(other) = paths.insert(id, path.clone()) {
            return Err(ClaimError::SameId { path, other, id });
        }
    }
    Ok(())
}

pub(super) fn nothing_configured() -> DiskError {
    DiskError::new("use", Path::new("log.dirs"), DiskErrorKind::NotFound)
}
