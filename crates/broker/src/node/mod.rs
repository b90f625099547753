//! A node, put together: what starts after what, and what stops before what.
//!
//! ```text
//! addresses taken ─> quorum ─> controller ─> metadata read ─> logs loaded ─> partitions
//!     ─> coordinators ─> metadata followed ─> broker registered ─> listeners ─> ready
//! ```
//!
//! A stop goes the other way: the broker takes its leave, requests in flight are answered,
//! coordinators and upkeep end, logs are closed, then the controller and the quorum.
//!
//! Not the job of this module: the command line, formatting, and what any part does.
//!
//! Invariants:
//! - Nothing is accepted before the node can answer it.
//! - The mark of a clean stop is written only behind the last append.
//! - A node that has failed asks nobody for leave: who would grant it may be what has failed.

mod connection_limits;
mod directories;
mod directory_watch;
mod error;
mod gauges;
mod listeners;
mod publisher;
mod settings;
mod start;
mod stop;

pub use directories::NodeDirectories;
pub use error::StartError;
pub use listeners::BoundListener;

use crate::broker::Broker;
use crate::config::BrokerConfig;
use crate::controller::ActiveController;
use crate::environment::Environment;
use crate::fatal::{FatalError, FatalErrors};
use crate::groups::Groups;
use crate::lifecycle::BrokerLifecycle;
use crate::metadata_follower::MetadataFollower;
use crate::partitions::{Partitions, ReplicaMover, Upkeep};
use crate::telemetry::Telemetry;
use crate::telemetry::endpoint::MetricsEndpoint;
use directory_watch::DirectoryWatch;
use net::server::Server;
use quorum::Quorum;
use std::fmt;
use std::sync::Arc;
use storage::directories::ClaimedDirectories;

/// A broker and controller that serve.
pub struct Node {
    environment: Environment,
    broker: Arc<Broker>,
    telemetry: Arc<Telemetry>,
    listeners: Vec<BoundListener>,
    servers: Vec<Server>,
    metrics: Option<MetricsEndpoint>,
    lifecycle: Arc<BrokerLifecycle>,
    watch: DirectoryWatch,
    upkeep: Upkeep,
    mover: ReplicaMover,
    follower: MetadataFollower,
    groups: Arc<Groups>,
    partitions: Arc<Partitions>,
    controller: ActiveController,
    quorum: Arc<Quorum>,
    failures: FatalErrors,
    has_failed: bool,
    /// Keeps the directory of the metadata log locked if it is apart.
    _metadata_directory: Option<ClaimedDirectories>,
}

impl Node {
    /// Starts a node on the present runtime and returns when it serves.
    ///
    /// # Errors
    /// When it cannot serve; then nothing of it is left running.
    pub async fn start(
        environment: Environment,
        config: Arc<BrokerConfig>,
        directories: NodeDirectories,
    ) -> Result<Self, StartError> {
        start::start(environment, config, directories).await
    }

    /// Where it accepts connections.
    pub fn listeners(&self) -> &[BoundListener] {
        &self.listeners
    }

    /// Who it is.
    pub fn identity(&self) -> &crate::broker::Identity {
        &self.broker.identity
    }

    /// Waits until it cannot go on; it is to be stopped then.
    pub async fn failed(&mut self) -> FatalError {
        let failure = self.failures.next().await;
        self.has_failed = true;
        failure
    }

    /// Takes leave of the cluster unless it has failed, answers what is in flight and closes the
    /// logs.
    pub async fn stop(self) {
        stop::stop(self).await;
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Node")
            .field("listeners", &self.listeners)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
