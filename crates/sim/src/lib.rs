//! Simulation of whole nodes: the production code of a broker over a simulated disk, a network in
//! memory and virtual time, with clients that speak the protocol, faults, and checkers.
//!
//! ```text
//! seed ─> lives: start ─> audit ─> workload under faults ─> clean stop, kill or power loss
//!      ─> a life in which nothing is wrong ─> one more, to read everything
//! ```
//!
//! Not the job of this crate: simulating cores alone (each does that in its own tests).
//!
//! Invariants:
//! - Everything derives from the seed; the same seed gives the same hash.
//! - The checkers know the protocol and the disk, and nothing of the node's inside.

#![forbid(unsafe_code)]

mod chance;
mod checker;
mod clients;
mod counters;
mod faults;
mod files;
mod history;
mod life;
mod panics;
mod simulation;
mod value;
mod world;

pub use counters::Counters;
pub use history::Violation;
pub use simulation::{Outcome, run};
