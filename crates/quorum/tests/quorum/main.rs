//! The quorum over a simulated disk: its files byte for byte, its life, and its life when the power
//! is cut at every operation.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests may fail like tests"
)]

mod crash;
mod files;
#[path = "../../../storage/tests/directories/halting_disk.rs"]
mod halting_disk;
mod life;
mod node;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// The outcome, if the future has one without waiting.
fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

/// The outcome of a future that never waits on a disk in memory.
fn run<T>(future: impl Future<Output = T>) -> T {
    poll_once(future).expect("a disk in memory does not wait")
}
