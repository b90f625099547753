//! Invariant: each record is in its partition at most once, and those of an idempotent producer
//! are there in the order they were sent, none left out behind the first: number n + 1 follows n.
//! A batch that follows what is there is not refused.
//!
//! Looked at whenever a partition is read as a whole, after each start and at the end. Producers
//! that are not idempotent send nothing twice here, so their records are there once too.

use super::density::SeenRecord;
use super::{Checker, PartitionId};
use crate::value::Value;
use std::collections::BTreeMap;

const NAME: &str = "once";

/// For each session of each producer the power losses and the lives of the node before.
pub(super) type Sessions = BTreeMap<(u32, u32), (u32, u32)>;

/// A batch was refused because it does not follow what is there.
#[derive(Debug)]
pub(super) struct Refusal {
    id: PartitionId,
    first: Value,
    /// Power losses before the session.
    power_losses: u32,
    has_restarted: bool,
}

impl Checker {
    /// Looks at all records of a partition.
    pub(super) fn check_once(&mut self, id: PartitionId, seen: &[SeenRecord]) {
        let mut offsets = BTreeMap::new();
        let mut newest: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        let mut complaints = Vec::new();
        for SeenRecord { offset, value } in seen {
            if let Some(first) = offsets.insert(*value, *offset) {
                complaints.push(format!("{value} is at {first} and at {offset}"));
            }
            if !value.is_idempotent() {
                continue;
            }
            // A node that knows nothing of a producer takes any first number, as Kafka's (KIP-360).
            let before = newest.insert((value.producer, value.session), value.number);
            if before.is_some_and(|before| value.number != before + 1) {
                complaints.push(format!("{value} at {offset} follows number {before:?}"));
            }
        }
        self.check_refusals(id, &offsets, &newest, &mut complaints);
        if let Some(complaint) = complaints.first() {
            let name = self.name_of(id);
            self.violate(NAME, &name, complaint);
        }
    }

    /// A producer begins a session: it is given its id.
    pub(crate) fn session_begins(&mut self, producer: u32, session: u32) {
        let subject = format!("producer {producer}");
        self.record(&subject, &format!("session {session} begins"));
        let began = (self.power_losses, self.lives);
        self.sessions.insert((producer, session), began);
    }

    /// A producer was told that its oldest unanswered batch, which begins with `first`, does not
    /// follow what is there, and begins another session.
    pub(crate) fn refused_as_out_of_order(&mut self, id: PartitionId, first: Value) {
        let name = self.name_of(id);
        self.record(&name, &format!("{first} is out of order"));
        if let Some(session) = self.sessions.get(&(first.producer, first.session)) {
            let (power_losses, lives) = *session;
            self.refusals.push(Refusal {
                id,
                first,
                power_losses,
                has_restarted: lives < self.lives,
            });
        }
    }

    /// Whether the refusals of batches of a partition fit with what is there.
    fn check_refusals(
        &mut self,
        id: PartitionId,
        offsets: &BTreeMap<Value, i64>,
        newest: &BTreeMap<(u32, u32), u64>,
        complaints: &mut Vec<String>,
    ) {
        let is_whole = self
            .partitions
            .get(&id)
            .is_none_or(|partition| partition.log_start == 0);
        let of_partition = |refusal: &mut Refusal| refusal.id == id;
        for refusal in self.refusals.extract_if(.., of_partition) {
            let first = refusal.first;
            let last = newest.get(&(first.producer, first.session)).copied();
            let next = match last {
                Some(last) => Some(last + 1),
                None => is_whole.then_some(0),
            };
            let follows = next == Some(first.number);
            if follows && refusal.power_losses == self.power_losses {
                complaints.push(format!("{first} was refused and follows number {last:?}"));
            }
            // After a start the node may know no more than the last batch of each producer, which
            // is all that Kafka's snapshots hold.
            if offsets.contains_key(&first) && !refusal.has_restarted {
                complaints.push(format!("{first} was refused and is there"));
            }
        }
    }
}
