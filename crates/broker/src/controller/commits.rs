//! Answers that wait until what they went by is committed, in the order of the decisions.
//!
//! Invariant: one commit for all that wait, so that they share a flush.

use crate::clock::Clock;
use crate::fatal::Fatal;
use protocol::ErrorCode;
use protocol::generated::EnvelopeResponse;
use protocol::ids::Offset;
use quorum::Quorum;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// How many answers wait before the controller does.
pub(super) const WAITING_MAX: usize = 1024;

/// Something to be committed, and the answer that waits for it.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) end_offset: Offset,
    /// None if nobody asked.
    pub(super) answer: Option<Answer>,
}

/// An answer and where it goes.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) response_data: Vec<u8>,
    pub(super) asked: oneshot::Sender<Answered>,
}

/// What comes back from the controller.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) envelope: EnvelopeResponse<'static>,
    /// Where everything in the metadata log ends that the answer goes by.
    pub(super) end_offset: Offset,
}

impl Answered {
    /// A refusal of the call as a whole.
    pub(super) const fn refusal(error_code: ErrorCode) -> Self {
        Self {
            envelope: EnvelopeResponse {
                response_data: None,
                error_code,
            },
            end_offset: Offset::ZERO,
        }
    }
}

impl Waiting {
    /// What it waits for is committed. Whoever asked may have given up.
    pub(super) fn answer(self) {
        let Some(answer) = self.answer else { return };
        let _ = answer.asked.send(Answered {
            envelope: EnvelopeResponse {
                response_data: Some(answer.response_data.into()),
                error_code: ErrorCode::NONE,
            },
            end_offset: self.end_offset,
        });
    }

    pub(super) fn refuse(self) {
        if let Some(answer) = self.answer {
            refuse(answer.asked, ErrorCode::NOT_CONTROLLER);
        }
    }
}

/// Refuses a call as a whole.
pub(super) fn refuse(asked: oneshot::Sender<Answered>, error_code: ErrorCode) {
    let _ = asked.send(Answered::refusal(error_code));
}

/// Commits and answers until the queue has ended.
pub(super) async fn run(
    quorum: Arc<Quorum>,
    mut queue: mpsc::Receiver<Waiting>,
    clock: Clock,
    fatal: Fatal,
) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, WAITING_MAX).await > 0 {
        let end_offset = batch.iter().map(|waiting| waiting.end_offset).max();
        let committed = quorum.commit(end_offset.unwrap_or(Offset::ZERO), clock.now());
        match committed.await {
            Ok(_) => batch.drain(..).for_each(Waiting::answer),
            Err(error) => {
                // Whether the records will be read after a restart, nobody knows.
                fatal.report("controller", error);
                batch.drain(..).for_each(Waiting::refuse);
                return;
            }
        }
    }
}
