//! The state of the active controller, and the one way to change it.

use super::ControllerParts;
use crate::config::DynamicConfig;
use crate::effective_config::layers;
use metadata::VersionedRecord;
use metadata::controller::{
    ActivationError, BrokerLiveness, BrokerSession, Controller, ControllerState,
};
use metadata::image::{ConfigResource, MetadataImage, Provenance, ReplayError};
use protocol::ErrorCode;
use protocol::generated::metadata::MetadataRecord;
use protocol::ids::{LeaderEpoch, Offset};
use protocol::time::Now;
use protocol::wire::EncodeError;
use quorum::QuorumError;
use storage::disk::DiskErrorKind;
use storage::log::{AppendError, Appended, LogError};
use thiserror::Error;

use crate::metadata_records::MetadataLogError;

/// Why a controller cannot go on.
#[derive(Debug, Error)]
pub enum ControllerError {
    /// Its log cannot be read.
    #[error(transparent)]
    Log(#[from] MetadataLogError),
    /// Its log cannot be written.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
    /// It cannot become active.
    #[error(transparent)]
    Activation(#[from] ActivationError),
    /// A decision that the state it was taken on refuses.
    #[error("replay decision: {0}")]
    Replay(#[from] ReplayError),
    /// A decision that cannot be written.
    #[error("write decision: {0}")]
    Encode(#[from] EncodeError),
    /// Somebody else has written to the log.
    #[error("append decision: it came to offset {found}, {expected} was next")]
    Offset {
        /// The offset of the first record.
        found: Offset,
        /// The one that the decision was taken for.
        expected: Offset,
    },
}

/// Why nothing was written.
#[derive(Debug, Error)]
pub(super) enum WriteError {
    /// The records do not fit, or the disk is full; the controller goes on.
    #[error(transparent)]
    Refused(QuorumError),
    /// The controller cannot go on.
    #[error(transparent)]
    Fatal(#[from] ControllerError),
}

/// What came of a request.
pub(super) struct Decision {
    /// To be appended as one batch; may be none.
    pub(super) records: Vec<VersionedRecord>,
    /// What is answered when they are committed.
    pub(super) response: Vec<u8>,
    /// A broker that is in controlled shutdown.
    pub(super) shutting_down: Option<BrokerSession>,
    /// Whether the quorum raises `kraft.version`, before the records.
    pub(super) raises_kraft_version: bool,
}

/// An active controller.
pub(super) struct Active {
    pub(super) parts: ControllerParts,
    /// The configuration of this node with everything that was appended.
    pub(super) config: DynamicConfig,
    pub(super) state: ControllerState,
    pub(super) liveness: BrokerLiveness,
    /// Where the next record goes.
    pub(super) next_offset: Offset,
    pub(super) epoch: LeaderEpoch,
    /// Whether this incarnation of the controller stands in the log, as far as it may.
    pub(super) is_registered: bool,
}

impl Decision {
    pub(super) fn new(records: Vec<VersionedRecord>, response: Vec<u8>) -> Self {
        Self {
            records,
            response,
            shutting_down: None,
            raises_kraft_version: false,
        }
    }

    pub(super) fn answer_only(response: Vec<u8>) -> Self {
        Self::new(Vec::new(), response)
    }
}

impl Active {
    /// Appends records as one batch and takes them into the state; returns where they end.
    ///
    /// # Errors
    /// When nothing was appended; the state is as before then.
    pub(super) async fn write(
        &mut self,
        records: &[VersionedRecord],
        now: Now,
    ) -> Result<Offset, WriteError> {
        let mut next = self.state.clone();
        let mut frames = Vec::with_capacity(records.len());
        for (offset, each) in (self.next_offset.0..).zip(records) {
            let provenance = Provenance {
                offset,
                epoch: self.epoch.0,
                appended_wall_ms: now.wall_ms,
            };
            next.replay(&each.record, provenance)
                .map_err(ControllerError::Replay)?;
            frames.push(each.to_frame().map_err(ControllerError::Encode)?);
        }
        let appended = self.parts.quorum.append(self.epoch, &frames, now);
        let appended = appended.await.map_err(write_error)?;
        self.advance(&appended)?;
        self.state = next;
        self.refresh_config(|resource| records.iter().any(|each| changes(&each.record, resource)));
        Ok(self.next_offset)
    }

    /// Has the quorum raise `kraft.version`; returns where that ends.
    ///
    /// # Errors
    /// When nothing was appended.
    pub(super) async fn raise_kraft_version(&mut self, now: Now) -> Result<Offset, WriteError> {
        let appended = self.parts.quorum.raise_kraft_version(self.epoch, now);
        let appended = appended.await.map_err(write_error)?;
        self.advance(&appended)?;
        Ok(self.next_offset)
    }

    fn advance(&mut self, appended: &Appended) -> Result<(), WriteError> {
        if appended.first_offset != self.next_offset {
            return Err(WriteError::Fatal(ControllerError::Offset {
                found: appended.first_offset,
                expected: self.next_offset,
            }));
        }
        self.next_offset = appended.last_offset.next();
        Ok(())
    }

    /// Takes over the dynamic values of the node that have changed.
    pub(super) fn refresh_config(&mut self, has_changed: impl Fn(&ConfigResource) -> bool) {
        for (scope, resource) in layers(self.parts.settings.decisions.node_id) {
            if has_changed(&resource) {
                let values = self.state.reader().latest().configs().of(&resource);
                // Values that cannot be count as not set, as they do for brokers.
                self.config.replace(scope, values.into_iter().flatten());
            }
        }
    }

    /// What decides, on everything that was appended.
    pub(super) fn controller(&self) -> Controller<'_> {
        let settings = &self.parts.settings.decisions;
        Controller::new(&self.state, settings, &self.config)
    }

    /// The metadata with everything that was appended.
    pub(super) fn image(&self) -> &MetadataImage {
        self.state.reader().latest()
    }
}

impl WriteError {
    /// What is answered.
    pub(super) fn error_code(&self) -> ErrorCode {
        match self {
            Self::Refused(QuorumError::Append(AppendError::Log(_))) => {
                ErrorCode::KAFKA_STORAGE_ERROR
            }
            Self::Refused(_) => ErrorCode::UNKNOWN_SERVER_ERROR,
            Self::Fatal(_) => ErrorCode::NOT_CONTROLLER,
        }
    }
}

/// Whether a record changes what is set for this resource.
fn changes(record: &MetadataRecord, resource: &ConfigResource) -> bool {
    match record {
        MetadataRecord::Config(record) => {
            record.resource_type == resource.kind.0 && record.resource_name == resource.name
        }
        _ => false,
    }
}

fn write_error(error: QuorumError) -> WriteError {
    match &error {
        QuorumError::Build(_)
        | QuorumError::Append(
            AppendError::RecordTooLarge { .. } | AppendError::RecordListTooLarge { .. },
        ) => WriteError::Refused(error),
        // The log has taken back what it had written and works on.
        QuorumError::Append(AppendError::Log(LogError::Disk(disk)))
            if disk.kind() == DiskErrorKind::NoSpace =>
        {
            WriteError::Refused(error)
        }
        _ => WriteError::Fatal(error.into()),
    }
}
