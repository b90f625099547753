//! The history of a partition's leader epochs: at which offset each began (KIP-101, KIP-279).
//!
//! Not the job of this module: who leads, and when the history is written to its file. Additions
//! must be on disk before the records of the epoch are acknowledged; truncations may follow later,
//! because the log truncates the history again when it is loaded.
//!
//! Invariants:
//! - Epochs and their start offsets both ascend strictly.
//! - An epoch without records has an entry as long as it is the latest one; truncating the log to
//!   its end removes that entry (KAFKA-10706).

use std::collections::BTreeMap;
use std::ops::Bound;

use protocol::ids::{LeaderEpoch, Offset};

use crate::checkpoint::{MalformedFile, WholeFile, lines};

/// Where each leader epoch of a partition began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaderEpochs {
    starts: BTreeMap<LeaderEpoch, Offset>,
}

impl LeaderEpochs {
    /// The name of the file.
    pub const FILE_NAME: &str = "leader-epoch-checkpoint";

    /// Notes that `epoch` begins at `start`, and returns whether that changes anything.
    ///
    /// The latest epoch keeps its start unless the new one is lower. Entries of this or later
    /// epochs, and those that begin at or behind `start`, are removed: the records they stood for
    /// are not in the log any more. Batches that carry no epoch ([`LeaderEpoch::NONE`]) change
    /// nothing.
    pub fn assign(&mut self, epoch: LeaderEpoch, start: Offset) -> bool {
        if epoch < LeaderEpoch(0) || start < Offset::ZERO {
            return false;
        }
        if self
            .latest()
            .is_some_and(|(latest, from)| latest == epoch && from <= start)
        {
            return false;
        }
        while let Some(last) = self.starts.last_entry() {
            if *last.key() < epoch && *last.get() < start {
                break;
            }
            last.remove();
        }
        self.starts.insert(epoch, start);
        true
    }

    /// Removes the epochs that begin at or behind `end`, and returns whether there were any.
    pub fn truncate_from_end(&mut self, end: Offset) -> bool {
        let count = self.starts.len();
        self.starts.retain(|_, start| *start < end);
        self.starts.len() != count
    }

    /// Removes the epochs whose records all lie before `start`, lets the one that covers `start`
    /// begin there, and returns whether anything changed.
    pub fn truncate_from_start(&mut self, start: Offset) -> bool {
        let Some((covering, from)) = self.entry_at(start) else {
            return false;
        };
        let removed = self.starts.range(..covering).count();
        self.starts.retain(|epoch, _| *epoch >= covering);
        self.starts.insert(covering, start);
        removed > 0 || from != start
    }

    /// Forgets all epochs.
    pub fn clear(&mut self) {
        self.starts.clear();
    }

    /// The latest epoch, and where it begins.
    pub fn latest(&self) -> Option<(LeaderEpoch, Offset)> {
        let (epoch, start) = self.starts.last_key_value()?;
        Some((*epoch, *start))
    }

    /// The earliest epoch known, and where it begins.
    pub fn earliest(&self) -> Option<(LeaderEpoch, Offset)> {
        let (epoch, start) = self.starts.first_key_value()?;
        Some((*epoch, *start))
    }

    /// The epoch before `epoch`.
    pub fn previous(&self, epoch: LeaderEpoch) -> Option<LeaderEpoch> {
        self.starts
            .range(..epoch)
            .next_back()
            .map(|(epoch, _)| *epoch)
    }

    /// The epoch that follows `epoch`.
    pub fn next(&self, epoch: LeaderEpoch) -> Option<LeaderEpoch> {
        let (epoch, _) = self.following(epoch)?;
        Some(epoch)
    }

    /// The epoch in which the record at `offset` was written; none before the earliest one.
    pub fn epoch_at(&self, offset: Offset) -> Option<LeaderEpoch> {
        let (epoch, _) = self.entry_at(offset)?;
        Some(epoch)
    }

    /// Where `epoch` ended, with the largest epoch not above it, as OffsetForLeaderEpoch answers.
    ///
    /// The latest epoch ends where the log does. An epoch before all known ones ends where the
    /// earliest known one begins: its records are gone, and a follower continues there. None
    /// stands for Kafka's undefined answer (epoch and offset -1): no epoch was asked for, or one
    /// that is above all known.
    pub fn end_offset_of(
        &self,
        epoch: LeaderEpoch,
        log_end_offset: Offset,
    ) -> Option<(LeaderEpoch, Offset)> {
        if epoch == LeaderEpoch::NONE {
            return None;
        }
        if self.latest().is_some_and(|(latest, _)| latest == epoch) {
            return Some((epoch, log_end_offset));
        }
        let (_, end) = self.following(epoch)?;
        let floor = self.starts.range(..=epoch).next_back();
        let floor = floor.map_or(epoch, |(floor, _)| *floor);
        Some((floor, end))
    }

    /// All epochs with where they begin, ascending.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (LeaderEpoch, Offset)> {
        self.starts.iter().map(|(epoch, start)| (*epoch, *start))
    }

    /// The latest epoch that begins before `end`, and where it begins.
    pub fn latest_before(&self, end: Offset) -> Option<(LeaderEpoch, Offset)> {
        self.entry_at(end.plus(-1))
    }

    fn entry_at(&self, offset: Offset) -> Option<(LeaderEpoch, Offset)> {
        let mut from_latest = self.starts.iter().rev();
        let (epoch, start) = from_latest.find(|(_, start)| **start <= offset)?;
        Some((*epoch, *start))
    }

    fn following(&self, epoch: LeaderEpoch) -> Option<(LeaderEpoch, Offset)> {
        let range = (Bound::Excluded(epoch), Bound::Unbounded);
        let (epoch, start) = self.starts.range(range).next()?;
        Some((*epoch, *start))
    }
}

impl WholeFile for LeaderEpochs {
    const SIZE_MAX: usize = 16 << 20;

    /// Entries that contradict earlier ones replace them, as in [`LeaderEpochs::assign`].
    fn decode(bytes: &[u8]) -> Result<Self, MalformedFile> {
        let entries = lines::decode(bytes, |[epoch, start]| {
            let epoch = epoch.parse().ok().filter(|&epoch| epoch >= 0)?;
            let start = start.parse().ok().filter(|&start| start >= 0)?;
            Some((LeaderEpoch(epoch), Offset(start)))
        })?;
        let mut epochs = Self::default();
        for (epoch, start) in entries {
            epochs.assign(epoch, start);
        }
        Ok(epochs)
    }

    fn encode(&self) -> Vec<u8> {
        lines::encode(self.iter().map(|(epoch, start)| format!("{epoch} {start}")))
    }
}

#[cfg(test)]
mod tests;
