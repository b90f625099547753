//! The stop of a node, in the order that loses nothing.

use super::Node;
use crate::telemetry::BrokerState;
use std::sync::Arc;
use std::time::Duration;
use tracing::{info, warn};

/// What is in flight gets so long to be answered. What waits longer than that waits for something
/// that a node which stops can not bring about.
const DRAIN: Duration = Duration::from_secs(5);

pub(super) async fn stop(mut node: Node) {
    let telemetry = Arc::clone(&node.telemetry);
    if !node.has_failed {
        telemetry.set_broker_state(BrokerState::PendingControlledShutdown);
        take_leave(&mut node).await;
    }
    drop(node.lifecycle);
    telemetry.set_broker_state(BrokerState::ShuttingDown);
    node.groups.close().await;
    for server in node.servers {
        server.drain(DRAIN).await;
    }
    node.follower.stop().await;
    node.mover.end().await;
    node.upkeep.end().await;
    for report in node.partitions.close().await {
        let path = report.directory.path().display();
        match report.failure {
            None => info!("closed log directory {path}"),
            Some(failure) => warn!("close log directory {path}: {failure}"),
        }
    }
    node.controller.stop().await;
    if let Err(error) = node.quorum.close(node.environment.clock.now()).await {
        warn!("close metadata log: {error}");
    }
    drop(node.watch);
    drop(node.metrics);
}

/// What fails meanwhile may be who would grant it.
async fn take_leave(node: &mut Node) {
    tokio::select! {
        biased;
        failure = node.failures.next() => warn!("stop node: {failure}"),
        is_let_go = node.lifecycle.shut_down() => if !is_let_go {
            warn!("stop node: the controller did not let the broker go in time");
        },
    }
}
