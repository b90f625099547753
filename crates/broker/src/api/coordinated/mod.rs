//! What the handlers of group requests share: bringing a request before its coordinator in order,
//! and answering when the coordinator has.
//!
//! Not the job of this module: what a request means, and who may make it.

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::time::Duration;

use coordinator::{Caller, Coordinator, Effects, Response, WaiterId};
use net::request_context::RequestContext;
use net::server::Handled;
use protocol::time::Now;
use protocol::wire::Message;
use tokio::sync::oneshot::error::RecvError;

use crate::broker::Broker;
use crate::requests::{self, Call, Unanswerable, answer};

/// Who asks, in the terms of the coordinator.
#[derive(Debug, Clone)]
pub(super) struct Client {
    api_version: i16,
    client_id: String,
    host: String,
}

impl Client {
    pub(super) fn of(context: &RequestContext) -> Self {
        Self {
            api_version: context.api_version,
            client_id: context.client_id.as_deref().unwrap_or_default().to_owned(),
            host: java_host(context.connection.peer.ip()),
        }
    }

    pub(super) fn caller(&self, waiter: WaiterId) -> Caller<'_> {
        Caller {
            waiter,
            api_version: self.api_version,
            client_id: &self.client_id,
            client_host: &self.host,
        }
    }
}

/// Brings a request before the coordinator of its group, and answers with what `message` makes of
/// the response and of the time in milliseconds for which the client is held back. `request` is
/// given the call, whose body it reads once more, so that nothing of it has to be copied.
pub(super) fn ask<M: Message<'static>>(
    broker: &Broker,
    call: Call,
    group_id: &str,
    request: impl FnOnce(&Call, &mut Coordinator, Now, &Caller<'_>) -> Effects + Send + 'static,
    message: impl FnOnce(Response, i32) -> M + Send + 'static,
) -> Handled {
    let (context, throttle) = (call.context.clone(), call.throttle);
    let throttle_time_ms = call.throttle_time_ms();
    let client = Client::of(&context);
    let partition = broker.groups.partition_for(group_id);
    let response = broker
        .groups
        .ask(partition, move |coordinator, now, waiter| {
            request(&call, coordinator, now, &client.caller(waiter))
        });
    later(context, throttle, async move {
        Ok(message(response.await?, throttle_time_ms))
    })
}

/// Answers when the message is there. Without one the node is about to stop.
pub(super) fn later<M: Message<'static>>(
    context: RequestContext,
    throttle: Duration,
    message: impl Future<Output = Result<M, RecvError>> + Send + 'static,
) -> Handled {
    requests::later(async move {
        let ended = "answer group request: the coordinator has ended";
        let message = message.await;
        let message = message.map_err(|_| Unanswerable::Refused(ended.to_owned()))?;
        answer(&context, &message, throttle)
    })
}

/// An address as Java prints that of a connection: a slash and the number, nothing abbreviated.
fn java_host(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => format!("/{address}"),
        IpAddr::V6(address) => {
            let parts = address.segments().map(|part| format!("{part:x}"));
            format!("/{}", parts.join(":"))
        }
    }
}
