//! What is in a file: as its readers see it, and as it would be after a crash.
//!
//! Not the job of this module: names, space, injected faults.
//!
//! Invariants:
//! - Durable content changes by [`Content::sync`], [`Content::fail_sync`] and
//!   [`Content::crash`] only (and by a flipped bit, which spares nothing).
//! - Applied to the durable content, the unsynced changes give the current one, until a sync
//!   failed.

use std::sync::{Arc, OnceLock, Weak};

use super::super::DiskErrorKind;
use super::pages::Pages;
use super::random::SplitMix64;

#[derive(Debug, Default)]
pub(super) struct Content {
    current: Pages,
    durable: Pages,
    /// Oldest first.
    unsynced: Vec<Change>,
    sync_failure: Weak<SyncFailure>,
}

/// How a sync failed, if one did; shared by all who hold the file, and forgotten when nobody does.
pub(super) type SyncFailure = OnceLock<DiskErrorKind>;

#[derive(Debug)]
enum Change {
    Write { bytes: Vec<u8>, position: u64 },
    SetSize(u64),
}

impl Content {
    pub(super) fn write_at(&mut self, bytes: Vec<u8>, position: u64) {
        self.current.write_at(&bytes, position);
        self.unsynced.push(Change::Write { bytes, position });
    }

    pub(super) fn set_size(&mut self, size: u64) {
        self.current.set_size(size);
        self.unsynced.push(Change::SetSize(size));
    }

    pub(super) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.durable);
        }
    }

    /// What was not synced reaches the disk or does not, and no later sync writes it again: the
    /// page cache takes it for written, and still shows it to readers.
    pub(super) fn fail_sync(&mut self, random: &mut SplitMix64) {
        self.settle(random);
    }

    /// Of what was not synced an arbitrary part is there afterwards.
    pub(super) fn crash(&mut self, random: &mut SplitMix64) {
        self.settle(random);
        self.current = self.durable.clone();
        self.sync_failure = Weak::new();
    }

    pub(super) fn sync_failure(&mut self) -> Arc<SyncFailure> {
        self.sync_failure.upgrade().unwrap_or_else(|| {
            let sync_failure = Arc::default();
            self.sync_failure = Arc::downgrade(&sync_failure);
            sync_failure
        })
    }

    /// Flips a bit in all copies of a byte, and says whether there is such a byte.
    pub(super) fn flip_bit(&mut self, position: u64, bit: u32) -> bool {
        for change in &mut self.unsynced {
            change.flip_bit(position, bit);
        }
        self.durable.flip_bit(position, bit);
        self.current.flip_bit(position, bit)
    }

    pub(super) const fn current(&self) -> &Pages {
        &self.current
    }

    /// What would be there after a crash that keeps nothing unsynced.
    pub(super) const fn durable(&self) -> &Pages {
        &self.durable
    }

    /// All or nothing of the unsynced changes becomes durable in a quarter of the cases each; else
    /// each change has its own fate, for a disk writes in any order.
    fn settle(&mut self, random: &mut SplitMix64) {
        let fate = random.below(4);
        for change in self.unsynced.drain(..) {
            match fate {
                0 => {}
                1 => change.apply(&mut self.durable),
                _ => match random.below(3) {
                    0 => {}
                    1 => change.apply(&mut self.durable),
                    _ => change.apply_torn(&mut self.durable, random),
                },
            }
        }
    }
}

impl Change {
    fn apply(self, pages: &mut Pages) {
        match self {
            Self::Write { bytes, position } => pages.write_at(&bytes, position),
            Self::SetSize(size) => pages.set_size(size),
        }
    }

    /// Applies any part of a write; the file may have grown by all of it nevertheless. A change
    /// of the size cannot be torn.
    fn apply_torn(self, pages: &mut Pages, random: &mut SplitMix64) {
        let Self::Write { bytes, position } = self else {
            return self.apply(pages);
        };
        let size = bytes.len() as u64;
        let (one, other) = (random.below(size + 1), random.below(size + 1));
        let (start, end) = (one.min(other), one.max(other));
        pages.write_at(&bytes[start as usize..end as usize], position + start);
        if random.below(2) == 0 {
            pages.extend(position + size);
        }
    }

    fn flip_bit(&mut self, flipped: u64, bit: u32) {
        let Self::Write { bytes, position } = self else {
            return;
        };
        let within = flipped.checked_sub(*position);
        let within = within.and_then(|within| usize::try_from(within).ok());
        if let Some(byte) = within.and_then(|within| bytes.get_mut(within)) {
            *byte ^= 1 << (bit % 8);
        }
    }
}
