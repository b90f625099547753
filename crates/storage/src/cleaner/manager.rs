//! Which log is cleaned next, of all logs of a node, and what came of it.
//!
//! Any number of workers call [`LogCleaner::clean_dirtiest`]; no two of them clean the same log.
//!
//! Not the job of this module: tasks, and how long a worker rests when nothing is to be cleaned.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use protocol::ids::Offset;

use super::range::{self, Candidate};
use super::{
    Cleaner, CleanerSettings, CleaningError, CleaningRange, CleaningStatistics, KeyHasher, Pace,
};
use crate::directories::{HighWatermarks, LogDirectories, PartitionLog};
use crate::log::LogError;
use crate::names::TopicPartition;

/// Cleans the logs of a node.
pub struct LogCleaner {
    logs: Arc<LogDirectories>,
    hasher: KeyHasher,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The logs that are being cleaned.
    at_work: BTreeSet<TopicPartition>,
    uncleanable: BTreeMap<TopicPartition, Weak<PartitionLog>>,
    status: CleanerStatus,
}

/// What is known of the cleaning of all logs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CleanerStatus {
    /// When a log to clean was last looked for, in milliseconds since 1970; none if never.
    pub last_round_ms: Option<i64>,
    /// The largest dirty part of a log then, from 0 to 1.
    pub dirty_ratio_max: f64,
    /// How much longer than they may records had waited for a cleaning then, in milliseconds.
    pub overdue_ms_max: i64,
}

/// The logs of a directory that are left alone because a cleaning has failed on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uncleanable {
    /// How many there are.
    pub count: usize,
    /// What a cleaning of them would be about, in bytes.
    pub bytes: u64,
}

/// What a worker has done.
#[derive(Debug, Default)]
pub struct Round {
    /// The log that was cleaned, if one was.
    pub cleaned: Option<Cleaned>,
    /// The logs where it failed.
    pub failures: Vec<(TopicPartition, CleaningError)>,
}

/// A log that was cleaned.
#[derive(Debug, Clone, PartialEq)]
pub struct Cleaned {
    /// Its name.
    pub topic_partition: TopicPartition,
    /// The dirty part that is clean now.
    pub dirty: std::ops::Range<Offset>,
    /// What it took.
    pub statistics: CleaningStatistics,
}

/// A log that this worker has for itself.
struct Claim<'a> {
    cleaner: &'a LogCleaner,
    partition: Arc<PartitionLog>,
}

impl LogCleaner {
    /// Begins with logs of which none is known to be uncleanable. The secret should be hard to
    /// guess for whoever writes records.
    pub fn new(logs: Arc<LogDirectories>, secret: [u8; 16]) -> Self {
        Self {
            logs,
            hasher: KeyHasher::new(secret),
            state: Mutex::default(),
        }
    }

    /// Cleans the dirtiest log, if one is dirty enough or has waited long enough, of those that are
    /// compacted, have a high watermark here and are not at work already.
    pub async fn clean_dirtiest(
        &self,
        settings: CleanerSettings,
        high_watermarks: HighWatermarks<'_>,
        pace: &dyn Pace,
        now_ms: i64,
    ) -> Round {
        let mut round = Round::default();
        let Some((claim, range)) = self
            .claim_dirtiest(high_watermarks, now_ms, &mut round)
            .await
        else {
            return round;
        };
        let log = claim.partition.log();
        let name = claim.partition.topic_partition().clone();
        let cleaned = async {
            // What is cleaned is never recovered: it has gaps that only a loss explains elsewhere.
            // And a crash must not take a marker away by which records were judged.
            log.flush(log.log_end_offset(), now_ms).await?;
            self.logs.checkpoint_recovery_points().await;
            let mut cleaner = Cleaner::new(settings, self.hasher.clone());
            cleaner.clean(log, range, pace, now_ms).await
        };
        match cleaned.await {
            Ok((end, statistics)) => {
                round.cleaned = Some(Cleaned {
                    topic_partition: name,
                    dirty: range.first_dirty..end,
                    statistics,
                });
                self.logs.checkpoint_cleaner_offsets().await;
            }
            Err(CleaningError::GivenUp) => {}
            Err(error) => self.failed(&claim.partition, error, &mut round),
        }
        round
    }

    /// What was found when a log to clean was last looked for.
    pub fn status(&self) -> CleanerStatus {
        self.lock().status
    }

    /// The logs of a directory that are left alone.
    pub fn uncleanable(
        &self,
        directory: &Path,
        high_watermarks: HighWatermarks<'_>,
        now_ms: i64,
    ) -> Uncleanable {
        let known: Vec<_> = self.lock().uncleanable.values().cloned().collect();
        let mut found = Uncleanable::default();
        for partition in known.iter().filter_map(Weak::upgrade) {
            if partition.directory().path() != directory {
                continue;
            }
            found.count += 1;
            if let Some(high_watermark) = high_watermarks(&partition) {
                found.bytes += cleaning_range(&partition, high_watermark, now_ms).cleanable_bytes;
            }
        }
        found
    }

    async fn claim_dirtiest(
        &self,
        high_watermarks: HighWatermarks<'_>,
        now_ms: i64,
        round: &mut Round,
    ) -> Option<(Claim<'_>, CleaningRange)> {
        let partitions = self.logs.partitions();
        self.forget_removed(&partitions);
        let (mut found, mut candidates) = (Vec::new(), Vec::new());
        let mut status = CleanerStatus {
            last_round_ms: Some(now_ms),
            ..CleanerStatus::default()
        };
        for partition in partitions {
            let config = partition.log().config();
            let is_wanted = config.compact && partition.directory().is_online();
            if !is_wanted || !self.is_free(&partition) || partition.log().is_copied() {
                continue;
            }
            let Some(high_watermark) = high_watermarks(&partition) else {
                continue;
            };
            let range = cleaning_range(&partition, high_watermark, now_ms);
            if range.clean_bytes + range.cleanable_bytes == 0 {
                continue;
            }
            let overdue_ms = match overdue_ms(&partition, range, now_ms).await {
                Ok(overdue_ms) => overdue_ms,
                Err(error) => {
                    self.failed(&partition, error.into(), round);
                    continue;
                }
            };
            status.dirty_ratio_max = status.dirty_ratio_max.max(range.dirty_ratio());
            status.overdue_ms_max = status.overdue_ms_max.max(overdue_ms);
            candidates.push(Candidate {
                range,
                dirty_ratio_min: config.dirty_ratio_min,
                overdue_ms,
            });
            found.push(partition);
        }
        self.lock().status = status;
        let index = range::dirtiest(&candidates)?;
        let partition = found.swap_remove(index);
        // Another worker may have been faster.
        let name = partition.topic_partition().clone();
        self.lock().at_work.insert(name).then_some(())?;
        let claim = Claim {
            cleaner: self,
            partition,
        };
        Some((claim, candidates[index].range))
    }

    fn is_free(&self, partition: &Arc<PartitionLog>) -> bool {
        let state = self.lock();
        let name = partition.topic_partition();
        !state.at_work.contains(name) && !state.uncleanable.contains_key(name)
    }

    fn failed(&self, partition: &Arc<PartitionLog>, error: CleaningError, round: &mut Round) {
        let name = partition.topic_partition().clone();
        if error.is_of_the_log() {
            let partition = Arc::downgrade(partition);
            self.lock().uncleanable.insert(name.clone(), partition);
        }
        if !matches!(error, CleaningError::GivenUp) {
            round.failures.push((name, error));
        }
    }

    /// Forgets uncleanable logs that are not there any more, or are others under the same name.
    fn forget_removed(&self, partitions: &[Arc<PartitionLog>]) {
        let mut state = self.lock();
        if state.uncleanable.is_empty() {
            return;
        }
        state.uncleanable.retain(|_, known| {
            let mut all = partitions.iter();
            all.any(|partition| std::ptr::eq(Arc::as_ptr(partition), known.as_ptr()))
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let name = self.partition.topic_partition();
        self.cleaner.lock().at_work.remove(name);
    }
}

fn cleaning_range(partition: &PartitionLog, high_watermark: Offset, now_ms: i64) -> CleaningRange {
    let log = partition.log();
    let summary = log.compaction_summary(high_watermark);
    summary.cleaning_range(log.config().compaction_lag_ms_min, now_ms)
}

/// The disk is only asked where records may not wait for ever.
async fn overdue_ms(
    partition: &PartitionLog,
    range: CleaningRange,
    now_ms: i64,
) -> Result<i64, LogError> {
    let log = partition.log();
    let lag_ms_max = log.config().compaction_lag_ms_max;
    if lag_ms_max >= now_ms {
        return Ok(0);
    }
    let timestamps = log.first_timestamps(range.first_dirty).await?;
    Ok(range::overdue_ms(&timestamps, lag_ms_max, now_ms))
}
