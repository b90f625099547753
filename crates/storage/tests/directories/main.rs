//! Tests of the log directories of a node, on a disk in memory that crashes and fails, and on the
//! real one.

#![expect(
    clippy::unwrap_used,
    reason = "a test, and what it is made of, fails by panicking"
)]

mod crash;
mod failures;
mod halting_disk;
mod node;
mod partitions;
mod real;
mod start;
mod upkeep;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls a future once; none if it waits.
fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

/// Runs what never waits.
fn run<T>(future: impl Future<Output = T>) -> T {
    poll_once(future).expect("nothing holds a lock and the disk is not stalled")
}
