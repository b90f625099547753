//! The task of the active controller: calls in their order, sessions that run out, and the record
//! that keeps an idle log moving (KIP-835).

use super::ControllerParts;
use super::activation::{activate, register};
use super::active::{Active, ControllerError, Decision, WriteError};
use super::api;
use super::channel::Call;
use super::commits::{self, Answer, Waiting, refuse};
use super::request::ControllerRequest;
use crate::clock::Clock;
use metadata::VersionedRecord;
use protocol::ErrorCode;
use protocol::ids::Offset;
use protocol::time::Now;
use std::future::pending;
use tokio::select;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep_until;

/// How long nothing is written unasked after a full disk has refused it.
const WAIT_FOR_SPACE_MS: u64 = 500;

struct Task {
    active: Active,
    calls: mpsc::Receiver<Call>,
    stopped: oneshot::Receiver<()>,
    commits: mpsc::Sender<Waiting>,
    clock: Clock,
    /// When something was last written or tried, on the monotonic clock.
    written_ms: u64,
    /// Before that, nothing is written unasked.
    resumes_ms: u64,
}

enum Event {
    Call(Call),
    Deadline,
    End,
}

pub(super) async fn run(
    parts: ControllerParts,
    mut calls: mpsc::Receiver<Call>,
    activation: watch::Sender<bool>,
    stopped: oneshot::Receiver<()>,
) {
    let fatal = parts.fatal.clone();
    let (clock, quorum) = (parts.environment.clock.clone(), parts.quorum.clone());
    let active = {
        let activating = activate(parts);
        tokio::pin!(activating);
        loop {
            select! {
                biased;
                active = &mut activating => break active,
                Some(call) = calls.recv() => refuse(call.answer, ErrorCode::NOT_CONTROLLER),
            }
        }
    };
    let active = match active {
        Ok(active) => active,
        Err(error) => return fatal.report("controller", error),
    };
    let (commits, queue) = mpsc::channel(commits::WAITING_MAX);
    let committing = commits::run(quorum, queue, clock.clone(), fatal.clone());
    let committing = tokio::spawn(committing);
    let now = clock.now();
    let task = Task {
        active,
        calls,
        stopped,
        commits,
        clock,
        written_ms: now.monotonic_ms,
        resumes_ms: now.monotonic_ms,
    };
    activation.send_replace(true);
    if let Err(error) = task.serve().await {
        fatal.report("controller", error);
    }
    // It ends when it has answered everybody who waits.
    let _ = committing.await;
}

impl Task {
    async fn serve(mut self) -> Result<(), ControllerError> {
        self.wait_for_commit(self.active.next_offset, None).await;
        loop {
            match self.next_event().await {
                Event::Call(call) => self.take(call).await?,
                Event::Deadline => self.meet_deadlines().await?,
                Event::End => return Ok(()),
            }
        }
    }

    async fn next_event(&mut self) -> Event {
        let deadline_ms = self.next_deadline_ms();
        if deadline_ms.is_some_and(|deadline_ms| deadline_ms <= self.clock.now().monotonic_ms) {
            return Event::Deadline;
        }
        let deadline = deadline_ms.and_then(|deadline_ms| self.clock.instant_at(deadline_ms));
        let deadline = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => pending().await,
            }
        };
        select! {
            biased;
            _ = &mut self.stopped => Event::End,
            () = self.commits.closed() => Event::End,
            () = deadline => Event::Deadline,
            call = self.calls.recv() => call.map_or(Event::End, Event::Call),
        }
    }

    async fn take(&mut self, call: Call) -> Result<(), ControllerError> {
        let now = self.clock.now();
        let liveness = self.active.liveness.clone();
        let decision = ControllerRequest::open(&call, &self.active.parts.authorizer, now)
            .and_then(|request| api::decide(&mut self.active, &request));
        let asked = call.answer;
        let decision = match decision {
            Ok(decision) => decision,
            Err(error_code) => {
                refuse(asked, error_code);
                return Ok(());
            }
        };
        let end_offset = match self.write_decision(&decision, now).await {
            Ok(end_offset) => end_offset,
            Err(error) => {
                refuse(asked, error.error_code());
                self.active.liveness = liveness;
                return error.into_fatal();
            }
        };
        if let Some(session) = decision.shutting_down {
            let (id, epoch) = (session.broker_id, session.broker_epoch);
            let last_offset = end_offset.0 - 1;
            self.active
                .liveness
                .set_controlled_shutdown_offset(id, epoch, last_offset);
        }
        let answer = Answer {
            response_data: decision.response,
            asked,
        };
        self.wait_for_commit(end_offset, Some(answer)).await;
        Ok(())
    }

    async fn meet_deadlines(&mut self) -> Result<(), ControllerError> {
        // Heartbeats that had arrived count, however late this task is.
        for _ in 0..self.calls.len() {
            if let Ok(call) = self.calls.try_recv() {
                self.take(call).await?;
            }
        }
        let now = self.clock.now();
        while let Some(session) = self.active.liveness.expired(now) {
            let fencing = self.active.controller().fence_broker(session);
            if !self.write_unasked(&fencing.records, now).await? {
                return Ok(());
            }
            self.active.liveness.forget(session);
        }
        if self
            .idle_deadline_ms()
            .is_some_and(|deadline_ms| deadline_ms <= now.monotonic_ms)
        {
            let no_op = self.active.controller().no_op();
            self.write_unasked(&no_op.records, now).await?;
        }
        Ok(())
    }

    /// Returns whether it was written.
    async fn write_unasked(
        &mut self,
        records: &[VersionedRecord],
        now: Now,
    ) -> Result<bool, ControllerError> {
        match self.write(records, now).await {
            Ok(end_offset) => {
                self.wait_for_commit(end_offset, None).await;
                Ok(true)
            }
            Err(error) => {
                self.resumes_ms = now.monotonic_ms + WAIT_FOR_SPACE_MS;
                error.into_fatal().map(|()| false)
            }
        }
    }

    async fn write_decision(
        &mut self,
        decision: &Decision,
        now: Now,
    ) -> Result<Offset, WriteError> {
        if decision.raises_kraft_version {
            self.active.raise_kraft_version(now).await?;
        }
        let end_offset = self.write(&decision.records, now).await?;
        // The cluster may have agreed on a version in which controllers register.
        let registration = register(&mut self.active);
        if registration.is_empty() {
            return Ok(end_offset);
        }
        self.write(&registration, now).await
    }

    /// Returns where everything ends that the decision went by or brought about.
    async fn write(&mut self, records: &[VersionedRecord], now: Now) -> Result<Offset, WriteError> {
        if records.is_empty() {
            return Ok(self.active.next_offset);
        }
        self.written_ms = now.monotonic_ms;
        self.active.write(records, now).await
    }

    async fn wait_for_commit(&self, end_offset: Offset, answer: Option<Answer>) {
        let waiting = Waiting { end_offset, answer };
        if self.active.parts.quorum.high_watermark() >= Some(end_offset) {
            return waiting.answer();
        }
        if let Err(mpsc::error::SendError(waiting)) = self.commits.send(waiting).await {
            waiting.refuse();
        }
    }

    fn next_deadline_ms(&self) -> Option<u64> {
        let expiry_ms = self.active.liveness.next_expiry_ms();
        let earliest_ms = expiry_ms.into_iter().chain(self.idle_deadline_ms()).min()?;
        Some(earliest_ms.max(self.resumes_ms))
    }

    fn idle_deadline_ms(&self) -> Option<u64> {
        let interval_ms = self.active.parts.settings.idle_interval_ms?;
        Some(self.written_ms.saturating_add(interval_ms))
    }
}

impl WriteError {
    /// The error, if the controller cannot go on after it.
    fn into_fatal(self) -> Result<(), ControllerError> {
        match self {
            Self::Refused(_) => Ok(()),
            Self::Fatal(error) => Err(error),
        }
    }
}
