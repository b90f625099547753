//! A hierarchical timing wheel: values with deadlines, inserted and cancelled in constant time.
//!
//! Pure: it is given the time in milliseconds. Who sleeps until [`TimingWheel::next_wake_ms`] is
//! the driver's affair (`timers`).
//!
//! A level is one digit of the time in base 64. An entry lies at the highest digit in which its
//! deadline differs from the present, in the slot of that digit; when the present reaches a slot,
//! its entries move to lower levels. Eleven levels hold every 64-bit time, so nothing is clamped.
//!
//! Invariants:
//! - Above level 0 an entry's slot lies after the present digit of its level, so the lowest
//!   occupied slot of the lowest occupied level is the earliest of all.
//! - A key is good for one entry; after that entry has left, the key finds nothing.

const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = 11;
const NONE: u32 = u32::MAX;

/// Values that wait for their deadlines.
#[derive(Debug)]
pub struct TimingWheel<T> {
    now_ms: u64,
    levels: Box<[Level; LEVELS]>,
    entries: Vec<Entry<T>>,
    free: Vec<u32>,
}

/// Names one entry of a wheel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerKey {
    index: u32,
    generation: u32,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    /// One bit for each slot that has entries.
    occupied: u64,
    heads: [u32; SLOTS],
}

#[derive(Debug)]
struct Entry<T> {
    value: Option<T>,
    deadline_ms: u64,
    generation: u32,
    previous: u32,
    next: u32,
    level: u8,
    slot: u8,
}

impl<T> TimingWheel<T> {
    /// An empty wheel at `now_ms`.
    pub fn new(now_ms: u64) -> Self {
        let empty = Level {
            occupied: 0,
            heads: [NONE; SLOTS],
        };
        Self {
            now_ms,
            levels: Box::new([empty; LEVELS]),
            entries: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Adds a value. One whose deadline has passed is due at once.
    pub fn insert(&mut self, deadline_ms: u64, value: T) -> TimerKey {
        let index = self.free.pop().unwrap_or_else(|| {
            self.entries.push(Entry {
                value: None,
                deadline_ms: 0,
                generation: 0,
                previous: NONE,
                next: NONE,
                level: 0,
                slot: 0,
            });
            self.entries.len() as u32 - 1
        });
        let entry = &mut self.entries[index as usize];
        entry.value = Some(value);
        entry.deadline_ms = deadline_ms.max(self.now_ms);
        let generation = entry.generation;
        self.link(index);
        TimerKey { index, generation }
    }

    /// Takes a value out before it is due; none if it has left already.
    pub fn cancel(&mut self, key: TimerKey) -> Option<T> {
        self.value_mut(key)?;
        self.unlink(key.index);
        self.vacate(key.index)
    }

    /// The value of an entry that is still here.
    pub fn value_mut(&mut self, key: TimerKey) -> Option<&mut T> {
        let entry = self.entries.get_mut(key.index as usize)?;
        if entry.generation != key.generation {
            return None;
        }
        entry.value.as_mut()
    }

    /// Moves the present to `now_ms` (never back) and adds what has become due to `due`, in the
    /// order of deadlines.
    pub fn advance(&mut self, now_ms: u64, due: &mut Vec<T>) {
        while let Some((level, slot, start_ms)) = self.first_slot() {
            if start_ms > now_ms {
                break;
            }
            self.now_ms = self.now_ms.max(start_ms);
            let mut index = std::mem::replace(&mut self.levels[level].heads[slot], NONE);
            self.levels[level].occupied &= !(1 << slot);
            while index != NONE {
                let next = self.entries[index as usize].next;
                if level == 0 {
                    due.extend(self.vacate(index));
                } else {
                    self.link(index);
                }
                index = next;
            }
        }
        self.now_ms = self.now_ms.max(now_ms);
    }

    /// When [`Self::advance`] is to be called next; none if the wheel is empty. That is the first
    /// deadline, or earlier, when entries have to move down a level: at most once a level.
    pub fn next_wake_ms(&self) -> Option<u64> {
        let (_, _, start_ms) = self.first_slot()?;
        Some(start_ms.max(self.now_ms))
    }

    /// How many values wait.
    pub fn count(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    fn vacate(&mut self, index: u32) -> Option<T> {
        let entry = &mut self.entries[index as usize];
        entry.generation = entry.generation.wrapping_add(1);
        self.free.push(index);
        entry.value.take()
    }

    fn link(&mut self, index: u32) {
        let deadline_ms = self.entries[index as usize].deadline_ms;
        let level = level_of(self.now_ms, deadline_ms);
        let slot = digit(deadline_ms, level);
        let head = self.levels[level].heads[slot];
        if head != NONE {
            self.entries[head as usize].previous = index;
        }
        let entry = &mut self.entries[index as usize];
        (entry.previous, entry.next) = (NONE, head);
        (entry.level, entry.slot) = (level as u8, slot as u8);
        self.levels[level].heads[slot] = index;
        self.levels[level].occupied |= 1 << slot;
    }

    fn unlink(&mut self, index: u32) {
        let entry = &self.entries[index as usize];
        let (previous, next) = (entry.previous, entry.next);
        let (level, slot) = (usize::from(entry.level), usize::from(entry.slot));
        if next != NONE {
            self.entries[next as usize].previous = previous;
        }
        if previous != NONE {
            self.entries[previous as usize].next = next;
            return;
        }
        self.levels[level].heads[slot] = next;
        if next == NONE {
            self.levels[level].occupied &= !(1 << slot);
        }
    }

    /// Level, slot and first millisecond of the earliest occupied slot.
    fn first_slot(&self) -> Option<(usize, usize, u64)> {
        let level = self.levels.iter().position(|level| level.occupied != 0)?;
        let slot = self.levels[level].occupied.trailing_zeros() as usize;
        let shift = DIGIT_BITS * level as u32;
        let above = shift + DIGIT_BITS;
        let higher_digits = match above {
            0..=63 => self.now_ms >> above << above,
            _ => 0,
        };
        Some((level, slot, higher_digits | (slot as u64) << shift))
    }
}

/// The highest digit in which two times differ.
const fn level_of(now_ms: u64, deadline_ms: u64) -> usize {
    let differing = (now_ms ^ deadline_ms) | 1;
    ((u64::BITS - 1 - differing.leading_zeros()) / DIGIT_BITS) as usize
}

const fn digit(time_ms: u64, level: usize) -> usize {
    (time_ms >> (DIGIT_BITS * level as u32)) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Clone)]
    enum Action {
        Insert(u64),
        Cancel(usize),
        Advance(u64),
    }

    fn action() -> impl Strategy<Value = Action> {
        let distance = prop_oneof![0..200_u64, 0..10_000_000_u64, 0..u64::MAX / 1000];
        prop_oneof![
            distance.clone().prop_map(Action::Insert),
            (0..50_usize).prop_map(Action::Cancel),
            distance.prop_map(Action::Advance),
        ]
    }

    proptest! {
        #[test]
        fn wheel_agrees_with_a_sorted_list(
            start_ms in prop_oneof![Just(0), Just(u64::MAX / 2), any::<u32>().prop_map(u64::from)],
            actions in prop::collection::vec(action(), 0..80),
        ) {
            let mut wheel = TimingWheel::new(start_ms);
            let mut now_ms = start_ms;
            let mut model: Vec<(u64, usize, TimerKey)> = Vec::new();
            for (name, action) in actions.into_iter().enumerate() {
                match action {
                    Action::Insert(distance) => {
                        let deadline_ms = now_ms.saturating_add(distance);
                        let key = wheel.insert(deadline_ms, (deadline_ms, name));
                        model.push((deadline_ms, name, key));
                    }
                    Action::Cancel(which) if !model.is_empty() => {
                        let (deadline_ms, name, key) = model.remove(which % model.len());
                        prop_assert_eq!(wheel.cancel(key), Some((deadline_ms, name)));
                        prop_assert_eq!(wheel.cancel(key), None);
                    }
                    Action::Cancel(_) => {}
                    Action::Advance(distance) => {
                        now_ms = now_ms.saturating_add(distance);
                        let mut due = Vec::new();
                        wheel.advance(now_ms, &mut due);
                        prop_assert!(due.is_sorted_by_key(|(deadline_ms, _)| *deadline_ms));
                        let mut expected: Vec<_> = model
                            .extract_if(.., |(deadline_ms, ..)| *deadline_ms <= now_ms)
                            .map(|(deadline_ms, name, _)| (deadline_ms, name))
                            .collect();
                        expected.sort_unstable();
                        due.sort_unstable();
                        prop_assert_eq!(due, expected);
                    }
                }
                let first = model.iter().map(|(deadline_ms, ..)| *deadline_ms).min();
                let wake_ms = wheel.next_wake_ms();
                prop_assert_eq!(wake_ms.is_some(), first.is_some());
                prop_assert!(wake_ms <= first && wake_ms.is_none_or(|wake_ms| wake_ms >= now_ms));
                prop_assert_eq!(wheel.count(), model.len());
            }
        }
    }

    #[test]
    fn a_timer_of_ten_minutes_wakes_at_most_once_a_level_before_it_is_due() {
        let mut wheel = TimingWheel::new(12_345);
        wheel.insert(612_345, "idle");
        let mut due = Vec::new();
        let mut wakes = 0;
        while due.is_empty() {
            let wake_ms = wheel.next_wake_ms().unwrap();
            wheel.advance(wake_ms, &mut due);
            wakes += 1;
            assert!(wakes < 6);
        }
        assert_eq!(wheel.next_wake_ms(), None);
    }
}
