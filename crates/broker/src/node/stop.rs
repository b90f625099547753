//! The stop of a node, in the order that loses nothing.

use super::Node;
use crate::telemetry::BrokerState;
use std::time::Duration;
use tracing::{info, warn};

/// What is in flight gets so long to be answered. What waits longer than that waits for something
/// that a node which stops can not bring about.
const DRAIN: Duration = Duration::from_secs(5);

pub(super) async fn stop(node: Node) {
    let telemetry = &node.telemetry;
    telemetry.set_broker_state(BrokerState::PendingControlledShutdown);
    if !node.lifecycle.shut_down().await {
        warn!("stop node: the controller did not let the broker go in time");
    }
    telemetry.set_broker_state(BrokerState::ShuttingDown);
    node.groups.close().await;
    for server in node.servers {
        server.drain(DRAIN).await;
    }
    node.follower.stop().await;
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
    drop(node.metrics);
}
