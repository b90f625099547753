//! Incremental fetch sessions (KIP-227): the node remembers what a client fetches, so that the
//! client names only what changed and gets only what changed.
//!
//! ```text
//! id   epoch   the request
//! any  -1      names all; the session with this id ends, none begins
//! any   0      names all; the session with this id ends, another begins if it finds a slot
//! n    e > 0   names what changed since epoch e - 1 of session n; the next epoch is e + 1
//! ```
//!
//! Not the job of this module: reading, waiting, authorisation, and resolving topics. Time is
//! monotonic, in milliseconds, and given.
//!
//! Invariants:
//! - There are never more sessions than slots.
//! - The lock of a session and that of the cache are never held together, and nothing is awaited
//!   under either.
//! - A partition is in a session once, and in an answer once.
//!
//! One departure from Kafka, which divides the slots among eight shards: here any session can take
//! the place of any other.

mod cache;
mod context;
mod partition;
mod session;
#[cfg(test)]
mod tests;

use crate::chance::Chance;
use cache::SessionCache;
use protocol::ErrorCode;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use cache::SessionCounts;
pub use context::{FetchContext, SessionAnswer};
pub use partition::{
    AnsweredPartition, PartitionKey, PartitionRequest, RequestedPartition, TopicKey,
};
use session::{Session, SessionState};

/// The epoch of a request that wants a session.
const INITIAL_EPOCH: i32 = 0;
/// The epoch of a request that wants none.
const FINAL_EPOCH: i32 = -1;
/// The id of no session.
const NO_SESSION: i32 = 0;

/// All sessions of a node.
#[derive(Debug)]
pub struct FetchSessions {
    cache: Mutex<SessionCache>,
    chance: Chance,
}

/// What a fetch request says about its session and its partitions.
#[derive(Debug)]
pub struct SessionRequest {
    /// The session, 0 for none.
    pub session_id: i32,
    /// Its epoch: 0 begins a session, -1 wants none.
    pub session_epoch: i32,
    /// Whether a replica fetches; its session is worth more than a consumer's.
    pub is_replica: bool,
    /// Whether topics go by their ids: version 13 and up. All keys are of this kind.
    pub uses_topic_ids: bool,
    /// The partitions named.
    pub partitions: Vec<RequestedPartition>,
    /// The partitions that are to leave the session.
    pub forgotten: Vec<PartitionKey>,
}

impl FetchSessions {
    /// At most `slots` sessions (`max.incremental.fetch.session.cache.slots`).
    pub fn new(slots: usize, chance: Chance) -> Self {
        Self {
            cache: Mutex::new(SessionCache::new(slots)),
            chance,
        }
    }

    /// Finds out which partitions a request is about.
    ///
    /// # Errors
    /// What the whole request is answered with.
    pub fn begin(&self, request: SessionRequest, now_ms: u64) -> Result<FetchContext, ErrorCode> {
        if !matches!(request.session_epoch, INITIAL_EPOCH | FINAL_EPOCH) {
            return self.go_on(request, now_ms);
        }
        if request.session_id != NO_SESSION {
            self.lock().remove(request.session_id);
        }
        let partitions = without_duplicates(request.partitions);
        Ok(if request.session_epoch == FINAL_EPOCH {
            FetchContext::sessionless(partitions)
        } else {
            FetchContext::full(partitions, request.is_replica, request.uses_topic_ids)
        })
    }

    /// How many there are.
    pub fn counts(&self) -> SessionCounts {
        self.lock().counts()
    }

    /// A request within a session.
    fn go_on(&self, request: SessionRequest, now_ms: u64) -> Result<FetchContext, ErrorCode> {
        let session = self.lock().find(request.session_id);
        let session = session.ok_or(ErrorCode::FETCH_SESSION_ID_NOT_FOUND)?;
        let mut state = session.lock();
        if state.epoch != request.session_epoch {
            return Err(ErrorCode::INVALID_FETCH_SESSION_EPOCH);
        }
        if session.uses_topic_ids != request.uses_topic_ids {
            return Err(ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR);
        }
        state.update(&request.partitions, &request.forgotten);
        let partition_count = state.partition_count();
        if partition_count == 0 {
            drop(state);
            self.lock().remove(session.id);
            return Ok(FetchContext::sessionless(without_duplicates(
                request.partitions,
            )));
        }
        let epoch = next_epoch(state.epoch);
        state.epoch = epoch;
        let partitions = state.partitions();
        drop(state);
        self.lock().touch(session.id, partition_count, now_ms);
        Ok(FetchContext::incremental(partitions, session, epoch))
    }

    /// Begins a session if there is a slot for it, and returns its id or that of no session.
    fn create(
        &self,
        is_replica: bool,
        uses_topic_ids: bool,
        state: SessionState,
        now_ms: u64,
    ) -> i32 {
        let partition_count = state.partition_count();
        let mut cache = self.lock();
        if !cache.make_room(is_replica, partition_count, now_ms) {
            return NO_SESSION;
        }
        let id = loop {
            // From 1 to the largest id there is.
            let id = 1 + self.chance.below(i32::MAX as usize) as i32;
            if !cache.contains(id) {
                break id;
            }
        };
        let session = Session::new(id, is_replica, uses_topic_ids, state);
        cache.insert(session, partition_count, now_ms);
        id
    }

    fn lock(&self) -> MutexGuard<'_, SessionCache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// After the largest comes 1: 0 would begin a session anew.
const fn next_epoch(epoch: i32) -> i32 {
    if epoch == i32::MAX { 1 } else { epoch + 1 }
}

/// Keeps the place of the first mention of a partition, and what the last one asks for.
fn without_duplicates(partitions: Vec<RequestedPartition>) -> Vec<RequestedPartition> {
    if partitions.len() < 2 {
        return partitions;
    }
    let mut places = BTreeMap::new();
    let mut kept: Vec<RequestedPartition> = Vec::with_capacity(partitions.len());
    for partition in partitions {
        let place = *places.entry(partition.key.clone()).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(earlier) => *earlier = partition,
            None => kept.push(partition),
        }
    }
    kept
}
