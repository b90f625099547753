//! The workload: clients that speak the protocol, and tell the checker what they see. One file for
//! each kind.
//!
//! A client lives as long as the node: what it has to know in the next life (what an idempotent
//! producer has not had acknowledged) is kept outside of it.

pub(crate) mod admin;
pub(crate) mod auditor;
mod batch;
pub(crate) mod connection;
pub(crate) mod consumer;
pub(crate) mod idempotent_producer;
pub(crate) mod member;
pub(crate) mod producer;

use crate::chance;
use crate::checker::SharedChecker;
use broker::chance::Chance;
use net::timers::Timers;
use net::transport::memory::MemoryNetwork;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Where the node is.
pub(crate) const NODE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
/// Where all clients are.
pub(crate) const CLIENTS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));
pub(crate) const PORT: u16 = 9092;

/// What a client works with in one life of the node.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) seed: u64,
    /// Counts the lives of the node.
    pub(crate) life: u32,
    pub(crate) network: MemoryNetwork,
    pub(crate) timers: Timers,
    pub(crate) checker: SharedChecker,
    /// Whether everything is in order, so that nothing may go wrong.
    pub(crate) healed: Arc<AtomicBool>,
    pub(crate) wall_base_ms: i64,
    pub(crate) began: tokio::time::Instant,
}

impl Surroundings {
    /// The chance of a client in this life.
    pub(crate) fn chance(&self, name: &str) -> Chance {
        chance::stream(self.seed, &format!("{name} in life {}", self.life))
    }

    pub(crate) async fn sleep_ms(&self, ms: u64) {
        self.timers.sleep(Duration::from_millis(ms)).await;
    }

    pub(crate) fn is_healed(&self) -> bool {
        self.healed.load(Ordering::Relaxed)
    }

    /// What a client's own clock shows.
    pub(crate) fn wall_ms(&self) -> i64 {
        self.wall_base_ms + self.began.elapsed().as_millis() as i64
    }

    /// Tells the checker's history what time it is.
    pub(crate) fn tell_time(&self) {
        let now_ms = self.wall_ms() - crate::world::WALL_ORIGIN_MS;
        self.checker.lock().history.set_now(now_ms);
    }
}
