//! One request on its way through a handler: its context, its bytes, and how it is answered.

use crate::api::ListenerKind;
use net::framing::Frame;
use net::request_context::RequestContext;
use net::server::{Answer, Handled, Outcome, Reply, ReplyError, Request};
use protocol::wire::{DecodeError, Message, Reader};
use std::time::Duration;
use thiserror::Error;

/// A request whose version is served.
#[derive(Debug)]
pub struct Call {
    /// Who asks what.
    pub context: RequestContext,
    /// What kind of listener it came in on.
    pub listener: ListenerKind,
    /// All its bytes. Dropping them gives their share of the budget back.
    pub frame: Frame,
    /// Where the body begins in them.
    pub body_position: usize,
    /// For how long the client is held back, for having sent a request at all.
    pub throttle: Duration,
}

/// Why a request ends with its connection, as in Kafka.
#[derive(Debug, Error)]
pub enum Unanswerable {
    /// It cannot be read.
    #[error("read request body: {0}")]
    Malformed(#[from] DecodeError),
    /// The answer cannot be written.
    #[error(transparent)]
    Reply(#[from] ReplyError),
    /// There is nothing that could be answered.
    #[error("{0}")]
    Refused(String),
}

impl Call {
    /// A request that is held back for `throttle`.
    pub fn new(request: Request, listener: ListenerKind, throttle: Duration) -> Self {
        Self {
            context: request.context,
            listener,
            frame: request.frame,
            body_position: request.body_position,
            throttle,
        }
    }

    /// The bytes behind the header.
    pub fn body(&self) -> &[u8] {
        &self.frame.bytes()[self.body_position..]
    }

    /// Reads the body.
    ///
    /// # Errors
    /// When it is not what its version says it is.
    pub fn decode<'a, M: Message<'a>>(&'a self) -> Result<M, Unanswerable> {
        let mut reader = Reader::new(self.body());
        Ok(M::decode(&mut reader, self.context.api_version)?)
    }

    /// For how long the client is held back, as answers say it.
    pub fn throttle_time_ms(&self) -> i32 {
        throttle_time_ms(self.throttle)
    }

    /// Answers in the version of the request.
    ///
    /// # Errors
    /// When the answer cannot be written.
    pub fn answer<'m>(&self, message: &impl Message<'m>) -> Result<Handled, Unanswerable> {
        Ok(Handled::Done(answer(
            &self.context,
            message,
            self.throttle,
        )?))
    }
}

impl Unanswerable {
    /// Closes the connection.
    pub fn close(&self) -> Answer {
        Answer::close(self.to_string())
    }
}

/// The answer to the request of `context`, whose client is held back for `throttle`.
///
/// # Errors
/// When it cannot be written.
pub fn answer<'m>(
    context: &RequestContext,
    message: &impl Message<'m>,
    throttle: Duration,
) -> Result<Answer, Unanswerable> {
    let reply = Reply::new(context, message, Vec::new())?;
    Ok(Answer {
        outcome: Outcome::Reply(reply),
        throttle,
    })
}

/// Answers when the answer is there; the next request of the connection begins meanwhile.
pub fn later(
    answer: impl Future<Output = Result<Answer, Unanswerable>> + Send + 'static,
) -> Handled {
    Handled::Later(Box::pin(async move {
        let answer = answer.await;
        answer.unwrap_or_else(|unanswerable| unanswerable.close())
    }))
}

/// A time to hold back, as answers say it.
pub fn throttle_time_ms(throttle: Duration) -> i32 {
    i32::try_from(throttle.as_millis()).unwrap_or(i32::MAX)
}
