//! One connection of a server: reads requests, has them handled in order, and leaves the answers to
//! the other direction (`answers`).
//!
//! Invariants:
//! - No more requests than allowed are in flight; beyond that nothing is read.
//! - While the budget has nothing left, nothing is read, and the client is not blamed for it.
//! - A handler that has begun runs to its end, whatever becomes of the connection.

use super::ServerConfig;
use super::answers::{self, Pending, Stage};
use super::flow::Flow;
use super::observer::{CloseReason, Observer};
use super::patience::Patience;
use super::service::{Handled, Outcome, Request, Service};
use crate::byte_budget::ByteBudget;
use crate::framing::{Frame, FrameError, FrameReader, Progress};
use crate::request_context::{ConnectionContext, RequestContext};
use crate::timers::{Sleep, Timers};
use crate::transport::Connection;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// What all connections of a listener have in common.
pub(super) struct Shared {
    pub(super) config: ServerConfig,
    pub(super) service: Arc<dyn Service>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) budget: ByteBudget,
    pub(super) timers: Timers,
}

type Source = Box<dyn AsyncRead + Send + Unpin>;

struct Incoming {
    shared: Arc<Shared>,
    context: Arc<ConnectionContext>,
    frames: FrameReader<Source>,
    flow: Arc<Flow>,
    mute: watch::Receiver<Option<Instant>>,
    drain: watch::Receiver<bool>,
    patience: Patience,
    alarm: Sleep,
}

/// Why reading has ended.
enum End {
    /// This is why the connection ends, when the answers still due are sent.
    Reason(CloseReason),
    /// The other direction ended first and knows why.
    AnswersEnded,
}

/// Serves a connection to its end.
pub(super) async fn serve(
    shared: Arc<Shared>,
    context: Arc<ConnectionContext>,
    connection: Connection,
    drain: watch::Receiver<bool>,
) -> CloseReason {
    let (queue, pending) = mpsc::channel(shared.config.in_flight_count_max.max(1));
    let flow = Arc::new(Flow::new());
    let now = Instant::now();
    let patience = Patience::new(shared.config.patience.clone(), now);
    let incoming = Incoming {
        frames: FrameReader::new(
            connection.reader,
            shared.config.request_bytes_max,
            shared.budget.clone(),
        ),
        mute: flow.mute(),
        alarm: shared.timers.sleep_until(patience.deadline()),
        flow: Arc::clone(&flow),
        shared: Arc::clone(&shared),
        context,
        drain,
        patience,
    };
    let reading = async {
        let end = incoming.run(queue).await;
        if !matches!(end, End::Reason(CloseReason::Drained)) {
            flow.end_reading();
        }
        end
    };
    let writing = answers::write(&shared, connection.writer, pending, &flow);
    match tokio::join!(reading, writing) {
        (End::Reason(reason), _) => reason,
        (End::AnswersEnded, written) => written.err().unwrap_or(CloseReason::PeerClosed),
    }
}

impl Incoming {
    async fn run(mut self, queue: mpsc::Sender<Pending>) -> End {
        loop {
            let place = tokio::select! {
                biased;
                () = is_set(&mut self.drain) => return End::Reason(CloseReason::Drained),
                place = queue.reserve() => place,
            };
            let Ok(place) = place else {
                return End::AnswersEnded;
            };
            let frame = match self.next_frame(&queue).await {
                Ok(frame) => frame,
                Err(end) => return end,
            };
            let pending = match handle(&self.shared, &self.context, &self.flow, frame).await {
                Ok(pending) => pending,
                Err(reason) => return End::Reason(reason),
            };
            let cause = pending.close_cause().map(str::to_owned);
            place.send(pending);
            if let Some(cause) = cause {
                return End::Reason(CloseReason::Handler(cause));
            }
        }
    }

    async fn next_frame(&mut self, queue: &mpsc::Sender<Pending>) -> Result<Frame, End> {
        loop {
            let muted_until = *self.mute.borrow_and_update();
            let muted_until = muted_until.filter(|until| *until > Instant::now());
            let unmuted = sleep_if(&self.shared.timers, muted_until);
            let is_waiting = muted_until.is_some() || self.frames.needs_charge();
            // A client that is muted, or waits for the budget, is not to blame for silence.
            if !is_waiting && self.alarm.deadline() > self.patience.deadline() {
                self.alarm.reset(self.patience.deadline());
            }
            tokio::select! {
                biased;
                () = queue.closed() => return Err(End::AnswersEnded),
                () = is_set(&mut self.drain) => return Err(End::Reason(CloseReason::Drained)),
                () = unmuted, if muted_until.is_some() => self.patience.excuse(Instant::now()),
                _ = self.mute.changed() => {}
                step = step(&mut self.frames), if muted_until.is_none() => {
                    let now = Instant::now();
                    match step.map_err(|error| End::Reason(error.into()))? {
                        None => self.patience.excuse(now),
                        Some(Progress::Bytes(count)) => self.patience.bytes(count, now),
                        Some(Progress::Closed) => return Err(End::Reason(CloseReason::PeerClosed)),
                        Some(Progress::Frame(frame)) => {
                            self.patience.frame(now);
                            return Ok(frame);
                        }
                    }
                }
                () = &mut self.alarm, if !is_waiting => self.check_patience()?,
            }
        }
    }

    fn check_patience(&mut self) -> Result<(), End> {
        let in_flight = self.flow.has_requests();
        if let Some(reason) = self.patience.exhausted(Instant::now(), in_flight) {
            return Err(End::Reason(reason));
        }
        self.alarm.reset(self.patience.deadline());
        Ok(())
    }
}

/// Has a request begin, and waits until the next one may.
async fn handle(
    shared: &Shared,
    connection: &Arc<ConnectionContext>,
    flow: &Flow,
    frame: Frame,
) -> Result<Pending, CloseReason> {
    let received_at = Instant::now();
    let (context, body_position) = RequestContext::read(connection, frame.bytes(), received_at)?;
    let request_bytes = frame.bytes().len();
    let request = Request {
        context: context.clone(),
        frame,
        body_position,
    };
    flow.begin_request();
    // Requests begin as soon as their turn has come, so the turn is where the queue ends.
    let started_at = Instant::now();
    let handled = Arc::clone(&shared.service).call(request).await;
    let handled_at = Instant::now();
    let stage = match handled {
        Handled::Done(answer) => {
            if answer.throttle > Duration::ZERO {
                flow.mute_until(handled_at + answer.throttle);
            }
            Stage::Done(answer, handled_at)
        }
        Handled::Later(rest) => Stage::later(rest),
    };
    Ok(Pending {
        context,
        request_bytes,
        started_at,
        handled_at,
        stage,
    })
}

/// Has the budget charged, or reads once.
async fn step(frames: &mut FrameReader<Source>) -> Result<Option<Progress>, FrameError> {
    if frames.needs_charge() {
        frames.charge().await;
        return Ok(None);
    }
    frames.read().await.map(Some)
}

/// Completes when the flag is set; never, if whoever could set it is gone.
pub(super) async fn is_set(flag: &mut watch::Receiver<bool>) {
    if flag.wait_for(|set| *set).await.is_err() {
        std::future::pending().await
    }
}

async fn sleep_if(timers: &Timers, until: Option<Instant>) {
    if let Some(until) = until {
        timers.sleep_until(until).await;
    }
}

impl Pending {
    fn close_cause(&self) -> Option<&str> {
        match &self.stage {
            Stage::Done(answer, _) => match &answer.outcome {
                Outcome::Close { cause } => Some(cause),
                Outcome::Reply(_) | Outcome::NoReply => None,
            },
            Stage::Later(_) => None,
        }
    }
}
