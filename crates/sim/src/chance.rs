//! Streams of chance: each consumer has its own, derived from the seed and its name, so that a new
//! consumer does not move what the others draw.

use broker::chance::Chance;

/// The stream of `name` in a run.
pub(crate) fn stream(seed: u64, name: &str) -> Chance {
    Chance::from_seed(number(seed, name))
}

/// A number for what is seeded with one.
pub(crate) fn number(seed: u64, name: &str) -> u64 {
    name.bytes()
        .fold(mix(seed), |number, byte| mix(number ^ u64::from(byte)))
}

/// A number from `from` to `to`.
pub(crate) fn between(chance: &Chance, from: u64, to: u64) -> u64 {
    from + chance.below((to - from + 1) as usize) as u64
}

/// Whether it happens, in `percent` of all cases.
pub(crate) fn happens(chance: &Chance, percent: usize) -> bool {
    chance.below(100) < percent
}

/// The finaliser of SplitMix64.
pub(crate) fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
