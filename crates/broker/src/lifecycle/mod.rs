//! The life of a broker as the controller sees it: it registers, reads the metadata up to its own
//! registration, becomes unfenced, heartbeats, and takes its leave (KIP-631, KIP-841).
//!
//! ```text
//! registering ──> fenced ──caught up, ready──> running ──controlled shutdown──> shut down
//! ```
//!
//! Not the job of this module: what the controller decides, and when the rest of the node is ready.
//!
//! Invariants:
//! - It does not ask to be unfenced before the node says that it is ready and the metadata that are
//!   in effect contain its registration.
//! - Nothing waits for an interval that could be woken by its event; the interval is what keeps the
//!   session alive.
//! - It runs on the control runtime, so that a busy data path does not cost the session.

mod heartbeats;
mod registration;

pub use registration::AdvertisedListener;

use crate::controller::ControllerChannel;
use crate::environment::Environment;
use crate::fatal::Fatal;
use crate::metadata_cache::MetadataCache;
use heartbeats::Heartbeats;
use protocol::{ErrorCode, Uuid};
use registration::Registration;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

/// How soon a failed request is tried again; each failure in a row doubles it.
const BACKOFF_MIN: Duration = Duration::from_millis(50);

/// The keys of `server.properties` that a broker's life goes by, and what it registers.
#[derive(Debug, Clone)]
pub struct LifecycleSettings {
    /// `node.id`.
    pub broker_id: i32,
    /// The cluster it belongs to.
    pub cluster_id: String,
    /// `broker.rack`.
    pub rack: Option<String>,
    /// `advertised.listeners`.
    pub listeners: Vec<AdvertisedListener>,
    /// The ids of the log directories that are online.
    pub directories: Vec<Uuid>,
    /// The epoch that the last clean stop left behind.
    pub previous_broker_epoch: Option<i64>,
    /// `broker.heartbeat.interval.ms`.
    pub heartbeat_interval_ms: u64,
    /// `initial.broker.registration.timeout.ms`.
    pub registration_timeout_ms: u64,
    /// How long a stop waits for the controller's leave; Kafka waits for five minutes.
    pub controlled_shutdown_timeout_ms: u64,
}

/// What a lifecycle is made of.
#[derive(Debug, Clone)]
pub struct LifecycleParts {
    /// Where it runs.
    pub environment: Environment,
    /// Who decides.
    pub controller: ControllerChannel,
    /// What is in effect on this node.
    pub metadata: Arc<MetadataCache>,
    /// What it goes by.
    pub settings: LifecycleSettings,
    /// Where it puts the epoch of its registration, for the parts of the node that go by it.
    pub broker_epoch: Arc<AtomicI64>,
    /// Whom it tells that it cannot go on.
    pub fatal: Fatal,
}

/// A broker's life. It ends without leave when this is dropped.
#[derive(Debug)]
pub struct BrokerLifecycle {
    wants: watch::Sender<Wants>,
    status: watch::Receiver<Status>,
    controlled_shutdown_timeout: Duration,
}

/// The life is over: the broker was not registered in time, or has been stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("wait for broker: it is not part of the cluster any more")]
pub struct LifeIsOver;

/// What the node wants.
#[derive(Debug, Clone, Default)]
struct Wants {
    is_ready: bool,
    is_stopping: bool,
    offline_directories: BTreeSet<Uuid>,
}

/// What the controller has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Status {
    broker_epoch: Option<i64>,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not registered, or registered and fenced.
    Fenced,
    Running,
    ShutDown,
}

/// Why a broker cannot begin.
#[derive(Debug, Error)]
enum LifecycleError {
    #[error("register broker: not done after {waited_ms} ms, last answer {last}")]
    NotRegistered { waited_ms: u64, last: ErrorCode },
}

impl BrokerLifecycle {
    /// Begins to register the broker.
    pub fn start(parts: LifecycleParts) -> Self {
        let (wants, wanted) = watch::channel(Wants::default());
        let (status, statuses) = watch::channel(Status {
            broker_epoch: None,
            phase: Phase::Fenced,
        });
        let shutdown_ms = parts.settings.controlled_shutdown_timeout_ms;
        let control = parts.environment.control.clone();
        control.spawn(live(parts, wanted, status));
        Self {
            wants,
            status: statuses,
            controlled_shutdown_timeout: Duration::from_millis(shutdown_ms),
        }
    }

    /// Tells that the node can serve, and waits until the controller has let it.
    ///
    /// # Errors
    /// When it never will.
    pub async fn become_ready(&self) -> Result<(), LifeIsOver> {
        self.wants.send_modify(|wants| wants.is_ready = true);
        let mut status = self.status.clone();
        let running = status.wait_for(|status| status.phase != Phase::Fenced);
        let phase = running.await.map_err(|_| LifeIsOver)?.phase;
        match phase {
            Phase::Running => Ok(()),
            Phase::Fenced | Phase::ShutDown => Err(LifeIsOver),
        }
    }

    /// Tells that a log directory does not work any more (KIP-858).
    pub fn report_offline_directory(&self, directory: Uuid) {
        self.wants
            .send_if_modified(|wants| wants.offline_directories.insert(directory));
    }

    /// Gives up all leaderships and waits until the controller lets the broker go, for so long as
    /// the settings say at the most; returns whether it was let go.
    pub async fn shut_down(&self) -> bool {
        self.wants.send_modify(|wants| wants.is_stopping = true);
        let mut status = self.status.clone();
        let let_go = status.wait_for(|status| status.phase == Phase::ShutDown);
        matches!(
            timeout(self.controlled_shutdown_timeout, let_go).await,
            Ok(Ok(_))
        )
    }

    /// The epoch of this incarnation, once it is registered.
    pub fn broker_epoch(&self) -> Option<i64> {
        self.status.borrow().broker_epoch
    }
}

async fn live(
    parts: LifecycleParts,
    mut wanted: watch::Receiver<Wants>,
    status: watch::Sender<Status>,
) {
    let incarnation_id = parts.environment.chance.uuid();
    let registration = Registration {
        settings: &parts.settings,
        controller: &parts.controller,
        incarnation_id,
    };
    let registered = tokio::select! {
        biased;
        _ = wanted.wait_for(|wants| wants.is_stopping) => return,
        registered = registration.register() => registered,
    };
    let broker_epoch = match registered {
        Ok(broker_epoch) => broker_epoch,
        Err(error) => return parts.fatal.report("broker lifecycle", error),
    };
    parts.broker_epoch.store(broker_epoch, Ordering::Release);
    status.send_modify(|status| status.broker_epoch = Some(broker_epoch));
    let heartbeats = Heartbeats {
        parts,
        broker_epoch,
        incarnation_id,
        wanted,
        status,
        was_refused: false,
    };
    heartbeats.run().await;
}

/// How long to wait after so many failures in a row.
fn backoff(failure_count: u32, longest: Duration) -> Duration {
    let doubled = BACKOFF_MIN.saturating_mul(1 << failure_count.saturating_sub(1).min(16));
    doubled.min(longest)
}

fn milliseconds_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
