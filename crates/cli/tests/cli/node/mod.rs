//! `klamm server start`: the node as a process, over TCP, with what nobody should send or do.

mod batches;
pub(crate) mod client;
mod crashes;
mod failing_disk;
mod frames;
mod memory;
mod mutations;
pub(crate) mod process;
mod records;
mod requests;
mod starting;
mod topics;
