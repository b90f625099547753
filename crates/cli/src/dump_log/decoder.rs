//! What keys and values of records are, and how they are printed.

use anyhow::{Context, Result, bail};

use super::coordinator::{self, CoordinatorLog};
use super::remote_log;
use super::text;
use protocol::generated::metadata::MetadataRecord;
use protocol::json::{Json, ToJson};
use protocol::wire::DecodeError;

/// How records are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decoder {
    /// Those of any topic.
    Classes { key: Class, value: Class },
    /// Those of `__consumer_offsets`.
    Offsets,
    /// Those of `__transaction_state`.
    TransactionLog,
    /// Those of `__share_group_state`.
    ShareGroupState,
    /// Those of `__cluster_metadata`.
    ClusterMetadata,
    /// Those of `__remote_log_metadata`.
    RemoteLogMetadata,
}

/// A class of Kafka that reads a key or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    String,
    Integer,
    Long,
    /// Bytes, for which Kafka prints where they are in memory; here they are in hexadecimal.
    Bytes,
}

/// A record as far as decoders look at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordBytes<'b> {
    pub(super) offset: i64,
    pub(super) key: Option<&'b [u8]>,
    pub(super) value: Option<&'b [u8]>,
}

/// What is printed of a record.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) key: Option<String>,
    pub(super) value: Option<String>,
}

impl Decoder {
    /// Reads a record. One that is not what it should be says so itself, mostly.
    pub(super) fn decode(self, record: &RecordBytes<'_>) -> Result<Decoded> {
        match self {
            Self::Classes { key, value } => Ok(Decoded {
                key: record.key.map(|bytes| key.read(bytes)).transpose()?,
                value: record.value.map(|bytes| value.read(bytes)).transpose()?,
            }),
            Self::Offsets => coordinator::decode(CoordinatorLog::Group, record),
            Self::TransactionLog => coordinator::decode(CoordinatorLog::Transaction, record),
            Self::ShareGroupState => coordinator::decode(CoordinatorLog::Share, record),
            Self::ClusterMetadata => Ok(Decoded {
                key: None,
                value: Some(cluster_metadata(record)),
            }),
            Self::RemoteLogMetadata => Ok(Decoded {
                key: None,
                value: Some(remote_log::describe(record)),
            }),
        }
    }
}

fn cluster_metadata(record: &RecordBytes<'_>) -> String {
    let decoded = MetadataRecord::decode_frame(record.value.unwrap_or_default());
    let named = decoded.and_then(|(content, version)| match content.type_name() {
        Some(name) => Ok((name, content, version)),
        None => Err(DecodeError::UnknownType {
            what: "metadata record",
            id: i64::from(content.id()),
        }),
    });
    match named {
        Ok((name, content, version)) => Json::Object(vec![
            ("type", Json::Text(name.to_owned())),
            ("version", Json::Integer(version.into())),
            ("data", content.to_json(version)),
        ])
        .to_string(),
        Err(error) => format!("Error at {}, skipping. {error}", record.offset),
    }
}

impl Class {
    /// The class of this full name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(match name.strip_prefix("org.apache.kafka.tools.api.")? {
            "StringDecoder" => Self::String,
            "IntegerDecoder" => Self::Integer,
            "LongDecoder" => Self::Long,
            "DefaultDecoder" => Self::Bytes,
            _ => return None,
        })
    }

    fn read(self, bytes: &[u8]) -> Result<String> {
        let few = || format!("decode number: there are {} bytes", bytes.len());
        Ok(match self {
            Self::String => text::of_bytes(bytes),
            Self::Integer => {
                let number = bytes.first_chunk().with_context(few)?;
                i32::from_be_bytes(*number).to_string()
            }
            Self::Long => {
                let number = bytes.first_chunk().with_context(few)?;
                i64::from_be_bytes(*number).to_string()
            }
            Self::Bytes => {
                let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
                format!("0x{}", digits.collect::<String>())
            }
        })
    }
}

/// A record that has to have a key.
pub(super) fn key_of<'b>(record: &RecordBytes<'b>) -> Result<&'b [u8]> {
    let Some(key) = record.key else {
        bail!("decode record at offset {}: it has no key", record.offset);
    };
    Ok(key)
}
