//! A value kept several times over, so that threads which add to it do not wait for each other's
//! caches. Whoever reads takes all copies together.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Threads beyond this many share copies; a node has about as many threads as processors.
const SHARD_COUNT: usize = 8;

static NEXT_SHARD: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static OWN_SHARD: usize = NEXT_SHARD.fetch_add(1, Ordering::Relaxed) % SHARD_COUNT;
}

/// Several copies of `T`, one of which is the calling thread's.
#[derive(Debug)]
pub(super) struct Sharded<T> {
    shards: Box<[CacheLine<T>]>,
}

/// Nothing else is in the cache lines of the value.
#[derive(Debug)]
#[repr(align(64))]
struct CacheLine<T>(T);

impl<T> Sharded<T> {
    pub(super) fn from_fn(make: impl Fn() -> T) -> Self {
        Self {
            shards: (0..SHARD_COUNT).map(|_| CacheLine(make())).collect(),
        }
    }

    /// The copy to add to.
    pub(super) fn own(&self) -> &T {
        &self.shards[OWN_SHARD.with(|shard| *shard)].0
    }

    /// What a counter has come to in all copies.
    pub(super) fn sum(&self, counter: impl Fn(&T) -> &AtomicU64) -> u64 {
        let counts = self.iter().map(counter);
        counts.map(|count| count.load(Ordering::Relaxed)).sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.shards.iter().map(|shard| &shard.0)
    }
}

impl<T: Default> Default for Sharded<T> {
    fn default() -> Self {
        Self::from_fn(T::default)
    }
}
