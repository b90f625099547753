//! What the coordinator of a partition is told to do, in the order in which it was sent.

use std::fmt;
use std::sync::Arc;

use coordinator::{Coordinator, DeletedTopic, Effects, Response, WaiterId};
use protocol::time::Now;
use tokio::sync::oneshot;

/// Brings a request before a coordinator, under the name that its waiter was given. Owns what the
/// request consists of.
pub(super) type Request = Box<dyn FnOnce(&mut Coordinator, Now, WaiterId) -> Effects + Send>;

/// Looks at a coordinator and tells whoever wants to know.
pub(super) type Look = Box<dyn FnOnce(&Coordinator) + Send>;

/// One thing to do.
pub(super) enum Command {
    /// A request that may change something, or wait.
    Ask {
        request: Request,
        answer: oneshot::Sender<Response>,
    },
    /// A request that is answered from what is committed.
    Look(Look),
    /// These topics are no more.
    ForgetTopics(Arc<[DeletedTopic]>),
}

impl fmt::Debug for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Ask { .. } => "Ask",
            Self::Look(_) => "Look",
            Self::ForgetTopics(_) => "ForgetTopics",
        })
    }
}
