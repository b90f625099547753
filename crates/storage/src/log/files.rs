//! The files of segments by their names: opening, renaming and removing them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::ids::Offset;

use crate::config::LogConfig;
use crate::disk::{Disk, DiskError, OpenMode, if_there, remove_if_there};
use crate::names::{LogFileKind, LogFileName};
use crate::segment::{IndexSettings, Segment, SegmentFiles};

/// What a segment consists of, its records first: without them the others mean nothing.
pub(super) const SEGMENT_KINDS: [LogFileKind; 4] = [
    LogFileKind::Records,
    LogFileKind::OffsetIndex,
    LogFileKind::TimeIndex,
    LogFileKind::TransactionIndex,
];

/// The file with the state of the producers.
pub(super) const SNAPSHOT: LogFileKind = LogFileKind::ProducerSnapshot;

/// The path of a file in use.
pub(super) fn live_path(directory: &Path, offset: Offset, kind: LogFileKind) -> PathBuf {
    directory.join(LogFileName::live(offset, kind).to_string())
}

/// Opens the files of a segment; those that do not exist are made.
pub(super) async fn open_files(
    disk: &dyn Disk,
    directory: &Path,
    base_offset: Offset,
) -> Result<SegmentFiles, DiskError> {
    let path = |kind| live_path(directory, base_offset, kind);
    let mode = OpenMode::WriteOrCreate;
    Ok(SegmentFiles {
        log: disk.open(&path(LogFileKind::Records), mode).await?,
        offset_index: disk.open(&path(LogFileKind::OffsetIndex), mode).await?,
        time_index: disk.open(&path(LogFileKind::TimeIndex), mode).await?,
    })
}

/// Makes an empty segment, forgetting whatever files of its names held. When that fails, the files
/// are removed again.
pub(super) async fn create_segment(
    disk: &dyn Disk,
    directory: &Path,
    base_offset: Offset,
    config: &LogConfig,
    now_ms: i64,
) -> Result<Arc<Segment>, DiskError> {
    let create = async {
        let transactions = live_path(directory, base_offset, LogFileKind::TransactionIndex);
        remove_if_there(disk, &transactions).await?;
        let files = open_files(disk, directory, base_offset).await?;
        let log_bytes = if config.preallocate {
            u64::from(config.segment_bytes)
        } else {
            0
        };
        let settings = index_settings(config);
        Segment::create(base_offset, files, log_bytes, settings, now_ms).await
    };
    match create.await {
        Ok(segment) => Ok(Arc::new(segment)),
        Err(error) => {
            remove_segment_files(disk, directory, base_offset).await?;
            Err(error)
        }
    }
}

/// Removes the files of a segment at once.
pub(super) async fn remove_segment_files(
    disk: &dyn Disk,
    directory: &Path,
    base_offset: Offset,
) -> Result<(), DiskError> {
    for kind in SEGMENT_KINDS {
        remove_if_there(disk, &live_path(directory, base_offset, kind)).await?;
    }
    Ok(())
}

/// Gives a file in use the name of one that is to be removed; returns that name if there was such
/// a file.
pub(super) async fn mark_deleted(
    disk: &dyn Disk,
    directory: &Path,
    deleted: LogFileName,
) -> Result<Option<LogFileName>, DiskError> {
    let from = live_path(directory, deleted.offset, deleted.kind);
    let to = directory.join(deleted.to_string());
    let renamed = if_there(disk.rename(&from, &to).await)?;
    Ok(renamed.map(|()| deleted))
}

pub(super) const fn index_settings(config: &LogConfig) -> IndexSettings {
    IndexSettings {
        bytes_max: config.segment_index_bytes,
        interval_bytes: config.index_interval_bytes,
    }
}
