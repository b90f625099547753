//! The group coordinator seen from outside: transcripts of requests and a simulation of clients.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod acks;
mod deletion;
mod harness;
mod listing;
mod loading;
mod offsets;
mod rebalance;
mod simulation;
mod static_members;
