//! What a Produce request asks for: which bytes of the frame go to which partition.
//!
//! Not the job of this file: the appends. It only looks at the request; the frame is patched later.

use crate::broker::Broker;
use crate::partitions::{LocalPartition, ProduceFailure};
use crate::requests::{Call, Operation, Resource, Unanswerable};
use crate::topic_names::is_internal;
use metadata::image::{MetadataImage, TopicImage};
use protocol::generated::ProduceRequest;
use protocol::generated::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::records::BatchHeader;
use protocol::wire::Records;
use protocol::{ErrorCode, Uuid};
use replica::Acks;
use std::ops::Range;
use std::sync::Arc;
use storage::directories::TopicIdPartition;

const FIRST_BY_TOPIC_ID: i16 = 13;
/// Kafka's admin tools write to internal topics under this client id.
const ADMIN_CLIENT: &str = "__admin_client";

/// A request, resolved.
pub(super) struct Plan {
    pub(super) version: i16,
    /// None if it asks for acknowledgements that there are not.
    pub(super) acks: Option<Acks>,
    pub(super) timeout_ms: u64,
    pub(super) topics: Vec<PlannedTopic>,
}

pub(super) struct PlannedTopic {
    /// Empty if the request has the id only, and nobody knows it.
    pub(super) name: Arc<str>,
    /// Zero if there is no such topic.
    pub(super) id: Uuid,
    pub(super) partitions: Vec<PlannedPartition>,
}

pub(super) struct PlannedPartition {
    pub(super) index: i32,
    /// Which bytes of the frame are to be appended where.
    pub(super) append: Result<(Arc<LocalPartition>, Range<usize>), ProduceFailure>,
}

/// What the topics of a request are resolved with.
struct Planner<'a> {
    broker: &'a Broker,
    call: &'a Call,
    image: &'a MetadataImage,
    acks: Option<Acks>,
    allows_internal: bool,
}

impl Plan {
    pub(super) fn of(broker: &Broker, call: &Call) -> Result<Self, Unanswerable> {
        let request: ProduceRequest<'_> = call.decode()?;
        let acks = match request.acks {
            -1 => Some(Acks::All),
            0 => Some(Acks::None),
            1 => Some(Acks::Leader),
            _ => None,
        };
        let published = broker.metadata.current();
        let planner = Planner {
            broker,
            call,
            image: &published.image,
            acks,
            allows_internal: call.context.client_id.as_deref() == Some(ADMIN_CLIENT),
        };
        let topics = request.topic_data.iter();
        let topics = if planner.may_be_transactional(&request) {
            topics.map(|topic| planner.topic(topic)).collect()
        } else {
            let error = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
            topics.map(|topic| planner.refused(topic, error)).collect()
        };
        Ok(Self {
            version: call.context.api_version,
            acks,
            timeout_ms: u64::try_from(request.timeout_ms).unwrap_or(0),
            topics,
        })
    }
}

impl Planner<'_> {
    /// Whether no batch is transactional, or the client may use the transactional id it names.
    fn may_be_transactional(&self, request: &ProduceRequest<'_>) -> bool {
        let topics = request.topic_data.iter();
        let mut partitions = topics.flat_map(|topic| &topic.partition_data);
        let has_transactional =
            partitions.any(|partition| records_of(partition).is_some_and(is_transactional));
        if !has_transactional {
            return true;
        }
        let id = request.transactional_id.as_deref();
        id.is_some_and(|id| self.may(Operation::Write, Resource::TransactionalId(id)))
    }

    fn topic(&self, asked: &TopicProduceData<'_>) -> PlannedTopic {
        let is_by_id = self.call.context.api_version >= FIRST_BY_TOPIC_ID;
        let topics = self.image.topics();
        let topic = if is_by_id {
            topics.by_id(asked.topic_id)
        } else {
            topics.by_name(&asked.name)
        };
        let Some(topic) = topic else {
            let may_write = || self.may(Operation::Write, Resource::Topic(&asked.name));
            let error = match is_by_id {
                true => ErrorCode::UNKNOWN_TOPIC_ID,
                false if !may_write() => ErrorCode::TOPIC_AUTHORIZATION_FAILED,
                false => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            };
            return self.refused(asked, error);
        };
        if !self.may(Operation::Write, Resource::Topic(&topic.name)) {
            return self.refused(asked, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
        }
        let partitions = asked.partition_data.iter();
        PlannedTopic {
            name: Arc::clone(&topic.name),
            id: topic.id,
            partitions: partitions
                .map(|partition| PlannedPartition {
                    index: partition.index,
                    append: self.partition(topic, partition).map_err(Into::into),
                })
                .collect(),
        }
    }

    fn partition(
        &self,
        topic: &TopicImage,
        asked: &PartitionProduceData<'_>,
    ) -> Result<(Arc<LocalPartition>, Range<usize>), ErrorCode> {
        if !topic.partitions.contains_key(&asked.index) {
            return Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        }
        let records = records_of(asked).ok_or(ErrorCode::INVALID_RECORD)?;
        if is_transactional(records) {
            return Err(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
        }
        if self.acks.is_none() {
            return Err(ErrorCode::INVALID_REQUIRED_ACKS);
        }
        if is_internal(&topic.name) && !self.allows_internal {
            return Err(ErrorCode::INVALID_TOPIC_EXCEPTION);
        }
        let id = TopicIdPartition {
            topic_id: topic.id,
            partition: asked.index,
        };
        Ok((self.broker.partitions.find(id)?, self.range_of(records)))
    }

    fn refused(&self, asked: &TopicProduceData<'_>, error: ErrorCode) -> PlannedTopic {
        let partitions = asked.partition_data.iter();
        PlannedTopic {
            name: (*asked.name).into(),
            id: asked.topic_id,
            partitions: partitions
                .map(|partition| PlannedPartition {
                    index: partition.index,
                    append: Err(error.into()),
                })
                .collect(),
        }
    }

    /// Where in the frame records lie that were borrowed from it.
    fn range_of(&self, records: &[u8]) -> Range<usize> {
        let start = records.as_ptr().addr() - self.call.frame.bytes().as_ptr().addr();
        start..start + records.len()
    }

    fn may(&self, operation: Operation, resource: Resource<'_>) -> bool {
        self.broker
            .authorise(&self.call.context, operation, resource)
    }
}

fn records_of<'a>(partition: &PartitionProduceData<'a>) -> Option<&'a [u8]> {
    match partition.records {
        Some(Records::Inline(records)) => Some(records),
        // What is decoded has no records elsewhere.
        Some(Records::External { .. }) | None => None,
    }
}

/// Whether the first batch belongs to a transaction. What is no batch is found out by the append.
fn is_transactional(records: &[u8]) -> bool {
    BatchHeader::decode(records).is_ok_and(|header| header.attributes.is_transactional())
}
