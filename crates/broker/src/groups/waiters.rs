//! Who waits for an answer of a coordinator.
//!
//! Invariant: a waiter gets one answer, and is forgotten with it. Whether its client is still there
//! does not matter.

use std::collections::BTreeMap;

use coordinator::{Completed, Response, WaiterId};
use tokio::sync::oneshot;

/// The waiters of one coordinator.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    waiting: BTreeMap<WaiterId, oneshot::Sender<Response>>,
    drawn: u64,
}

impl Waiters {
    /// Takes in one more, and names it.
    pub(super) fn add(&mut self, answer: oneshot::Sender<Response>) -> WaiterId {
        self.drawn += 1;
        let id = WaiterId(self.drawn);
        self.waiting.insert(id, answer);
        id
    }

    /// Gives the answers out.
    pub(super) fn answer(&mut self, completed: Vec<Completed>) {
        for Completed { waiter, response } in completed {
            if let Some(answer) = self.waiting.remove(&waiter) {
                // A client that went away does not take its answer.
                let _ = answer.send(response);
            }
        }
    }
}
