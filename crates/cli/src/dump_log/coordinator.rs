//! Records of coordinators: a key that says what the record is about, and a value or a tombstone.

use anyhow::Result;
use protocol::generated::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription,
};
use protocol::generated::group::{GroupKey, GroupValue};
use protocol::generated::share::{ShareKey, ShareValue};
use protocol::generated::transaction::{TransactionKey, TransactionValue};
use protocol::json::{Json, ToJson};
use protocol::wire::{DecodeError, Message, Reader};

use super::decoder::{Decoded, RecordBytes, key_of};

/// Whose log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CoordinatorLog {
    Group,
    Share,
    Transaction,
}

/// A key that was read.
struct Key {
    /// The number of its type.
    id: i16,
    /// Nothing if the type is not known.
    json: Option<Json>,
}

/// What is printed of a record.
///
/// # Errors
/// When it has no key.
pub(super) fn decode(log: CoordinatorLog, record: &RecordBytes<'_>) -> Result<Decoded> {
    let key = key_of(record)?;
    let offset = record.offset;
    let decoded = log.key(key).and_then(|Key { id, json }| {
        let Some(json) = json else {
            return Ok(Decoded {
                key: Some(format!(
                    "Unknown record type {id} at offset {offset}, skipping."
                )),
                value: None,
            });
        };
        let value = match record.value {
            Some(value) => described("version", log.value(id, value)?),
            None => "<DELETE>".to_owned(),
        };
        Ok(Decoded {
            key: Some(described("type", (id, json))),
            value: Some(value),
        })
    });
    Ok(decoded.unwrap_or_else(|error| Decoded {
        key: Some(format!("Error at offset {offset}, skipping. {error}")),
        value: None,
    }))
}

fn described(name: &'static str, (number, data): (i16, Json)) -> String {
    Json::Object(vec![(name, Json::Text(number.to_string())), ("data", data)]).to_string()
}

impl CoordinatorLog {
    fn key(self, bytes: &[u8]) -> Result<Key, DecodeError> {
        let reader = &mut Reader::new(bytes);
        Ok(match self {
            Self::Group => {
                let key = GroupKey::decode(reader)?;
                let is_known = !matches!(key, GroupKey::Unknown { .. });
                Key::new(key.id(), is_known, &key)
            }
            Self::Share => {
                let key = ShareKey::decode(reader)?;
                let is_known = !matches!(key, ShareKey::Unknown { .. });
                Key::new(key.id(), is_known, &key)
            }
            Self::Transaction => {
                let key = TransactionKey::decode(reader)?;
                let is_known = !matches!(key, TransactionKey::Unknown { .. });
                Key::new(key.id(), is_known, &key)
            }
        })
    }

    /// The version of a value and what is in it.
    fn value(self, id: i16, bytes: &[u8]) -> Result<(i16, Json), DecodeError> {
        let version = Reader::new(bytes).i16()?;
        let reader = &mut Reader::new(bytes);
        let json = match self {
            Self::Group => match GroupValue::decode(id, reader)? {
                GroupValue::GroupMetadata(value) => {
                    let is_consumer = value.protocol_type == "consumer";
                    let mut json = value.to_json(version);
                    if is_consumer {
                        unpack_members(&mut json);
                    }
                    json
                }
                other => other.to_json(version),
            },
            Self::Share => ShareValue::decode(id, reader)?.to_json(version),
            Self::Transaction => TransactionValue::decode(id, reader)?.to_json(version),
        };
        Ok((version, json))
    }
}

impl Key {
    fn new(id: i16, is_known: bool, key: &impl ToJson) -> Self {
        Self {
            id,
            json: is_known.then(|| key.to_json(0)),
        }
    }
}

/// Subscriptions and assignments of members are bytes to the coordinator, but not to whoever wants
/// to know what is in them.
fn unpack_members(group: &mut Json) {
    let Some(Json::Array(members)) = group.field_mut("members") else {
        return;
    };
    for member in members {
        unpack::<ConsumerProtocolSubscription>(member.field_mut("subscription"));
        unpack::<ConsumerProtocolAssignment>(member.field_mut("assignment"));
    }
}

/// Bytes that are not such a message stay bytes.
fn unpack<M>(field: Option<&mut Json>)
where
    M: for<'b> Message<'b> + ToJson,
{
    let Some(field) = field else { return };
    let Json::Bytes(bytes) = &*field else { return };
    let reader = &mut Reader::new(bytes);
    let Ok(version) = reader.i16() else { return };
    // Later versions only add to the end.
    let known = version.min(*M::VERSIONS.end());
    if let Ok(message) = M::decode(reader, known) {
        *field = message.to_json(version);
    }
}
