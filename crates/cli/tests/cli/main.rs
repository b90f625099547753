//! The built program, called as a user calls it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod absent;
mod clients;
mod cluster;
mod cluster_state;
mod configs;
mod console;
mod dump_log;
mod groups;
mod node;
mod program;
mod server_control;
mod storage;
mod top_level;
mod topics;
mod tour;
