//! Compaction at work: tasks that clean the dirtiest logs one after the other, no faster than they
//! may, and what is known of their work.
//!
//! Not the job of this module: which log is dirty, and how it is cleaned; `storage::cleaner` knows.
//!
//! Invariant: all workers together go no faster than `log.cleaner.io.max.bytes.per.second`.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use storage::cleaner::{
    CleanerSettings, CleanerStatus, CleaningStatistics, LogCleaner, MapLimits, Pace, Uncleanable,
};
use storage::directories::{LogDirectories, LogDirectory, PartitionLog};
use tokio::sync::watch;
use tokio::task::{JoinSet, yield_now};
use tracing::info;

use super::Partitions;
use super::upkeep::UpkeepReport;
use crate::config::CleanerConfig;

const NEVER_PANICS: &str = "no worker panics, and nobody aborts it";

/// How compaction works. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompactionSettings {
    /// `log.cleaner.threads`: so many logs are cleaned at a time. 0 if `log.cleaner.enable` is
    /// false.
    pub worker_count: u32,
    /// `log.cleaner.dedupe.buffer.size`, for all workers together.
    pub map_bytes: u64,
    /// `log.cleaner.io.buffer.load.factor`.
    pub map_load_factor: f64,
    /// `log.cleaner.io.buffer.size`, for all workers together.
    pub io_buffer_bytes: u32,
    /// `log.cleaner.io.max.bytes.per.second`.
    pub bytes_per_second_max: f64,
    /// `log.cleaner.backoff.ms`.
    pub backoff_ms: u64,
}

/// Compaction of the logs of a node.
pub struct Compaction {
    cleaner: LogCleaner,
    throttle: Mutex<Throttle>,
    /// The last cleaning of each worker.
    last: Mutex<BTreeMap<u32, LastCleaning>>,
}

/// The last cleaning of a worker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LastCleaning {
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// What it took.
    pub statistics: CleaningStatistics,
}

/// Spreads work over time.
#[derive(Debug, Default)]
struct Throttle {
    /// When the work that was done so far would be done at the rate allowed, in milliseconds.
    done_ms: f64,
}

/// The task that sees to it that there are as many workers as there should be.
pub(super) struct Compactors {
    worker: Worker,
    running: BTreeSet<u32>,
    tasks: JoinSet<u32>,
}

/// One of them; it ends when there should be fewer.
#[derive(Clone)]
struct Worker {
    number: u32,
    partitions: Arc<Partitions>,
    report: UpkeepReport,
    end: watch::Receiver<bool>,
}

impl Compaction {
    pub(super) fn new(logs: &Arc<LogDirectories>, secret: [u8; 16]) -> Self {
        Self {
            cleaner: LogCleaner::new(Arc::clone(logs), secret),
            throttle: Mutex::default(),
            last: Mutex::default(),
        }
    }

    /// What was found when a log to clean was last looked for.
    pub fn status(&self) -> CleanerStatus {
        self.cleaner.status()
    }

    /// The last cleanings of all workers.
    pub fn last_cleanings(&self) -> Vec<LastCleaning> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.values().copied().collect()
    }
}

impl Partitions {
    /// Compaction of the logs.
    pub const fn compaction(&self) -> &Compaction {
        &self.compaction
    }

    /// The logs of a directory that compaction leaves alone because it has failed on them.
    pub fn uncleanable(&self, directory: &LogDirectory) -> Uncleanable {
        let high_watermarks = |log: &PartitionLog| self.high_watermark_of(log);
        let (path, now_ms) = (directory.path(), self.surroundings.wall_ms());
        let cleaner = &self.compaction.cleaner;
        cleaner.uncleanable(path, &high_watermarks, now_ms)
    }
}

impl From<&CleanerConfig> for CompactionSettings {
    fn from(config: &CleanerConfig) -> Self {
        Self {
            worker_count: if config.enabled {
                config.thread_count
            } else {
                0
            },
            map_bytes: config.dedupe_bytes,
            map_load_factor: config.dedupe_load_factor,
            io_buffer_bytes: config.io_buffer_bytes,
            bytes_per_second_max: config.io_bytes_per_second_max,
            backoff_ms: config.backoff_ms,
        }
    }
}

impl Compactors {
    pub(super) fn new(
        partitions: &Arc<Partitions>,
        report: &UpkeepReport,
        end: &watch::Receiver<bool>,
    ) -> Self {
        let worker = Worker {
            number: 0,
            partitions: Arc::clone(partitions),
            report: Arc::clone(report),
            end: end.clone(),
        };
        Self {
            worker,
            running: BTreeSet::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Looks after the workers until the end, and ends when they have.
    pub(super) async fn run(mut self) {
        loop {
            while let Some(ended) = self.tasks.try_join_next() {
                self.running.remove(&ended.expect(NEVER_PANICS));
            }
            let settings = self.worker.settings();
            for number in 0..settings.worker_count {
                if self.running.insert(number) {
                    let mut worker = self.worker.clone();
                    worker.number = number;
                    self.tasks.spawn(worker.run());
                }
            }
            // Whether there should be more is looked at as often as whether there is work.
            if !self.worker.rest(settings.backoff_ms.max(1_000)).await {
                break;
            }
        }
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect(NEVER_PANICS);
        }
    }
}

impl Worker {
    /// Cleans as long as there is something to clean, rests, and looks again. Returns its number.
    async fn run(mut self) -> u32 {
        while !*self.end.borrow() {
            let settings = self.settings();
            if self.number >= settings.worker_count {
                break;
            }
            if self.clean_dirtiest(&settings).await {
                yield_now().await;
            } else if !self.rest(settings.backoff_ms.max(1)).await {
                break;
            }
        }
        self.number
    }

    /// Returns whether to go on.
    async fn rest(&mut self, ms: u64) -> bool {
        let timers = &self.partitions.surroundings.parts.environment.timers;
        let rest = timers.sleep(Duration::from_millis(ms));
        tokio::select! {
            biased;
            _ = self.end.wait_for(|end| *end) => false,
            () = rest => true,
        }
    }

    fn settings(&self) -> CompactionSettings {
        let parts = &self.partitions.surroundings.parts;
        parts.topic_configs.compaction()
    }

    /// Returns whether a log was cleaned.
    async fn clean_dirtiest(&self, settings: &CompactionSettings) -> bool {
        let partitions = &self.partitions;
        let clock = &partitions.surroundings.parts.environment.clock;
        let high_watermarks = |log: &PartitionLog| partitions.high_watermark_of(log);
        let begun = clock.now();
        let cleaner = &partitions.compaction.cleaner;
        let settings = settings.of_one_worker();
        let round = cleaner
            .clean_dirtiest(settings, &high_watermarks, self, begun.wall_ms)
            .await;
        for (topic_partition, error) in &round.failures {
            (self.report)(topic_partition, error);
        }
        let Some(cleaned) = round.cleaned else {
            return false;
        };
        let elapsed_ms = clock.now().monotonic_ms.saturating_sub(begun.monotonic_ms);
        let statistics = cleaned.statistics;
        info!(
            elapsed_ms,
            bytes_read = statistics.bytes_read,
            bytes_written = statistics.bytes_written,
            "cleaned {} from offset {} to {}",
            cleaned.topic_partition,
            cleaned.dirty.start,
            cleaned.dirty.end,
        );
        let last = LastCleaning {
            elapsed_ms,
            statistics,
        };
        let all = partitions.compaction.last.lock();
        all.unwrap_or_else(PoisonError::into_inner)
            .insert(self.number, last);
        partitions.surroundings.removal_wanted.notify_one();
        true
    }
}

impl CompactionSettings {
    /// The memory is for all workers, and what is read and what is written take half of it each.
    fn of_one_worker(&self) -> CleanerSettings {
        let workers = self.worker_count.max(1);
        CleanerSettings {
            map: MapLimits {
                bytes_max: self.map_bytes / u64::from(workers),
                load_factor: self.map_load_factor,
            },
            io_buffer_bytes: (self.io_buffer_bytes / workers / 2) as usize,
        }
    }
}

impl Pace for Worker {
    fn pass(&self, bytes: u64) -> Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(async move {
            let environment = &self.partitions.surroundings.parts.environment;
            let now_ms = environment.clock.now().monotonic_ms;
            let bytes_per_second_max = self.settings().bytes_per_second_max;
            let wait_ms = {
                let throttle = self.partitions.compaction.throttle.lock();
                let mut throttle = throttle.unwrap_or_else(PoisonError::into_inner);
                throttle.note(bytes, bytes_per_second_max, now_ms)
            };
            if wait_ms == 0 {
                yield_now().await;
                return !*self.end.borrow();
            }
            let mut end = self.end.clone();
            let wait = environment.timers.sleep(Duration::from_millis(wait_ms));
            tokio::select! {
                biased;
                _ = end.wait_for(|end| *end) => false,
                () = wait => true,
            }
        })
    }
}

impl Throttle {
    /// Notes work; returns how long to wait before the next, in milliseconds.
    fn note(&mut self, bytes: u64, bytes_per_second_max: f64, now_ms: u64) -> u64 {
        let now_ms = now_ms as f64;
        let takes_ms = bytes as f64 * 1000.0 / bytes_per_second_max;
        // A rate that is no rate: as slow as can be.
        let takes_ms = if takes_ms.is_finite() && takes_ms >= 0.0 {
            takes_ms
        } else {
            60_000.0
        };
        self.done_ms = self.done_ms.max(now_ms) + takes_ms;
        (self.done_ms - now_ms) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_spread_to_the_rate_allowed() {
        let mut throttle = Throttle::default();
        assert_eq!(throttle.note(500, 1000.0, 10_000), 500);
        assert_eq!(throttle.note(250, 1000.0, 10_000), 750);
        assert_eq!(throttle.note(250, 1000.0, 11_000), 250);
        assert_eq!(throttle.note(1 << 40, f64::MAX, 12_000), 0);
    }

    #[test]
    fn a_rate_of_nothing_rests_long_and_not_for_ever() {
        let mut throttle = Throttle::default();
        assert_eq!(throttle.note(500, 0.0, 10_000), 60_000);
        assert_eq!(throttle.note(500, -1.0, 70_000), 60_000);
    }
}
