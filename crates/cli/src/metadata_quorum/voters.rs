//! The requests that change who votes. krafka has none of them, so that nodes are asked directly.

use anyhow::Result;
use client::Properties;
use protocol::Uuid;
use protocol::generated::{AddRaftVoterRequest, RemoveRaftVoterRequest};

use super::controller::Controller;
use crate::cluster::direct::{Bootstrap, DirectNode, check};
use crate::cluster::{self, FirstCall};

/// Lets a controller vote.
///
/// # Errors
/// When the quorum refuses, or the node that is asked does not know the request.
pub(super) async fn add(
    controller: &Controller,
    bootstrap: Bootstrap<'_>,
    properties: &Properties,
) -> Result<()> {
    let node = connect("addRaftVoter", bootstrap, properties).await?;
    let timeout_ms = cluster::api_timeout(properties)?.as_millis();
    let request = AddRaftVoterRequest {
        cluster_id: None,
        timeout_ms: i32::try_from(timeout_ms).unwrap_or(i32::MAX),
        voter_id: controller.id,
        voter_directory_id: controller.directory_id,
        listeners: controller.listeners(),
        ..AddRaftVoterRequest::default()
    };
    let answer = node.ask(&request).await?;
    let answer = answer.decode()?;
    Ok(check(answer.error_code, answer.error_message.as_deref())?)
}

/// Lets a controller vote no more.
///
/// # Errors
/// When the quorum refuses, or the node that is asked does not know the request.
pub(super) async fn remove(
    (voter_id, voter_directory_id): (i32, Uuid),
    bootstrap: Bootstrap<'_>,
    properties: &Properties,
) -> Result<()> {
    let node = connect("removeRaftVoter", bootstrap, properties).await?;
    let request = RemoveRaftVoterRequest {
        cluster_id: None,
        voter_id,
        voter_directory_id,
    };
    let answer = node.ask(&request).await?;
    let answer = answer.decode()?;
    Ok(check(answer.error_code, answer.error_message.as_deref())?)
}

/// A broker, which passes the request on, or the active controller.
async fn connect<'a>(
    call: &'static str,
    bootstrap: Bootstrap<'_>,
    properties: &'a Properties,
) -> Result<DirectNode<'a>> {
    let node = DirectNode::connect(bootstrap, properties, FirstCall::named(call)).await?;
    match bootstrap {
        Bootstrap::Brokers(_) => Ok(node),
        Bootstrap::Controllers(_) => node.controller(None).await,
    }
}
