//! Control records in words.

use anyhow::{Context, Result};
use protocol::generated::control::{
    KRaftVersionRecord, LeaderChangeMessage, SnapshotFooterRecord, SnapshotHeaderRecord,
    VotersRecord,
};
use protocol::json::ToJson;
use protocol::records::{
    ControlRecordKey, ControlRecordType, EndTransactionMarker, RecordView, TransactionResult,
};
use protocol::wire::{Message, Reader};

/// What the record says, a space before it.
pub(super) fn describe(record: &RecordView<'_>) -> Result<String> {
    let key = ControlRecordKey::decode(record.key)?;
    Ok(match key.record_type {
        ControlRecordType::Abort | ControlRecordType::Commit => {
            let marker = EndTransactionMarker::decode(record)?;
            let result = match marker.result {
                TransactionResult::Abort => "ABORT",
                TransactionResult::Commit => "COMMIT",
            };
            let epoch = marker.coordinator_epoch;
            format!(" endTxnMarker: {result} coordinatorEpoch: {epoch}")
        }
        ControlRecordType::LeaderChange => {
            let message: LeaderChangeMessage = decode(record)?;
            let version = message.version;
            format!(" LeaderChange: {}", message.to_json(version))
        }
        ControlRecordType::SnapshotHeader => {
            let message: SnapshotHeaderRecord = decode(record)?;
            let version = message.version;
            format!(" SnapshotHeader {}", message.to_json(version))
        }
        ControlRecordType::SnapshotFooter => {
            let message: SnapshotFooterRecord = decode(record)?;
            let version = message.version;
            format!(" SnapshotFooter {}", message.to_json(version))
        }
        ControlRecordType::KraftVersion => {
            let message: KRaftVersionRecord = decode(record)?;
            let version = message.version;
            format!(" KRaftVersion {}", message.to_json(version))
        }
        ControlRecordType::KraftVoters => {
            let message: VotersRecord = decode(record)?;
            let version = message.version;
            format!(" KRaftVoters {}", message.to_json(version))
        }
        ControlRecordType::Unknown(id) => format!(" controlType: UNKNOWN({id})"),
    })
}

/// Read, as in Kafka, by version 0 whatever version the record says it has.
fn decode<'b, M: Message<'b>>(record: &RecordView<'b>) -> Result<M> {
    let value = record
        .value
        .context("read control record: it has no value")?;
    Ok(M::decode(&mut Reader::new(value), 0)?)
}
