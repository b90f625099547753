//! What the clients see, held against what is promised: one file for each invariant.
//!
//! Clients tell what they begin and what came of it; the run tells how each life of the node ended
//! and what lies on the disk. Nothing in here knows the node.

mod agreement;
mod committed_offsets;
mod density;
mod durability;
mod fencing;
mod high_watermark;
mod indexes;
mod once;
mod one_owner;
mod progress;
mod topics;

use crate::counters::Counters;
use crate::history::History;
use crate::value::Value;
use protocol::Uuid;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub(crate) use committed_offsets::{Commit, CommitKey};
pub(crate) use density::SeenRecord;
pub(crate) use durability::DiskAtEnd;
pub(crate) use topics::TopicState;

/// A partition, whatever its topic is called.
pub(crate) type PartitionId = (Uuid, i32);

/// How a life of the node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Asked to stop; everything is there afterwards.
    CleanStop,
    /// The process was killed; what was written is there afterwards.
    Kill,
    /// The power was cut; what was synced is there afterwards.
    PowerLoss,
}

/// What is known of a run.
#[derive(Debug, Default)]
pub(crate) struct Checker {
    pub(crate) history: History,
    pub(crate) counters: Counters,
    /// Power losses so far: what was not synced may be undone by each.
    pub(crate) power_losses: u32,
    pub(crate) topics: topics::Topics,
    partitions: BTreeMap<PartitionId, Partition>,
    high_watermarks: high_watermark::Floors,
    commits: committed_offsets::Commits,
    assignments: one_owner::Assignments,
    generations: fencing::Generations,
    sessions: once::Sessions,
    refusals: Vec<once::Refusal>,
    /// Lives of the node before this one.
    lives: u32,
    progress: progress::Progress,
    next_number: u64,
}

/// A partition as it has been seen.
#[derive(Debug, Default)]
struct Partition {
    /// What is at each offset, as far as anybody was told in what is still binding.
    known: BTreeMap<i64, Known>,
    log_start: i64,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    value: Value,
    acked: bool,
    /// When it became known.
    at_ms: i64,
}

/// Shared by all clients of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct SharedChecker {
    checker: Arc<Mutex<Checker>>,
}

impl SharedChecker {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Checker> {
        self.checker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Checker {
    /// A number that is given once: commits are known by it.
    pub(crate) const fn next_number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    /// Notes an event; returns its place in the order of events.
    pub(crate) fn record(&mut self, subject: &str, event: &str) -> u64 {
        self.history.record(subject, event)
    }

    pub(crate) fn violate(&mut self, invariant: &'static str, subject: &str, message: &str) {
        self.history.violate(invariant, subject, message);
    }

    /// How a partition is called in the history.
    pub(crate) fn name_of(&self, (topic_id, partition): PartitionId) -> String {
        match self.topics.find(topic_id) {
            Some(topic) => format!("{}-{partition}", topic.name),
            None => format!("{topic_id}-{partition}"),
        }
    }

    /// A new life of the node begins.
    pub(crate) fn life_begins(&mut self) {
        self.high_watermarks.clear();
        self.lives += 1;
    }

    /// The life has ended.
    pub(crate) fn life_ends(&mut self, end: End) {
        match end {
            End::CleanStop => self.counters.clean_stops += 1,
            End::Kill => self.counters.kills += 1,
            End::PowerLoss => {
                self.counters.power_losses += 1;
                self.power_losses += 1;
            }
        }
        self.record("node", &format!("{end:?}"));
    }
}
