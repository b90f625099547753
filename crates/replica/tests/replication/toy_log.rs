//! A log in memory: a list of values, each with the leader epoch it was written in.

use std::collections::BTreeMap;

use protocol::ids::{LeaderEpoch, Offset};
use replica::{EpochEnd, LogView};

/// What stands at one offset.
pub(crate) type Entry = (LeaderEpoch, u64);

/// A log and its history of leader epochs.
#[derive(Debug, Clone, Default)]
pub(crate) struct ToyLog {
    start: i64,
    /// From `start` on.
    entries: Vec<Entry>,
    epochs: BTreeMap<LeaderEpoch, Offset>,
    /// Where the first open transaction begins.
    pub(crate) first_unstable: Option<Offset>,
}

impl ToyLog {
    pub(crate) fn append(&mut self, entry: Entry) {
        self.assign_epoch(entry.0, self.log_end_offset());
        self.entries.push(entry);
    }

    pub(crate) fn assign_epoch(&mut self, epoch: LeaderEpoch, start: Offset) {
        if self.latest_epoch().is_none_or(|latest| latest < epoch) {
            self.epochs.retain(|_, from| *from < start);
            self.epochs.insert(epoch, start);
        }
    }

    pub(crate) fn truncate(&mut self, to: Offset) {
        let kept = usize::try_from(to.0 - self.start).unwrap();
        self.entries.truncate(kept);
        self.epochs.retain(|_, from| *from < to);
    }

    pub(crate) fn restart_at(&mut self, start: Offset) {
        self.start = start.0;
        self.entries.clear();
        self.epochs.clear();
    }

    pub(crate) fn delete_below(&mut self, start: Offset) {
        let count = usize::try_from(start.0 - self.start).unwrap();
        self.entries.drain(..count);
        self.start = start.0;
    }

    /// The entries from `from` on; `from` is not below the start.
    pub(crate) fn entries_from(&self, from: Offset) -> &[Entry] {
        &self.entries[usize::try_from(from.0 - self.start).unwrap()..]
    }
}

impl LogView for ToyLog {
    fn log_start_offset(&self) -> Offset {
        Offset(self.start)
    }

    fn log_end_offset(&self) -> Offset {
        Offset(self.start).plus(i64::try_from(self.entries.len()).unwrap())
    }

    fn last_stable_offset(&self, high_watermark: Offset) -> Offset {
        self.first_unstable
            .map_or(high_watermark, |first| first.min(high_watermark))
    }

    fn latest_epoch(&self) -> Option<LeaderEpoch> {
        self.epochs.last_key_value().map(|(epoch, _)| *epoch)
    }

    fn end_offset_of(&self, epoch: LeaderEpoch) -> Option<EpochEnd> {
        if self.latest_epoch() == Some(epoch) {
            let end_offset = self.log_end_offset();
            return Some(EpochEnd { epoch, end_offset });
        }
        let (_, end) = self
            .epochs
            .range(epoch..)
            .find(|(next, _)| **next > epoch)?;
        let floor = self.epochs.range(..=epoch).next_back();
        Some(EpochEnd {
            epoch: floor.map_or(epoch, |(floor, _)| *floor),
            end_offset: *end,
        })
    }
}
