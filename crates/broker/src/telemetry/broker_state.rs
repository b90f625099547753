//! The state of a broker as Kafka numbers it in its metric `BrokerState`.
//!
//! Not the job of this module: deciding on the state.

use super::exposition::Exposition;
use super::families;
use std::sync::atomic::{AtomicU8, Ordering};

/// How far a broker has come in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum BrokerState {
    /// It has not begun.
    NotRunning = 0,
    /// It has begun and catches up with the metadata.
    Starting = 1,
    /// It has the metadata and waits to be unfenced.
    Recovery = 2,
    /// It serves clients.
    Running = 3,
    /// It has asked the controller for leave to stop, and hands its leaders over.
    PendingControlledShutdown = 6,
    /// It stops.
    ShuttingDown = 7,
}

#[derive(Debug)]
pub(super) struct BrokerStateCell {
    number: AtomicU8,
}

impl BrokerState {
    const ALL: [Self; 6] = [
        Self::NotRunning,
        Self::Starting,
        Self::Recovery,
        Self::Running,
        Self::PendingControlledShutdown,
        Self::ShuttingDown,
    ];

    /// Kafka's number for it.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl Default for BrokerStateCell {
    fn default() -> Self {
        Self {
            number: AtomicU8::new(BrokerState::NotRunning.number()),
        }
    }
}

impl BrokerStateCell {
    pub(super) fn set(&self, state: BrokerState) {
        self.number.store(state.number(), Ordering::Relaxed);
    }

    pub(super) fn current(&self) -> BrokerState {
        let number = self.number.load(Ordering::Relaxed);
        let mut states = BrokerState::ALL.into_iter();
        let state = states.find(|state| state.number() == number);
        state.expect("only numbers of states are stored")
    }

    pub(super) fn collect(&self, exposition: &mut Exposition) {
        let number = u64::from(self.current().number());
        exposition.sample(&families::BROKER_STATE, &[], number);
    }
}
