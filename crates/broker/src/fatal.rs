//! Failures after which a node must not go on: whoever finds one reports it here, and whoever put
//! the node together waits for the first report and stops the node.
//!
//! Not the job of this module: failures that take along one log directory or one request only.

use std::error::Error;
use std::future::pending;
use thiserror::Error;
use tokio::sync::mpsc;

/// Takes reports; clones report to the same node.
#[derive(Debug, Clone)]
pub struct Fatal {
    reports: mpsc::UnboundedSender<FatalError>,
}

/// Hands out reports.
#[derive(Debug)]
pub struct FatalErrors {
    reports: mpsc::UnboundedReceiver<FatalError>,
}

/// Why a node must stop.
#[derive(Debug, Error)]
#[error("run {part}: {source}")]
pub struct FatalError {
    /// The part of the node that cannot go on.
    pub part: &'static str,
    /// What it met.
    pub source: Box<dyn Error + Send + Sync>,
}

impl Fatal {
    /// Both ends, for one node.
    pub fn channel() -> (Self, FatalErrors) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { reports: sender }, FatalErrors { reports: receiver })
    }

    /// Reports that `part` cannot go on.
    pub fn report(&self, part: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) {
        let source = source.into();
        // Nobody receives any more when the node is stopping anyway.
        let _ = self.reports.send(FatalError { part, source });
    }
}

impl FatalErrors {
    /// Waits for the next report.
    pub async fn next(&mut self) -> FatalError {
        match self.reports.recv().await {
            Some(report) => report,
            None => pending().await,
        }
    }
}
