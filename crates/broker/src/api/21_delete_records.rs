//! DeleteRecords (key 21), versions 0 to 2: the first records of partitions are deleted (KIP-107).
//!
//! - DELETE on the topic. Offset -1 stands for the high watermark; what is behind it, or another
//!   negative offset, is OFFSET_OUT_OF_RANGE.
//! - Topics that are only compacted are POLICY_VIOLATION, internal ones
//!   INVALID_TOPIC_EXCEPTION.
//! - The answer comes when all partitions have a low watermark that is high enough, or when the
//!   time is up: those that have not are REQUEST_TIMED_OUT then.
//! - Topics and partitions are answered in their order, each once; of a partition that is named
//!   twice the last offset counts, as in Kafka.

#[cfg(test)]
#[path = "21_delete_records/tests.rs"]
mod tests;

use crate::broker::Broker;
use crate::partitions::{Ack, LocalPartition};
use crate::requests::{Call, Operation, Resource, Unanswerable, answer, later};
use crate::topic_names;
use metadata::image::MetadataImage;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use protocol::generated::{DeleteRecordsRequest, DeleteRecordsResponse};
use protocol::ids::Offset;
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::directories::TopicIdPartition;

const HIGH_WATERMARK: i64 = -1;
const NO_LOW_WATERMARK: i64 = -1;

/// A deletion that has begun.
struct Deletion {
    partition: Arc<LocalPartition>,
    /// As it was when the deletion began.
    low_watermark: Offset,
    ack: Ack,
}

type Outcomes = BTreeMap<String, BTreeMap<i32, Result<Deletion, ErrorCode>>>;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: DeleteRecordsRequest<'_> = call.decode()?;
    let published = broker.metadata.current();
    let timeout_ms = u64::try_from(request.timeout_ms).unwrap_or(0);
    let mut asked: BTreeMap<&str, BTreeMap<i32, i64>> = BTreeMap::new();
    for topic in &request.topics {
        let offsets = topic.partitions.iter();
        let offsets = offsets.map(|partition| (partition.partition_index, partition.offset));
        asked.entry(&topic.name).or_default().extend(offsets);
    }
    let mut outcomes = Outcomes::new();
    for (topic, offsets) in asked {
        let may_delete = broker.authorise(&call.context, Operation::Delete, Resource::Topic(topic));
        let outcomes = outcomes.entry(topic.to_owned()).or_default();
        for (index, offset) in offsets {
            let outcome = match may_delete {
                true => {
                    begin(
                        &broker,
                        &published.image,
                        (topic, index),
                        offset,
                        timeout_ms,
                    )
                    .await
                }
                false => Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED),
            };
            outcomes.insert(index, outcome);
        }
    }
    let (context, throttle) = (call.context.clone(), call.throttle);
    let throttle_time_ms = call.throttle_time_ms();
    Ok(later(async move {
        let mut topics = Vec::with_capacity(outcomes.len());
        for (name, outcomes) in outcomes {
            let mut partitions = Vec::with_capacity(outcomes.len());
            for (index, outcome) in outcomes {
                partitions.push(finish(index, outcome).await);
            }
            // Kafka groups the outcomes of partitions by topics: without any there is no topic.
            if !partitions.is_empty() {
                let name = name.into();
                topics.push(DeleteRecordsTopicResult { name, partitions });
            }
        }
        let response = DeleteRecordsResponse {
            throttle_time_ms,
            topics,
        };
        answer(&context, &response, throttle)
    }))
}

/// Deletes here; followers learn of it from their fetches.
async fn begin(
    broker: &Broker,
    image: &MetadataImage,
    (topic, index): (&str, i32),
    offset: i64,
    timeout_ms: u64,
) -> Result<Deletion, ErrorCode> {
    let known = image.topics().by_name(topic);
    let known = known.filter(|topic| topic.partitions.contains_key(&index));
    let known = known.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    if topic_names::is_internal(topic) {
        return Err(ErrorCode::INVALID_TOPIC_EXCEPTION);
    }
    let partition = broker.partitions.find(TopicIdPartition {
        topic_id: known.id,
        partition: index,
    })?;
    let offset = (offset != HIGH_WATERMARK).then_some(Offset(offset));
    let ack = partition.delete_records(offset, timeout_ms).await?;
    Ok(Deletion {
        low_watermark: partition.low_watermark()?,
        partition,
        ack,
    })
}

async fn finish(
    partition_index: i32,
    outcome: Result<Deletion, ErrorCode>,
) -> DeleteRecordsPartitionResult {
    let (low_watermark, error_code) = match outcome {
        Ok(deletion) => match deletion.ack.wait().await {
            Ok(()) => {
                let low_watermark = deletion.partition.low_watermark();
                let low_watermark = low_watermark.unwrap_or(deletion.low_watermark);
                (low_watermark.0, ErrorCode::NONE)
            }
            Err(error) => (deletion.low_watermark.0, error),
        },
        Err(error) => (NO_LOW_WATERMARK, error),
    };
    DeleteRecordsPartitionResult {
        partition_index,
        low_watermark,
        error_code,
    }
}
