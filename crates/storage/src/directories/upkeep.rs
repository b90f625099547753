//! Work over all logs that is due from time to time. Nothing here waits for a time: each function
//! is given it, does what is due, and says when more is if that is known.
//!
//! Not the job of this module: how often `log.retention.check.interval.ms` and the like have it
//! called.

use std::sync::Arc;

use super::bounded::{self, Work};
use super::{HighWatermarks, LogDirectories, PartitionLog};
use crate::log::LogError;
use crate::names::TopicPartition;

/// A log with less than this part of the bytes that may be unflushed is not flushed for being
/// large: waiting for the device costs more than reading so little after a crash.
const SHARES: u64 = 1024;

/// What a round over the logs has done.
#[derive(Debug, Default)]
pub struct Upkeep {
    /// How many logs were flushed, or segments removed.
    pub count: usize,
    /// When more is due at the earliest, of what is due by time alone; none if that is not known.
    pub next_due_ms: Option<i64>,
    /// The logs where it failed.
    pub failures: Vec<(TopicPartition, LogError)>,
}

/// What was done to one log, and when more is due.
type Done = Result<(usize, Option<i64>), LogError>;

/// What a function over all logs has given.
pub(super) struct Sweep<T> {
    pub(super) outputs: Vec<T>,
    pub(super) failures: Vec<(TopicPartition, LogError)>,
}

impl LogDirectories {
    /// Flushes the logs that are due: after a roll, by `flush.messages`, by `flush.ms`, and when
    /// all logs together hold more than [`DirectorySettings::unflushed_bytes_max`] that is not
    /// flushed, those with a 1024th of that or more. In the last case the recovery points are
    /// checkpointed as well: a crash is to find them.
    ///
    /// Appends go on meanwhile; what they add is not part of the flush. `next_due_ms` knows of
    /// `flush.ms` only. Everything else becomes due by appends, so this is to be called once a
    /// second or so while there are any, and again when it has returned: if the disk is slower
    /// than that, flushes become fewer and larger. When nothing is due, the disk is not touched.
    ///
    /// [`DirectorySettings::unflushed_bytes_max`]: super::DirectorySettings::unflushed_bytes_max
    pub async fn flush_due(&self, now_ms: i64) -> Upkeep {
        let bytes_max = self.settings.unflushed_bytes_max;
        let has_too_much = self.unflushed_bytes() > bytes_max;
        let flush = |partition: Arc<PartitionLog>| -> Work<'_, Done> {
            Box::pin(async move {
                let log = partition.log();
                let is_large = has_too_much && log.unflushed_bytes() >= bytes_max / SHARES;
                let is_due = log.is_flush_due(now_ms) || is_large;
                if is_due {
                    log.flush(log.log_end_offset(), now_ms).await?;
                }
                Ok((usize::from(is_due), log.next_flush_ms()))
            })
        };
        let upkeep = self.upkeep(&flush).await;
        if has_too_much {
            self.checkpoint_recovery_points().await;
        }
        upkeep
    }

    /// How many bytes the logs of the directories that work hold that are not flushed.
    fn unflushed_bytes(&self) -> u64 {
        let partitions = self.partitions();
        let online = partitions
            .iter()
            .filter(|partition| partition.directory().is_online());
        online
            .map(|partition| partition.log().unflushed_bytes())
            .sum()
    }

    /// Removes the segments that have expired, of the partitions that have a high watermark here.
    /// Their files go with [`Self::remove_due`], and when is what `next_due_ms` says.
    pub async fn apply_retention(
        &self,
        high_watermarks: HighWatermarks<'_>,
        now_ms: i64,
    ) -> Upkeep {
        let retain = |partition: Arc<PartitionLog>| -> Work<'_, Done> {
            Box::pin(async move {
                let Some(high_watermark) = high_watermarks(&partition) else {
                    return Ok((0, None));
                };
                let log = partition.log();
                let removed = log.apply_retention(high_watermark, now_ms).await?;
                let delay_ms = log.config().file_delete_delay_ms;
                let due_ms = (removed > 0).then(|| now_ms.saturating_add(delay_ms));
                Ok((removed, due_ms))
            })
        };
        self.upkeep(&retain).await
    }

    /// Has all logs forget the producers that have written nothing for `expiration_ms`
    /// (`producer.id.expiration.ms`).
    pub fn expire_producers(&self, now_ms: i64, expiration_ms: i64) {
        for partition in self.partitions() {
            partition.log().expire_producers(now_ms, expiration_ms);
        }
    }

    async fn upkeep<'a>(
        &self,
        work: &(dyn Fn(Arc<PartitionLog>) -> Work<'a, Done> + Sync),
    ) -> Upkeep {
        let sweep = self.sweep(work).await;
        let mut upkeep = Upkeep {
            failures: sweep.failures,
            ..Upkeep::default()
        };
        for (count, due_ms) in sweep.outputs {
            upkeep.count += count;
            upkeep.next_due_ms = [upkeep.next_due_ms, due_ms].into_iter().flatten().min();
        }
        upkeep
    }

    /// Works on all logs whose directory works, in the order of names. Logs that are deleted or
    /// closed meanwhile are passed over.
    pub(super) async fn sweep<'a, T>(
        &self,
        work: &(dyn Fn(Arc<PartitionLog>) -> Work<'a, Result<T, LogError>> + Sync),
    ) -> Sweep<T> {
        let mut partitions = self.partitions();
        partitions.retain(|partition| partition.directory().is_online());
        let outcomes = bounded::join(self.settings.concurrency, partitions.clone(), work).await;
        let mut sweep = Sweep {
            outputs: Vec::new(),
            failures: Vec::new(),
        };
        for (partition, outcome) in partitions.iter().zip(outcomes) {
            match outcome {
                Ok(output) => sweep.outputs.push(output),
                Err(LogError::Closed) => {}
                Err(error) => {
                    let name = partition.topic_partition().clone();
                    sweep.failures.push((name, error));
                }
            }
        }
        sweep
    }
}
