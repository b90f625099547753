//! Produce and Fetch: records into files, and out of them.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use protocol::ErrorCode;
use protocol::generated::fetch_request::FetchRequest;
use protocol::generated::fetch_response::{FetchResponse, FetchableTopicResponse, PartitionData};
use protocol::generated::produce_request::ProduceRequest;
use protocol::generated::produce_response::{
    PartitionProduceResponse, ProduceResponse, TopicProduceResponse,
};
use protocol::wire::{Message, Reader, Records};
use tokio::time::{Instant, timeout_at};

use crate::answer::Answer;
use crate::log::Slice;
use crate::server::Server;

/// Appends what a Produce brings; false if the producer wants no answer.
///
/// # Errors
/// When the request cannot be read or a file not written: the connection ends then.
pub(crate) fn produce(
    server: &Server,
    reader: &mut Reader<'_>,
    version: i16,
    answer: &mut Answer,
) -> Result<bool> {
    let request = ProduceRequest::decode(reader, version)?;
    let mut response = ProduceResponse::default();
    for topic in request.topic_data {
        let logs = server.topic(&topic.name)?;
        let mut partition_responses = Vec::new();
        for partition in topic.partition_data {
            let log = logs.get(partition.index as usize).context("no such log")?;
            let Some(Records::Inline(bytes)) = partition.records else {
                bail!("no records for {}-{}", topic.name, partition.index);
            };
            partition_responses.push(PartitionProduceResponse {
                index: partition.index,
                base_offset: log.append(bytes)?,
                log_start_offset: 0,
                ..PartitionProduceResponse::default()
            });
        }
        response.responses.push(TopicProduceResponse {
            name: topic.name,
            partition_responses,
            ..TopicProduceResponse::default()
        });
    }
    server.appended.notify_waiters();
    answer.put(&response, version)?;
    Ok(request.acks != 0)
}

/// Answers a Fetch once there is as much as it asks for, or it has waited as long as it wants to.
///
/// # Errors
/// When the request cannot be read.
pub(crate) async fn fetch(
    server: &Server,
    reader: &mut Reader<'_>,
    version: i16,
    answer: &mut Answer,
) -> Result<()> {
    let request = FetchRequest::decode(reader, version)?;
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let deadline = Instant::now() + wait;
    let bytes_min = usize::try_from(request.min_bytes).unwrap_or(0);
    loop {
        // Who is not listening yet when the log is looked at would miss what comes just after.
        let appended = server.appended.notified();
        let (response, slices) = look(server, &request)?;
        let found: usize = slices.iter().map(|slice| slice.size).sum();
        let is_late = Instant::now() >= deadline;
        if found >= bytes_min || is_late || has_error(&response) {
            answer.put(&response, version)?;
            answer.slices = slices;
            return Ok(());
        }
        // Whether news or the deadline came first is seen by the next look.
        let _news = timeout_at(deadline, appended).await;
    }
}

/// What there is for a Fetch now.
fn look<'a>(
    server: &Server,
    request: &FetchRequest<'a>,
) -> Result<(FetchResponse<'a>, Vec<Slice>)> {
    let mut response = FetchResponse::default();
    let mut slices = Vec::new();
    let mut bytes_left = usize::try_from(request.max_bytes).unwrap_or(0);
    for topic in &request.topics {
        let logs = server.topic(&topic.topic)?;
        let mut partitions = Vec::new();
        for wanted in &topic.partitions {
            let log = logs.get(wanted.partition as usize).context("no such log")?;
            let bytes_max = usize::try_from(wanted.partition_max_bytes).unwrap_or(0);
            let mut data = PartitionData {
                partition_index: wanted.partition,
                log_start_offset: 0,
                records: Some(Records::default()),
                ..PartitionData::default()
            };
            match log.slice(wanted.fetch_offset, bytes_max.min(bytes_left)) {
                None => data.error_code = ErrorCode::OFFSET_OUT_OF_RANGE,
                Some(slice) if slice.size > 0 && bytes_left > 0 => {
                    bytes_left = bytes_left.saturating_sub(slice.size);
                    data.records = Some(Records::External {
                        token: slices.len(),
                        size: slice.size,
                    });
                    slices.push(slice);
                }
                Some(_) => {}
            }
            data.high_watermark = log.end_offset();
            data.last_stable_offset = data.high_watermark;
            partitions.push(data);
        }
        response.responses.push(FetchableTopicResponse {
            topic: topic.topic.clone(),
            partitions,
            ..FetchableTopicResponse::default()
        });
    }
    Ok((response, slices))
}

fn has_error(response: &FetchResponse<'_>) -> bool {
    let mut partitions = response.responses.iter().flat_map(|each| &each.partitions);
    partitions.any(|partition| partition.error_code != ErrorCode::NONE)
}
