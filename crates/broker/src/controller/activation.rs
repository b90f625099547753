//! Becoming the active controller: start the quorum, read everything, write what comes first.

use super::ControllerParts;
use super::active::{Active, ControllerError, WriteError};
use crate::config::DynamicConfig;
use crate::metadata_records::{self, MetadataLogError};
use metadata::VersionedRecord;
use metadata::controller::{BrokerLiveness, BrokerSession, ControllerState};
use metadata::features::{MetadataVersion, supported_ranges};
use protocol::generated::metadata::register_controller_record::{
    ControllerEndpoint, ControllerFeature,
};
use protocol::generated::metadata::{MetadataRecord, RegisterControllerRecord};
use protocol::ids::Offset;
use quorum::{QuorumError, read_bootstrap};
use std::path::Path;
use storage::disk::Disk;

/// The records that an empty log begins with, from `bootstrap.checkpoint` in a log directory; none
/// if there is no such file.
///
/// # Errors
/// When the file cannot be read.
pub async fn read_bootstrap_records(
    disk: &dyn Disk,
    log_dir: &Path,
) -> Result<Vec<VersionedRecord>, MetadataLogError> {
    let frames = read_bootstrap(disk, log_dir).await;
    let frames = frames.map_err(QuorumError::Snapshot)?.unwrap_or_default();
    let records = frames.iter().map(|frame| {
        let (record, version) = MetadataRecord::decode_frame(frame).map_err(|source| {
            let offset = Offset::ZERO;
            MetadataLogError::Malformed { offset, source }
        })?;
        Ok(VersionedRecord { record, version })
    });
    records.collect()
}

/// Takes the lead; what is written first is appended and not committed yet.
pub(super) async fn activate(parts: ControllerParts) -> Result<Active, ControllerError> {
    let clock = parts.environment.clock.clone();
    let epoch = parts.quorum.start(clock.now()).await?;
    let state: ControllerState = metadata_records::read_committed(&parts.quorum).await?;
    let now = clock.now();
    let session_timeout_ms = parts.settings.session_timeout_ms;
    let config = DynamicConfig::new(parts.config.as_ref().clone());
    let mut active = Active {
        config,
        liveness: BrokerLiveness::on_loaded(&state, session_timeout_ms, now),
        next_offset: parts.quorum.high_watermark().unwrap_or(Offset::ZERO),
        state,
        epoch,
        is_registered: false,
        parts,
    };
    active.refresh_config(|_| true);
    let first = active.controller().activate(&active.parts.bootstrap)?;
    write(&mut active, &first.records).await?;
    if let Some(session) = left_behind(&active) {
        let fencing = active.controller().fence_broker(session);
        write(&mut active, &fencing.records).await?;
        active.liveness.forget(session);
    }
    let registered = register(&mut active);
    write(&mut active, &registered).await?;
    Ok(active)
}

/// The records that register this incarnation, once the cluster has agreed on a version in which
/// controllers register.
pub(super) fn register(active: &mut Active) -> Vec<VersionedRecord> {
    let version = active.image().features().metadata_version();
    let is_possible = version.is_some_and(MetadataVersion::has_controller_registration);
    if active.is_registered || !is_possible {
        return Vec::new();
    }
    active.is_registered = true;
    let registration = registration(active);
    active
        .controller()
        .register_controller(registration)
        .records
}

/// What this incarnation of the controller says of itself.
fn registration(active: &Active) -> RegisterControllerRecord {
    let settings = &active.parts.settings;
    let listeners = settings.listeners.iter();
    let features = supported_ranges().into_iter();
    RegisterControllerRecord {
        controller_id: settings.decisions.node_id,
        incarnation_id: active.parts.environment.chance.uuid(),
        zk_migration_ready: false,
        end_points: listeners
            .map(|listener| ControllerEndpoint {
                name: listener.name.clone(),
                host: listener.host.clone(),
                port: listener.port,
                security_protocol: listener.security_protocol,
            })
            .collect(),
        features: features
            .map(|(name, min, max)| ControllerFeature {
                name: name.to_owned(),
                min_supported_version: min,
                max_supported_version: max,
            })
            .collect(),
    }
}

async fn write(active: &mut Active, records: &[VersionedRecord]) -> Result<(), ControllerError> {
    if records.is_empty() {
        return Ok(());
    }
    let now = active.parts.environment.clock.now();
    match active.write(records, now).await {
        Ok(_) => Ok(()),
        Err(WriteError::Fatal(error)) => Err(error),
        // Without these records there is nothing to go on from.
        Err(WriteError::Refused(error)) => Err(error.into()),
    }
}

/// The broker that an earlier process of this node has left unfenced. It had locked a directory
/// that this process has locked now, so it cannot be alive.
fn left_behind(active: &Active) -> Option<BrokerSession> {
    let settings = &active.parts.settings;
    let broker = active
        .image()
        .cluster()
        .broker(settings.decisions.node_id)?;
    let is_held = |directory| settings.held_directories.contains(directory);
    let is_gone = !broker.fenced && broker.directories.iter().any(is_held);
    is_gone.then_some(BrokerSession {
        broker_id: broker.id,
        broker_epoch: broker.epoch,
    })
}
