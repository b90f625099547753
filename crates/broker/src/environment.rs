//! What a node needs from outside of itself, chosen where it is put together: the operating
//! system's, or simulated.

use crate::chance::Chance;
use crate::clock::Clock;
use crate::loggers::Loggers;
use net::timers::Timers;
use net::transport::Transport;
use std::sync::Arc;
use storage::disk::Disk;
use tokio::runtime::Handle;

/// The surroundings of a node; clones share them.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Where its files are.
    pub disk: Arc<dyn Disk>,
    /// How it is reached.
    pub transport: Arc<dyn Transport>,
    /// What time it is.
    pub clock: Clock,
    /// What it does not decide itself.
    pub chance: Chance,
    /// The timers of the runtime that requests run on.
    pub timers: Timers,
    /// The runtime of the control plane (quorum, controller, heartbeats), so that a busy data path
    /// does not cost an election. May be the one of the requests.
    pub control: Handle,
    /// What its log writes.
    pub loggers: Arc<dyn Loggers>,
}
