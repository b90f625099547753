//! What goes wrong while a node lives: one thing after the other, some at once.

use crate::chance::{between, happens};
use crate::checker::SharedChecker;
use crate::clients::{CLIENTS, NODE, Surroundings};
use broker::chance::Chance;
use net::transport::memory::{MemoryFaults, MemoryNetwork};
use std::sync::Arc;
use std::time::Duration;
use storage::disk::simulated::SimulatedDisk;

/// The faults of one life.
pub(crate) struct Faults {
    disk: Arc<SimulatedDisk>,
    network: MemoryNetwork,
    checker: SharedChecker,
    chance: Chance,
    /// Since when the disk has worked, in milliseconds of the run.
    works_since_ms: i64,
    stalled: bool,
    full: bool,
}

/// A network on which bytes take a little time.
pub(crate) fn calm() -> MemoryFaults {
    MemoryFaults {
        delay_min: Duration::from_micros(50),
        delay_max: Duration::from_millis(2),
        ..MemoryFaults::default()
    }
}

impl Faults {
    pub(crate) fn new(disk: &Arc<SimulatedDisk>, surroundings: &Surroundings) -> Self {
        let checker = surroundings.checker.clone();
        let works_since_ms = checker.lock().history.now_ms();
        Self {
            disk: Arc::clone(disk),
            network: surroundings.network.clone(),
            checker,
            chance: surroundings.chance("faults"),
            works_since_ms,
            stalled: false,
            full: false,
        }
    }

    /// Lets one thing go wrong, or end.
    pub(crate) fn step(&mut self) {
        match self.chance.below(8) {
            0 | 1 => self.stall_or_resume(),
            2 => self.fill_or_free(),
            3 => self.reset(),
            4 => self.hold(),
            5 => self.network.release(NODE, CLIENTS),
            6 => self.slow_down(),
            _ => {
                self.network.release(CLIENTS, NODE);
                self.network.set_faults(calm());
            }
        }
    }

    /// Ends everything that is wrong.
    pub(crate) fn heal(&mut self) {
        self.checker.lock().record("faults", "heal");
        self.disk.set_capacity(None);
        self.disk.resume();
        if self.stalled || self.full {
            (self.stalled, self.full) = (false, false);
            self.disk_works();
        }
        self.network.release(NODE, CLIENTS);
        self.network.release(CLIENTS, NODE);
        self.network.set_faults(calm());
    }

    /// Since when the disk has worked; the end of time while it does not.
    pub(crate) const fn works_since_ms(&self) -> i64 {
        match self.stalled || self.full {
            true => i64::MAX,
            false => self.works_since_ms,
        }
    }

    fn stall_or_resume(&mut self) {
        self.stalled = !self.stalled;
        self.checker
            .lock()
            .record("faults", &format!("disk stalled: {}", self.stalled));
        if self.stalled {
            self.checker.lock().counters.disk_stalls += 1;
            self.disk.stall();
        } else {
            self.disk.resume();
            self.disk_works();
        }
    }

    fn fill_or_free(&mut self) {
        self.full = !self.full;
        self.checker
            .lock()
            .record("faults", &format!("disk full: {}", self.full));
        if self.full {
            self.checker.lock().counters.disk_fills += 1;
            self.disk.set_capacity(Some(0));
        } else {
            self.disk.set_capacity(None);
            self.disk_works();
        }
    }

    fn disk_works(&mut self) {
        self.works_since_ms = self.checker.lock().history.now_ms();
    }

    fn reset(&self) {
        let mut checker = self.checker.lock();
        checker.record("faults", "connections reset");
        checker.counters.resets += 1;
        self.network.reset(CLIENTS, NODE);
    }

    fn hold(&self) {
        let (from, to) = match happens(&self.chance, 50) {
            true => (NODE, CLIENTS),
            false => (CLIENTS, NODE),
        };
        let mut checker = self.checker.lock();
        checker.record("faults", &format!("{from} to {to} held up"));
        checker.counters.holds += 1;
        self.network.hold(from, to);
    }

    fn slow_down(&self) {
        let delay_ms = between(&self.chance, 1, 200);
        let mut checker = self.checker.lock();
        checker.record("faults", &format!("network slow: {delay_ms} ms"));
        checker.counters.slow_networks += 1;
        self.network.set_faults(MemoryFaults {
            delay_min: Duration::ZERO,
            delay_max: Duration::from_millis(delay_ms),
            resets_per_million_writes: [0, 5_000][self.chance.below(2)],
            window_bytes: [2_000, 64 << 10][self.chance.below(2)],
        });
    }
}
