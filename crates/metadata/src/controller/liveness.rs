//! Which brokers were heard of when: soft state of the active controller, lost on failover.
//!
//! Invariants:
//! - A session belongs to one incarnation; a heartbeat of an earlier one does not prolong it.

use std::collections::BTreeMap;

use protocol::time::Now;

use super::ControllerState;

/// What the heartbeats of brokers have said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerLiveness {
    session_timeout_ms: u64,
    sessions: BTreeMap<(i32, i64), Session>,
}

/// One incarnation of a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokerSession {
    /// The broker.
    pub broker_id: i32,
    /// Its incarnation.
    pub broker_epoch: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Session {
    heard_ms: u64,
    metadata_offset: i64,
    controlled_shutdown_offset: Option<i64>,
}

impl BrokerLiveness {
    /// For a controller that has just become active: who is not fenced has a full session timeout
    /// (`broker.session.timeout.ms`) to be heard of.
    pub fn on_loaded(state: &ControllerState, session_timeout_ms: u64, now: Now) -> Self {
        let mut liveness = Self {
            session_timeout_ms,
            sessions: BTreeMap::new(),
        };
        for broker in state.reader().latest().cluster().alive_brokers() {
            liveness.heard(broker.id, broker.epoch, now);
        }
        liveness
    }

    /// An incarnation was heard of.
    pub(super) fn heard(&mut self, broker_id: i32, broker_epoch: i64, now: Now) {
        // Earlier incarnations are gone for good.
        self.sessions
            .retain(|(id, epoch), _| *id != broker_id || *epoch == broker_epoch);
        let session = self
            .sessions
            .entry((broker_id, broker_epoch))
            .or_insert(Session {
                heard_ms: 0,
                metadata_offset: -1,
                controlled_shutdown_offset: None,
            });
        session.heard_ms = now.monotonic_ms;
    }

    /// How far the broker has read the metadata.
    pub(super) fn set_metadata_offset(&mut self, id: i32, epoch: i64, offset: i64) {
        if let Some(session) = self.sessions.get_mut(&(id, epoch)) {
            session.metadata_offset = offset;
        }
    }

    /// Tells up to which offset the others must have read before a broker in controlled shutdown
    /// may stop: the end of the records that moved its leaderships. The first time counts.
    pub fn set_controlled_shutdown_offset(&mut self, id: i32, epoch: i64, offset: i64) {
        if let Some(session) = self.sessions.get_mut(&(id, epoch)) {
            session.controlled_shutdown_offset.get_or_insert(offset);
        }
    }

    /// Ends a session, because its broker was fenced.
    pub fn forget(&mut self, session: BrokerSession) {
        self.sessions
            .remove(&(session.broker_id, session.broker_epoch));
    }

    /// A session that has run out, if there is one. It stays until it is forgotten.
    pub fn expired(&self, now: Now) -> Option<BrokerSession> {
        let is_expired = |session: &Session| {
            session.heard_ms.saturating_add(self.session_timeout_ms) < now.monotonic_ms
        };
        let mut sessions = self.sessions.iter();
        let (key, _) = sessions.find(|(_, session)| is_expired(session))?;
        Some(BrokerSession {
            broker_id: key.0,
            broker_epoch: key.1,
        })
    }

    /// When, on the monotonic clock, the next session will have run out.
    pub fn next_expiry_ms(&self) -> Option<u64> {
        let oldest = self
            .sessions
            .values()
            .map(|session| session.heard_ms)
            .min()?;
        Some(
            oldest
                .saturating_add(self.session_timeout_ms)
                .saturating_add(1),
        )
    }

    /// Whether this incarnation was heard of lately.
    pub fn has_valid_session(&self, broker_id: i32, broker_epoch: i64, now: Now) -> bool {
        let session = self.sessions.get(&(broker_id, broker_epoch));
        session.is_some_and(|session| {
            session.heard_ms.saturating_add(self.session_timeout_ms) >= now.monotonic_ms
        })
    }

    pub(super) fn controlled_shutdown_offset(&self, id: i32, epoch: i64) -> Option<i64> {
        self.sessions.get(&(id, epoch))?.controlled_shutdown_offset
    }

    /// The least metadata offset among brokers that are active in `state`.
    pub(super) fn lowest_active_offset(&self, state: &ControllerState) -> i64 {
        let cluster = state.reader().latest().cluster();
        let is_active = |(key, session): &(&(i32, i64), &Session)| {
            cluster.is_alive(key.0) && session.controlled_shutdown_offset.is_none()
        };
        let active = self.sessions.iter().filter(is_active);
        active
            .map(|(_, session)| session.metadata_offset)
            .min()
            .unwrap_or(i64::MAX)
    }
}
