//! Registration of brokers (KIP-631, KIP-858, KIP-966) and of controllers (KIP-919).

use protocol::generated::broker_registration_request::{BrokerRegistrationRequest, Feature};
use protocol::generated::metadata::register_broker_record::{BrokerEndpoint, BrokerFeature};
use protocol::generated::metadata::{
    MetadataRecord, RegisterBrokerRecord, RegisterControllerRecord,
};
use protocol::time::Now;
use protocol::{ErrorCode, Uuid};

use super::leadership::BrokerTransition;
use super::{ApiError, BrokerLiveness, Controller, Outcome};
use crate::features::METADATA_VERSION;
use crate::image::{BrokerRegistration, is_reserved_directory};
use crate::record::VersionedRecord;

impl Controller<'_> {
    /// Registers a broker; the answer is its epoch. `next_offset` is where the records will begin,
    /// which makes epochs grow.
    ///
    /// # Errors
    /// When it belongs to another cluster, an earlier incarnation is still alive, its directories
    /// or listeners cannot be, or it does not support what the cluster has agreed to use.
    pub fn register_broker(
        &self,
        liveness: &BrokerLiveness,
        now: Now,
        request: &BrokerRegistrationRequest<'_>,
        next_offset: i64,
    ) -> Result<Outcome<i64>, ApiError> {
        self.check_cluster_id(request)?;
        let existing = self.image().cluster().broker(request.broker_id);
        let same = existing.filter(|each| each.incarnation_id == request.incarnation_id);
        if let (Some(existing), None) = (existing, same)
            && liveness.has_valid_session(existing.id, existing.epoch, now)
        {
            let message = "Another broker is registered with that broker id. If the broker was \
                           recently restarted this should self-resolve once the heartbeat manager \
                           expires the broker's session.";
            return Err(ApiError::new(
                ErrorCode::DUPLICATE_BROKER_REGISTRATION,
                message,
            ));
        }
        if request.is_migrating_zk_broker {
            let message = "Controller does not support registering ZK brokers.";
            return Err(ApiError::new(ErrorCode::BROKER_ID_NOT_REGISTERED, message));
        }
        self.check_directories(request)?;
        self.check_features(&request.features)?;
        let mut record = self.registration_record(request)?;
        let mut records = Vec::new();
        match same {
            Some(same) => {
                record.fenced = same.fenced;
                record.in_controlled_shutdown = same.in_controlled_shutdown;
                record.broker_epoch = same.epoch;
            }
            None => {
                record.broker_epoch = next_offset;
                self.add_restart(request, existing.map(|each| &**each), &mut records);
            }
        }
        let broker_epoch = record.broker_epoch;
        records.push(VersionedRecord {
            record: MetadataRecord::RegisterBroker(record),
            version: self.metadata_version().register_broker_record_version(),
        });
        Ok(Outcome {
            records,
            response: broker_epoch,
        })
    }

    /// Registers a controller in the place of its incarnation before, if the cluster has agreed on
    /// a version in which controllers register.
    pub fn register_controller(&self, registration: RegisterControllerRecord) -> Outcome<()> {
        let is_known = self.metadata_version().has_controller_registration();
        let record = is_known.then_some(MetadataRecord::RegisterController(registration));
        Outcome {
            records: record.map(VersionedRecord::first).into_iter().collect(),
            response: (),
        }
    }

    /// The incarnation before is gone, whether it said so or not.
    fn add_restart(
        &self,
        request: &BrokerRegistrationRequest<'_>,
        existing: Option<&BrokerRegistration>,
        records: &mut Vec<VersionedRecord>,
    ) {
        let id = request.broker_id;
        // A clean shutdown proves itself by the epoch that the broker kept on disk.
        let is_clean = existing.is_some_and(|each| each.epoch == request.previous_broker_epoch);
        let keeps_eligible = self.image().features().keeps_eligible_leader_replicas();
        let transition = if keeps_eligible && !is_clean {
            BrokerTransition::LostData(id)
        } else {
            BrokerTransition::Leaves(id)
        };
        self.add_leadership_changes(transition, records);
    }

    fn check_cluster_id(&self, request: &BrokerRegistrationRequest<'_>) -> Result<(), ApiError> {
        let ours = &self.settings.cluster_id;
        if *ours == request.cluster_id {
            return Ok(());
        }
        let theirs = &request.cluster_id;
        let message = format!("Expected cluster ID {ours}, but got cluster ID {theirs}");
        Err(ApiError::new(ErrorCode::INCONSISTENT_CLUSTER_ID, message))
    }

    fn check_directories(&self, request: &BrokerRegistrationRequest<'_>) -> Result<(), ApiError> {
        if !self.metadata_version().has_directory_assignment() {
            return Ok(());
        }
        let directories = &request.log_dirs;
        if directories.is_empty() {
            return Err(invalid("No directories specified in request"));
        }
        if directories.iter().any(|each| is_reserved_directory(*each)) {
            return Err(invalid("Reserved directory ID in request"));
        }
        let mut sorted: Vec<Uuid> = directories.clone();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(invalid("Duplicate directory ID in request"));
        }
        for other in self
            .image()
            .cluster()
            .brokers()
            .filter(|each| each.id != request.broker_id)
        {
            let taken = |each: &&Uuid| sorted.binary_search(each).is_ok();
            if let Some(directory) = other.directories.iter().find(taken) {
                let id = other.id;
                let message =
                    format!("Broker {id} is already registered with directory {directory}");
                return Err(invalid(message));
            }
        }
        Ok(())
    }

    fn check_features(&self, features: &[Feature<'_>]) -> Result<(), ApiError> {
        let finalized = self.image().features();
        for feature in features {
            let level = finalized.level(&feature.name);
            let range = feature.min_supported_version..=feature.max_supported_version;
            if !range.contains(&level) {
                return Err(unsupported(
                    &feature.name,
                    level,
                    (*range.start(), *range.end()),
                ));
            }
        }
        if !features
            .iter()
            .any(|feature| feature.name == METADATA_VERSION)
        {
            return Err(invalid(format!(
                "Request features do not contain '{METADATA_VERSION}'"
            )));
        }
        for (name, level) in finalized.levels() {
            if !features.iter().any(|feature| feature.name == name) {
                return Err(unsupported(name, level, (0, 0)));
            }
        }
        Ok(())
    }

    fn registration_record(
        &self,
        request: &BrokerRegistrationRequest<'_>,
    ) -> Result<RegisterBrokerRecord, ApiError> {
        let mut end_points: Vec<BrokerEndpoint> = Vec::new();
        for listener in &request.listeners {
            let is_twice = end_points.iter().any(|each| each.name == listener.name);
            if listener.name.is_empty() || is_twice {
                return Err(invalid("Listener names have to be there and unique"));
            }
            end_points.push(BrokerEndpoint {
                name: listener.name.to_string(),
                host: listener.host.to_string(),
                port: listener.port,
                security_protocol: listener.security_protocol,
            });
        }
        let feature = |each: &Feature<'_>| BrokerFeature {
            name: each.name.to_string(),
            min_supported_version: each.min_supported_version,
            max_supported_version: each.max_supported_version,
        };
        let has_directories = self.metadata_version().has_directory_assignment();
        let log_dirs = has_directories.then(|| request.log_dirs.clone());
        Ok(RegisterBrokerRecord {
            broker_id: request.broker_id,
            incarnation_id: request.incarnation_id,
            end_points,
            features: request.features.iter().map(feature).collect(),
            rack: request.rack.as_ref().map(ToString::to_string),
            log_dirs: log_dirs.unwrap_or_default(),
            ..RegisterBrokerRecord::default()
        })
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::INVALID_REGISTRATION, message)
}

fn unsupported(name: &str, level: i16, (min, max): (i16, i16)) -> ApiError {
    let message = format!(
        "Unable to register because the broker does not support finalized version {level} of \
         {name}. The broker wants a version between {min} and {max}, inclusive."
    );
    ApiError::new(ErrorCode::UNSUPPORTED_VERSION, message)
}
