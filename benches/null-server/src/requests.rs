//! What each request but Produce and Fetch is answered with: that all is well, and is here.

use anyhow::{Context, Result, bail};
use protocol::generated::api_versions_response::{ApiVersion, ApiVersionsResponse};
use protocol::generated::create_topics_request::CreateTopicsRequest;
use protocol::generated::create_topics_response::{CreatableTopicResult, CreateTopicsResponse};
use protocol::generated::init_producer_id_response::InitProducerIdResponse;
use protocol::generated::list_offsets_request::ListOffsetsRequest;
use protocol::generated::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use protocol::generated::metadata_request::MetadataRequest;
use protocol::generated::metadata_response::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use protocol::generated::request_header::RequestHeader;
use protocol::generated::response_header::ResponseHeader;
use protocol::wire::{Message, Reader};
use protocol::{ApiKey, ErrorCode};

use crate::answer::Answer;
use crate::records;
use crate::server::Server;

/// The APIs that there are, and their versions. They end before topics have ids and Fetch is
/// flexible: no client needs more to be as quick.
const SERVED: [(ApiKey, i16, i16); 7] = [
    (ApiKey::Produce, 3, 9),
    (ApiKey::Fetch, 4, 11),
    (ApiKey::ListOffsets, 1, 5),
    (ApiKey::Metadata, 1, 9),
    (ApiKey::ApiVersions, 0, 3),
    (ApiKey::CreateTopics, 0, 5),
    (ApiKey::InitProducerId, 0, 4),
];
const NODE_ID: i32 = 1;
const LATEST_TIMESTAMP: i64 = -1;

/// Carries out the request in `frame` and writes its answer; false if none is due.
///
/// # Errors
/// When the request cannot be read, or is none of [`SERVED`].
pub(crate) async fn carry_out(server: &Server, frame: &[u8], answer: &mut Answer) -> Result<bool> {
    let mut start = Reader::new(frame);
    let (key, version) = (start.i16()?, start.i16()?);
    let served = SERVED.iter().find(|(api, ..)| api.id() == key);
    let &(api, version_min, version_max) = served.with_context(|| format!("no API {key} here"))?;
    let mut reader = Reader::new(frame);
    let header = RequestHeader::decode(&mut reader, api.request_header_version(version))?;
    let correlation_id = header.correlation_id;
    answer.put(
        &ResponseHeader { correlation_id },
        api.response_header_version(version),
    )?;
    if !(version_min..=version_max).contains(&version) {
        if api != ApiKey::ApiVersions {
            bail!("no version {version} of {} here", api.name());
        }
        // A client that is ahead tries again with what it finds in the answer (KIP-511).
        answer.put(&api_versions(ErrorCode::UNSUPPORTED_VERSION), 0)?;
        return Ok(true);
    }
    match api {
        ApiKey::Produce => return records::produce(server, &mut reader, version, answer),
        ApiKey::Fetch => records::fetch(server, &mut reader, version, answer).await?,
        ApiKey::ListOffsets => {
            let request = ListOffsetsRequest::decode(&mut reader, version)?;
            answer.put(&list_offsets(server, &request)?, version)?;
        }
        ApiKey::Metadata => {
            let request = MetadataRequest::decode(&mut reader, version)?;
            answer.put(&metadata(server, &request)?, version)?;
        }
        ApiKey::CreateTopics => {
            let request = CreateTopicsRequest::decode(&mut reader, version)?;
            answer.put(&create_topics(server, &request)?, version)?;
        }
        ApiKey::InitProducerId => {
            let response = InitProducerIdResponse {
                producer_id: server.new_producer_id(),
                producer_epoch: 0,
                ..InitProducerIdResponse::default()
            };
            answer.put(&response, version)?;
        }
        _ => answer.put(&api_versions(ErrorCode::NONE), version)?,
    }
    Ok(true)
}

fn api_versions(error_code: ErrorCode) -> ApiVersionsResponse<'static> {
    let api_keys = SERVED.map(|(api, min_version, max_version)| ApiVersion {
        api_key: api.id(),
        min_version,
        max_version,
    });
    ApiVersionsResponse {
        error_code,
        api_keys: api_keys.to_vec(),
        ..ApiVersionsResponse::default()
    }
}

fn list_offsets<'a>(
    server: &Server,
    request: &ListOffsetsRequest<'a>,
) -> Result<ListOffsetsResponse<'a>> {
    let mut response = ListOffsetsResponse::default();
    for topic in &request.topics {
        let logs = server.topic(&topic.name)?;
        let partitions = topic.partitions.iter().map(|partition| {
            let partition_index = partition.partition_index;
            let log = logs.get(partition_index as usize).context("no such log")?;
            let is_latest = partition.timestamp == LATEST_TIMESTAMP;
            Ok(ListOffsetsPartitionResponse {
                partition_index,
                offset: if is_latest { log.end_offset() } else { 0 },
                leader_epoch: 0,
                ..ListOffsetsPartitionResponse::default()
            })
        });
        response.topics.push(ListOffsetsTopicResponse {
            name: topic.name.clone(),
            partitions: partitions.collect::<Result<_>>()?,
        });
    }
    Ok(response)
}

fn metadata<'a>(server: &Server, request: &MetadataRequest<'a>) -> Result<MetadataResponse<'a>> {
    let partition = |partition_index| MetadataResponsePartition {
        partition_index,
        leader_id: NODE_ID,
        leader_epoch: 0,
        replica_nodes: vec![NODE_ID],
        isr_nodes: vec![NODE_ID],
        ..MetadataResponsePartition::default()
    };
    let mut topics = Vec::new();
    for topic in request.topics.iter().flatten() {
        let name = topic.name.as_ref().context("a topic without name")?;
        server.topic(name)?;
        topics.push(MetadataResponseTopic {
            name: Some(name.clone()),
            partitions: (0..server.partition_count).map(partition).collect(),
            ..MetadataResponseTopic::default()
        });
    }
    let broker = MetadataResponseBroker {
        node_id: NODE_ID,
        host: "127.0.0.1".into(),
        port: i32::from(server.port),
        rack: None,
    };
    Ok(MetadataResponse {
        brokers: vec![broker],
        controller_id: NODE_ID,
        topics,
        ..MetadataResponse::default()
    })
}

fn create_topics<'a>(
    server: &Server,
    request: &CreateTopicsRequest<'a>,
) -> Result<CreateTopicsResponse<'a>> {
    let mut response = CreateTopicsResponse::default();
    for topic in &request.topics {
        server.topic(&topic.name)?;
        response.topics.push(CreatableTopicResult {
            name: topic.name.clone(),
            num_partitions: server.partition_count,
            replication_factor: 1,
            ..CreatableTopicResult::default()
        });
    }
    Ok(response)
}
