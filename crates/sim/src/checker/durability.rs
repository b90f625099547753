//! Invariants, by the way a life of the node ended:
//! - Clean stop, killed process: everything that was acknowledged or read is there.
//! - Power loss: everything is there up to the end of what had been synced without a gap, which is
//!   read from the durable part of the disk; of the rest a prefix. The recovery points on the disk
//!   promise no more than that.
//! - Power loss, topics with `flush.messages=1`: everything is there that was acknowledged longer
//!   ago than [`FLUSH_BOUND_MS`], if the disk has worked since then.
//! - Topics without retention begin at offset 0.

use super::density::SeenRecord;
use super::{Checker, End, PartitionId};
use crate::files::logs::ScannedLog;
use protocol::Uuid;
use std::collections::BTreeMap;
use storage::checkpoint::OffsetCheckpoint;

const NAME: &str = "durability";
/// So long after an append what is to be flushed at once is durable.
const FLUSH_BOUND_MS: i64 = 5_000;
/// So many of the newest values stand in the history.
const VALUES_SHOWN: usize = 12;

/// The disk when a life ended.
#[derive(Debug)]
pub(crate) struct DiskAtEnd {
    pub(crate) end: End,
    /// The logs that no crash can take, by their directory.
    pub(crate) durable: BTreeMap<String, ScannedLog>,
    pub(crate) recovery_points: Option<OffsetCheckpoint>,
    /// The disk has worked since then.
    pub(crate) works_since_ms: i64,
    pub(crate) ended_ms: i64,
}

impl DiskAtEnd {
    /// The end of what no crash can take from a partition.
    fn durable_end(&self, name: &str, topic_id: Uuid) -> i64 {
        let log = self.durable.get(name);
        let log = log.filter(|log| log.topic_id == Some(topic_id));
        log.map_or(0, ScannedLog::end)
    }
}

impl Checker {
    /// The power is about to be cut: are the recovery points true?
    pub(crate) fn check_recovery_points(&mut self, disk: &DiskAtEnd) {
        let Some(checkpoint) = &disk.recovery_points else {
            return;
        };
        for (topic_partition, offset) in &checkpoint.offsets {
            let name = topic_partition.to_string();
            let Some(durable_end) = disk.durable.get(&name).map(ScannedLog::end) else {
                continue;
            };
            if offset.0 > durable_end {
                let message = format!(
                    "the recovery point {} is above {durable_end}, the end of \
                                       what is durable",
                    offset.0
                );
                self.violate(NAME, &name, &message);
            }
        }
    }

    /// The logs as they are on the disk after the start that followed.
    pub(crate) fn check_logs(&mut self, disk: &DiskAtEnd, now: &BTreeMap<String, ScannedLog>) {
        for (name, durable) in &disk.durable {
            let is_same = |log: &&ScannedLog| log.topic_id == durable.topic_id;
            let (Some(log), end) = (now.get(name).filter(is_same), durable.end()) else {
                // A deleted topic; the others are looked for by the invariant of topics.
                continue;
            };
            if log.end() < end {
                let (was, is) = (durable.extents(), log.extents());
                let message = format!("the log was durable up to {end}, {was}, and holds {is}");
                self.violate(NAME, name, &message);
            }
        }
    }

    /// A partition was read as a whole after the start that followed the end of a life.
    pub(crate) fn audited(
        &mut self,
        id: PartitionId,
        disk: Option<&DiskAtEnd>,
        (log_start, log_end): (i64, i64),
        seen: &[SeenRecord],
    ) {
        let name = self.name_of(id);
        let newest = seen.iter().skip(seen.len().saturating_sub(VALUES_SHOWN));
        let newest: Vec<_> = newest.map(|record| record.value.to_string()).collect();
        let newest = newest.join(" ");
        self.record(
            &name,
            &format!("holds {log_start} to {log_end}: ... {newest}"),
        );
        if seen.len() as i64 != log_end - log_start {
            let message = format!(
                "{} records are readable of {log_start} to {log_end}",
                seen.len()
            );
            self.violate("density", &name, &message);
        }
        if log_start > 0 && !self.topics.has_retention(id.0) {
            let message = format!("the log begins at {log_start} and nothing may remove records");
            self.violate(NAME, &name, &message);
        }
        let durable_end = match disk {
            Some(disk) if disk.end == End::PowerLoss => Some(disk.durable_end(&name, id.0)),
            _ => None,
        };
        let partition = self.partitions.entry(id).or_default();
        partition.log_start = log_start.max(partition.log_start);
        let lost = partition.known.split_off(&log_end);
        if let (Some(durable_end), Some(disk)) = (durable_end, disk) {
            let flushed = self.topics.is_flushed_at_once(id.0);
            let must_have = |at_ms: i64| {
                flushed && at_ms > disk.works_since_ms && at_ms + FLUSH_BOUND_MS < disk.ended_ms
            };
            let kept = partition
                .known
                .values()
                .filter(|known| known.acked && must_have(known.at_ms));
            self.counters.kept_flushed += kept.count() as u64;
            let broken = lost.iter().find(|(offset, known)| {
                **offset < durable_end || known.acked && must_have(known.at_ms)
            });
            let message = broken.map(|(offset, known)| {
                let value = known.value;
                format!("{value} at {offset} is gone; it was durable up to {durable_end}")
            });
            self.counters.lost_unsynced += lost.len() as u64;
            self.counters.kept_synced += (durable_end - log_start).max(0) as u64;
            if let Some(message) = message {
                self.violate(NAME, &name, &message);
            }
        } else if let Some((offset, known)) = lost.first_key_value() {
            let message = format!("{} at {offset} is gone and no power was lost", known.value);
            self.violate(NAME, &name, &message);
        }
        self.check_once(id, seen);
    }
}
