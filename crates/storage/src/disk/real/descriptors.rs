//! A bounded number of open descriptors for any number of files.
//!
//! Which descriptor has to go is found by the clock algorithm: a hand goes round the slots, spares
//! each one used since it last came by, and takes the first that was not. That is close to taking
//! the least recently used one, and using a descriptor touches nothing shared.
//!
//! Not the job of this module: opening files.
//!
//! Invariants:
//! - No more descriptors are kept than there are slots. A descriptor in use outlives its eviction,
//!   for whoever uses it shares it.
//! - Locks are taken in the order ring, then cell; a cell's lock is held for a few instructions.
//!
//! Evicting the descriptor of a file with unsynced bytes is sound on Linux: a later sync through
//! another descriptor writes them, and a failed writeback that nobody was told of is reported to
//! the next descriptor opened (since Linux 4.16, while the inode stays in memory).

use std::fs::File;
use std::mem;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// The kept descriptors of all files.
#[derive(Debug)]
pub(super) struct DescriptorCache {
    ring: Mutex<Ring>,
}

/// The place of one file's descriptor, if it is kept.
#[derive(Debug, Default)]
pub(super) struct DescriptorCell {
    kept: Mutex<Option<Kept>>,
    was_used: AtomicBool,
}

#[derive(Debug)]
struct Ring {
    slots: Vec<Option<Arc<DescriptorCell>>>,
    slots_max: usize,
    slots_free: Vec<usize>,
    hand: usize,
}

#[derive(Debug)]
struct Kept {
    descriptor: Arc<File>,
    is_writable: bool,
    slot: usize,
}

impl DescriptorCache {
    pub(super) fn new(descriptors_max: NonZeroUsize) -> Self {
        Self {
            ring: Mutex::new(Ring {
                slots: Vec::new(),
                slots_max: descriptors_max.get(),
                slots_free: Vec::new(),
                hand: 0,
            }),
        }
    }

    /// Keeps a descriptor, unless one that can do as much is kept already.
    pub(super) fn keep(
        &self,
        cell: &Arc<DescriptorCell>,
        descriptor: Arc<File>,
        is_writable: bool,
    ) {
        let mut ring = self.lock_ring();
        let mut kept = cell.lock();
        let obsolete = match kept.as_mut() {
            Some(kept) if kept.is_writable || !is_writable => None,
            Some(kept) => {
                kept.is_writable = true;
                Some(mem::replace(&mut kept.descriptor, descriptor))
            }
            None => {
                let (slot, evicted) = ring.claim_slot(cell);
                *kept = Some(Kept {
                    descriptor,
                    is_writable,
                    slot,
                });
                cell.was_used.store(true, Ordering::Relaxed);
                evicted
            }
        };
        // Closing may take its time; nobody has to wait for it.
        drop(kept);
        drop(ring);
        drop(obsolete);
    }

    /// Keeps the descriptor no longer, and hands it over.
    pub(super) fn forget(&self, cell: &DescriptorCell) -> Option<Arc<File>> {
        let mut ring = self.lock_ring();
        let kept = cell.lock().take()?;
        ring.slots[kept.slot] = None;
        ring.slots_free.push(kept.slot);
        Some(kept.descriptor)
    }

    /// Keeps one descriptor less, and says whether there was one.
    pub(super) fn evict_one(&self) -> bool {
        let mut ring = self.lock_ring();
        if ring.slots.len() == ring.slots_free.len() {
            return false;
        }
        let (slot, evicted) = ring.evict();
        ring.slots_free.push(slot);
        drop(ring);
        evicted.is_some()
    }

    fn lock_ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().expect("no holder of the ring panics")
    }
}

impl DescriptorCell {
    /// The kept descriptor, if there is one that can do what is needed.
    pub(super) fn descriptor(&self, needs_writing: bool) -> Option<Arc<File>> {
        let kept = self.lock();
        let kept = kept.as_ref()?;
        if needs_writing && !kept.is_writable {
            return None;
        }
        self.was_used.store(true, Ordering::Relaxed);
        Some(Arc::clone(&kept.descriptor))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().expect("no holder of a cell panics")
    }
}

impl Ring {
    /// A slot for `cell`, and the descriptor that had to go for it. The lock of `cell` is held by
    /// the caller: it has no slot yet, so the hand does not meet it.
    fn claim_slot(&mut self, cell: &Arc<DescriptorCell>) -> (usize, Option<Arc<File>>) {
        let (slot, evicted) = if let Some(slot) = self.slots_free.pop() {
            (slot, None)
        } else if self.slots.len() < self.slots_max {
            self.slots.push(None);
            (self.slots.len() - 1, None)
        } else {
            self.evict()
        };
        self.slots[slot] = Some(Arc::clone(cell));
        (slot, evicted)
    }

    /// Empties the slot of the first descriptor not used since the hand last came by. At least one
    /// slot must be taken; then two rounds are enough but for uses meanwhile.
    fn evict(&mut self) -> (usize, Option<Arc<File>>) {
        loop {
            let slot = self.hand;
            self.hand = (slot + 1) % self.slots.len();
            let Some(cell) = &self.slots[slot] else {
                continue;
            };
            if cell.was_used.swap(false, Ordering::Relaxed) {
                continue;
            }
            let kept = cell.lock().take();
            self.slots[slot] = None;
            return (slot, kept.map(|kept| kept.descriptor));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(descriptors_max: usize) -> DescriptorCache {
        DescriptorCache::new(NonZeroUsize::new(descriptors_max).unwrap())
    }

    fn cells(cache: &DescriptorCache, count: usize) -> Vec<Arc<DescriptorCell>> {
        let cells: Vec<_> = (0..count).map(|_| Arc::default()).collect();
        for cell in &cells {
            cache.keep(cell, null(), false);
        }
        cells
    }

    fn null() -> Arc<File> {
        Arc::new(File::open("/dev/null").unwrap())
    }

    fn kept(cells: &[Arc<DescriptorCell>]) -> Vec<bool> {
        cells.iter().map(|cell| cell.lock().is_some()).collect()
    }

    #[test]
    fn what_was_not_used_goes_first() {
        let cache = cache(3);
        let mut cells = cells(&cache, 3);
        // The first eviction takes the use at opening from all, and one of them away.
        let fourth = Arc::default();
        cache.keep(&fourth, null(), false);
        cells.push(fourth);
        assert_eq!(kept(&cells), [false, true, true, true]);
        assert!(cells[1].descriptor(false).is_some());
        let fifth = Arc::default();
        cache.keep(&fifth, null(), false);
        cells.push(fifth);
        assert_eq!(kept(&cells), [false, true, false, true, true]);
    }

    #[test]
    fn a_forgotten_descriptor_makes_room() {
        let cache = cache(2);
        let mut cells = cells(&cache, 2);
        assert!(cache.forget(&cells[0]).is_some());
        assert!(cache.forget(&cells[0]).is_none());
        cells.push(Arc::default());
        cache.keep(&cells[2], null(), false);
        assert_eq!(kept(&cells), [false, true, true]);
    }

    #[test]
    fn a_writable_descriptor_replaces_a_readable_one_in_its_slot() {
        let cache = cache(2);
        let cells = cells(&cache, 2);
        assert!(cells[0].descriptor(true).is_none());
        cache.keep(&cells[0], null(), true);
        assert!(cells[0].descriptor(true).is_some());
        cache.keep(&cells[0], null(), false);
        assert!(cells[0].descriptor(true).is_some());
        assert_eq!(kept(&cells), [true, true]);
    }

    #[test]
    fn all_can_be_evicted_one_by_one() {
        let cache = cache(3);
        let cells = cells(&cache, 3);
        let used = cells[1].descriptor(false).unwrap();
        for _ in 0..3 {
            assert!(cache.evict_one());
        }
        assert!(!cache.evict_one());
        assert_eq!(kept(&cells), [false, false, false]);
        assert!(used.metadata().is_ok(), "a descriptor in use stays open");
        cache.keep(&cells[2], null(), false);
        assert_eq!(kept(&cells), [false, false, true]);
    }
}
