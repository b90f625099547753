//! What became of a Produce request, and how it is answered.

use crate::api::leader_hints::{Leader, LeaderHints, Node};
use crate::broker::Broker;
use crate::partitions::{PendingAck, ProduceFailure};
use crate::requests::{Unanswerable, Usage, answer, throttle_time_ms};
use net::request_context::RequestContext;
use net::server::{Answer, Outcome as ServerOutcome};
use protocol::generated::ProduceResponse;
use protocol::generated::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse,
    TopicProduceResponse,
};
use protocol::records::{InvalidRecord, RecordViolation};
use protocol::{ErrorCode, Uuid};
use replica::Acks;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use storage::directories::TopicIdPartition;
use storage::log::Appended;

const FIRST_WITH_RECORD_ERRORS: i16 = 8;
const FIRST_WITH_LEADER_HINTS: i16 = 10;
/// What is not known, as answers say it.
const UNKNOWN: i64 = -1;
/// How many refused records a message lists.
const RECORD_ERRORS_SHOWN_MAX: usize = 3;

/// A request whose appends are done.
pub(super) struct Produced {
    pub(super) context: RequestContext,
    pub(super) throttle: Duration,
    /// None if it asked for acknowledgements that there are not.
    pub(super) acks: Option<Acks>,
    pub(super) request_bytes: usize,
    pub(super) topics: Vec<ProducedTopic>,
}

pub(super) struct ProducedTopic {
    pub(super) name: Arc<str>,
    pub(super) id: Uuid,
    pub(super) partitions: Vec<ProducedPartition>,
}

pub(super) struct ProducedPartition {
    pub(super) index: i32,
    pub(super) outcome: Outcome,
    /// The acknowledgement, as long as it has not come.
    pub(super) pending: Option<PendingAck>,
}

pub(super) enum Outcome {
    Appended(Appended),
    /// In the log, and never acknowledged.
    Unacknowledged(Appended, ErrorCode),
    Failed(ProduceFailure),
}

impl Produced {
    /// Waits for all acknowledgements. Each has a deadline of its own, the same one.
    pub(super) async fn wait(&mut self) {
        let topics = self.topics.iter_mut();
        for partition in topics.flat_map(|topic| &mut topic.partitions) {
            if let Some(pending) = partition.pending.take()
                && let Err(error) = pending.wait().await
                && let Outcome::Appended(appended) = partition.outcome
            {
                partition.outcome = Outcome::Unacknowledged(appended, error);
            }
        }
    }

    pub(super) fn answer(&self, broker: &Broker) -> Result<Answer, Unanswerable> {
        let usage = Usage::ProducedBytes(self.request_bytes);
        let throttle = broker.quotas.throttle(&self.context, usage);
        if self.acks == Some(Acks::None) {
            return self.no_answer(throttle);
        }
        let throttle = throttle.max(self.throttle);
        let published = broker.metadata.current();
        let listener = self.context.connection.listener.as_str();
        let mut hints = LeaderHints::new(&published.image, listener);
        let is_told = |topic: &&ProducedTopic| !topic.partitions.is_empty();
        let responses = self.topics.iter().filter(is_told);
        let responses = responses.map(|topic| topic.response(self.context.api_version, &mut hints));
        let response = ProduceResponse {
            responses: responses.collect(),
            throttle_time_ms: throttle_time_ms(throttle),
            node_endpoints: hints.into_nodes().map(NodeEndpoint::from).collect(),
        };
        answer(&self.context, &response, throttle)
    }

    /// Whoever wants no answer is disconnected after an error.
    fn no_answer(&self, throttle: Duration) -> Result<Answer, Unanswerable> {
        let mut errors = String::new();
        for topic in &self.topics {
            for partition in &topic.partitions {
                if let Some(error) = partition.outcome.error() {
                    let (name, index) = (&topic.name, partition.index);
                    let _ = write!(errors, " {name}-{index}: {}", error.name());
                }
            }
        }
        if errors.is_empty() {
            return Ok(Answer {
                outcome: ServerOutcome::NoReply,
                throttle,
            });
        }
        let cause = format!("produce without acknowledgement:{errors}");
        Err(Unanswerable::Refused(cause))
    }

    pub(super) fn is_waiting(&self) -> bool {
        let mut partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.any(|partition| partition.pending.is_some())
    }
}

impl ProducedTopic {
    fn response<'a>(
        &'a self,
        version: i16,
        hints: &mut LeaderHints<'_>,
    ) -> TopicProduceResponse<'a> {
        let respond = |partition: &'a ProducedPartition| {
            let mut response = partition.response(&self.name, version);
            let is_elsewhere = response.error_code == ErrorCode::NOT_LEADER_OR_FOLLOWER;
            if is_elsewhere && version >= FIRST_WITH_LEADER_HINTS {
                let leader = hints.leader_of(TopicIdPartition {
                    topic_id: self.id,
                    partition: partition.index,
                });
                response.current_leader = leader.into();
            }
            response
        };
        TopicProduceResponse {
            name: (&*self.name).into(),
            topic_id: self.id,
            partition_responses: self.partitions.iter().map(respond).collect(),
        }
    }
}

impl ProducedPartition {
    fn response(&self, topic: &str, version: i16) -> PartitionProduceResponse<'_> {
        let response = PartitionProduceResponse {
            index: self.index,
            error_code: self.outcome.error().unwrap_or(ErrorCode::NONE),
            base_offset: UNKNOWN,
            log_append_time_ms: UNKNOWN,
            log_start_offset: UNKNOWN,
            ..PartitionProduceResponse::default()
        };
        match &self.outcome {
            Outcome::Appended(appended) | Outcome::Unacknowledged(appended, _) => {
                PartitionProduceResponse {
                    base_offset: appended.first_offset.0,
                    log_append_time_ms: appended.log_append_time_ms.unwrap_or(UNKNOWN),
                    log_start_offset: appended.log_start_offset.0,
                    ..response
                }
            }
            Outcome::Failed(failure) => PartitionProduceResponse {
                log_start_offset: failure.log_start_offset.map_or(UNKNOWN, |offset| offset.0),
                record_errors: match version {
                    FIRST_WITH_RECORD_ERRORS.. => self.record_errors(topic, failure),
                    _ => Vec::new(),
                },
                error_message: self.error_message(topic, failure).map(Into::into),
                ..response
            },
        }
    }
}

impl ProducedPartition {
    fn record_errors(
        &self,
        topic: &str,
        failure: &ProduceFailure,
    ) -> Vec<BatchIndexAndErrorMessage<'static>> {
        let records = failure.records.iter();
        records
            .map(|record| BatchIndexAndErrorMessage {
                batch_index: record.batch_index,
                batch_index_error_message: Some(self.violation(topic, record).into()),
            })
            .collect()
    }

    /// In Kafka's words, as are those of [`Self::violation`].
    fn error_message(&self, topic: &str, failure: &ProduceFailure) -> Option<String> {
        if failure.records.is_empty() {
            return failure.message.clone();
        }
        if failure.error_code == ErrorCode::INVALID_TIMESTAMP {
            let message = "One or more records have been rejected due to invalid timestamp";
            return Some(message.to_owned());
        }
        let shown = failure.records.iter().take(RECORD_ERRORS_SHOWN_MAX);
        let shown: Vec<String> = shown
            .map(|record| {
                let (index, message) = (record.batch_index, self.violation(topic, record));
                format!("RecordError(batchIndex={index}, message='{message}')")
            })
            .collect();
        Some(format!(
            "One or more records have been rejected due to {} record errors in total, and only \
             showing the first three errors at most: [{}]",
            failure.records.len(),
            shown.join(", ")
        ))
    }

    fn violation(&self, topic: &str, record: &InvalidRecord) -> String {
        match record.violation {
            RecordViolation::NoKey => format!(
                "Compacted topic cannot accept message without key in topic partition {topic}-{}",
                self.index
            ),
            RecordViolation::Timestamp {
                timestamp_ms,
                earliest_ms,
                latest_ms,
            } => format!(
                "Timestamp {timestamp_ms} of message with offset {} is out of range. The timestamp \
                 should be within [{earliest_ms}, {latest_ms}]",
                record.batch_index
            ),
            RecordViolation::LogAppendTime => record.violation.to_string(),
        }
    }
}

impl Outcome {
    const fn error(&self) -> Option<ErrorCode> {
        match self {
            Self::Appended(_) => None,
            Self::Unacknowledged(_, error) => Some(*error),
            Self::Failed(failure) => Some(failure.error_code),
        }
    }
}

impl From<Leader> for LeaderIdAndEpoch {
    fn from(leader: Leader) -> Self {
        Self {
            leader_id: leader.id,
            leader_epoch: leader.epoch,
        }
    }
}

impl From<Node> for NodeEndpoint<'_> {
    fn from(node: Node) -> Self {
        Self {
            node_id: node.id,
            host: node.host.into(),
            port: node.port,
            rack: node.rack.map(Into::into),
        }
    }
}
