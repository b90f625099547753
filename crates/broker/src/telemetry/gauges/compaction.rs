//! What compaction is at: Kafka's `LogCleaner` and `LogCleanerManager`.

use super::GaugeSource;
use crate::clock::Clock;
use crate::partitions::Partitions;
use crate::telemetry::exposition::Exposition;
use crate::telemetry::families;
use std::sync::Arc;

/// For nodes that are brokers.
pub struct CompactionGauges {
    partitions: Arc<Partitions>,
    clock: Clock,
}

impl CompactionGauges {
    /// Of these partitions.
    pub const fn new(partitions: Arc<Partitions>, clock: Clock) -> Self {
        Self { partitions, clock }
    }
}

impl GaugeSource for CompactionGauges {
    fn collect(&self, exposition: &mut Exposition) {
        let compaction = self.partitions.compaction();
        let status = compaction.status();
        let last = compaction.last_cleanings();
        let (mut elapsed_ms, mut utilization) = (0, 0.0_f64);
        let (mut bytes_read, mut bytes_written) = (0, 0);
        for cleaning in &last {
            elapsed_ms = elapsed_ms.max(cleaning.elapsed_ms);
            utilization = utilization.max(cleaning.statistics.map_utilization);
            bytes_read += cleaning.statistics.bytes_read;
            bytes_written += cleaning.statistics.bytes_written;
        }
        let now_ms = self.clock.now().wall_ms;
        let since_ms = status.last_round_ms.map_or(0, |at_ms| now_ms - at_ms);
        let percent = |part: f64| (part * 100.0) as u64;
        for (family, value) in [
            (&families::CLEANER_DEAD_THREADS, 0),
            (&families::CLEANER_MAX_CLEAN_TIME_SECS, elapsed_ms / 1000),
            (
                &families::CLEANER_RECOPY_PERCENT,
                100 * bytes_written / bytes_read.max(1),
            ),
            (&families::CLEANER_BUFFER_UTILIZATION, percent(utilization)),
            (
                &families::CLEANER_MAX_COMPACTION_DELAY_SECS,
                status.overdue_ms_max.max(0).cast_unsigned() / 1000,
            ),
            (
                &families::CLEANER_MAX_DIRTY_PERCENT,
                percent(status.dirty_ratio_max),
            ),
            (
                &families::CLEANER_TIME_SINCE_LAST_RUN_MS,
                since_ms.max(0).cast_unsigned(),
            ),
        ] {
            exposition.sample(family, &[], value);
        }
        let directories = self.partitions.logs().directories().iter();
        let uncleanable: Vec<_> = directories
            .map(|directory| {
                let path = directory.path().display().to_string();
                (path, self.partitions.uncleanable(directory))
            })
            .collect();
        for (path, found) in &uncleanable {
            let labels = [("logdirectory", path.as_str())];
            exposition.sample(
                &families::UNCLEANABLE_PARTITIONS,
                &labels,
                found.count as u64,
            );
        }
        for (path, found) in &uncleanable {
            let labels = [("logdirectory", path.as_str())];
            exposition.sample(&families::UNCLEANABLE_BYTES, &labels, found.bytes);
        }
    }
}
