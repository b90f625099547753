//! What a Fetch request asks for.

use crate::fetch_sessions::{
    PartitionKey, PartitionRequest, RequestedPartition, SessionRequest, TopicKey,
};
use crate::requests::{Call, Unanswerable};
use protocol::Uuid;
use protocol::generated::FetchRequest;
use protocol::generated::fetch_request::FetchPartition;
use protocol::ids::{BrokerEpoch, BrokerId, LeaderEpoch, Offset};
use replica::Isolation;

const FIRST_BY_TOPIC_ID: i16 = 13;
const FIRST_WITH_REPLICA_STATE: i16 = 15;
const READ_COMMITTED: i8 = 1;

/// A request, read.
pub(super) struct Asked {
    pub(super) session: SessionRequest,
    pub(super) reader: Reader,
    /// Whether the isolation level is one that exists. It only matters where something is read.
    pub(super) has_known_isolation: bool,
    pub(super) limits: Limits,
    /// How long to wait at most.
    pub(super) wait_ms: u64,
}

/// Who reads.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reader {
    Consumer(Isolation),
    Replica { id: BrokerId, epoch: BrokerEpoch },
}

/// How much an answer holds, over all partitions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) bytes_min: usize,
    pub(super) bytes_max: usize,
}

impl Asked {
    pub(super) fn of(call: &Call, fetch_bytes_max: usize) -> Result<Self, Unanswerable> {
        let request: FetchRequest<'_> = call.decode()?;
        let version = call.context.api_version;
        let reader = reader_of(&request, version);
        let bytes_max = count_of(request.max_bytes).min(fetch_bytes_max);
        Ok(Self {
            session: SessionRequest {
                session_id: request.session_id,
                session_epoch: request.session_epoch,
                is_replica: matches!(reader, Reader::Replica { .. }),
                uses_topic_ids: version >= FIRST_BY_TOPIC_ID,
                partitions: partitions_of(&request, version),
                forgotten: forgotten_of(&request, version),
            },
            reader,
            has_known_isolation: matches!(request.isolation_level, 0 | READ_COMMITTED),
            limits: Limits {
                bytes_min: count_of(request.min_bytes).min(bytes_max),
                bytes_max,
            },
            wait_ms: u64::try_from(request.max_wait_ms).unwrap_or(0),
        })
    }
}

impl Limits {
    pub(super) fn at_most(self, bytes_max: usize) -> Self {
        Self {
            bytes_min: self.bytes_min.min(bytes_max),
            bytes_max: self.bytes_max.min(bytes_max),
        }
    }
}

impl Reader {
    /// Up to where it reads; a replica up to the end of the log.
    pub(super) const fn isolation(self) -> Option<Isolation> {
        match self {
            Self::Consumer(isolation) => Some(isolation),
            Self::Replica { .. } => None,
        }
    }
}

fn reader_of(request: &FetchRequest<'_>, version: i16) -> Reader {
    let (id, epoch) = if version >= FIRST_WITH_REPLICA_STATE {
        let state = &request.replica_state;
        (state.replica_id, BrokerEpoch(state.replica_epoch))
    } else {
        (request.replica_id, BrokerEpoch::NONE)
    };
    match (id, request.isolation_level) {
        (0.., _) => Reader::Replica {
            id: BrokerId(id),
            epoch,
        },
        (_, READ_COMMITTED) => Reader::Consumer(Isolation::ReadCommitted),
        _ => Reader::Consumer(Isolation::ReadUncommitted),
    }
}

fn partitions_of(request: &FetchRequest<'_>, version: i16) -> Vec<RequestedPartition> {
    let topics = request.topics.iter();
    let count = topics.clone().map(|topic| topic.partitions.len()).sum();
    let mut partitions = Vec::with_capacity(count);
    for topic in topics {
        let key = topic_key(&topic.topic, topic.topic_id, version);
        let asked = topic.partitions.iter();
        partitions.extend(asked.map(|asked| RequestedPartition {
            key: PartitionKey {
                topic: key.clone(),
                partition: asked.partition,
            },
            request: partition_request(asked),
            known_name: None,
        }));
    }
    partitions
}

fn forgotten_of(request: &FetchRequest<'_>, version: i16) -> Vec<PartitionKey> {
    let mut forgotten = Vec::new();
    for topic in &request.forgotten_topics_data {
        let key = topic_key(&topic.topic, topic.topic_id, version);
        let indexes = topic.partitions.iter();
        forgotten.extend(indexes.map(|index| PartitionKey {
            topic: key.clone(),
            partition: *index,
        }));
    }
    forgotten
}

fn topic_key(name: &str, id: Uuid, version: i16) -> TopicKey {
    if version >= FIRST_BY_TOPIC_ID {
        TopicKey::Id(id)
    } else {
        TopicKey::Name(name.into())
    }
}

fn partition_request(asked: &FetchPartition) -> PartitionRequest {
    PartitionRequest {
        current_leader_epoch: epoch_of(asked.current_leader_epoch),
        fetch_offset: Offset(asked.fetch_offset),
        last_fetched_epoch: epoch_of(asked.last_fetched_epoch),
        log_start_offset: Offset(asked.log_start_offset),
        bytes_max: count_of(asked.partition_max_bytes),
    }
}

fn epoch_of(epoch: i32) -> Option<LeaderEpoch> {
    (epoch >= 0).then_some(LeaderEpoch(epoch))
}

fn count_of(count: i32) -> usize {
    usize::try_from(count).unwrap_or(0)
}
