//! The last offset of each key in the new part of a log, in a bounded amount of memory.
//!
//! Keys are not kept, only 128 bits of hash of each. A key that is taken for another loses its
//! records, so the hash must not be one whose collisions can be looked for: it is SipHash behind a
//! secret that the process draws, twice. Of five million keys two collide once in 2^83 maps.
//!
//! Invariants:
//! - Never more keys than were agreed on at the start, so there is always an empty slot.
//! - Entries lie in the order of their home slots (Robin Hood hashing), so that a search for a key
//!   that is not there ends where the key would be.

use std::hash::{DefaultHasher, Hasher};

use protocol::ids::Offset;

/// The bytes an entry takes: as many as in Apache Kafka, so that a buffer holds as many keys.
const ENTRY_BYTES: u64 = 24;

/// Turns keys into hashes; the same for all maps of a process.
#[derive(Debug, Clone)]
pub struct KeyHasher {
    seeded: [DefaultHasher; 2],
}

impl KeyHasher {
    /// A hasher with a secret, which should be hard to guess for whoever writes keys.
    pub fn new(secret: [u8; 16]) -> Self {
        let seeded = [0_u64, 1].map(|half| {
            let mut hasher = DefaultHasher::new();
            hasher.write(&secret);
            hasher.write_u64(half);
            hasher
        });
        Self { seeded }
    }

    fn hash(&self, key: &[u8]) -> [u64; 2] {
        self.seeded.each_ref().map(|seeded| {
            let mut hasher = seeded.clone();
            hasher.write(key);
            hasher.finish()
        })
    }
}

/// Where an entry lies, and what: no entry if the offset is below 0.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hash: [u64; 2],
    /// The offset and 1, so that memory full of zeros is an empty map.
    next_offset: u64,
}

/// How large a map may become.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapLimits {
    /// So much memory may it take, in bytes.
    pub bytes_max: u64,
    /// So full may it get, from 0 to 1.
    pub load_factor: f64,
}

impl MapLimits {
    /// How many keys a map takes.
    pub fn keys_max(self) -> u64 {
        ((self.bytes_max / ENTRY_BYTES) as f64 * self.load_factor) as u64
    }
}

/// The last offset of each key.
#[derive(Debug)]
pub(super) struct OffsetMap {
    hasher: KeyHasher,
    entries: Vec<Entry>,
    key_count: u64,
    keys_max: u64,
    latest_offset: Offset,
}

impl OffsetMap {
    /// An empty map; it takes memory for no more than the keys that are expected.
    pub(super) fn new(hasher: &KeyHasher, limits: MapLimits, keys_expected: u64) -> Self {
        let keys_max = limits.keys_max().max(1);
        let keys = keys_max.min(keys_expected.max(1));
        let slots = keys + keys / 9 + 1;
        let empty = Entry {
            hash: [0; 2],
            next_offset: 0,
        };
        Self {
            hasher: hasher.clone(),
            entries: vec![empty; usize::try_from(slots).unwrap_or(usize::MAX)],
            key_count: 0,
            keys_max: keys,
            latest_offset: Offset(-1),
        }
    }

    /// Notes the offset of a record with this key, which lies behind all noted before. Only while
    /// the map is not full.
    pub(super) fn put(&mut self, key: &[u8], offset: Offset) {
        assert!(!self.is_full(), "a full map takes no keys");
        self.latest_offset = offset;
        let mut carried = Entry {
            hash: self.hasher.hash(key),
            next_offset: offset.0.cast_unsigned().wrapping_add(1),
        };
        let mut slot = self.home(carried.hash);
        let mut distance = 0;
        let mut is_new = false;
        loop {
            let found = self.entries[slot];
            if found.next_offset == 0 {
                self.entries[slot] = carried;
                self.key_count += 1;
                return;
            }
            if !is_new && found.hash == carried.hash {
                self.entries[slot] = carried;
                return;
            }
            let found_distance = self.distance(slot, found.hash);
            if found_distance < distance {
                self.entries[slot] = carried;
                carried = found;
                distance = found_distance;
                is_new = true;
            }
            slot = self.next(slot);
            distance += 1;
        }
    }

    /// Notes that the log was looked at up to this offset.
    pub(super) const fn looked_at(&mut self, offset: Offset) {
        self.latest_offset = offset;
    }

    /// Whether no further record can be noted, also none of a key that is known.
    pub(super) const fn is_full(&self) -> bool {
        self.key_count >= self.keys_max
    }

    /// The last offset of a key; none if it has none in the part of the log that was looked at.
    pub(super) fn last_offset(&self, key: &[u8]) -> Option<Offset> {
        let hash = self.hasher.hash(key);
        let mut slot = self.home(hash);
        let mut distance = 0;
        loop {
            let found = self.entries[slot];
            if found.next_offset == 0 {
                return None;
            }
            if found.hash == hash {
                return Some(Offset(found.next_offset.wrapping_sub(1).cast_signed()));
            }
            if self.distance(slot, found.hash) < distance {
                return None;
            }
            slot = self.next(slot);
            distance += 1;
        }
    }

    /// Up to here the log was looked at: records behind it are not to be judged by this map. -1 if
    /// nothing was.
    pub(super) const fn latest_offset(&self) -> Offset {
        self.latest_offset
    }

    /// How many keys there are.
    pub(super) const fn key_count(&self) -> u64 {
        self.key_count
    }

    fn home(&self, hash: [u64; 2]) -> usize {
        let slots = self.entries.len() as u128;
        ((u128::from(hash[0]) * slots) >> 64) as usize
    }

    /// How far a slot is behind the home of the entry in it.
    fn distance(&self, slot: usize, hash: [u64; 2]) -> usize {
        let home = self.home(hash);
        if slot >= home {
            slot - home
        } else {
            slot + self.entries.len() - home
        }
    }

    const fn next(&self, slot: usize) -> usize {
        if slot + 1 == self.entries.len() {
            0
        } else {
            slot + 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const LIMITS: MapLimits = MapLimits {
        bytes_max: 24 * 100,
        load_factor: 0.9,
    };

    fn map(keys_expected: u64) -> OffsetMap {
        OffsetMap::new(&KeyHasher::new([7; 16]), LIMITS, keys_expected)
    }

    #[test]
    fn a_buffer_holds_as_many_keys_as_its_load_factor_says() {
        let mut map = map(1000);
        let mut count = 0_i64;
        while !map.is_full() {
            map.put(&count.to_be_bytes(), Offset(count));
            count += 1;
        }
        assert_eq!(count, 90);
        assert!(map.entries.len() as u64 * ENTRY_BYTES <= LIMITS.bytes_max + ENTRY_BYTES);
        for key in 0..count {
            assert_eq!(map.last_offset(&key.to_be_bytes()), Some(Offset(key)));
        }
        assert_eq!(map.last_offset(&count.to_be_bytes()), None);
    }

    #[test]
    fn a_map_for_few_keys_takes_little_memory() {
        assert!(map(3).entries.len() < 10);
    }

    #[test]
    fn another_secret_gives_other_hashes() {
        let hash = |secret| KeyHasher::new([secret; 16]).hash(b"key");
        assert_ne!(hash(1), hash(2));
        assert_ne!(hash(1)[0], hash(1)[1]);
    }

    proptest! {
        #[test]
        fn a_map_says_what_a_map_with_whole_keys_says(
            keys in prop::collection::vec(0_u8..120, 0..90),
        ) {
            let mut map = map(keys.len() as u64);
            let mut model = BTreeMap::new();
            for (offset, key) in (0..).zip(keys) {
                if map.is_full() {
                    break;
                }
                map.put(&[key], Offset(offset));
                model.insert(key, Offset(offset));
                prop_assert_eq!(map.latest_offset(), Offset(offset));
            }
            prop_assert_eq!(map.key_count(), model.len() as u64);
            for key in 0..=u8::MAX {
                prop_assert_eq!(map.last_offset(&[key]), model.get(&key).copied());
            }
        }
    }
}
