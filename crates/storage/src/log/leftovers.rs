//! What the directory of a partition holds, after the leftovers of operations that a crash has cut
//! short were tidied up.
//!
//! - `.deleted`: the file was on its way out; it goes now.
//! - `.cleaned`: the cleaner had not finished; it goes.
//! - `.swap`: complete. The segments it was made from go, and it takes their place; unless there is
//!   a `.cleaned` file at or below its offset, which means that others of its kind are missing.
//! - An index without its records goes.

use std::collections::BTreeSet;
use std::path::Path;

use protocol::ids::Offset;

use super::files::{self, SEGMENT_KINDS};
use super::recovery::LoadError;
use crate::disk::{self, Disk, DiskError, OpenMode};
use crate::names::{LogFileKind, LogFileName, LogFileStage};
use crate::segment::{Scan, ScanError};

/// So many bytes of a swap file are read at once.
const CHUNK_BYTES: usize = 64 * 1024;

/// What there is, all of it in use.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Of the segments, ascending.
    pub(super) base_offsets: Vec<Offset>,
    /// Of the segments that have an index of aborted transactions.
    pub(super) transaction_indexes: BTreeSet<Offset>,
    /// Of the producer snapshots, ascending.
    pub(super) snapshots: Vec<Offset>,
}

impl Listing {
    /// Tidies a directory up and lists what is left.
    pub(super) async fn tidy(disk: &dyn Disk, directory: &Path) -> Result<Self, LoadError> {
        let names = list(disk, directory).await?;
        let incomplete_from = names
            .iter()
            .filter(|name| name.stage == LogFileStage::Cleaned)
            .map(|name| name.offset)
            .min();
        let mut swaps = Vec::new();
        let mut live = Vec::new();
        for name in names {
            match name.stage {
                LogFileStage::Live => live.push(name),
                LogFileStage::Swap if incomplete_from.is_none_or(|from| name.offset < from) => {
                    swaps.push(name);
                }
                LogFileStage::Deleted(_) | LogFileStage::Cleaned | LogFileStage::Swap => {
                    disk.remove_file(&directory.join(name.to_string())).await?;
                }
            }
        }
        if !swaps.is_empty() {
            finish_swap(disk, directory, &swaps).await?;
            live = list(disk, directory).await?;
        }
        Ok(Self::of_live(disk, directory, &live).await?)
    }

    /// `names` are those in use, by ascending offset.
    async fn of_live(
        disk: &dyn Disk,
        directory: &Path,
        names: &[LogFileName],
    ) -> Result<Self, DiskError> {
        let mut listing = Self::default();
        let is_records = |name: &&LogFileName| name.kind == LogFileKind::Records;
        listing.base_offsets = names
            .iter()
            .filter(is_records)
            .map(|name| name.offset)
            .collect();
        for name in names {
            let has_records = listing.base_offsets.binary_search(&name.offset).is_ok();
            match name.kind {
                LogFileKind::Records => {}
                LogFileKind::ProducerSnapshot => listing.snapshots.push(name.offset),
                _ if !has_records => {
                    disk.remove_file(&directory.join(name.to_string())).await?;
                }
                LogFileKind::TransactionIndex => {
                    listing.transaction_indexes.insert(name.offset);
                }
                LogFileKind::OffsetIndex | LogFileKind::TimeIndex => {}
            }
        }
        Ok(listing)
    }
}

/// The files of segments and the snapshots in a directory, by ascending offset.
async fn list(disk: &dyn Disk, directory: &Path) -> Result<Vec<LogFileName>, DiskError> {
    let entries = disk.list(directory).await?;
    let files = entries.iter().filter(|entry| !entry.is_directory);
    let mut names: Vec<_> = files
        .filter_map(|entry| LogFileName::parse(&entry.name))
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// Lets swap files take the place of what they were made from.
async fn finish_swap(
    disk: &dyn Disk,
    directory: &Path,
    swaps: &[LogFileName],
) -> Result<(), LoadError> {
    let mut replaced = Vec::new();
    for swap in swaps
        .iter()
        .filter(|swap| swap.kind == LogFileKind::Records)
    {
        let end = end_of_swap(disk, directory, *swap).await?;
        replaced.push(swap.offset..end.max(swap.offset.next()));
    }
    let first = replaced.iter().map(|range| range.start).min();
    let end = replaced.iter().map(|range| range.end).max();
    if let (Some(first), Some(end)) = (first, end) {
        for name in list(disk, directory).await? {
            let is_segment = SEGMENT_KINDS.contains(&name.kind);
            let is_replaced = (first..end).contains(&name.offset);
            if name.stage == LogFileStage::Live && is_segment && is_replaced {
                disk::remove_if_there(disk, &directory.join(name.to_string())).await?;
            }
        }
        // Once the new segments have their names, a second crash must not bring the others back.
        disk.sync_directory(directory).await?;
    }
    for swap in swaps {
        let from = directory.join(swap.to_string());
        let live = files::live_path(directory, swap.offset, swap.kind);
        disk.rename(&from, &live).await?;
    }
    Ok(disk.sync_directory(directory).await?)
}

/// The offset after the last batch of a swap file.
async fn end_of_swap(
    disk: &dyn Disk,
    directory: &Path,
    swap: LogFileName,
) -> Result<Offset, DiskError> {
    let file = disk
        .open(&directory.join(swap.to_string()), OpenMode::Read)
        .await?;
    let size = file.size().await?;
    let mut scan = Scan::new(file, swap.offset, 0..size, CHUNK_BYTES);
    let mut end = swap.offset;
    loop {
        match scan.next().await {
            Ok(Some(batch)) => end = batch.next_offset(),
            Ok(None) | Err(ScanError::Corrupt { .. }) => return Ok(end),
            Err(ScanError::Disk(error)) => return Err(error),
        }
    }
}
