//! The way of a request through the node: check, authorise, handle, answer.
//!
//! Not the job of this module: what a request means; each API has a file of its own in `api`.
//!
//! Invariants:
//! - No handler sees a request in a version that is not served.
//! - What cannot be read or answered closes its connection and harms nothing else.

mod authorise;
mod call;
mod handling;
mod quota;
mod service;

pub use authorise::{AllowAll, Authorizer, Operation, Resource, authorized_operations};
pub use call::{Call, Unanswerable, answer, later, throttle_time_ms};
#[cfg(test)]
pub use quota::Unlimited;
pub use quota::{Quotas, Usage};
pub use service::BrokerService;
