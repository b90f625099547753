//! Control records: those of transactions (KIP-98) and of the metadata quorum (KIP-595, 630, 853).
//!
//! Not the job of this module: the values of the quorum's control records, which are messages.

use super::build::{BatchBuilder, BatchTemplate, NewRecord, ProducerFields};
use super::record::RecordView;
use super::{BuildError, NO_SEQUENCE};
use crate::compression::Compressor;
use thiserror::Error;

/// What a control record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlRecordType {
    /// A transaction was aborted.
    Abort,
    /// A transaction was committed.
    Commit,
    /// The metadata quorum has a new leader.
    LeaderChange,
    /// A metadata snapshot starts.
    SnapshotHeader,
    /// A metadata snapshot ends.
    SnapshotFooter,
    /// The version of the quorum's own protocol.
    KraftVersion,
    /// The voters of the quorum.
    KraftVoters,
    /// One that is not known; readers pass over it.
    Unknown(i16),
}

impl ControlRecordType {
    /// The type with this id.
    pub const fn from_id(id: i16) -> Self {
        match id {
            0 => Self::Abort,
            1 => Self::Commit,
            2 => Self::LeaderChange,
            3 => Self::SnapshotHeader,
            4 => Self::SnapshotFooter,
            5 => Self::KraftVersion,
            6 => Self::KraftVoters,
            unknown => Self::Unknown(unknown),
        }
    }

    /// The id in the key.
    pub const fn id(self) -> i16 {
        match self {
            Self::Abort => 0,
            Self::Commit => 1,
            Self::LeaderChange => 2,
            Self::SnapshotHeader => 3,
            Self::SnapshotFooter => 4,
            Self::KraftVersion => 5,
            Self::KraftVoters => 6,
            Self::Unknown(id) => id,
        }
    }
}

/// The key of a control record: a version, which readers need not know, and the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlRecordKey {
    /// 0 so far; later versions append fields.
    pub version: i16,
    /// What the record is about.
    pub record_type: ControlRecordType,
}

/// Why a control record cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ControlRecordError {
    /// No key, or one too short.
    #[error("read control record: its key has {0} bytes")]
    Key(usize),
    /// A version below zero.
    #[error("read control record: version {0} is negative")]
    Version(i16),
    /// Neither commit nor abort.
    #[error("read transaction marker: the record is {0:?}")]
    NotAMarker(ControlRecordType),
    /// No value, or one too short.
    #[error("read transaction marker: its value has {0} bytes")]
    Value(usize),
}

impl ControlRecordKey {
    /// The key of version 0.
    pub const fn new(record_type: ControlRecordType) -> Self {
        Self {
            version: 0,
            record_type,
        }
    }

    /// Reads the key of a control record.
    ///
    /// # Errors
    /// When it is null or too short, or its version is negative.
    pub fn decode(key: Option<&[u8]>) -> Result<Self, ControlRecordError> {
        let key = key.unwrap_or_default();
        let Some(&[a, b, c, d]) = key.first_chunk::<4>() else {
            return Err(ControlRecordError::Key(key.len()));
        };
        let version = i16::from_be_bytes([a, b]);
        if version < 0 {
            return Err(ControlRecordError::Version(version));
        }
        Ok(Self {
            version,
            record_type: ControlRecordType::from_id(i16::from_be_bytes([c, d])),
        })
    }

    /// The key as it is stored.
    pub const fn encode(self) -> [u8; 4] {
        let [a, b] = self.version.to_be_bytes();
        let [c, d] = self.record_type.id().to_be_bytes();
        [a, b, c, d]
    }
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionResult {
    /// The records do not count.
    Abort,
    /// The records count.
    Commit,
}

/// The control record that ends a transaction in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndTransactionMarker {
    /// How the transaction ended.
    pub result: TransactionResult,
    /// The epoch of the transaction coordinator that ended it.
    pub coordinator_epoch: i32,
}

impl EndTransactionMarker {
    /// Reads the marker from a record of a control batch. Versions to come are read as version 0,
    /// whose fields they keep.
    ///
    /// # Errors
    /// When the record is no such marker.
    pub fn decode(record: &RecordView<'_>) -> Result<Self, ControlRecordError> {
        let result = match ControlRecordKey::decode(record.key)?.record_type {
            ControlRecordType::Abort => TransactionResult::Abort,
            ControlRecordType::Commit => TransactionResult::Commit,
            other => return Err(ControlRecordError::NotAMarker(other)),
        };
        let value = record.value.unwrap_or_default();
        let Some(&[v, w, a, b, c, d]) = value.first_chunk::<6>() else {
            return Err(ControlRecordError::Value(value.len()));
        };
        let version = i16::from_be_bytes([v, w]);
        if version < 0 {
            return Err(ControlRecordError::Version(version));
        }
        Ok(Self {
            result,
            coordinator_epoch: i32::from_be_bytes([a, b, c, d]),
        })
    }

    /// The type of the record.
    pub const fn record_type(self) -> ControlRecordType {
        match self.result {
            TransactionResult::Abort => ControlRecordType::Abort,
            TransactionResult::Commit => ControlRecordType::Commit,
        }
    }

    /// The value as it is stored, in version 0.
    pub const fn encode_value(self) -> [u8; 6] {
        let [a, b, c, d] = self.coordinator_epoch.to_be_bytes();
        [0, 0, a, b, c, d]
    }

    /// The control batch that ends the transaction of a producer.
    ///
    /// # Errors
    /// As [`BatchBuilder::finish`].
    pub fn batch(
        self,
        template: &BatchTemplate,
        producer_id: i64,
        producer_epoch: i16,
        timestamp_ms: i64,
    ) -> Result<Vec<u8>, BuildError> {
        let mut builder = BatchBuilder::new(BatchTemplate {
            transactional: true,
            control: true,
            producer: Some(ProducerFields {
                id: producer_id,
                epoch: producer_epoch,
                base_sequence: NO_SEQUENCE,
            }),
            ..*template
        });
        builder.append(&NewRecord {
            timestamp_ms,
            key: Some(&ControlRecordKey::new(self.record_type()).encode()),
            value: Some(&self.encode_value()),
            headers: &[],
        })?;
        builder.finish(&mut Compressor::new())
    }
}
