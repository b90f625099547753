//! Work that no request asks for: flushes, retention, compaction, removal of files, checkpoints,
//! forgetting of producers.
//!
//! Each kind is a task of its own, so that a long retention holds up no flush. A flush looks only
//! after something was appended; the rest goes by its interval.
//!
//! Not the job of this module: what is due; logs and log directories know. What fails of a disk is
//! told by the directory's health.
//!
//! Invariant: work that was begun is driven to its end; only the sleep before it is given up when
//! the upkeep ends.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use protocol::ids::Offset;
use protocol::topic::TopicPartition;
use storage::directories::{CloseReport, PartitionLog};
use storage::log::LogError;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::Partitions;
use super::compaction::Compactors;

/// How often what is done. Times are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpkeepSettings {
    /// How long appends gather before the logs are looked at for flushes that are due. Not a key of
    /// Kafka's: there a roll schedules its flush, and `log.flush.scheduler.interval.ms` the others.
    pub flush_check_interval_ms: u64,
    /// `log.retention.check.interval.ms`.
    pub retention_check_interval_ms: u64,
    /// `log.flush.offset.checkpoint.interval.ms`.
    pub recovery_point_checkpoint_interval_ms: u64,
    /// `log.flush.start.offset.checkpoint.interval.ms`.
    pub log_start_checkpoint_interval_ms: u64,
    /// `replica.high.watermark.checkpoint.interval.ms`.
    pub high_watermark_checkpoint_interval_ms: u64,
    /// `producer.id.expiration.check.interval.ms`.
    pub producer_check_interval_ms: u64,
}

/// Is told which log some work has failed on.
pub type UpkeepReport = Arc<dyn Fn(&TopicPartition, &(dyn Error + 'static)) + Send + Sync>;

/// The tasks at work. They end with [`Self::end`], or unasked when this is dropped.
#[derive(Debug)]
pub struct Upkeep {
    end: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// What each task holds.
#[derive(Clone)]
struct Worker {
    partitions: Arc<Partitions>,
    settings: UpkeepSettings,
    report: UpkeepReport,
    end: watch::Receiver<bool>,
}

impl Upkeep {
    /// Begins.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(
        partitions: &Arc<Partitions>,
        settings: UpkeepSettings,
        report: UpkeepReport,
    ) -> Self {
        let (end, ended) = watch::channel(false);
        let worker = || Worker {
            partitions: Arc::clone(partitions),
            settings,
            report: Arc::clone(&report),
            end: ended.clone(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(worker().flush());
        tasks.spawn(worker().retain());
        tasks.spawn(worker().remove());
        tasks.spawn(worker().checkpoint_recovery_points());
        tasks.spawn(worker().checkpoint_log_starts());
        tasks.spawn(worker().checkpoint_high_watermarks());
        tasks.spawn(worker().expire_producers());
        tasks.spawn(Compactors::new(partitions, &report, &ended).run());
        Self { end, tasks }
    }

    /// Ends the tasks, what is being done first. To be awaited before the partitions are closed.
    pub async fn end(mut self) {
        self.end.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            ended.expect("no task of the upkeep panics, and nobody aborts it");
        }
    }
}

impl Partitions {
    /// Closes the logs and leaves the log directories as the next start wants them: once, after the
    /// upkeep has ended and nobody appends any more.
    pub async fn close(&self) -> Vec<CloseReport> {
        let epoch = self.surroundings.local_broker_epoch();
        let epoch = (epoch.0 >= 0).then_some(epoch.0);
        let now_ms = self.surroundings.wall_ms();
        let high_watermarks = |log: &PartitionLog| self.high_watermark_of(log);
        self.logs().close(epoch, &high_watermarks, now_ms).await
    }

    pub(super) fn high_watermark_of(&self, log: &PartitionLog) -> Option<Offset> {
        let partition = self.online(log.topic_id_partition()?)?;
        Some(partition.high_watermark())
    }
}

impl Worker {
    async fn flush(mut self) {
        let mut due_ms = None;
        loop {
            let partitions = Arc::clone(&self.partitions);
            let wanted = &partitions.surroundings.flush_wanted;
            if !self.wait_for(wanted, due_ms).await {
                return;
            }
            // Not for every append.
            if !self.sleep(self.settings.flush_check_interval_ms).await {
                return;
            }
            let now_ms = partitions.surroundings.wall_ms();
            let flushed = partitions.logs().flush_due(now_ms).await;
            due_ms = flushed.next_due_ms;
            self.report_all(&flushed.failures);
        }
    }

    async fn retain(mut self) {
        while self.sleep(self.settings.retention_check_interval_ms).await {
            let partitions = &self.partitions;
            let now_ms = partitions.surroundings.wall_ms();
            let high_watermarks = |log: &PartitionLog| partitions.high_watermark_of(log);
            let logs = partitions.logs();
            let retained = logs.apply_retention(&high_watermarks, now_ms).await;
            self.report_all(&retained.failures);
            if retained.count > 0 {
                self.partitions.surroundings.removal_wanted.notify_one();
                for partition in self.partitions.all() {
                    partition.moved();
                }
            }
        }
    }

    async fn remove(mut self) {
        let mut due_ms = None;
        loop {
            let partitions = Arc::clone(&self.partitions);
            let wanted = &partitions.surroundings.removal_wanted;
            if !self.wait_for(wanted, due_ms).await {
                return;
            }
            let now_ms = partitions.surroundings.wall_ms();
            due_ms = partitions.logs().remove_due(now_ms).await.next_due_ms;
        }
    }

    async fn checkpoint_recovery_points(mut self) {
        let interval_ms = self.settings.recovery_point_checkpoint_interval_ms;
        while self.sleep(interval_ms).await {
            self.partitions.logs().checkpoint_recovery_points().await;
        }
    }

    async fn checkpoint_log_starts(mut self) {
        let interval_ms = self.settings.log_start_checkpoint_interval_ms;
        while self.sleep(interval_ms).await {
            self.partitions.logs().checkpoint_log_start_offsets().await;
        }
    }

    async fn checkpoint_high_watermarks(mut self) {
        let interval_ms = self.settings.high_watermark_checkpoint_interval_ms;
        while self.sleep(interval_ms).await {
            let partitions = &self.partitions;
            let high_watermarks = |log: &PartitionLog| partitions.high_watermark_of(log);
            let logs = partitions.logs();
            logs.checkpoint_high_watermarks(&high_watermarks).await;
        }
    }

    async fn expire_producers(mut self) {
        while self.sleep(self.settings.producer_check_interval_ms).await {
            let now_ms = self.partitions.surroundings.wall_ms();
            let parts = &self.partitions.surroundings.parts;
            let expiration_ms = parts.topic_configs.producer_expiration_ms();
            self.partitions
                .logs()
                .expire_producers(now_ms, expiration_ms);
        }
    }

    fn report_all(&self, failures: &[(TopicPartition, LogError)]) {
        for (topic_partition, error) in failures {
            (self.report)(topic_partition, error);
        }
    }

    /// Waits until work is wanted, or due on the wall clock; returns whether to go on.
    async fn wait_for(&mut self, wanted: &Notify, due_ms: Option<i64>) -> bool {
        let Some(due_ms) = due_ms else {
            tokio::select! {
                biased;
                () = is_ended(&mut self.end) => return false,
                () = wanted.notified() => return true,
            }
        };
        let now_ms = self.partitions.surroundings.wall_ms();
        let wait_ms = u64::try_from(due_ms.saturating_sub(now_ms)).unwrap_or(0);
        let timers = &self.partitions.surroundings.parts.environment.timers;
        let sleep = timers.sleep(Duration::from_millis(wait_ms));
        tokio::select! {
            biased;
            () = is_ended(&mut self.end) => false,
            () = wanted.notified() => true,
            () = sleep => true,
        }
    }

    /// Returns whether to go on.
    async fn sleep(&mut self, ms: u64) -> bool {
        let timers = &self.partitions.surroundings.parts.environment.timers;
        let sleep = timers.sleep(Duration::from_millis(ms));
        tokio::select! {
            biased;
            () = is_ended(&mut self.end) => false,
            () = sleep => true,
        }
    }
}

/// Completes when the upkeep is to end.
async fn is_ended(end: &mut watch::Receiver<bool>) {
    // Nobody can ask for more work when the sender is gone.
    let _ = end.wait_for(|end| *end).await;
}
