//! Requests that change metadata: a broker passes them on to the active controller as they are
//! (KIP-590) and its answers back.
//!
//! Not the job of this module: what is allowed and what becomes of it; the controller decides. What
//! a request is answered with when no controller can be reached, the file of its API knows.

use crate::broker::Broker;
use crate::requests::{Call, Unanswerable};
use net::server::{Handled, Reply};
use protocol::ErrorCode;

/// Passes a request on. The next one of its connection waits until it is answered, so that changes
/// of one client happen in the order in which it asked for them.
pub(super) async fn forward(
    broker: &Broker,
    call: &Call,
    refused: impl FnOnce(ErrorCode) -> Result<Handled, Unanswerable>,
) -> Result<Handled, Unanswerable> {
    match broker.controller.forward(&call.context, call.body()).await {
        Ok(body) => Ok(Handled::Done(Reply::of_body(&call.context, &body)?.into())),
        Err(error) => refused(error),
    }
}
