//! The active controller of a node: one task that owns the controller's state and answers what
//! comes through [`ControllerChannel`], in order.
//!
//! ```text
//! call ──> decode, authorise ──> decide ──> append ──> replay ──> (first come, first served)
//!                                                                   commit ──> answer
//! ```
//!
//! Not the job of this module: what is decided (crate `metadata`), the log (crate `quorum`), and
//! showing the committed image to the node (`metadata_follower`).
//!
//! Invariants:
//! - Decisions are taken on everything that was appended before, and answered only when all that
//!   they went by is committed; those that wait share a flush.
//! - No record gets into the log that the state refuses: it is replayed on a clone first, which is
//!   dropped when the append fails.
//! - Before activation and after the end every call is answered with NOT_CONTROLLER.
//! - Nobody is fenced before all calls that had arrived are heard: a busy controller must not take
//!   its own lateness for a broker's silence.
//! - All of it runs on the control runtime.
//!
//! Departure from Kafka: a broker that an earlier process of this very node left behind is fenced
//! at activation, instead of after its session. This process holds the locks of its directories, so
//! it is known to be gone.

mod activation;
mod active;
mod api;
mod channel;
mod commits;
mod request;
mod run;
mod topic_configs;

pub use activation::read_bootstrap_records;
pub use active::ControllerError;
pub use channel::{ControllerChannel, ControllerResponse, Forwarded};

use crate::config::BrokerConfig;
use crate::environment::Environment;
use crate::fatal::Fatal;
use crate::lifecycle::AdvertisedListener;
use crate::requests::{Authorizer, Quotas};
use channel::Call;
use metadata::VersionedRecord;
use protocol::Uuid;
use quorum::Quorum;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// How many calls wait for their turn; whoever comes then waits before that.
const CALLS_WAITING_MAX: usize = 1024;

/// The keys of `server.properties` that the controller goes by, and what it knows of its node.
#[derive(Debug, Clone)]
pub struct ControllerSettings {
    /// What decisions go by.
    pub decisions: metadata::controller::ControllerSettings,
    /// `broker.session.timeout.ms`.
    pub session_timeout_ms: u64,
    /// `metadata.max.idle.interval.ms`; none is never.
    pub idle_interval_ms: Option<u64>,
    /// `delete.topic.enable`.
    pub is_topic_deletion_enabled: bool,
    /// Where it says that it is reached.
    pub listeners: Vec<AdvertisedListener>,
    /// The ids of the log directories that this process has locked.
    pub held_directories: Vec<Uuid>,
}

/// What a controller is made of.
#[derive(Clone)]
pub struct ControllerParts {
    /// Where it runs.
    pub environment: Environment,
    /// Its log, opened and not started.
    pub quorum: Arc<Quorum>,
    /// What it goes by.
    pub settings: ControllerSettings,
    /// The records that an empty log begins with.
    pub bootstrap: Vec<VersionedRecord>,
    /// What the node was started with, and what configuration keys mean.
    pub config: Arc<BrokerConfig>,
    /// Who may do what.
    pub authorizer: Arc<dyn Authorizer>,
    /// Who is held back.
    pub quotas: Arc<dyn Quotas>,
    /// Whom it tells that it cannot go on.
    pub fatal: Fatal,
}

/// A controller that runs. It ends when this is dropped; [`Self::stop`] waits for that.
#[derive(Debug)]
pub struct ActiveController {
    channel: ControllerChannel,
    is_active: watch::Receiver<bool>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl ActiveController {
    /// Starts the quorum, and with it the controller, on the control runtime.
    pub fn start(parts: ControllerParts) -> Self {
        let (sender, calls) = mpsc::channel::<Call>(CALLS_WAITING_MAX);
        let channel = ControllerChannel::new(sender, parts.environment.clock.clone());
        let (activation, is_active) = watch::channel(false);
        let (stop, stopped) = oneshot::channel();
        let control = parts.environment.control.clone();
        let task = control.spawn(run::run(parts, calls, activation, stopped));
        Self {
            channel,
            is_active,
            stop,
            task,
        }
    }

    /// Ends it when everything it has appended is committed and answered.
    pub async fn stop(self) {
        // Either may have ended already.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }

    /// How it is reached.
    pub fn channel(&self) -> ControllerChannel {
        self.channel.clone()
    }

    /// Waits until it takes calls; returns whether it ever does. If not, the reason was reported as
    /// fatal.
    pub async fn activated(&self) -> bool {
        let mut is_active = self.is_active.clone();
        is_active.wait_for(|is_active| *is_active).await.is_ok()
    }
}

#[cfg(test)]
mod tests;
