//! The answers of a connection: in the order of the requests, small ones gathered, slices of files
//! sent from where they are.
//!
//! Invariant: an answer that has begun is sent whole, or the connection ends.

use super::connection::{Shared, is_set};
use super::flow::Flow;
use super::observer::{CloseReason, RequestSizes, RequestTimes};
use super::output::Output;
use super::service::{Answer, Outcome};
use crate::BoxFuture;
use crate::request_context::RequestContext;
use crate::transport::WriteHalf;
use std::time::Duration;
use tokio::sync::mpsc::{self, error::TryRecvError};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// A request whose answer has not been sent.
pub(super) struct Pending {
    pub(super) context: RequestContext,
    pub(super) request_bytes: usize,
    pub(super) started_at: Instant,
    pub(super) handled_at: Instant,
    pub(super) stage: Stage,
}

pub(super) enum Stage {
    /// The answer, and since when it is complete.
    Done(Answer, Instant),
    Later(Waiting),
}

/// A task that ends when nobody waits for it any more.
pub(super) struct Waiting(JoinHandle<(Answer, Instant)>);

struct Outgoing<'a> {
    shared: &'a Shared,
    flow: &'a Flow,
    output: Output<'a>,
    reading_end: watch::Receiver<bool>,
    /// Answers in the output that were not flushed yet.
    unflushed: Vec<(RequestContext, RequestTimes, RequestSizes)>,
}

/// Writes answers until no more can come, or until one is not there and reading has ended.
pub(super) async fn write(
    shared: &Shared,
    writer: Box<dyn WriteHalf>,
    mut queue: mpsc::Receiver<Pending>,
    flow: &Flow,
) -> Result<(), CloseReason> {
    let mut outgoing = Outgoing {
        shared,
        flow,
        output: Output::new(writer, &shared.timers, shared.config.patience.idle),
        reading_end: flow.reading_end(),
        unflushed: Vec::new(),
    };
    loop {
        let pending = match queue.try_recv() {
            Ok(pending) => Some(pending),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                outgoing.flush().await?;
                queue.recv().await
            }
        };
        let Some(pending) = pending else {
            break;
        };
        if !outgoing.answer(pending).await? {
            break;
        }
    }
    outgoing.flush().await?;
    outgoing.output.shut_down().await
}

impl Stage {
    pub(super) fn later(rest: BoxFuture<'static, Answer>) -> Self {
        Self::Later(Waiting(tokio::spawn(async {
            let answer = rest.await;
            (answer, Instant::now())
        })))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Outgoing<'_> {
    /// Whether to go on with the next one.
    async fn answer(&mut self, pending: Pending) -> Result<bool, CloseReason> {
        let (answer, completed_at) = match pending.stage {
            Stage::Done(answer, completed_at) => (answer, completed_at),
            Stage::Later(mut waiting) => {
                if !waiting.0.is_finished() {
                    self.flush().await?;
                }
                let finished = tokio::select! {
                    biased;
                    finished = &mut waiting.0 => finished,
                    () = is_set(&mut self.reading_end) => return Ok(false),
                };
                finished.map_err(|error| CloseReason::Handler(error.to_string()))?
            }
        };
        let send_started_at = Instant::now();
        let response_bytes = match answer.outcome {
            Outcome::Reply(reply) => {
                let size = reply.size();
                self.output.put(reply).await?;
                size
            }
            Outcome::NoReply => 0,
            Outcome::Close { cause } => {
                self.flush().await?;
                return Err(CloseReason::Handler(cause));
            }
        };
        if answer.throttle > Duration::ZERO {
            self.flow.mute_until(send_started_at + answer.throttle);
        }
        let times = RequestTimes {
            received_at: pending.context.received_at,
            started_at: pending.started_at,
            handled_at: pending.handled_at,
            completed_at,
            send_started_at,
            sent_at: send_started_at,
        };
        let sizes = RequestSizes {
            request_bytes: pending.request_bytes,
            response_bytes,
        };
        self.unflushed.push((pending.context, times, sizes));
        Ok(true)
    }

    async fn flush(&mut self) -> Result<(), CloseReason> {
        self.output.flush().await?;
        let sent_at = Instant::now();
        for (context, times, sizes) in self.unflushed.drain(..) {
            self.flow.end_request();
            let times = RequestTimes { sent_at, ..times };
            self.shared
                .observer
                .request_answered(&context, &times, sizes);
        }
        Ok(())
    }
}
