//! The snapshot files of a partition: which are kept, and the newest that can be read.
//!
//! A snapshot is taken when a segment is rolled, at its base offset, and when the log is closed.
//! So the ones to keep are those at base offsets, which a truncation falls back to, and the newest.

use std::collections::BTreeSet;
use std::path::Path;

use protocol::ids::Offset;

use super::ProducerSnapshot;
use crate::disk::{self, Disk, DiskError, DiskErrorKind};
use crate::names::{LogFileKind, LogFileName};

/// A snapshot of more bytes is not read: it would hold over five million producers.
const SIZE_MAX: usize = 256 << 20;

/// Which of the snapshots belong to no segment and are to be removed: all that are at no base
/// offset, but the newest of these stays if it is not behind the last segment's start, because
/// then it was taken when the log was closed.
pub fn stray_snapshots(snapshots: &[Offset], segment_base_offsets: &[Offset]) -> Vec<Offset> {
    let base_offsets: BTreeSet<&Offset> = segment_base_offsets.iter().collect();
    let is_stray = |offset: &&Offset| !base_offsets.contains(offset);
    let last_base_offset = base_offsets.last();
    let kept = snapshots
        .iter()
        .filter(is_stray)
        .max()
        .filter(|offset| last_base_offset.is_none_or(|base_offset| offset >= base_offset));
    snapshots
        .iter()
        .filter(is_stray)
        .filter(|offset| Some(*offset) != kept)
        .copied()
        .collect()
}

/// Which of the snapshots say nothing about a log from `log_start` to `log_end` and are to be
/// removed before the state is loaded again.
pub fn snapshots_out_of_range(
    snapshots: &[Offset],
    log_start: Offset,
    log_end: Offset,
) -> Vec<Offset> {
    let mut snapshots = snapshots.to_vec();
    snapshots.retain(|offset| *offset <= log_start || *offset > log_end);
    snapshots
}

/// Loads the newest of the snapshots that is not corrupt, with its offset. Newer ones, which are,
/// are removed.
///
/// # Errors
/// When the disk fails.
pub async fn load_newest_snapshot(
    disk: &dyn Disk,
    partition_directory: &Path,
    snapshots: &[Offset],
) -> Result<Option<(Offset, ProducerSnapshot)>, DiskError> {
    let mut snapshots = snapshots.to_vec();
    snapshots.sort_unstable();
    for offset in snapshots.into_iter().rev() {
        let path = partition_directory.join(file_name(offset));
        match disk::read_whole(disk, &path, SIZE_MAX).await {
            Ok(None) => continue,
            Ok(Some(bytes)) => {
                if let Ok(snapshot) = ProducerSnapshot::decode(&bytes) {
                    return Ok(Some((offset, snapshot)));
                }
            }
            Err(error) if error.kind() == DiskErrorKind::TooLarge => {}
            Err(error) => return Err(error),
        }
        disk.remove_file(&path).await?;
    }
    Ok(None)
}

/// Saves a snapshot, durably.
///
/// # Errors
/// When the disk fails.
pub async fn save_snapshot(
    disk: &dyn Disk,
    partition_directory: &Path,
    offset: Offset,
    bytes: &[u8],
) -> Result<(), DiskError> {
    let path = partition_directory.join(file_name(offset));
    disk::replace_whole(disk, &path, bytes).await
}

fn file_name(offset: Offset) -> String {
    LogFileName::live(offset, LogFileKind::ProducerSnapshot).to_string()
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::disk::simulated::{SimulatedDisk, poll_once};
    use crate::producer_state::ProducerState;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        poll_once(future).expect("the disk is not stalled")
    }

    fn offsets(offsets: &[i64]) -> Vec<Offset> {
        offsets.iter().copied().map(Offset).collect()
    }

    fn check_stray(snapshots: &[i64], base_offsets: &[i64], stray: &[i64]) {
        assert_eq!(
            stray_snapshots(&offsets(snapshots), &offsets(base_offsets)),
            offsets(stray)
        );
    }

    #[test]
    fn snapshots_at_base_offsets_and_that_of_the_shutdown_are_kept() {
        check_stray(&[10, 20, 25], &[0, 10, 20], &[]);
        check_stray(&[10, 15, 20, 25, 27], &[0, 10, 20], &[15, 25]);
        check_stray(&[10, 15], &[0, 10, 20], &[15]);
        check_stray(&[5, 10, 15], &[0, 20], &[5, 10, 15]);
        check_stray(&[5, 10], &[], &[5]);
        check_stray(&[], &[0], &[]);
    }

    #[test]
    fn snapshots_outside_of_the_log_are_removed() {
        assert_eq!(
            snapshots_out_of_range(&offsets(&[5, 10, 11, 20, 21]), Offset(10), Offset(20)),
            offsets(&[5, 10, 21])
        );
    }

    #[test]
    fn a_corrupt_snapshot_is_removed_and_an_older_one_taken() {
        let disk = SimulatedDisk::new(1);
        let directory = Path::new("t-0");
        block_on(disk.create_directories(directory)).unwrap();
        let mut state = ProducerState::starting_at(Offset::ZERO);
        for end_offset in offsets(&[10, 20]) {
            state.advance_to(end_offset);
            let (offset, bytes) = state.snapshot().unwrap();
            block_on(save_snapshot(&disk, directory, offset, &bytes)).unwrap();
            state.on_snapshot_saved(offset);
        }
        let newest = |snapshots: &[i64]| {
            let snapshots = offsets(snapshots);
            let loaded = block_on(load_newest_snapshot(&disk, directory, &snapshots)).unwrap();
            loaded.map(|(offset, _)| offset.0)
        };
        assert_eq!(newest(&[20, 10]), Some(20));
        let path = directory.join(file_name(Offset(20)));
        disk.flip_bit(&path, 9, 0).unwrap();
        assert_eq!(newest(&[10, 20, 30]), Some(10));
        let names = block_on(disk.list(directory)).unwrap();
        let names: Vec<_> = names.into_iter().map(|entry| entry.name).collect();
        assert_eq!(names, ["00000000000000000010.snapshot"]);
        assert_eq!(newest(&[]), None);
    }
}
