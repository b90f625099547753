//! The four offset checkpoints of each log directory: what was read at the start, and what is
//! written from time to time.
//!
//! Not the job of this module: when that is.
//!
//! Invariants:
//! - An entry never outlives its partition's name: before a partition is created, entries of its
//!   name are taken out, durably. A recovery point or a log start offset of an earlier partition
//!   would make recovery pass over records, or drop them.
//! - The offsets are looked at and written under one lock, so that an older look never replaces
//!   what a newer one has written.
//! - A file that would not change is not written. A failure takes the directory offline, but for a
//!   lack of space as long as what the file says is true.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use protocol::ids::Offset;

use super::bounded::{self, Work};
use super::{LogDirectories, LogDirectory, PartitionLog};
use crate::checkpoint::{self, CheckpointError, OffsetCheckpoint};
use crate::disk::{Disk, DiskError, DiskErrorKind};
use crate::names::TopicPartition;

/// Says the high watermark of a partition; none if it has none here.
pub type HighWatermarks<'a> = &'a (dyn Fn(&PartitionLog) -> Option<Offset> + Sync);

/// What is in the checkpoint files of a directory.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    /// The content of each file that exists and is not malformed.
    saved: BTreeMap<Checkpoint, OffsetCheckpoint>,
    /// The files of which a write was begun and not seen to end: they hold this or what came after.
    uncertain: BTreeSet<Checkpoint>,
    /// Whether the directory is closed and may belong to somebody else.
    pub(super) is_closed: bool,
}

/// One of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Checkpoint {
    RecoveryPoints,
    LogStartOffsets,
    HighWatermarks,
    CleanerOffsets,
}

impl Checkpoint {
    pub(super) const ALL: [Self; 4] = [
        Self::RecoveryPoints,
        Self::LogStartOffsets,
        Self::HighWatermarks,
        Self::CleanerOffsets,
    ];

    pub(super) const fn file_name(self) -> &'static str {
        match self {
            Self::RecoveryPoints => OffsetCheckpoint::RECOVERY_POINTS,
            Self::LogStartOffsets => OffsetCheckpoint::LOG_START_OFFSETS,
            Self::HighWatermarks => OffsetCheckpoint::HIGH_WATERMARKS,
            Self::CleanerOffsets => OffsetCheckpoint::CLEANER_OFFSETS,
        }
    }
}

impl LogDirectories {
    /// Writes the recovery points of all directories that work. Returns how many files were
    /// written.
    ///
    /// Whoever truncates a log has this done before anything is appended to it again: a recovery
    /// point beyond the truncation would have a crash believe bytes that were never synced. For the
    /// same reason this writes up to where logs were cleaned.
    pub async fn checkpoint_recovery_points(&self) -> usize {
        let files = [Checkpoint::RecoveryPoints, Checkpoint::CleanerOffsets];
        self.checkpoint(&files, &|_| None).await
    }

    /// Writes up to where logs were cleaned. Returns how many files were written.
    pub async fn checkpoint_cleaner_offsets(&self) -> usize {
        self.checkpoint(&[Checkpoint::CleanerOffsets], &|_| None)
            .await
    }

    /// Writes the log start offsets that lie within a segment. Returns how many files were written.
    pub async fn checkpoint_log_start_offsets(&self) -> usize {
        self.checkpoint(&[Checkpoint::LogStartOffsets], &|_| None)
            .await
    }

    /// Writes the high watermarks; a partition without one keeps what was written before. Returns
    /// how many files were written.
    pub async fn checkpoint_high_watermarks(&self, high_watermarks: HighWatermarks<'_>) -> usize {
        self.checkpoint(&[Checkpoint::HighWatermarks], high_watermarks)
            .await
    }

    async fn checkpoint(&self, files: &[Checkpoint], high_watermarks: HighWatermarks<'_>) -> usize {
        let mut online = self.directories.clone();
        online.retain(|directory| directory.is_online());
        let write = |directory: Arc<LogDirectory>| -> Work<'_, _> {
            Box::pin(async move {
                self.checkpoint_directory(&directory, files, high_watermarks)
                    .await
            })
        };
        let written = bounded::join(self.directory_count(), online, &write).await;
        // A directory that failed is offline, which its health tells.
        written.into_iter().flatten().sum()
    }

    pub(super) async fn checkpoint_directory(
        &self,
        directory: &Arc<LogDirectory>,
        files: &[Checkpoint],
        high_watermarks: HighWatermarks<'_>,
    ) -> Result<usize, DiskError> {
        let mut checkpoints = directory.checkpoints.lock().await;
        if checkpoints.is_closed {
            return Ok(0);
        }
        let partitions = self.logs_in(directory);
        let mut written = 0;
        for &file in files {
            let saved = checkpoints.saved.get(&file);
            let kept = |partition: &PartitionLog| {
                let offsets = &saved?.offsets;
                offsets.get(partition.topic_partition()).copied()
            };
            let offset = |partition: &PartitionLog| match file {
                Checkpoint::RecoveryPoints => Some(partition.log().recovery_point()),
                Checkpoint::LogStartOffsets => partition.log_start_within_segment(),
                Checkpoint::HighWatermarks => high_watermarks(partition).or(kept(partition)),
                Checkpoint::CleanerOffsets => partition.log().cleaned_to(),
            };
            let entries = partitions.iter().filter_map(|partition| {
                Some((partition.topic_partition().clone(), offset(partition)?))
            });
            let content = OffsetCheckpoint {
                offsets: entries.collect(),
            };
            let saved = checkpoints.save(self.disk.as_ref(), directory, file, content);
            written += usize::from(saved.await?);
        }
        Ok(written)
    }
}

impl LogDirectory {
    /// Reads all files; returns what is wrong with those that cannot be understood.
    pub(super) async fn load_checkpoints(
        &self,
        disk: &dyn Disk,
    ) -> Result<Vec<CheckpointError>, DiskError> {
        let mut malformed = Vec::new();
        let mut checkpoints = self.checkpoints.lock().await;
        for file in Checkpoint::ALL {
            let path = self.path().join(file.file_name());
            match checkpoint::load::<OffsetCheckpoint>(disk, &path).await {
                Ok(Some(content)) => {
                    checkpoints.saved.insert(file, content);
                }
                Ok(None) => {}
                Err(CheckpointError::Disk(error)) => return Err(error),
                Err(error) => malformed.push(error),
            }
        }
        Ok(malformed)
    }

    /// Takes the entries of a name out of all files.
    pub(super) async fn forget_checkpoints(
        &self,
        disk: &dyn Disk,
        partition: &TopicPartition,
    ) -> Result<(), DiskError> {
        let mut checkpoints = self.checkpoints.lock().await;
        for file in Checkpoint::ALL {
            let has_entry = checkpoints.offset(file, partition).is_some();
            if has_entry || checkpoints.uncertain.contains(&file) {
                let mut content = checkpoints.saved.get(&file).cloned().unwrap_or_default();
                content.offsets.remove(partition);
                checkpoints.save(disk, self, file, content).await?;
            }
        }
        Ok(())
    }
}

impl Checkpoints {
    pub(super) fn offset(&self, file: Checkpoint, partition: &TopicPartition) -> Option<Offset> {
        self.saved.get(&file)?.offsets.get(partition).copied()
    }

    /// Whether the file says of a log that more of it is on the disk than is true any more: its
    /// recovery point has moved back.
    fn takes_back(&self, file: Checkpoint, content: &OffsetCheckpoint) -> bool {
        let saved = self
            .saved
            .get(&file)
            .filter(|_| file == Checkpoint::RecoveryPoints);
        let mut offsets = saved.into_iter().flat_map(|saved| &saved.offsets);
        offsets.any(|(partition, saved)| {
            let next = content.offsets.get(partition);
            next.is_some_and(|next| next < saved)
        })
    }

    /// Returns whether the file had to be written. A disk without space takes the directory
    /// offline only if what the file says is not true any more.
    async fn save(
        &mut self,
        disk: &dyn Disk,
        directory: &LogDirectory,
        file: Checkpoint,
        content: OffsetCheckpoint,
    ) -> Result<bool, DiskError> {
        if self.saved.get(&file) == Some(&content) && !self.uncertain.contains(&file) {
            return Ok(false);
        }
        self.uncertain.insert(file);
        let path = directory.path().join(file.file_name());
        match checkpoint::save(disk, &path, &content).await {
            // What the file says is still true, and it is written when there is space again.
            Err(full)
                if full.kind() == DiskErrorKind::NoSpace && !self.takes_back(file, &content) =>
            {
                return Err(full);
            }
            saved => directory.note(saved)?,
        }
        self.saved.insert(file, content);
        self.uncertain.remove(&file);
        Ok(true)
    }
}

impl PartitionLog {
    /// The log start offset, unless it is where the first segment begins: that needs no telling.
    fn log_start_within_segment(&self) -> Option<Offset> {
        let start = self.log().log_start_offset();
        (start > self.log().first_base_offset()).then_some(start)
    }
}
