//! The content of a snapshot (KIP-630): a control batch with the header, data batches, a control
//! batch with the footer. Offsets count from 0; the epoch of each batch is that of the snapshot.
//! `bootstrap.checkpoint` has the same format.

use protocol::compression::Compressor;
use protocol::ids::Offset;
use protocol::records::{BatchBuilder, BuildError};
use thiserror::Error;

use crate::BATCH_BYTES_MAX;
use crate::batch::{
    BatchContent, ControlRecord, ReadBatchError, build_control_batch, data_record, read_batches,
    template,
};
use crate::snapshot_id::OffsetAndEpoch;
use crate::voters::{KraftVersion, VoterSet};

/// A snapshot as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Which one it is.
    pub id: OffsetAndEpoch,
    /// The timestamp of the last record that it stands for, in milliseconds since 1970.
    pub last_contained_log_timestamp_ms: i64,
    /// `kraft.version`, if the snapshot tells.
    pub kraft_version: Option<KraftVersion>,
    /// The voters, if the snapshot tells.
    pub voters: Option<VoterSet>,
    /// The metadata records, each in its frame.
    pub records: Vec<Vec<u8>>,
}

/// Why a snapshot cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// A batch is not sound.
    #[error(transparent)]
    Batch(#[from] ReadBatchError),
    /// It does not start with a header.
    #[error("read snapshot: it does not start with a header")]
    NoHeader,
    /// It does not end with a footer: it was not written to its end.
    #[error("read snapshot: it does not end with a footer")]
    NoFooter,
}

/// What stands at the start of a snapshot.
#[derive(Debug, Clone, PartialEq)]
pub struct SnapshotStart {
    /// Which one it is.
    pub id: OffsetAndEpoch,
    /// The timestamp of the last record that it stands for, in milliseconds since 1970.
    pub last_contained_log_timestamp_ms: i64,
    /// The voters, if `kraft.version` is above 0.
    pub voters: Option<VoterSet>,
}

/// Writes a snapshot batch by batch.
#[derive(Debug)]
pub struct SnapshotBuilder {
    id: OffsetAndEpoch,
    next_offset: Offset,
    pending: Option<BatchBuilder>,
}

impl Snapshot {
    /// Reads the whole of a snapshot.
    ///
    /// # Errors
    /// When it is not sound or not whole.
    pub fn decode(id: OffsetAndEpoch, bytes: &[u8]) -> Result<Self, SnapshotError> {
        let mut batches = read_batches(bytes)?.into_iter();
        let (header, mut control) = match batches.next().map(|batch| batch.content) {
            Some(BatchContent::Control(records)) => match records.first() {
                Some(ControlRecord::SnapshotHeader {
                    last_contained_log_timestamp_ms,
                }) => (*last_contained_log_timestamp_ms, records),
                _ => return Err(SnapshotError::NoHeader),
            },
            _ => return Err(SnapshotError::NoHeader),
        };
        let mut data = Vec::new();
        for batch in batches {
            match batch.content {
                BatchContent::Data(records) => data.extend(records),
                BatchContent::Control(records) => control.extend(records),
            }
        }
        if control.last() != Some(&ControlRecord::SnapshotFooter) {
            return Err(SnapshotError::NoFooter);
        }
        let mut snapshot = Self {
            id,
            last_contained_log_timestamp_ms: header,
            kraft_version: None,
            voters: None,
            records: data,
        };
        for record in control {
            match record {
                ControlRecord::KraftVersion(version) => snapshot.kraft_version = Some(version),
                ControlRecord::Voters(voters) => snapshot.voters = Some(voters),
                ControlRecord::LeaderChange(_)
                | ControlRecord::SnapshotHeader { .. }
                | ControlRecord::SnapshotFooter
                | ControlRecord::Other(_) => {}
            }
        }
        Ok(snapshot)
    }
}

impl SnapshotBuilder {
    /// Begins a snapshot; returns its first batch with it.
    ///
    /// # Errors
    /// When the voters do not fit into a batch.
    pub fn begin(start: SnapshotStart, timestamp_ms: i64) -> Result<(Self, Vec<u8>), BuildError> {
        let mut records = vec![ControlRecord::SnapshotHeader {
            last_contained_log_timestamp_ms: start.last_contained_log_timestamp_ms,
        }];
        if let Some(voters) = start.voters {
            records.push(ControlRecord::KraftVersion(KraftVersion::One));
            records.push(ControlRecord::Voters(voters));
        }
        let header = build_control_batch(Offset::ZERO, start.id.epoch, timestamp_ms, &records)?;
        let builder = Self {
            id: start.id,
            next_offset: Offset(records.len() as i64),
            pending: None,
        };
        Ok((builder, header))
    }

    /// Adds a record in its frame; returns the batch before it if that is full.
    ///
    /// # Errors
    /// When the record does not fit into a batch.
    pub fn push(
        &mut self,
        record: &[u8],
        timestamp_ms: i64,
    ) -> Result<Option<Vec<u8>>, BuildError> {
        let record = data_record(record, timestamp_ms);
        let is_full = |builder: &BatchBuilder| builder.size_with(&record) > BATCH_BYTES_MAX;
        let full = match &self.pending {
            Some(builder) if is_full(builder) => self.finish_pending()?,
            _ => None,
        };
        let (next_offset, epoch) = (self.next_offset, self.id.epoch);
        let new = || BatchBuilder::new(template(next_offset, epoch, false));
        let builder = self.pending.get_or_insert_with(new);
        if is_full(builder) {
            return Err(BuildError::TooLarge(builder.size_with(&record)));
        }
        builder.append(&record)?;
        Ok(full)
    }

    /// Returns the rest of the snapshot.
    ///
    /// # Errors
    /// When a batch cannot be built.
    pub fn finish(mut self, timestamp_ms: i64) -> Result<Vec<u8>, BuildError> {
        let mut bytes = self.finish_pending()?.unwrap_or_default();
        let footer = [ControlRecord::SnapshotFooter];
        let (offset, epoch) = (self.next_offset, self.id.epoch);
        bytes.extend(build_control_batch(offset, epoch, timestamp_ms, &footer)?);
        Ok(bytes)
    }

    fn finish_pending(&mut self) -> Result<Option<Vec<u8>>, BuildError> {
        let Some(builder) = self.pending.take() else {
            return Ok(None);
        };
        self.next_offset = self.next_offset.plus(i64::from(builder.record_count()));
        builder.finish(&mut Compressor::new()).map(Some)
    }
}
