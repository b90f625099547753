//! The quorum over a simulated disk: its files byte for byte, its life, and its life when the power
//! is cut at every operation.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests may fail like tests"
)]

mod crash;
mod files;
mod life;
mod node;

use storage::disk::simulated::poll_once;

/// The outcome of a future that never waits on a disk in memory.
fn run<T>(future: impl Future<Output = T>) -> T {
    poll_once(future).expect("a disk in memory does not wait")
}
