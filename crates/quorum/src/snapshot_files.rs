//! The files of snapshots, in the directory of the metadata log: written under another name,
//! synced, made read-only, renamed; removed after they were renamed to `.deleted`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::records::{BatchView, BuildError};
use raft::{
    BatchContent, ControlRecord, OffsetAndEpoch, RetainedSnapshot, Snapshot, SnapshotBuilder,
    SnapshotError, SnapshotFileKind, SnapshotFileName, SnapshotStart, read_batches,
};
use storage::disk::{self, Disk, DiskError, DiskFile, OpenMode, remove_if_there};
use thiserror::Error;

/// Far above what metadata of a large cluster needs.
const SIZE_MAX: usize = 2 << 30;
/// The first batch holds the voters, of which there are few.
const HEADER_BATCH_SIZE_MAX: usize = 64 << 10;

/// Why a snapshot was not read or written.
#[derive(Debug, Clone, Error)]
pub enum SnapshotFileError {
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The file holds no sound snapshot.
    #[error("read {}: {source}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SnapshotError,
    },
    /// A record does not fit.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// There is no such file.
    #[error("read {}: not found", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
}

/// A snapshot file that grows.
#[derive(Debug)]
pub(crate) struct SnapshotFile {
    file: Arc<dyn DiskFile>,
    partial: PathBuf,
    complete: PathBuf,
    size: u64,
}

impl SnapshotFile {
    /// Begins the file `complete` anew.
    pub(crate) async fn create(disk: &dyn Disk, complete: PathBuf) -> Result<Self, DiskError> {
        let partial = disk::with_suffix(&complete, ".part");
        remove_if_there(disk, &partial).await?;
        Ok(Self {
            file: disk.open(&partial, OpenMode::CreateNew).await?,
            partial,
            complete,
            size: 0,
        })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), DiskError> {
        self.file.write_at(&[bytes], self.size).await?;
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// Gives the file its name; returns its size.
    pub(crate) async fn complete(self, disk: &dyn Disk) -> Result<u64, DiskError> {
        self.file.sync().await?;
        disk.set_read_only(&self.partial).await?;
        disk.rename(&self.partial, &self.complete).await?;
        if let Some(directory) = self.complete.parent() {
            disk.sync_directory(directory).await?;
        }
        Ok(self.size)
    }
}

/// Writes a snapshot as a whole; returns its size.
pub(crate) async fn write(
    disk: &dyn Disk,
    complete: PathBuf,
    start: SnapshotStart,
    records: impl IntoIterator<Item = impl AsRef<[u8]>>,
    now_ms: i64,
) -> Result<u64, SnapshotFileError> {
    let mut file = SnapshotFile::create(disk, complete).await?;
    let (mut builder, header) = SnapshotBuilder::begin(start, now_ms)?;
    file.write(&header).await?;
    for record in records {
        if let Some(batch) = builder.push(record.as_ref(), now_ms)? {
            file.write(&batch).await?;
        }
    }
    file.write(&builder.finish(now_ms)?).await?;
    Ok(file.complete(disk).await?)
}

/// Reads a snapshot as a whole.
pub(crate) async fn read(
    disk: &dyn Disk,
    path: &Path,
    id: OffsetAndEpoch,
) -> Result<Snapshot, SnapshotFileError> {
    let bytes = disk::read_whole(disk, path, SIZE_MAX).await?;
    let path = || path.to_owned();
    let bytes = bytes.ok_or_else(|| SnapshotFileError::NotFound { path: path() })?;
    Snapshot::decode(id, &bytes).map_err(|source| SnapshotFileError::Malformed {
        path: path(),
        source,
    })
}

/// Removes what was left half-written or half-removed; returns the snapshots there are, in
/// ascending order. Their timestamps are not read yet.
pub(crate) async fn tidy(
    disk: &dyn Disk,
    directory: &Path,
) -> Result<Vec<RetainedSnapshot>, DiskError> {
    let mut snapshots = Vec::new();
    for entry in disk.list(directory).await? {
        let Ok(name) = entry.name.parse::<SnapshotFileName>() else {
            continue;
        };
        match name.kind {
            SnapshotFileKind::Complete => snapshots.push(RetainedSnapshot {
                id: name.id,
                size_bytes: entry.size,
                last_contained_log_timestamp_ms: 0,
            }),
            SnapshotFileKind::Partial | SnapshotFileKind::Deleted => {
                remove_if_there(disk, &directory.join(entry.name)).await?;
            }
        }
    }
    snapshots.sort_by_key(|snapshot| snapshot.id);
    Ok(snapshots)
}

/// Takes a snapshot out of use.
pub(crate) async fn mark_deleted(
    disk: &dyn Disk,
    directory: &Path,
    id: OffsetAndEpoch,
) -> Result<PathBuf, DiskError> {
    let deleted = SnapshotFileName {
        id,
        kind: SnapshotFileKind::Deleted,
    };
    let deleted = directory.join(deleted.to_string());
    disk.rename(&path(directory, id), &deleted).await?;
    Ok(deleted)
}

/// The file of a snapshot.
pub(crate) fn path(directory: &Path, id: OffsetAndEpoch) -> PathBuf {
    let name = SnapshotFileName {
        id,
        kind: SnapshotFileKind::Complete,
    };
    directory.join(name.to_string())
}

/// Reads the timestamp in the header of a snapshot; `None` if its start is not sound.
pub(crate) async fn read_timestamp(disk: &dyn Disk, path: &Path) -> Result<Option<i64>, DiskError> {
    let file = disk.open(path, OpenMode::Read).await?;
    let mut start = vec![0; HEADER_BATCH_SIZE_MAX];
    let read = file.read_at(&mut start, 0).await?;
    let Ok(first) = BatchView::parse(&start[..read]) else {
        return Ok(None);
    };
    let batches = read_batches(first.bytes()).unwrap_or_default();
    let Some(BatchContent::Control(records)) = batches.into_iter().next().map(|b| b.content) else {
        return Ok(None);
    };
    Ok(records.into_iter().find_map(|record| match record {
        ControlRecord::SnapshotHeader {
            last_contained_log_timestamp_ms,
        } => Some(last_contained_log_timestamp_ms),
        ControlRecord::LeaderChange(_)
        | ControlRecord::KraftVersion(_)
        | ControlRecord::Voters(_)
        | ControlRecord::SnapshotFooter
        | ControlRecord::Other(_) => None,
    }))
}
