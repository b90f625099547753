//! Records of `__remote_log_metadata` in words.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use protocol::Uuid;
use protocol::generated::remote_log::{
    RemoteLogRecord, RemoteLogSegmentMetadataRecord, RemoteLogSegmentMetadataSnapshotRecord,
    RemoteLogSegmentMetadataUpdateRecord, RemotePartitionDeleteMetadataRecord,
};

use super::decoder::RecordBytes;

/// What is printed of a record.
pub(super) fn describe(record: &RecordBytes<'_>) -> String {
    let decoded = decode(record.value);
    decoded
        .unwrap_or_else(|error| format!("Error at offset {}, skipping. {error:#}", record.offset))
}

fn decode(value: Option<&[u8]>) -> Result<String> {
    let value = value.context("read remote log metadata: there is no value")?;
    let (record, _) = RemoteLogRecord::decode_frame(value)?;
    match record {
        RemoteLogRecord::RemoteLogSegmentMetadata(record) => segment(&record),
        RemoteLogRecord::RemoteLogSegmentMetadataUpdate(record) => segment_update(&record),
        RemoteLogRecord::RemotePartitionDeleteMetadata(record) => partition_delete(&record),
        RemoteLogRecord::RemoteLogSegmentMetadataSnapshot(record) => segment_snapshot(&record),
        RemoteLogRecord::Unknown { id, .. } => {
            bail!("read remote log metadata: unknown type {id}")
        }
    }
}

fn segment(record: &RemoteLogSegmentMetadataRecord) -> Result<String> {
    check_offsets(record.start_offset, record.end_offset)?;
    let segment = &record.remote_log_segment_id;
    let partition = &segment.topic_id_partition;
    let partition = topic_id_partition(partition.id, &partition.name, partition.partition);
    let epochs = record.segment_leader_epochs.iter();
    Ok(format!(
        "RemoteLogSegmentMetadata{{remoteLogSegmentId={}, startOffset={}, endOffset={}, \
         brokerId={}, maxTimestampMs={}, eventTimestampMs={}, segmentLeaderEpochs={}, \
         segmentSizeInBytes={}, customMetadata={}, state={}, txnIdxEmpty={}}}",
        segment_id(&partition, segment.id),
        record.start_offset,
        record.end_offset,
        record.broker_id,
        record.max_timestamp_ms,
        record.event_timestamp_ms,
        leader_epochs(epochs.map(|entry| (entry.leader_epoch, entry.offset)))?,
        record.segment_size_in_bytes,
        custom_metadata(record.custom_metadata.as_deref()),
        segment_state(record.remote_log_segment_state)?,
        record.txn_index_empty,
    ))
}

fn segment_update(record: &RemoteLogSegmentMetadataUpdateRecord) -> Result<String> {
    let segment = &record.remote_log_segment_id;
    let partition = &segment.topic_id_partition;
    let partition = topic_id_partition(partition.id, &partition.name, partition.partition);
    Ok(format!(
        "RemoteLogSegmentMetadataUpdate{{remoteLogSegmentId={}, customMetadata={}, state={}, \
         eventTimestampMs={}, brokerId={}}}",
        segment_id(&partition, segment.id),
        custom_metadata(record.custom_metadata.as_deref()),
        segment_state(record.remote_log_segment_state)?,
        record.event_timestamp_ms,
        record.broker_id,
    ))
}

fn partition_delete(record: &RemotePartitionDeleteMetadataRecord) -> Result<String> {
    let partition = &record.topic_id_partition;
    Ok(format!(
        "RemotePartitionDeleteMetadata{{topicPartition={}, state={}, eventTimestampMs={}, \
         brokerId={}}}",
        topic_id_partition(partition.id, &partition.name, partition.partition),
        partition_state(record.remote_partition_delete_state)?,
        record.event_timestamp_ms,
        record.broker_id,
    ))
}

fn segment_snapshot(record: &RemoteLogSegmentMetadataSnapshotRecord) -> Result<String> {
    let epochs = record.segment_leader_epochs.iter();
    Ok(format!(
        "RemoteLogSegmentMetadataSnapshot{{segmentId={}, startOffset={}, endOffset={}, \
         maxTimestampMs={}, segmentLeaderEpochs={}, segmentSizeInBytes={}, customMetadata={}, \
         state={}, txnIdxEmpty={}}}",
        record.segment_id,
        record.start_offset,
        record.end_offset,
        record.max_timestamp_ms,
        leader_epochs(epochs.map(|entry| (entry.leader_epoch, entry.offset)))?,
        record.segment_size_in_bytes,
        custom_metadata(record.custom_metadata.as_deref()),
        segment_state(record.remote_log_segment_state)?,
        record.txn_index_empty,
    ))
}

fn check_offsets(start: i64, end: i64) -> Result<()> {
    ensure!(
        (0..=end).contains(&start),
        "read remote log metadata: a segment from {start} to {end} cannot be"
    );
    Ok(())
}

fn topic_id_partition(id: Uuid, name: &str, partition: i32) -> String {
    format!("{id}:{name}-{partition}")
}

fn segment_id(partition: &str, id: Uuid) -> String {
    format!("RemoteLogSegmentId{{topicIdPartition={partition}, id={id}}}")
}

fn leader_epochs(entries: impl Iterator<Item = (i32, i64)>) -> Result<String> {
    let sorted: BTreeMap<i32, i64> = entries.collect();
    ensure!(
        !sorted.is_empty(),
        "read remote log metadata: the segment has no leader epoch"
    );
    let entries: Vec<_> = sorted
        .iter()
        .map(|(epoch, offset)| format!("{epoch}={offset}"))
        .collect();
    Ok(format!("{{{}}}", entries.join(", ")))
}

fn custom_metadata(bytes: Option<&[u8]>) -> String {
    bytes.map_or_else(
        || "Optional.empty".to_owned(),
        |bytes| format!("Optional[CustomMetadata{{{} bytes}}]", bytes.len()),
    )
}

fn segment_state(id: i8) -> Result<&'static str> {
    Ok(match id {
        0 => "COPY_SEGMENT_STARTED",
        1 => "COPY_SEGMENT_FINISHED",
        2 => "DELETE_SEGMENT_STARTED",
        3 => "DELETE_SEGMENT_FINISHED",
        _ => bail!("read remote log metadata: unknown state {id}"),
    })
}

fn partition_state(id: i8) -> Result<&'static str> {
    Ok(match id {
        0 => "DELETE_PARTITION_MARKED",
        1 => "DELETE_PARTITION_STARTED",
        2 => "DELETE_PARTITION_FINISHED",
        _ => bail!("read remote log metadata: unknown state {id}"),
    })
}
