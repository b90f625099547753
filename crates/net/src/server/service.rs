//! What a server hands requests to, and what it gets back.
//!
//! Requests of a connection *begin* in order, one after the other: Kafka handles one request of a
//! connection at a time, and producers without sequence numbers rely on it. What a request only
//! waits for (acks, bytes, members of a group) holds the next one up no longer: it is left behind
//! as [`Handled::Later`], and the answers are put in order again.

use super::reply::Reply;
use crate::BoxFuture;
use crate::framing::Frame;
use crate::request_context::RequestContext;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Handles requests.
pub trait Service: Send + Sync + 'static {
    /// Handles one request up to the point where the next one of its connection may begin. The
    /// future is run to its end even if the client goes away, except when a drain runs out of time.
    fn call(self: Arc<Self>, request: Request) -> BoxFuture<'static, Handled>;
}

/// One request, as received.
#[derive(Debug)]
pub struct Request {
    /// Who asks what.
    pub context: RequestContext,
    /// All its bytes. Dropping them gives their share of the budget back.
    pub frame: Frame,
    /// Where the body begins in them.
    pub body_position: usize,
}

/// How far a request has got.
pub enum Handled {
    /// The answer is there.
    Done(Answer),
    /// It has to wait for something. Dropped when the client goes away.
    Later(BoxFuture<'static, Answer>),
}

/// How a request ends.
#[derive(Debug)]
pub struct Answer {
    /// What is sent.
    pub outcome: Outcome,
    /// For how long the connection is not read from afterwards, because a quota is exceeded
    /// (KIP-219).
    pub throttle: Duration,
}

/// What is sent in answer.
#[derive(Debug)]
pub enum Outcome {
    /// These bytes.
    Reply(Reply),
    /// Nothing, as a produce with acks=0 wants it.
    NoReply,
    /// Nothing, and the connection is closed behind the answers before.
    Close {
        /// Why, for the log.
        cause: String,
    },
}

impl Request {
    /// The bytes behind the header.
    pub fn body(&self) -> &[u8] {
        &self.frame.bytes()[self.body_position..]
    }
}

impl Answer {
    /// Answers at once and throttles nobody.
    pub const fn of(outcome: Outcome) -> Self {
        Self {
            outcome,
            throttle: Duration::ZERO,
        }
    }

    /// Closes the connection.
    pub fn close(cause: impl Into<String>) -> Self {
        let cause = cause.into();
        Self::of(Outcome::Close { cause })
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::of(Outcome::Reply(reply))
    }
}

impl fmt::Debug for Handled {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(answer) => answer.fmt(formatter),
            Self::Later(_) => formatter.write_str("Later"),
        }
    }
}
