//! The program `klamm`: the command line, and the node put together from its parts.
//!
//! Not the job of this crate: what a node or a tool decides. Here arguments are read, the parts
//! that a command needs are chosen, and failures become messages and exit codes.

#![forbid(unsafe_code)]

mod arguments;
mod broker_api_versions;
mod calendar;
mod cluster;
mod cluster_tool;
mod commands;
mod configs;
mod console_consumer;
mod console_producer;
mod consumer_groups;
mod consumer_perf_test;
mod delete_records;
mod dump_log;
mod features_tool;
mod get_offsets;
mod java_numbers;
mod listed_offsets;
mod log_dirs;
mod measures;
mod metadata_quorum;
mod producer_perf_test;
mod server;
mod storage_tool;
mod surroundings;
mod topic_pattern;
mod topics;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::run(std::env::args_os().collect())
}
