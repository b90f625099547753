//! Requests that change metadata: a broker passes them on to the active controller as they are
//! (KIP-590) and its answers back.
//!
//! A client sees what it has changed: its answer leaves when the change is in effect on this
//! broker, so that its next request finds the topic that it has just created. Kafka answers as soon
//! as the change is committed.
//!
//! Not the job of this module: what is allowed and what becomes of it; the controller decides. What
//! a request is answered with when no controller can be reached, the file of its API knows.

use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::{Handled, Reply};
use protocol::ErrorCode;
use std::time::Duration;
use tokio::time::timeout;

/// How long an answer waits for a broker that is slow to take the change in; it has happened then.
const IN_EFFECT_WITHIN: Duration = Duration::from_secs(10);

/// Passes a request on. The next one of its connection waits until it is answered, so that changes
/// of one client happen in the order in which it asked for them.
pub(super) async fn forward(
    broker: &Broker,
    call: &Call,
    refused: impl FnOnce(ErrorCode) -> Result<Handled, Unanswerable>,
) -> Result<Handled, Unanswerable> {
    match broker.controller.forward(&call.context, call.body()).await {
        Ok(forwarded) => {
            let in_effect = broker.metadata.reached(forwarded.end_offset);
            // Late or not, what was asked for is done.
            let _ = timeout(IN_EFFECT_WITHIN, in_effect).await;
            let reply = Reply::of_body(&call.context, &forwarded.body)?;
            Ok(Handled::Done(reply.into()))
        }
        Err(error) => refused(error),
    }
}
