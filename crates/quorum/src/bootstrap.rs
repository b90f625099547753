//! `bootstrap.checkpoint`: the records with which the first controller of a cluster begins its
//! metadata. In the format of a snapshot, in every log directory.

use std::path::Path;

use raft::{OffsetAndEpoch, SnapshotBuilder, SnapshotStart};
use storage::disk::{self, Disk};

use crate::snapshot_files::{self, SnapshotFileError};

/// The name of the file.
pub const BOOTSTRAP_FILE: &str = "bootstrap.checkpoint";

/// Reads the bootstrap records of a log directory, each in its frame; none if it has no such file.
///
/// # Errors
/// When the disk fails or the file is malformed.
pub async fn read_bootstrap(
    disk: &dyn Disk,
    log_dir: &Path,
) -> Result<Option<Vec<Vec<u8>>>, SnapshotFileError> {
    let path = log_dir.join(BOOTSTRAP_FILE);
    match snapshot_files::read(disk, &path, OffsetAndEpoch::BOOTSTRAP).await {
        Ok(snapshot) => Ok(Some(snapshot.records)),
        Err(SnapshotFileError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the bootstrap records of a log directory, durably.
pub(crate) async fn write_bootstrap(
    disk: &dyn Disk,
    log_dir: &Path,
    records: &[Vec<u8>],
    now_ms: i64,
) -> Result<(), SnapshotFileError> {
    let start = SnapshotStart {
        id: OffsetAndEpoch::BOOTSTRAP,
        last_contained_log_timestamp_ms: 0,
        voters: None,
    };
    let (mut builder, mut bytes) = SnapshotBuilder::begin(start, now_ms)?;
    for record in records {
        bytes.extend(builder.push(record, now_ms)?.unwrap_or_default());
    }
    bytes.extend(builder.finish(now_ms)?);
    // Unlike a snapshot it stays writable.
    let path = log_dir.join(BOOTSTRAP_FILE);
    Ok(disk::replace_whole(disk, &path, &bytes).await?)
}
