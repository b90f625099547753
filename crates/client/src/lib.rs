//! Kafka's clients, for tools and for whatever else talks to a cluster from outside: producer,
//! consumer and admin client of the crate krafka, configured with the property names that Kafka's
//! Java clients have.
//!
//! Not the job of this crate: the protocol itself (krafka speaks it), reading property files, what
//! a tool prints.
//!
//! Invariants:
//! - A property is applied, or known to have no meaning here, or reported as unknown; none is
//!   dropped in silence.
//! - The value of a property that may be a password is in no message; those of which there is a
//!   choice, and numbers, are repeated where they are refused.
//!
//! What krafka has no call for goes over the request connection of the crate net; see [`brokers`].

#![forbid(unsafe_code)]

pub mod brokers;
pub mod connection;
pub mod consumer;
pub mod exception;
pub mod producer;
pub mod properties;
pub mod scram;
mod security;
pub mod topics;
mod words;

pub use krafka;
pub use properties::{Properties, PropertyError};
