//! Making a directory a log directory of a node: `meta.properties` is what does it.
//!
//! Not the job of this module: what else formatting writes for the metadata quorum.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use protocol::Uuid;

use crate::checkpoint::{self, CheckpointError, MetaProperties, MetaPropertiesVersion};
use crate::disk::{Disk, DiskError, DiskErrorKind};

/// Whom a log directory belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeIdentity {
    /// `node.id`.
    pub node_id: i32,
    /// The cluster.
    pub cluster_id: String,
}

/// Why a directory was not formatted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FormatError {
    /// It is already.
    #[error("format log directory {}: it is formatted already", path.display())]
    AlreadyFormatted {
        /// The directory.
        path: PathBuf,
    },
    /// Its `meta.properties` is malformed, or the disk failed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// Formats a directory, durably; it is created if need be.
///
/// # Errors
/// When it is formatted already, or the disk fails.
pub async fn format(
    disk: &dyn Disk,
    path: &Path,
    identity: &NodeIdentity,
    directory_id: Uuid,
) -> Result<(), FormatError> {
    let created = create_directory(disk, path).await;
    created.map_err(CheckpointError::from)?;
    let file = path.join(MetaProperties::FILE_NAME);
    if checkpoint::load::<MetaProperties>(disk, &file)
        .await?
        .is_some()
    {
        let path = path.to_owned();
        return Err(FormatError::AlreadyFormatted { path });
    }
    let saved = save(disk, path, &identity.meta_properties(directory_id)).await;
    Ok(saved.map_err(CheckpointError::from)?)
}

impl NodeIdentity {
    pub(super) fn meta_properties(&self, directory_id: Uuid) -> MetaProperties {
        MetaProperties {
            version: MetaPropertiesVersion::One,
            node_id: Some(self.node_id),
            cluster_id: Some(self.cluster_id.clone()),
            directory_id: Some(directory_id),
            others: BTreeMap::new(),
        }
    }
}

pub(super) async fn save(
    disk: &dyn Disk,
    path: &Path,
    meta: &MetaProperties,
) -> Result<(), DiskError> {
    checkpoint::save(disk, &path.join(MetaProperties::FILE_NAME), meta).await
}

/// Creates a directory and those above it, durably, unless it exists.
///
/// # Errors
/// When the disk fails.
pub async fn create_directory(disk: &dyn Disk, path: &Path) -> Result<(), DiskError> {
    let mut missing = Vec::new();
    let mut ancestor = Some(path);
    while let Some(directory) = ancestor.filter(|directory| !directory.as_os_str().is_empty()) {
        match disk.list(directory).await {
            Err(error) if error.kind() == DiskErrorKind::NotFound => missing.push(directory),
            Err(error) if missing.is_empty() => return Err(error),
            _ => break,
        }
        ancestor = directory.parent();
    }
    if missing.is_empty() {
        return Ok(());
    }
    disk.create_directories(path).await?;
    for directory in missing.into_iter().rev() {
        let parent = directory
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        disk.sync_directory(parent.unwrap_or(Path::new(".")))
            .await?;
    }
    Ok(())
}
