//! What compressing and inflating needs, lent out for one append at a time, so that it is used
//! again instead of made again.
//!
//! Invariant: as many are kept as were ever needed at a time, but no more than allowed, and without
//! the memory of an unusually large batch.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};
use storage::log::Codecs;

/// Codecs that are not in use.
pub struct CodecPool {
    idle: Mutex<Vec<Codecs>>,
    idle_max: usize,
}

/// Codecs in use; dropping gives them back.
pub struct LentCodecs<'a> {
    pool: &'a CodecPool,
    codecs: Option<Codecs>,
}

impl CodecPool {
    /// Keeps at most `idle_max` for the next one; the number of workers is enough.
    pub const fn new(idle_max: usize) -> Self {
        Self {
            idle: Mutex::new(Vec::new()),
            idle_max,
        }
    }

    /// Lends codecs.
    pub fn lend(&self) -> LentCodecs<'_> {
        let idle = self.lock().pop();
        LentCodecs {
            pool: self,
            codecs: Some(idle.unwrap_or_default()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Codecs>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for LentCodecs<'_> {
    type Target = Codecs;

    fn deref(&self) -> &Codecs {
        self.codecs.as_ref().expect("they are there until the drop")
    }
}

impl DerefMut for LentCodecs<'_> {
    fn deref_mut(&mut self) -> &mut Codecs {
        self.codecs.as_mut().expect("they are there until the drop")
    }
}

impl Drop for LentCodecs<'_> {
    fn drop(&mut self) {
        let mut codecs = self.codecs.take();
        codecs.iter_mut().for_each(Codecs::drop_large_buffers);
        let mut idle = self.pool.lock();
        if idle.len() < self.pool.idle_max {
            idle.extend(codecs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_come_back_and_no_more_are_kept_than_allowed() {
        let pool = CodecPool::new(2);
        let lent = [pool.lend(), pool.lend(), pool.lend()];
        assert_eq!(pool.lock().len(), 0);
        drop(lent);
        assert_eq!(pool.lock().len(), 2);
        let _again = pool.lend();
        assert_eq!(pool.lock().len(), 1);
    }
}
