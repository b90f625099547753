//! The crate from outside: transports held to one contract, servers over both, and the request
//! connection against them.

#![allow(
    clippy::unwrap_used,
    reason = "what fails here fails a test, whichever function it is in"
)]

mod faults;
mod files;
mod node;
mod pipelining;
mod requests;
mod send_file;
mod server;
mod transports;
