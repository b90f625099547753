//! The batches that producers send, and the requests around them.

use crate::chance::{between, happens};
use crate::checker::PartitionId;
use crate::value::Value;
use broker::chance::Chance;
use protocol::ErrorCode;
use protocol::Uuid;
use protocol::compression::{Codec, Compression, Compressor};
use protocol::generated::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::generated::{ProduceRequest, ProduceResponse};
use protocol::records::{BatchBuilder, BatchTemplate, NewRecord, ProducerFields};
use protocol::wire::Records;

/// From this version on topics are known by id.
pub(super) const BY_ID: i16 = 13;
/// One before that.
pub(super) const BY_NAME: i16 = 9;

/// Where a batch goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub(super) id: PartitionId,
    pub(super) topic: String,
}

/// What a producer was told about a batch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) error: ErrorCode,
    pub(super) base_offset: i64,
}

/// A batch of these values.
pub(super) fn build(
    chance: &Chance,
    now_ms: i64,
    values: &[Value],
    producer: Option<ProducerFields>,
) -> Vec<u8> {
    let codec = match chance.below(8) {
        0 => Codec::Lz4,
        1 => Codec::Gzip,
        _ => Codec::None,
    };
    let mut builder = BatchBuilder::new(BatchTemplate {
        compression: Compression::with_default_level(codec),
        producer,
        ..BatchTemplate::new(0)
    });
    for value in values {
        let padding_bytes = match happens(chance, 5) {
            true => between(chance, 500, 1500),
            false => between(chance, 0, 200),
        };
        let bytes = value.to_bytes(padding_bytes as usize);
        let record = NewRecord {
            // Producers' clocks differ.
            timestamp_ms: now_ms - between(chance, 0, 200) as i64,
            key: None,
            value: Some(&bytes),
            headers: &[],
        };
        builder
            .append(&record)
            .expect("a few small records fit in a batch");
    }
    builder
        .finish(&mut Compressor::new())
        .expect("a batch with a few records can be built")
}

/// A request with one batch.
pub(super) fn request<'a>(
    target: &'a Target,
    version: i16,
    acks: i16,
    bytes: &'a [u8],
) -> ProduceRequest<'a> {
    let (topic_id, partition) = target.id;
    let by_id = version >= BY_ID;
    ProduceRequest {
        transactional_id: None,
        acks,
        timeout_ms: 1_500,
        topic_data: vec![TopicProduceData {
            name: if by_id { "" } else { target.topic.as_str() }.into(),
            topic_id: if by_id { topic_id } else { Uuid::ZERO },
            partition_data: vec![PartitionProduceData {
                index: partition,
                records: Some(Records::Inline(bytes)),
            }],
        }],
    }
}

/// The version to write to a topic in: those that are created again need their id.
pub(super) fn version_for(chance: &Chance, topic: &str) -> i16 {
    match topic.starts_with("extra") || happens(chance, 50) {
        true => BY_ID,
        false => BY_NAME,
    }
}

/// What a response says about the only batch of its request.
pub(super) fn told(response: &ProduceResponse<'_>) -> Option<Told> {
    let partition = response.responses.first()?.partition_responses.first()?;
    Some(Told {
        error: partition.error_code,
        base_offset: partition.base_offset,
    })
}
