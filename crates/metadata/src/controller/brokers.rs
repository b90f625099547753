//! Heartbeats of brokers, and what becomes of brokers that send none (KIP-631, KIP-841).
//!
//! ```text
//!            caught up, wants it            wants to shut down, leads something
//! (fenced) ──────────────────────> (unfenced) ────────────> (controlled shutdown)
//!     ^  session runs out, or wants it │                            │
//!     └────────────────────────────────┴──── others have caught up ─┘  then: shut down now
//! ```

use protocol::generated::broker_heartbeat_request::BrokerHeartbeatRequest;
use protocol::generated::metadata::{
    BrokerRegistrationChangeRecord, MetadataRecord, UnregisterBrokerRecord,
};
use protocol::time::Now;
use protocol::{ErrorCode, Uuid};

use super::leadership::BrokerTransition;
use super::{ApiError, BrokerLiveness, BrokerSession, Controller, Outcome, check_record_count};
use crate::image::BrokerRegistration;
use crate::record::VersionedRecord;

/// The answer to a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartbeatReply {
    /// Whether the broker has read its own registration.
    pub is_caught_up: bool,
    /// Whether it is fenced.
    pub is_fenced: bool,
    /// Whether it is giving up its leaderships. The caller then tells
    /// [`BrokerLiveness::set_controlled_shutdown_offset`] where the records ended.
    pub is_in_controlled_shutdown: bool,
    /// Whether it may stop now.
    pub should_shut_down: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BrokerState {
    Fenced,
    Unfenced,
    ControlledShutdown,
    ShutdownNow,
}

impl Controller<'_> {
    /// Takes a heartbeat.
    ///
    /// # Errors
    /// When the broker is not registered at the epoch that it names.
    pub fn broker_heartbeat(
        &self,
        liveness: &mut BrokerLiveness,
        now: Now,
        request: &BrokerHeartbeatRequest,
    ) -> Result<Outcome<HeartbeatReply>, ApiError> {
        let (id, epoch) = (request.broker_id, request.broker_epoch);
        let registration = self.check_broker_epoch(id, epoch)?;
        liveness.heard(id, epoch, now);
        let registered_at = self.state.registration_offset(id);
        let is_caught_up = request.current_metadata_offset >= registered_at;
        let current = current_state(liveness, registration);
        let next = self.next_state(liveness, current, request, is_caught_up);
        let mut records = Vec::new();
        if current != next {
            match next {
                BrokerState::Fenced | BrokerState::ShutdownNow => {
                    self.add_fencing(registration, &mut records);
                }
                BrokerState::Unfenced => self.add_unfencing(registration, &mut records),
                BrokerState::ControlledShutdown => {
                    self.add_controlled_shutdown(registration, &mut records);
                }
            }
        }
        liveness.set_metadata_offset(id, epoch, request.current_metadata_offset);
        let is_fenced = matches!(next, BrokerState::Fenced | BrokerState::ShutdownNow);
        if is_fenced && current != next {
            // The next incarnation, or the next heartbeat, begins a new session.
            liveness.forget(BrokerSession {
                broker_id: id,
                broker_epoch: epoch,
            });
        }
        self.add_directory_changes(registration, request, &mut records);
        Ok(Outcome {
            records,
            response: HeartbeatReply {
                is_caught_up,
                is_fenced,
                is_in_controlled_shutdown: next == BrokerState::ControlledShutdown,
                should_shut_down: next == BrokerState::ShutdownNow,
            },
        })
    }

    /// Fences the broker of a session that ran out, or that is seen to be gone before. A broker
    /// that is fenced already, or has registered anew since, is left alone.
    pub fn fence_broker(&self, session: BrokerSession) -> Outcome<()> {
        let mut outcome = Outcome::none(());
        let registration = self.check_broker_epoch(session.broker_id, session.broker_epoch);
        if let Ok(registration) = registration
            && !registration.fenced
        {
            self.add_fencing(registration, &mut outcome.records);
        }
        outcome
    }

    /// Forgets a broker, alive or not; what it led others lead.
    ///
    /// # Errors
    /// When it is not registered.
    pub fn unregister_broker(&self, broker_id: i32) -> Result<Outcome<()>, ApiError> {
        let registration = self.image().cluster().broker(broker_id).ok_or_else(|| {
            let message = format!("Broker ID {broker_id} is not currently registered");
            ApiError::new(ErrorCode::BROKER_ID_NOT_REGISTERED, message)
        })?;
        let mut outcome = Outcome::none(());
        let transition = BrokerTransition::Unregisters(broker_id);
        self.add_leadership_changes(transition, &mut outcome.records);
        let record = UnregisterBrokerRecord {
            broker_id,
            broker_epoch: registration.epoch,
        };
        let record = MetadataRecord::UnregisterBroker(record);
        outcome.records.push(VersionedRecord::first(record));
        check_record_count(&outcome.records)?;
        Ok(outcome)
    }

    /// The registration of a broker, if it is of this epoch.
    pub(super) fn check_broker_epoch(
        &self,
        id: i32,
        epoch: i64,
    ) -> Result<&BrokerRegistration, ApiError> {
        let registration = self.image().cluster().broker(id).ok_or_else(|| {
            let message = format!("No broker registration found for broker id {id}");
            ApiError::new(ErrorCode::STALE_BROKER_EPOCH, message)
        })?;
        if registration.epoch != epoch {
            let expected = registration.epoch;
            let message = format!("Expected broker epoch {expected}, but got broker epoch {epoch}");
            return Err(ApiError::new(ErrorCode::STALE_BROKER_EPOCH, message));
        }
        Ok(registration)
    }

    fn next_state(
        &self,
        liveness: &BrokerLiveness,
        current: BrokerState,
        request: &BrokerHeartbeatRequest,
        is_caught_up: bool,
    ) -> BrokerState {
        let (id, epoch) = (request.broker_id, request.broker_epoch);
        match current {
            BrokerState::Fenced if request.want_shut_down => BrokerState::ShutdownNow,
            BrokerState::Fenced if !request.want_fence && is_caught_up => BrokerState::Unfenced,
            BrokerState::Fenced => BrokerState::Fenced,
            BrokerState::Unfenced if request.want_fence && !request.want_shut_down => {
                BrokerState::Fenced
            }
            BrokerState::Unfenced if !request.want_shut_down => BrokerState::Unfenced,
            BrokerState::Unfenced if !request.want_fence && self.has_leaderships(id) => {
                BrokerState::ControlledShutdown
            }
            BrokerState::Unfenced => BrokerState::ShutdownNow,
            BrokerState::ControlledShutdown if self.has_leaderships(id) => current,
            BrokerState::ControlledShutdown => {
                let offset = liveness.controlled_shutdown_offset(id, epoch);
                if offset <= Some(liveness.lowest_active_offset(self.state)) {
                    BrokerState::ShutdownNow
                } else {
                    current
                }
            }
            BrokerState::ShutdownNow => current,
        }
    }

    fn add_fencing(&self, broker: &BrokerRegistration, records: &mut Vec<VersionedRecord>) {
        if broker.fenced {
            return;
        }
        self.add_leadership_changes(BrokerTransition::Leaves(broker.id), records);
        let fenced = 1;
        let change = BrokerRegistrationChangeRecord {
            fenced,
            ..change(broker)
        };
        records.push(versioned(change, 0));
    }

    fn add_unfencing(&self, broker: &BrokerRegistration, records: &mut Vec<VersionedRecord>) {
        let fenced = -1;
        let change = BrokerRegistrationChangeRecord {
            fenced,
            ..change(broker)
        };
        records.push(versioned(change, 0));
        self.add_leadership_changes(BrokerTransition::Arrives(broker.id), records);
    }

    fn add_controlled_shutdown(
        &self,
        broker: &BrokerRegistration,
        records: &mut Vec<VersionedRecord>,
    ) {
        if !broker.in_controlled_shutdown {
            let change = BrokerRegistrationChangeRecord {
                in_controlled_shutdown: 1,
                ..change(broker)
            };
            records.push(versioned(change, 1));
        }
        self.add_leadership_changes(BrokerTransition::Leaves(broker.id), records);
    }

    fn add_directory_changes(
        &self,
        broker: &BrokerRegistration,
        request: &BrokerHeartbeatRequest,
        records: &mut Vec<VersionedRecord>,
    ) {
        let version = self.metadata_version();
        let is_offline = |each: &&Uuid| request.offline_log_dirs.contains(*each);
        let offline: Vec<Uuid> = broker
            .directories
            .iter()
            .filter(is_offline)
            .copied()
            .collect();
        if version.has_directory_assignment() && !offline.is_empty() {
            for directory in &offline {
                self.add_offline_directory_changes(broker.id, *directory, records);
            }
            let online = broker
                .directories
                .iter()
                .filter(|each| !offline.contains(each));
            let change = BrokerRegistrationChangeRecord {
                log_dirs: online.copied().collect(),
                ..change(broker)
            };
            records.push(versioned(change, 2));
        }
        let Some(mut cordoned) = request.cordoned_log_dirs.clone() else {
            return;
        };
        cordoned.sort_unstable();
        let mut known = broker.cordoned_directories.clone();
        if let Some(known) = &mut known {
            known.sort_unstable();
        }
        if version.has_cordoned_directories() && known.as_ref() != Some(&cordoned) {
            let change = BrokerRegistrationChangeRecord {
                cordoned_log_dirs: request.cordoned_log_dirs.clone(),
                ..change(broker)
            };
            records.push(versioned(change, 3));
        }
    }
}

fn current_state(liveness: &BrokerLiveness, broker: &BrokerRegistration) -> BrokerState {
    if broker.fenced {
        BrokerState::Fenced
    } else if liveness
        .controlled_shutdown_offset(broker.id, broker.epoch)
        .is_some()
    {
        BrokerState::ControlledShutdown
    } else {
        BrokerState::Unfenced
    }
}

fn change(broker: &BrokerRegistration) -> BrokerRegistrationChangeRecord {
    BrokerRegistrationChangeRecord {
        broker_id: broker.id,
        broker_epoch: broker.epoch,
        ..BrokerRegistrationChangeRecord::default()
    }
}

fn versioned(record: BrokerRegistrationChangeRecord, version: i16) -> VersionedRecord {
    VersionedRecord {
        record: MetadataRecord::BrokerRegistrationChange(record),
        version,
    }
}
