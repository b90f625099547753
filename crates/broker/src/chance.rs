//! The chance of a node: one generator, seeded from the operating system, or with a number so that
//! a simulated node does the same again.

use protocol::Uuid;
use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Draws; clones share the generator.
#[derive(Clone)]
pub struct Chance {
    generator: Arc<Mutex<StdRng>>,
}

impl Chance {
    /// Seeded by the operating system.
    ///
    /// # Errors
    /// When it has no random numbers.
    pub fn from_system() -> Result<Self, rand::rngs::SysError> {
        Ok(Self::new(StdRng::try_from_rng(&mut SysRng)?))
    }

    /// The same draws for the same seed.
    pub fn from_seed(seed: u64) -> Self {
        Self::new(StdRng::seed_from_u64(seed))
    }

    fn new(generator: StdRng) -> Self {
        Self {
            generator: Arc::new(Mutex::new(generator)),
        }
    }

    /// A random id (version 4) that has no meaning of its own and does not begin with a dash,
    /// which tools would take for an option.
    pub fn uuid(&self) -> Uuid {
        loop {
            let uuid = Uuid::from_random_bytes(self.draw(|generator| generator.random()));
            let is_reserved = uuid == Uuid::ZERO || uuid == Uuid::METADATA_TOPIC;
            if !is_reserved && !uuid.to_string().starts_with('-') {
                return uuid;
            }
        }
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&self, bound: usize) -> usize {
        self.draw(|generator| generator.random_range(0..bound))
    }

    /// Any number.
    pub fn number(&self) -> u64 {
        self.draw(|generator| generator.random())
    }

    fn draw<T>(&self, draw: impl FnOnce(&mut StdRng) -> T) -> T {
        let mut generator = self
            .generator
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        draw(&mut generator)
    }
}

impl metadata::controller::Chance for Chance {
    fn below(&mut self, bound: usize) -> usize {
        Self::below(self, bound)
    }

    fn topic_id(&mut self) -> Uuid {
        self.uuid()
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Chance")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_and_another_does_not() {
        let draws = |seed| {
            let chance = Chance::from_seed(seed);
            (chance.uuid(), chance.below(1_000_000), chance.number())
        };
        assert_eq!(draws(1), draws(1));
        assert_ne!(draws(1), draws(2));
    }
}
