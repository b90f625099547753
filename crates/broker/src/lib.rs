//! The node: what Apache Kafka's server does, put together from the cores.
//!
//! Not the job of this crate: the command line, and everything that a core decides.

#![forbid(unsafe_code)]

pub mod api;
pub mod auto_topic_creation;
pub mod broker;
pub mod chance;
pub mod client_telemetry;
pub mod clock;
pub mod codec_pool;
pub mod config;
pub mod controller;
pub mod effective_config;
pub mod environment;
pub mod fatal;
pub mod fetch_sessions;
pub mod groups;
pub mod lifecycle;
pub mod loggers;
pub mod metadata_cache;
pub mod metadata_follower;
pub mod metadata_records;
pub mod node;
pub mod partitions;
pub mod producer_ids;
pub mod quotas;
pub mod requests;
#[cfg(test)]
mod simulated_control_plane;
pub mod telemetry;
pub mod topic_names;
