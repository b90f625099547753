//! What the quorum hands out, as metadata records with their place in the log.
//!
//! Not the job of this module: what becomes of the records; the controller and the follower each
//! replay them into a state of their own.

use metadata::controller::ControllerState;
use metadata::image::{MetadataReader, Provenance, ReplayError};
use protocol::generated::metadata::MetadataRecord;
use protocol::ids::Offset;
use protocol::wire::DecodeError;
use quorum::{Committed, Quorum, QuorumError};
use raft::{BatchContent, LogBatch, Snapshot};
use std::sync::Arc;
use thiserror::Error;

/// Why the metadata log cannot be followed.
#[derive(Debug, Error)]
pub enum MetadataLogError {
    /// The quorum does not hand it out.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
    /// A record cannot be read.
    #[error("read metadata record at offset {offset}: {source}")]
    Malformed {
        /// Its offset, or the one that the snapshot it is in ends before.
        offset: Offset,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// A record contradicts those before it.
    #[error("replay metadata record at offset {offset}: {source}")]
    Contradiction {
        /// Its offset, or the one that the snapshot it is in ends before.
        offset: Offset,
        /// What it contradicts.
        source: ReplayError,
    },
}

/// A state that metadata records make up.
pub(crate) trait Replayed: Default {
    /// What a snapshot holds.
    fn of_snapshot(reader: MetadataReader) -> Self;

    /// Takes in the next record.
    fn replay(
        &mut self,
        record: &MetadataRecord,
        provenance: Provenance,
    ) -> Result<(), ReplayError>;
}

impl Replayed for MetadataReader {
    fn of_snapshot(reader: MetadataReader) -> Self {
        reader
    }

    fn replay(
        &mut self,
        record: &MetadataRecord,
        provenance: Provenance,
    ) -> Result<(), ReplayError> {
        self.replay(record, provenance)
    }
}

impl Replayed for ControllerState {
    fn of_snapshot(reader: MetadataReader) -> Self {
        Self::from_snapshot(reader)
    }

    fn replay(
        &mut self,
        record: &MetadataRecord,
        provenance: Provenance,
    ) -> Result<(), ReplayError> {
        self.replay(record, provenance)
    }
}

/// The state of everything that is committed by now.
///
/// # Errors
/// When the log cannot be read, or its records make no state.
pub(crate) async fn read_committed<S: Replayed>(
    quorum: &Arc<Quorum>,
) -> Result<S, MetadataLogError> {
    let mut listener = quorum.listen(Offset::ZERO);
    let mut state = S::default();
    let target = quorum.high_watermark();
    while Some(listener.position()) < target {
        match listener.next().await? {
            Committed::Snapshot(snapshot) => state = S::of_snapshot(read_snapshot(&snapshot)?),
            Committed::Batches(batches) => {
                for batch in &batches {
                    let replay = |record: &_, provenance| state.replay(record, provenance);
                    replay_batch(batch, replay)?;
                }
            }
        }
    }
    Ok(state)
}

/// A reader that goes on behind a snapshot.
///
/// # Errors
/// When a record is malformed or contradicts another.
pub(crate) fn read_snapshot(snapshot: &Snapshot) -> Result<MetadataReader, MetadataLogError> {
    let offset = snapshot.id.offset;
    let records = snapshot
        .records
        .iter()
        .map(|frame| decode(frame, offset))
        .collect::<Result<Vec<_>, _>>()?;
    let provenance = Provenance {
        offset: offset.0 - 1,
        epoch: snapshot.id.epoch.0,
        appended_wall_ms: snapshot.last_contained_log_timestamp_ms,
    };
    MetadataReader::from_snapshot(&records, provenance)
        .map_err(|source| MetadataLogError::Contradiction { offset, source })
}

/// Replays the metadata records of a batch in their order; those of the quorum itself are passed
/// over.
///
/// # Errors
/// When a record is malformed, or `replay` refuses it.
pub(crate) fn replay_batch(
    batch: &LogBatch,
    mut replay: impl FnMut(&MetadataRecord, Provenance) -> Result<(), ReplayError>,
) -> Result<(), MetadataLogError> {
    let BatchContent::Data(frames) = &batch.content else {
        return Ok(());
    };
    for (index, frame) in (0..).zip(frames) {
        let offset = batch.base_offset.plus(index);
        let record = decode(frame, offset)?;
        let provenance = Provenance {
            offset: offset.0,
            epoch: batch.epoch.0,
            appended_wall_ms: batch.timestamp_ms,
        };
        replay(&record, provenance)
            .map_err(|source| MetadataLogError::Contradiction { offset, source })?;
    }
    Ok(())
}

fn decode(frame: &[u8], offset: Offset) -> Result<MetadataRecord, MetadataLogError> {
    match MetadataRecord::decode_frame(frame) {
        Ok((record, _)) => Ok(record),
        Err(source) => Err(MetadataLogError::Malformed { offset, source }),
    }
}
