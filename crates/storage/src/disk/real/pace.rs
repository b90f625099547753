//! Whether a device answers at once, told by the operations on it that are under way and by those
//! that have ended.
//!
//! Not the job of this file: clocks and threads. Times are nanoseconds since any fixed moment, and
//! the caller's.
//!
//! Invariant: an operation has a slot from its begin to its end. One that finds no slot free counts
//! as one that will not be answered at once.

use std::sync::atomic::{AtomicU64, Ordering};

/// An operation that takes longer than this has waited for the device: copying a large batch to or
/// from memory takes less.
const SLOW_NANOSECONDS: u64 = 5_000_000;
/// An operation under way for longer than this will probably turn out slow. Others do not wait to
/// find out.
const LATE_NANOSECONDS: u64 = 1_000_000;
/// How long a slow operation is remembered. Devices are slow in bursts, and each burst costs a
/// worker one operation until it is noticed.
const SUSPECTED_NANOSECONDS: u64 = 10_000_000_000;
/// More operations than this are not under way on any machine's workers.
const SLOTS: usize = 64;

/// The recent past of a device.
#[derive(Debug)]
pub(super) struct Pace {
    /// When the operations under way began, 0 in a free slot.
    begun: [AtomicU64; SLOTS],
    /// Until when the device is suspected for what has ended.
    suspected_until: AtomicU64,
}

/// An operation under way.
#[derive(Debug)]
pub(super) struct Begun<'a> {
    slot: Option<&'a AtomicU64>,
    began: u64,
}

impl Pace {
    pub(super) const fn new() -> Self {
        Self {
            begun: [const { AtomicU64::new(0) }; SLOTS],
            suspected_until: AtomicU64::new(0),
        }
    }

    /// Notes that an operation begins.
    pub(super) fn begin(&self, now: u64) -> Begun<'_> {
        let began = now.max(1);
        let claimed = |slot: &&AtomicU64| {
            slot.load(Ordering::Relaxed) == 0
                && slot
                    .compare_exchange(0, began, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok()
        };
        Begun {
            slot: self.begun.iter().find(claimed),
            began,
        }
    }

    /// Notes that it has ended.
    pub(super) fn end(&self, begun: Begun<'_>, now: u64) {
        if now.saturating_sub(begun.began) >= SLOW_NANOSECONDS {
            let until = now.saturating_add(SUSPECTED_NANOSECONDS);
            self.suspected_until.fetch_max(until, Ordering::Relaxed);
        }
    }

    /// Whether an operation that begins now is likely to wait for the device.
    pub(super) fn is_suspected(&self, now: u64) -> bool {
        if now < self.suspected_until.load(Ordering::Relaxed) {
            return true;
        }
        let mut has_free = false;
        for slot in &self.begun {
            match slot.load(Ordering::Relaxed) {
                0 => has_free = true,
                began if now.saturating_sub(began) >= LATE_NANOSECONDS => return true,
                _ => {}
            }
        }
        !has_free
    }
}

impl Drop for Begun<'_> {
    /// Also when the operation panicked: a slot that stays taken would be a suspicion for ever.
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            slot.store(0, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_000_000_000;

    #[test]
    fn a_device_that_answers_quickly_is_trusted() {
        let pace = Pace::new();
        for round in 0..100 {
            let now = START + round * LATE_NANOSECONDS;
            assert!(!pace.is_suspected(now));
            let begun = pace.begin(now);
            assert!(!pace.is_suspected(now + LATE_NANOSECONDS - 1));
            pace.end(begun, now + LATE_NANOSECONDS - 1);
        }
    }

    #[test]
    fn an_operation_that_does_not_end_is_noticed_before_it_ends() {
        let pace = Pace::new();
        let hanging = pace.begin(START);
        let quick = pace.begin(START + 5);
        pace.end(quick, START + 10);
        assert!(pace.is_suspected(START + LATE_NANOSECONDS));
        assert!(pace.is_suspected(START + 100 * SUSPECTED_NANOSECONDS));
        pace.end(hanging, START + SLOW_NANOSECONDS - 1);
        assert!(!pace.is_suspected(START + SLOW_NANOSECONDS));
    }

    #[test]
    fn a_slow_operation_is_remembered_for_a_while() {
        let pace = Pace::new();
        let slow = pace.begin(START);
        let ended = START + SLOW_NANOSECONDS;
        pace.end(slow, ended);
        let quick = pace.begin(ended);
        pace.end(quick, ended + 1);
        assert!(pace.is_suspected(ended + SUSPECTED_NANOSECONDS - 1));
        assert!(!pace.is_suspected(ended + SUSPECTED_NANOSECONDS));
    }

    #[test]
    fn more_operations_than_can_be_watched_are_suspect() {
        let pace = Pace::new();
        let mut begun: Vec<Begun<'_>> = (0..SLOTS).map(|_| pace.begin(START)).collect();
        assert!(pace.is_suspected(START));
        let unwatched = pace.begin(START);
        pace.end(unwatched, START + 1);
        assert!(pace.is_suspected(START + 1));
        pace.end(begun.pop().unwrap(), START + 1);
        assert!(!pace.is_suspected(START + 1));
    }
}
