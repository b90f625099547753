//! One fetch on its way through its session.

use super::partition::{AnsweredPartition, RequestedPartition};
use super::session::{Session, SessionState};
use super::{FetchSessions, INITIAL_EPOCH, NO_SESSION, next_epoch};
use protocol::ErrorCode;
use std::sync::Arc;

/// What a fetch is about. It is finished with an answer for each of its partitions.
#[derive(Debug)]
pub struct FetchContext {
    partitions: Vec<RequestedPartition>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Sessionless,
    /// A session begins with the answer.
    Full {
        is_replica: bool,
        uses_topic_ids: bool,
    },
    Incremental {
        session: Arc<Session>,
        /// The epoch of the session after this request, as long as no other one comes.
        epoch: i32,
    },
}

/// What an answer says about the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionAnswer {
    /// The error of the whole answer.
    pub error_code: ErrorCode,
    /// The session; 0 if there is none.
    pub session_id: i32,
    /// The places of the partitions that the answer tells of, ascending.
    pub told: Vec<usize>,
}

impl FetchContext {
    pub(super) const fn sessionless(partitions: Vec<RequestedPartition>) -> Self {
        Self {
            partitions,
            kind: Kind::Sessionless,
        }
    }

    pub(super) const fn full(
        partitions: Vec<RequestedPartition>,
        is_replica: bool,
        uses_topic_ids: bool,
    ) -> Self {
        Self {
            partitions,
            kind: Kind::Full {
                is_replica,
                uses_topic_ids,
            },
        }
    }

    pub(super) const fn incremental(
        partitions: Vec<RequestedPartition>,
        session: Arc<Session>,
        epoch: i32,
    ) -> Self {
        Self {
            partitions,
            kind: Kind::Incremental { session, epoch },
        }
    }

    /// Notes what the topic of the partition at `place` is called; the session keeps it.
    pub fn note_name(&mut self, place: usize, name: &Arc<str>) {
        let partition = &mut self.partitions[place];
        if partition.known_name.as_ref() == Some(name) {
            return;
        }
        partition.known_name = Some(Arc::clone(name));
        if let Kind::Incremental { session, .. } = &self.kind {
            session.lock().note_name(&partition.key, name);
        }
    }

    /// Takes the answers, one for each partition in the same order, and says which of them leave.
    pub fn finish(
        &self,
        sessions: &FetchSessions,
        answered: &[AnsweredPartition],
        now_ms: u64,
    ) -> SessionAnswer {
        let all = || (0..answered.len()).collect();
        match &self.kind {
            Kind::Sessionless => SessionAnswer::of(NO_SESSION, all()),
            Kind::Full {
                is_replica,
                uses_topic_ids,
            } => {
                let epoch = next_epoch(INITIAL_EPOCH);
                let state = SessionState::new(epoch, &self.partitions, answered);
                let session_id = sessions.create(*is_replica, *uses_topic_ids, state, now_ms);
                SessionAnswer::of(session_id, all())
            }
            Kind::Incremental { session, epoch } => {
                let mut state = session.lock();
                match state.finish(*epoch, &self.partitions, answered) {
                    Ok(told) => SessionAnswer::of(session.id, told),
                    Err(error_code) => SessionAnswer {
                        error_code,
                        ..SessionAnswer::of(session.id, Vec::new())
                    },
                }
            }
        }
    }

    /// The answer of a client that is throttled: it tells of nothing, and nothing is remembered.
    pub fn throttled(&self) -> SessionAnswer {
        let Kind::Incremental { session, epoch } = &self.kind else {
            return SessionAnswer::of(NO_SESSION, Vec::new());
        };
        let is_current = session.lock().epoch == *epoch;
        SessionAnswer {
            error_code: if is_current {
                ErrorCode::NONE
            } else {
                ErrorCode::INVALID_FETCH_SESSION_EPOCH
            },
            ..SessionAnswer::of(session.id, Vec::new())
        }
    }

    /// The partitions, in the order in which they are to be read.
    pub fn partitions(&self) -> &[RequestedPartition] {
        &self.partitions
    }
}

impl SessionAnswer {
    const fn of(session_id: i32, told: Vec<usize>) -> Self {
        Self {
            error_code: ErrorCode::NONE,
            session_id,
            told,
        }
    }
}
