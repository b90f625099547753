//! Tests of the log directories of a node, on a disk in memory that crashes and fails, and on the
//! real one.

#![expect(
    clippy::unwrap_used,
    reason = "a test, and what it is made of, fails by panicking"
)]

mod crash;
mod failures;
mod moves;
mod node;
mod partitions;
mod real;
mod start;
mod upkeep;

use storage::disk::simulated::poll_once;

/// Runs what never waits.
fn run<T>(future: impl Future<Output = T>) -> T {
    poll_once(future).expect("nothing holds a lock and the disk is not stalled")
}
