//! The network as a node uses it: transports, frames, a budget for request bytes, servers, the
//! small request connection, and timers.
//!
//! Not the job of this crate: what a request means, who may send it, where records lie.
//!
//! Invariants:
//! - Memory grows with the bytes received, never with a length that somebody announced.
//! - Answers of a connection leave in the order of its requests.
//! - Nothing ticks: whoever waits is woken by the event or by its own deadline.
//! - Time is tokio's, so that a runtime with paused time runs all of this in virtual time.

#![forbid(unsafe_code)]

pub mod byte_budget;
pub mod file_slice;
pub mod framing;
pub mod request_connection;
pub mod request_context;
pub mod server;
pub mod timers;
pub mod timing_wheel;
pub mod transport;

use std::pin::Pin;

/// A future that is boxed because it crosses a trait object.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
