//! Who is in the cluster: registrations of brokers and of controllers.
//!
//! Not the job of this module: who is alive right now; that is the controller's liveness.

use std::sync::Arc;

use imbl::OrdMap;
use protocol::Uuid;
use protocol::generated::metadata::register_broker_record::{BrokerEndpoint, BrokerFeature};
use protocol::generated::metadata::{
    BrokerRegistrationChangeRecord, FenceBrokerRecord, MetadataRecord, RegisterBrokerRecord,
    RegisterControllerRecord, UnfenceBrokerRecord, UnregisterBrokerRecord,
};

use super::{
    DIRECTORY_LOST, DIRECTORY_MIGRATING, DIRECTORY_UNASSIGNED, PartitionRegistration, ReplayError,
    SnapshotWriter, is_reserved_directory,
};

/// Brokers and controllers by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClusterImage {
    pub(super) brokers: OrdMap<i32, Arc<BrokerRegistration>>,
    controllers: OrdMap<i32, Arc<RegisterControllerRecord>>,
}

/// One incarnation of a broker, as it registered and as the controller has changed it since.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerRegistration {
    /// `node.id`.
    pub id: i32,
    /// Grows with each incarnation: the offset at which it registered.
    pub epoch: i64,
    /// Drawn by the broker at its start.
    pub incarnation_id: Uuid,
    /// Where it listens, in the order in which it said so.
    pub endpoints: Vec<BrokerEndpoint>,
    /// What it supports.
    pub features: Vec<BrokerFeature>,
    /// Where it stands.
    pub rack: Option<String>,
    /// Whether it may lead partitions and be shown to clients.
    pub fenced: bool,
    /// Whether it is giving up its leaderships in order to stop.
    pub in_controlled_shutdown: bool,
    /// Whether it is a ZooKeeper broker under migration (KIP-866).
    pub is_migrating_zk_broker: bool,
    /// Its log directories that are online, ordered as Kafka orders them.
    pub directories: Vec<Uuid>,
    /// Those that take no new replicas (KIP-1066), `None` if it does not know of cordoning.
    pub cordoned_directories: Option<Vec<Uuid>>,
}

impl ClusterImage {
    pub(super) fn register_broker(
        &mut self,
        record: &RegisterBrokerRecord,
    ) -> Result<(), ReplayError> {
        if record.end_points.iter().any(|each| each.name.is_empty()) {
            return Err(ReplayError::InvalidField {
                field: "length of a listener's name",
                value: 0,
            });
        }
        let registration = BrokerRegistration::of(record);
        self.brokers
            .insert(record.broker_id, Arc::new(registration));
        Ok(())
    }

    pub(super) fn unregister_broker(
        &mut self,
        record: &UnregisterBrokerRecord,
    ) -> Result<(), ReplayError> {
        self.at_epoch(record.broker_id, record.broker_epoch)?;
        self.brokers.remove(&record.broker_id);
        Ok(())
    }

    pub(super) fn fence(&mut self, record: &FenceBrokerRecord) -> Result<(), ReplayError> {
        let mut registration = self.at_epoch(record.id, record.epoch)?.clone();
        registration.fenced = true;
        self.brokers.insert(record.id, Arc::new(registration));
        Ok(())
    }

    pub(super) fn unfence(&mut self, record: &UnfenceBrokerRecord) -> Result<(), ReplayError> {
        let mut registration = self.at_epoch(record.id, record.epoch)?.clone();
        registration.fenced = false;
        self.brokers.insert(record.id, Arc::new(registration));
        Ok(())
    }

    pub(super) fn change(
        &mut self,
        record: &BrokerRegistrationChangeRecord,
    ) -> Result<(), ReplayError> {
        let mut registration = self
            .at_epoch(record.broker_id, record.broker_epoch)?
            .clone();
        match record.fenced {
            -1 => registration.fenced = false,
            0 => {}
            1 => registration.fenced = true,
            value => return Err(invalid("fenced", value)),
        }
        match record.in_controlled_shutdown {
            0 => {}
            1 => registration.in_controlled_shutdown = true,
            value => return Err(invalid("in controlled shutdown", value)),
        }
        if !record.log_dirs.is_empty() {
            registration.directories = sorted_as_kafka(&record.log_dirs);
        }
        if record.cordoned_log_dirs.is_some() {
            registration
                .cordoned_directories
                .clone_from(&record.cordoned_log_dirs);
        }
        self.brokers
            .insert(record.broker_id, Arc::new(registration));
        Ok(())
    }

    pub(super) fn register_controller(&mut self, record: &RegisterControllerRecord) {
        self.controllers
            .insert(record.controller_id, Arc::new(record.clone()));
    }

    pub(super) fn write(&self, writer: &mut SnapshotWriter) {
        for registration in self.brokers.values() {
            registration.write(writer);
        }
        if !self.controllers.is_empty() && !writer.version.has_controller_registration() {
            writer.lose("controller registrations");
            return;
        }
        for registration in self.controllers.values() {
            writer.first(MetadataRecord::RegisterController((**registration).clone()));
        }
    }

    /// The registration of a broker, alive or not.
    pub fn broker(&self, id: i32) -> Option<&Arc<BrokerRegistration>> {
        self.brokers.get(&id)
    }

    /// All registrations in the order of their ids.
    pub fn brokers(&self) -> impl Iterator<Item = &Arc<BrokerRegistration>> {
        self.brokers.values()
    }

    /// The brokers that clients are told about: those that are not fenced.
    pub fn alive_brokers(&self) -> impl Iterator<Item = &Arc<BrokerRegistration>> {
        self.brokers.values().filter(|broker| !broker.fenced)
    }

    /// A broker that clients of a listener can reach: it is not fenced and has that listener.
    pub fn reached(
        &self,
        id: i32,
        listener_name: &str,
    ) -> Option<(&Arc<BrokerRegistration>, &BrokerEndpoint)> {
        let broker = self.brokers.get(&id).filter(|broker| !broker.fenced)?;
        Some((broker, broker.endpoint(listener_name)?))
    }

    /// The replicas of a partition that clients of a listener cannot reach, or whose directory is
    /// offline.
    pub fn offline_replicas(
        &self,
        partition: &PartitionRegistration,
        listener_name: &str,
    ) -> Vec<i32> {
        let is_online = |id: i32| {
            let reached = self.reached(id, listener_name);
            let directory = partition.directory(id);
            reached
                .zip(directory)
                .is_some_and(|((broker, _), directory)| broker.has_online_directory(directory))
        };
        let replicas = partition.replicas.iter().copied();
        replicas.filter(|id| !is_online(*id)).collect()
    }

    /// Whether a broker is registered and not fenced.
    pub fn is_alive(&self, id: i32) -> bool {
        self.brokers.get(&id).is_some_and(|broker| !broker.fenced)
    }

    /// Whether a broker may lead and be in sync: alive and not on its way out.
    pub fn is_active(&self, id: i32) -> bool {
        let broker = self.brokers.get(&id);
        broker.is_some_and(|broker| !broker.fenced && !broker.in_controlled_shutdown)
    }

    /// All controllers that have registered (KIP-919), in the order of their ids.
    pub fn controllers(&self) -> impl Iterator<Item = &Arc<RegisterControllerRecord>> {
        self.controllers.values()
    }

    /// The directory for a new replica on a broker: its only one, or one that it chooses itself.
    pub fn default_directory(&self, broker_id: i32) -> Uuid {
        match self
            .brokers
            .get(&broker_id)
            .map(|broker| &broker.directories[..])
        {
            None => DIRECTORY_UNASSIGNED,
            Some([]) => DIRECTORY_MIGRATING,
            Some([only]) => *only,
            Some(_) => DIRECTORY_UNASSIGNED,
        }
    }

    fn at_epoch(&self, id: i32, epoch: i64) -> Result<&BrokerRegistration, ReplayError> {
        let registration = self.brokers.get(&id).ok_or(ReplayError::NoBroker { id })?;
        if registration.epoch != epoch {
            return Err(ReplayError::OtherBrokerEpoch {
                id,
                epoch,
                registered: registration.epoch,
            });
        }
        Ok(registration)
    }
}

impl BrokerRegistration {
    fn of(record: &RegisterBrokerRecord) -> Self {
        Self {
            id: record.broker_id,
            epoch: record.broker_epoch,
            incarnation_id: record.incarnation_id,
            endpoints: record.end_points.clone(),
            features: record.features.clone(),
            rack: record.rack.clone(),
            fenced: record.fenced,
            in_controlled_shutdown: record.in_controlled_shutdown,
            is_migrating_zk_broker: record.is_migrating_zk_broker,
            directories: sorted_as_kafka(&record.log_dirs),
            cordoned_directories: record.cordoned_log_dirs.clone(),
        }
    }

    fn write(&self, writer: &mut SnapshotWriter) {
        let version = writer.version;
        let mut record = RegisterBrokerRecord {
            broker_id: self.id,
            is_migrating_zk_broker: self.is_migrating_zk_broker,
            incarnation_id: self.incarnation_id,
            broker_epoch: self.epoch,
            end_points: self.endpoints.clone(),
            features: self.features.clone(),
            rack: self.rack.clone(),
            fenced: self.fenced,
            in_controlled_shutdown: self.in_controlled_shutdown,
            log_dirs: self.directories.clone(),
            cordoned_log_dirs: self.cordoned_directories.clone(),
        };
        if record.is_migrating_zk_broker && !version.has_zk_migration() {
            record.is_migrating_zk_broker = false;
            writer.lose("brokers that migrate from ZooKeeper");
        }
        if !record.log_dirs.is_empty() && !version.has_directory_assignment() {
            record.log_dirs.clear();
            writer.lose("online log directories of brokers");
        }
        if record.cordoned_log_dirs.is_some() && !version.has_cordoned_directories() {
            record.cordoned_log_dirs = None;
            writer.lose("cordoned log directories of brokers");
        }
        let record_version = version.register_broker_record_version();
        writer.versioned(MetadataRecord::RegisterBroker(record), record_version);
    }

    /// Where it listens under this listener name.
    pub fn endpoint(&self, listener_name: &str) -> Option<&BrokerEndpoint> {
        self.endpoints
            .iter()
            .find(|endpoint| endpoint.name == listener_name)
    }

    /// Whether a replica in this directory is online.
    pub fn has_online_directory(&self, directory: Uuid) -> bool {
        if directory == DIRECTORY_LOST {
            return false;
        }
        is_reserved_directory(directory)
            || self.directories.is_empty()
            || self.directories.contains(&directory)
    }

    /// Whether there is a directory that takes new replicas.
    pub fn has_uncordoned_directory(&self) -> bool {
        let Some(cordoned) = &self.cordoned_directories else {
            return true;
        };
        self.directories.is_empty() || self.directories.iter().any(|each| !cordoned.contains(each))
    }
}

/// Java compares the two halves of an identifier as signed numbers.
fn sorted_as_kafka(directories: &[Uuid]) -> Vec<Uuid> {
    let mut sorted = directories.to_vec();
    sorted.sort_by_key(|directory| {
        let number = u128::from_be_bytes(*directory.as_bytes());
        ((number >> 64) as i64, number as i64)
    });
    sorted
}

fn invalid(field: &'static str, value: i8) -> ReplayError {
    ReplayError::InvalidField {
        field,
        value: i64::from(value),
    }
}
