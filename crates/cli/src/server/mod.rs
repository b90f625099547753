//! `klamm server`: the node as a process, and the commands on nodes that run.
//!
//! Not the job of this module: what the node does; that is the crate `broker`.

mod arguments;
mod background;
mod control;
mod descriptors;
mod log_levels;
mod logging;
mod panics;
mod presence;
mod restart;
mod run;
mod running;
mod runtimes;
mod selection;
pub(crate) mod signals;
mod standalone;
mod start;
mod statement;
mod status;
mod stop;

pub(crate) use restart::run as restart;
pub(crate) use run::run;
pub(crate) use status::run as status;
pub(crate) use stop::run as stop;

/// The name that the command which starts a node has in Kafka.
pub(crate) const START: &str = "kafka-server-start";
