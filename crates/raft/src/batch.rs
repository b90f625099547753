//! The batches of the metadata log and of snapshots: data records with their frames left on, and
//! the control records that the quorum itself writes.

use protocol::compression::{Compressor, Decompressor};
use protocol::generated::control::{
    KRaftVersionRecord, LeaderChangeMessage, SnapshotHeaderRecord, VotersRecord,
};
use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::{
    BatchBuilder, BatchError, BatchTemplate, BatchView, Batches, BuildError, ControlRecordError,
    ControlRecordKey, ControlRecordType, NewRecord, RecordView,
};
use protocol::wire::{DecodeError, EncodeError, Message, Reader, Writer};
use thiserror::Error;

use crate::BATCH_BYTES_MAX;
use crate::voters::{KraftVersion, VoterSet};

/// One batch, decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct LogBatch {
    /// The offset of its first record.
    pub base_offset: Offset,
    /// The offset after its last record.
    pub end_offset: Offset,
    /// The epoch it was written in.
    pub epoch: LeaderEpoch,
    /// The largest timestamp, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// Bytes in the log.
    pub size: usize,
    /// Its records.
    pub content: BatchContent,
}

/// The records of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchContent {
    /// Metadata records, each in its frame.
    Data(Vec<Vec<u8>>),
    /// Records of the quorum itself.
    Control(Vec<ControlRecord>),
}

/// A record of the quorum itself.
#[derive(Debug, Clone, PartialEq)]
pub enum ControlRecord {
    /// An epoch starts.
    LeaderChange(LeaderChangeMessage),
    /// `kraft.version` is this from here on.
    KraftVersion(KraftVersion),
    /// These vote from here on.
    Voters(VoterSet),
    /// A snapshot starts.
    SnapshotHeader {
        /// The timestamp of the last record that the snapshot stands for.
        last_contained_log_timestamp_ms: i64,
    },
    /// A snapshot ends.
    SnapshotFooter,
    /// One of a type that is not known, with its type.
    Other(i16),
}

/// Why batches cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadBatchError {
    /// A batch is not sound.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The key of a control record is not sound.
    #[error(transparent)]
    ControlKey(#[from] ControlRecordError),
    /// The value of a control record is not sound.
    #[error("read control record at offset {offset}: {source}")]
    ControlValue {
        /// The offset of the record.
        offset: Offset,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// A value of `kraft.version` that is not known.
    #[error("read control record at offset {offset}: kraft.version {level} is not known")]
    KraftVersion {
        /// The offset of the record.
        offset: Offset,
        /// The level found.
        level: i16,
    },
    /// A metadata record without a value.
    #[error("read metadata record at offset {offset}: it has no value")]
    NoValue {
        /// The offset of the record.
        offset: Offset,
    },
}

/// Decodes whole batches, checksums included.
///
/// # Errors
/// When one of them is not sound.
pub fn read_batches(bytes: &[u8]) -> Result<Vec<LogBatch>, ReadBatchError> {
    let mut decompressor = Decompressor::new();
    let batches = Batches::new(bytes);
    batches
        .map(|batch| read_batch(&batch?, &mut decompressor))
        .collect()
}

/// Builds a batch of metadata records, each in its frame; the epoch counts in snapshots only, as
/// the log assigns it anew.
///
/// # Errors
/// When there are no records, or too many bytes.
pub fn build_data_batch(
    base_offset: Offset,
    epoch: LeaderEpoch,
    timestamp_ms: i64,
    records: &[impl AsRef<[u8]>],
) -> Result<Vec<u8>, BuildError> {
    let mut builder = BatchBuilder::new(template(base_offset, epoch, false));
    for record in records {
        builder.append(&data_record(record.as_ref(), timestamp_ms))?;
    }
    if builder.size() > BATCH_BYTES_MAX {
        return Err(BuildError::TooLarge(builder.size()));
    }
    builder.finish(&mut Compressor::new())
}

/// Builds a batch of control records.
pub(crate) fn build_control_batch(
    base_offset: Offset,
    epoch: LeaderEpoch,
    timestamp_ms: i64,
    records: &[ControlRecord],
) -> Result<Vec<u8>, BuildError> {
    let mut builder = BatchBuilder::new(template(base_offset, epoch, true));
    for record in records {
        let (record_type, value) = record
            .encode()
            .map_err(|_| BuildError::TooLarge(usize::MAX))?;
        builder.append(&NewRecord {
            timestamp_ms,
            key: Some(&ControlRecordKey::new(record_type).encode()),
            value: Some(&value),
            headers: &[],
        })?;
    }
    builder.finish(&mut Compressor::new())
}

pub(crate) const fn data_record(value: &[u8], timestamp_ms: i64) -> NewRecord<'_> {
    NewRecord {
        timestamp_ms,
        key: None,
        value: Some(value),
        headers: &[],
    }
}

pub(crate) fn template(base_offset: Offset, epoch: LeaderEpoch, control: bool) -> BatchTemplate {
    BatchTemplate {
        partition_leader_epoch: epoch.0,
        control,
        ..BatchTemplate::new(base_offset.0)
    }
}

fn read_batch(
    batch: &BatchView<'_>,
    decompressor: &mut Decompressor,
) -> Result<LogBatch, ReadBatchError> {
    batch.check_crc()?;
    let header = *batch.header();
    let records = batch.records(decompressor, BATCH_BYTES_MAX)?;
    let content = if header.attributes.is_control() {
        let records = records.map(|record| ControlRecord::decode(&record?));
        BatchContent::Control(records.collect::<Result<_, _>>()?)
    } else {
        let values = records.map(|record| {
            let record = record?;
            let offset = Offset(record.offset);
            let value = record.value.ok_or(ReadBatchError::NoValue { offset })?;
            Ok(value.to_vec())
        });
        BatchContent::Data(values.collect::<Result<_, ReadBatchError>>()?)
    };
    Ok(LogBatch {
        base_offset: Offset(header.base_offset),
        end_offset: Offset(header.next_offset()),
        epoch: LeaderEpoch(header.partition_leader_epoch),
        timestamp_ms: header.max_timestamp_ms,
        size: header.size(),
        content,
    })
}

impl ControlRecord {
    fn decode(record: &RecordView<'_>) -> Result<Self, ReadBatchError> {
        let offset = Offset(record.offset);
        let value = record.value.unwrap_or_default();
        Ok(match ControlRecordKey::decode(record.key)?.record_type {
            ControlRecordType::LeaderChange => Self::LeaderChange(decode(value, offset)?),
            ControlRecordType::SnapshotHeader => {
                let header: SnapshotHeaderRecord = decode(value, offset)?;
                Self::SnapshotHeader {
                    last_contained_log_timestamp_ms: header.last_contained_log_timestamp,
                }
            }
            ControlRecordType::SnapshotFooter => Self::SnapshotFooter,
            ControlRecordType::KraftVersion => {
                let record: KRaftVersionRecord = decode(value, offset)?;
                let level = record.kraft_version;
                let known = KraftVersion::from_level(level);
                Self::KraftVersion(known.ok_or(ReadBatchError::KraftVersion { offset, level })?)
            }
            ControlRecordType::KraftVoters => {
                Self::Voters(VoterSet::from_record(decode(value, offset)?))
            }
            other @ (ControlRecordType::Abort
            | ControlRecordType::Commit
            | ControlRecordType::Unknown(_)) => Self::Other(other.id()),
        })
    }

    fn encode(&self) -> Result<(ControlRecordType, Vec<u8>), EncodeError> {
        Ok(match self {
            Self::LeaderChange(message) => (
                ControlRecordType::LeaderChange,
                encode(message, message.version)?,
            ),
            Self::KraftVersion(version) => {
                let record = KRaftVersionRecord {
                    version: 0,
                    kraft_version: version.level(),
                };
                (ControlRecordType::KraftVersion, encode(&record, 0)?)
            }
            Self::Voters(voters) => {
                let record: VotersRecord = voters.to_record();
                (ControlRecordType::KraftVoters, encode(&record, 0)?)
            }
            Self::SnapshotHeader {
                last_contained_log_timestamp_ms,
            } => {
                let record = SnapshotHeaderRecord {
                    version: 0,
                    last_contained_log_timestamp: *last_contained_log_timestamp_ms,
                };
                (ControlRecordType::SnapshotHeader, encode(&record, 0)?)
            }
            // Version 0, and no tagged fields.
            Self::SnapshotFooter => (ControlRecordType::SnapshotFooter, vec![0, 0, 0]),
            Self::Other(id) => (ControlRecordType::from_id(*id), Vec::new()),
        })
    }
}

/// Reads a value whose first field is its version. Later versions only add fields.
fn decode<'a, M: Message<'a>>(value: &'a [u8], offset: Offset) -> Result<M, ReadBatchError> {
    let version = Reader::new(value).i16();
    let decoded = version.and_then(|version| {
        let known = version.min(*M::VERSIONS.end());
        M::decode(&mut Reader::new(value), known)
    });
    decoded.map_err(|source| ReadBatchError::ControlValue { offset, source })
}

fn encode<'a>(message: &impl Message<'a>, version: i16) -> Result<Vec<u8>, EncodeError> {
    let mut writer = Writer::new();
    message.encode(&mut writer, version)?;
    Ok(writer.into_parts().0)
}
