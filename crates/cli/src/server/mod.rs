//! `klamm server`: the node as a process.
//!
//! Not the job of this module: what the node does; that is the crate `broker`.

mod arguments;
mod descriptors;
mod logging;
mod panics;
mod run;
mod runtimes;
mod signals;
mod standalone;
mod start;

pub(crate) use run::run;
