//! A client that waits for each answer.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use net::request_connection::{
    RequestConnection, RequestConnectionOptions, RequestError, ResponseBytes,
};
use net::timers::Timers;
use net::transport::Address;
use net::transport::tcp::{TcpOptions, TcpTransport};
use protocol::ErrorCode;
use protocol::api_key::Request;
use protocol::generated::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use protocol::generated::fetch_request::{FetchPartition, FetchTopic};
use protocol::generated::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use protocol::generated::offset_fetch_request::OffsetFetchRequestGroup;
use protocol::generated::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::generated::{
    ApiVersionsRequest, CreateTopicsRequest, FetchRequest, FindCoordinatorRequest,
    InitProducerIdRequest, OffsetCommitRequest, OffsetFetchRequest, ProduceRequest,
};
use protocol::records::ProducerFields;
use protocol::wire::Records;
use tokio::runtime::{Builder, Runtime};

use super::batches;
use super::process::PATIENCE;

/// The producer's acks of all in-sync replicas.
pub(super) const ALL: i16 = -1;

/// A connection to a node.
pub(crate) struct Client {
    runtime: Runtime,
    connection: RequestConnection,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(open(address));
        Self {
            runtime,
            connection,
        }
    }

    /// Sends a request, and has its answer or the failure of the connection.
    pub(super) fn try_ask<'a, R: Request<'a>>(
        &self,
        version: i16,
        request: &R,
    ) -> Result<ResponseBytes<R>, RequestError> {
        let answer = self.connection.send(version, request, PATIENCE);
        self.runtime.block_on(answer)
    }

    /// Sends a request that is answered.
    pub(super) fn ask<'a, R: Request<'a>>(&self, version: i16, request: &R) -> ResponseBytes<R> {
        self.try_ask(version, request).unwrap()
    }

    /// The node answers.
    pub(super) fn expect_service(&self) {
        let answer = self.ask(0, &ApiVersionsRequest::default());
        assert_eq!(answer.decode().unwrap().error_code, ErrorCode::NONE);
    }

    /// Creates a topic with `partition_count` partitions.
    pub(crate) fn create_topic(
        &self,
        name: &str,
        partition_count: i32,
        configs: &[(&str, &str)],
    ) -> (ErrorCode, String) {
        let configs = configs
            .iter()
            .map(|&(name, value)| CreatableTopicConfig {
                name: name.into(),
                value: Some(value.into()),
            })
            .collect();
        let request = CreateTopicsRequest {
            topics: vec![CreatableTopic {
                name: name.into(),
                num_partitions: partition_count,
                replication_factor: 1,
                configs,
                ..CreatableTopic::default()
            }],
            timeout_ms: 30_000,
            validate_only: false,
        };
        let answer = self.ask(7, &request);
        let answer = answer.decode().unwrap();
        let topic = &answer.topics[0];
        let message = topic.error_message.as_deref().unwrap_or_default();
        (topic.error_code, message.to_owned())
    }

    /// Produces a batch; the error and the offset of its first record.
    pub(super) fn produce(&self, topic: &str, acks: i16, batch: &[u8]) -> (ErrorCode, i64) {
        self.try_produce(topic, acks, batch).unwrap()
    }

    /// Produces a batch, unless the connection fails. A topic that was only just created is
    /// waited for.
    pub(super) fn try_produce(
        &self,
        topic: &str,
        acks: i16,
        batch: &[u8],
    ) -> Result<(ErrorCode, i64), RequestError> {
        let request = produce_request(topic, acks, batch);
        loop {
            let answer = self.try_ask(12, &request)?;
            let answer = answer.decode()?;
            let partition = &answer.responses[0].partition_responses[0];
            match partition.error_code {
                ErrorCode::UNKNOWN_TOPIC_OR_PARTITION | ErrorCode::NOT_LEADER_OR_FOLLOWER => {
                    std::thread::yield_now();
                }
                code => return Ok((code, partition.base_offset)),
            }
        }
    }

    /// The offsets and values of all records of partition 0.
    pub(super) fn read_all(&self, topic: &str) -> Vec<(i64, Vec<u8>)> {
        let mut read = BTreeMap::new();
        let mut next_offset = 0;
        loop {
            let request = fetch_request(topic, next_offset);
            let answer = self.ask(12, &request);
            let answer = answer.decode().unwrap();
            let partition = &answer.responses[0].partitions[0];
            match partition.error_code {
                ErrorCode::NONE => {}
                ErrorCode::NOT_LEADER_OR_FOLLOWER | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION => {
                    std::thread::yield_now();
                    continue;
                }
                code => panic!("fetch {topic}: {code}"),
            }
            if let Some(Records::Inline(bytes)) = partition.records {
                read.extend(batches::values(bytes));
            }
            let last = read.last_key_value().map_or(-1, |(&offset, _)| offset);
            next_offset = last + 1;
            if next_offset >= partition.high_watermark {
                return read.into_iter().collect();
            }
        }
    }

    /// A new producer id with epoch 0.
    pub(super) fn producer(&self) -> ProducerFields {
        let request = InitProducerIdRequest {
            transactional_id: None,
            transaction_timeout_ms: 1000,
            ..InitProducerIdRequest::default()
        };
        loop {
            let answer = self.ask(4, &request).decode().unwrap();
            if answer.error_code.is_retriable() {
                std::thread::yield_now();
                continue;
            }
            assert_eq!(answer.error_code, ErrorCode::NONE);
            return ProducerFields {
                id: answer.producer_id,
                epoch: answer.producer_epoch,
                base_sequence: 0,
            };
        }
    }

    /// Commits an offset of partition 0 for a group without members.
    pub(super) fn commit(&self, group: &str, topic: &str, offset: i64) {
        let request = OffsetCommitRequest {
            group_id: group.into(),
            generation_id_or_member_epoch: -1,
            topics: vec![OffsetCommitRequestTopic {
                name: topic.into(),
                partitions: vec![OffsetCommitRequestPartition {
                    committed_offset: offset,
                    ..OffsetCommitRequestPartition::default()
                }],
                ..OffsetCommitRequestTopic::default()
            }],
            ..OffsetCommitRequest::default()
        };
        self.find_coordinator(group);
        loop {
            let answer = self.ask(8, &request);
            let code = answer.decode().unwrap().topics[0].partitions[0].error_code;
            if code.is_retriable() {
                std::thread::yield_now();
                continue;
            }
            return assert_eq!(code, ErrorCode::NONE);
        }
    }

    /// All offsets that a group has committed, of partitions 0.
    pub(super) fn committed(&self, group: &str) -> Vec<(String, i64)> {
        let request = OffsetFetchRequest {
            groups: vec![OffsetFetchRequestGroup {
                group_id: group.into(),
                topics: None,
                ..OffsetFetchRequestGroup::default()
            }],
            ..OffsetFetchRequest::default()
        };
        self.find_coordinator(group);
        loop {
            let answer = self.ask(8, &request);
            let answer = answer.decode().unwrap();
            let group = &answer.groups[0];
            if group.error_code.is_retriable() {
                std::thread::yield_now();
                continue;
            }
            assert_eq!(group.error_code, ErrorCode::NONE);
            let topics = group.topics.iter();
            let offsets = topics.map(|topic| {
                let partition = &topic.partitions[0];
                (topic.name.to_string(), partition.committed_offset)
            });
            return offsets.collect();
        }
    }

    fn find_coordinator(&self, group: &str) {
        let request = FindCoordinatorRequest {
            coordinator_keys: vec![group.into()],
            ..FindCoordinatorRequest::default()
        };
        loop {
            let answer = self.ask(4, &request);
            match answer.decode().unwrap().coordinators[0].error_code {
                ErrorCode::NONE => return,
                code => assert!(code.is_retriable(), "{code}"),
            }
            std::thread::yield_now();
        }
    }
}

/// A request that produces to partition 0.
pub(super) fn produce_request<'a>(
    topic: &'a str,
    acks: i16,
    batch: &'a [u8],
) -> ProduceRequest<'a> {
    ProduceRequest {
        transactional_id: None,
        acks,
        timeout_ms: 30_000,
        topic_data: vec![TopicProduceData {
            name: topic.into(),
            partition_data: vec![PartitionProduceData {
                index: 0,
                records: Some(Records::Inline(batch)),
            }],
            ..TopicProduceData::default()
        }],
    }
}

fn fetch_request(topic: &str, offset: i64) -> FetchRequest<'_> {
    FetchRequest {
        replica_id: -1,
        max_bytes: 1 << 20,
        session_epoch: -1,
        topics: vec![FetchTopic {
            topic: topic.into(),
            partitions: vec![FetchPartition {
                fetch_offset: offset,
                partition_max_bytes: 1 << 20,
                ..FetchPartition::default()
            }],
            ..FetchTopic::default()
        }],
        ..FetchRequest::default()
    }
}

async fn open(address: SocketAddr) -> RequestConnection {
    let transport = TcpTransport::new(TcpOptions {
        send_buffer_bytes: None,
        receive_buffer_bytes: None,
        listen_backlog_size: 1,
    });
    let options = RequestConnectionOptions {
        client_id: "test".to_owned(),
        response_bytes_max: 64 << 20,
        in_flight_count_max: 1,
        connect_timeout: PATIENCE,
    };
    let address = Address::from(address);
    let connected = RequestConnection::open(&transport, &address, options, &Timers::start()).await;
    connected.unwrap()
}
